"""Conversations that a program has written out as text already, back to messages.

    layout     a turn
    ChatML     <|im_start|>user\\n…<|im_end|>                      Qwen, SmolLM; Phi-4
    Llama 3    <|start_header_id|>user<|end_header_id|>\\n\\n…<|eot_id|>
    Gemma      <start_of_turn>user\\n…<end_of_turn>
    Zephyr     <|user|>\\n…</s>                                    TinyLlama
    Phi-3      <|user|>\\n…<|end|>
    DeepSeek   <|User|>…<|Assistant|>…<|end▁of▁sentence|>, with wide bars
    Llama 2    <s>[INST] <<SYS>>\\n…\\n<</SYS>>\\n\\n… [/INST] … </s>  Mistral
    Guanaco    ### Human: …### Assistant: …                       Orca: ### User
    Human      Human: …\\n\\nAssistant: …                          User: User
    Vicuna     USER: … ASSISTANT: …</s>                           Glaive: FUNCTION RESPONSE: …
    Alpaca     ### Instruction:\\n…\\n\\n### Input:\\n…\\n\\n### Response:\\n…
    Question   ### Question:\\n…\\n\\n### Answer:\\n…
    OpenChat   GPT4 Correct User: …<|end_of_turn|>
    Command R  <|START_OF_TURN_TOKEN|><|USER_TOKEN|>…<|END_OF_TURN_TOKEN|>

Else the model's own chat template would write a prompt and its completion out once more, and a text
be trained whole, questions too. `python -m slm_lora inspect data.train=rows.jsonl` shows the rows.
"""

import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from slm_lora.data.messages import ROLE
from slm_lora.data.shapes import BESIDE
from slm_lora.data.source import Record, Source, columns_of, named
from slm_lora.data.turns import string
from slm_lora.progress import log
from slm_lora.records import Message

COLUMNS = {"text": ("text",), "prompt+completion": ("prompt", "completion")}
"""Shape → columns that together may be a conversation."""
MARKED = 0.1
"""Share of the rows with signs of a template, from which on it is no subject of theirs."""
MOST = 0.9
"""Share of the rows that must be conversations in one layout; the rest is left out."""
BEGINNING = re.compile(
    r"\A\s*(?:<s>|<bos>|<BOS_TOKEN>|<\|begin_of_text\|>|<\|endoftext\|>|<\uff5cbegin\u2581of\u2581sentence\uff5c>)?\s*"
)
ENDS = (
    "</s>",
    "<eos>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "### End",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
)
"""Signs of the end of a text, which any layout may have."""
HEADERS = {
    "ChatML": (r"<\|im_start\|>(\w+)(?:\n|<\|im_sep\|>)", "<|im_end|>"),
    "Llama 3": (r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n{1,2}", "<|eot_id|>"),
    "Gemma": (r"<start_of_turn>(\w+)\n", "<end_of_turn>"),
    "Zephyr": (r"<\|(system|user|assistant)\|>\n", "</s>"),
    "Phi-3": (r"<\|(system|user|assistant)\|>\n?", "<|end|>"),
    "DeepSeek": (r"<\uff5c(User|Assistant)\uff5c>", ""),
    "OpenChat": (r"GPT4 Correct (User|Assistant):[ ]?", "<|end_of_turn|>"),
    "Command R": (
        r"<\|START_OF_TURN_TOKEN\|><\|(SYSTEM|USER|CHATBOT)_TOKEN\|>",
        "<|END_OF_TURN_TOKEN|>",
    ),
    "Guanaco": (r"###[ ](Human|Assistant):", ""),
    "Question": (r"(?:\A\s*|\n)###[ ](Question|Answer):", ""),
    "Orca": (r"###[ ](System|User|Assistant):", ""),
    "Human": (r"(?:\A\s*|\n[^\S\n]*)(Human|Assistant):(?=\s)", ""),
    "User": (r"(?:\A\s*|\n[^\S\n]*)(User|Assistant):(?=\s)", ""),
    "Vicuna": (r"(?:\A|\s|</s>)(USER|ASSISTANT|FUNCTION RESPONSE):(?=\s)", ""),
}
"""Layout → what begins a turn of a role, and what ends it. Where nothing does, the text before the
first is the system turn."""
OF_LLAMA_2 = re.compile(
    r"(?:<s>)?\s*\[INST\]\s*(?:<<SYS>>(?P<system>.*?)<</SYS>>)?(?P<user>.*?)"
    r"\[/INST\](?P<assistant>.*?)(?:</s>|(?=<s>|\[INST\]|\Z))\s*",
    re.DOTALL,
)
OF_ALPACA = re.compile(
    r"(?P<system>(?:(?!###).)*)### Instruction:(?P<user>.*?)(?:### Input:(?P<input>.*?))?"
    r"### Response:(?P<assistant>.*?)(?=### Instruction:|\Z)",
    re.DOTALL,
)
DATES = re.compile(r"\ACutting Knowledge Date: .*\nToday Date: .*\n*")
"""What the template of Llama 3.1 and later writes at the beginning of a system turn."""
OWN = {
    "Llama 2": r"\[/?INST\]",
    "Alpaca": r"### (?:Instruction|Response):",
    **{
        name: f"{header}|{re.escape(end)}" if end else header
        for name, (header, end) in HEADERS.items()
    },
}
"""Layout → its signs, of which none is left in a turn that was read rightly."""
SIGNS = re.compile("|".join(f"(?:{own})" for own in OWN.values()))
ROLES = ROLE | {
    "question": "user",
    "answer": "assistant",
    "chatbot": "assistant",
    "function response": "tool",
}
"""What stands in a header → role."""
FOLLOWS = {
    "user": ("assistant",),
    "assistant": ("user", "tool"),
    "tool": ("assistant", "tool"),
    "system": (),
}
"""Role → those that may speak next."""
Read = Callable[[str], list[Message] | None]


def _headed(header: str, end: str, text: str) -> list[Message] | None:
    before, *pieces = re.split(header, text)
    turns: list[Message] = []
    for n, (role, content) in enumerate(zip(pieces[::2], pieces[1::2], strict=True)):
        ended = content.rstrip()
        if role.lower() not in ROLES or not (ended.endswith(end) or 2 * n + 2 == len(pieces)):
            return None
        whole = ended.removesuffix(end) if end else _bare(_unended(ended))
        turns.append({"role": ROLES[role.lower()], "content": whole})
    if not before.strip():
        return turns
    return None if end else [{"role": "system", "content": before.strip()}, *turns]


def _matched(pattern: re.Pattern[str], text: str) -> list[Message] | None:
    turns: list[Message] = []
    place = 0
    while place < len(text):
        if not (found := pattern.match(text, place)):
            return None
        turns += _said(found)
        place = found.end()
    return turns


def _said(found: re.Match[str]) -> list[Message]:
    parts = {role: _bare(_unended(content or "")) for role, content in found.groupdict().items()}
    if given := parts.pop("input", ""):
        parts["user"] += f"\n\n{given}"
    return [{"role": role, "content": content} for role, content in parts.items() if content]


def _bare(content: str) -> str:
    """Without what stands between a sign and a text: newlines or one space. The first line of a
    program may be indented."""
    text = content.rstrip().lstrip("\n")
    return text if text.startswith("  ") else text.removeprefix(" ")


def _unended(text: str) -> str:
    """Without a sign of its end."""
    text = text.rstrip()
    ended = next((sign for sign in ENDS if text.endswith(sign)), "")
    return text.removesuffix(ended).rstrip() if ended else text


LAYOUTS: dict[str, Read] = {
    **{name: partial(_headed, *marks) for name, marks in HEADERS.items()},
    "Llama 2": partial(_matched, OF_LLAMA_2),
    "Alpaca": partial(_matched, OF_ALPACA),
}


def conversation(text: str, layout: str) -> list[Message] | None:
    """The turns of a text in a layout; None where it is none, or not all of it: questions and
    answers by turns, one answer at least."""
    turns = LAYOUTS[layout](_unended(BEGINNING.sub("", text, count=1))) or []
    if turns and turns[0]["role"] == "system":
        turns[0]["content"] = DATES.sub("", turns[0]["content"])
        turns = turns if turns[0]["content"].strip() else turns[1:]
    if layout == "Alpaca" and turns and turns[0]["role"] == "system":
        for turn in turns[1:-1]:  # what stands before each instruction is no end of an answer
            turn["content"] = turn["content"].removesuffix(turns[0]["content"]).rstrip()
    roles = [turn["role"] for turn in turns]
    if layout == "Question" and roles[:1] == ["system"]:
        return None  # a context, say, is no system turn
    asked = roles[1:] if roles[:1] == ["system"] else roles
    by_turns = all(after in FOLLOWS[before] for before, after in pairwise(asked))
    if (
        asked[:2] != ["user", "assistant"]
        or not by_turns
        or any(re.search(OWN[layout], turn["content"]) for turn in turns)
    ):
        return None
    return turns


def read_back(sources: list[Source]) -> None:
    """Put messages in the place of texts where nearly all rows of all sources that have signs of a
    template are conversations, and leave out the others; else warn. What is trained and what is
    tested stay alike."""
    marked = {n: texts for n, one in enumerate(sources) if (texts := _marked_texts(one))}
    found = {n: _conversations(sources[n], texts) for n, texts in marked.items()}
    others = [
        one
        for n, one in enumerate(sources)
        if not found.get(n) and (n in marked or one.shape == "text")
    ]
    for n, texts in marked.items():
        source, read = sources[n], found[n]
        name = Path(named(source)).name
        if read is None or others:
            log.warning(
                "%s: its rows have signs of a chat template in them, which are trained as text: of "
                "%s not %.0f %% are whole conversations in one layout",
                name,
                Path(named(others[0])).name,
                100 * MOST,
            )
            continue
        layout, turns = read
        odd = [
            record.origin
            for record, text, each in zip(source.records, texts, turns, strict=True)
            if text.strip() and not each
        ]
        _put(source, turns)
        log.info(
            "%s: conversations that are written out as %s already are read as messages, and the "
            "model's own chat template writes them",
            name,
            layout,
        )
        if source.shape == "messages" and "system" in columns_of(source):
            log.info("%s: its column system is the system turn", name)
        if odd:
            log.warning("%s: left out %d rows not in this layout, %s first", name, len(odd), odd[0])


def _marked_texts(source: Source) -> list[str]:
    """The text of each row, where enough of them have signs of a template."""
    texts = []
    for record in source.records if source.shape in COLUMNS else ():
        columns = COLUMNS[source.shape]
        if any(isinstance(record.columns.get(column), list | dict) for column in columns):
            return []
        texts.append("".join(string(record, column) for column in columns))
    marked = sum(bool(SIGNS.search(text)) for text in texts)
    return texts if marked > MARKED * len(texts) else []


def _conversations(source: Source, texts: list[str]) -> tuple[str, list[list[Message]]] | None:
    """The layout of most of a source's texts, and the turns of each; none of one that is blank, or
    not in this layout."""
    whole = source.shape == "text"
    there = [bool(text.strip()) for text in texts]
    may_miss = (1 - MOST) * sum(there)
    for layout in LAYOUTS:
        if layout == "Llama 2" and not whole and not any("</s>" in text for text in texts):
            continue  # a prompt about such signs is none
        found: list[list[Message]] = []
        missed = 0
        for record, text, is_there in zip(source.records, texts, there, strict=True):
            turns = (is_there and conversation(text, layout)) or []
            found.append(turns if whole else _completed(record, turns, layout))
            missed += is_there and not found[-1]
            if missed > may_miss:
                break
        else:
            return layout, found
    return None


def _completed(record: Record, turns: list[Message], layout: str) -> list[Message]:
    """The turns of a prompt and its completion, which is the last of them as it stands; none where
    it begins elsewhere. What the prompt answers already is not trained."""
    said = string(record, "completion")
    if not turns or turns[-1]["role"] != "assistant":
        return []
    if not said.strip().startswith(turns[-1]["content"].strip()):
        return []
    _, end = HEADERS.get(layout, ("", ""))
    answer = _bare(_unended(said).removesuffix(end))
    for turn in turns[:-1]:
        if turn["role"] == "assistant":
            turn["weight"] = 0
    return [*turns[:-1], {"role": "assistant", "content": answer}]


def _put(source: Source, found: list[list[Message]]) -> None:
    whole = source.shape == "text"
    for record, turns in zip(source.records, found, strict=True):
        if whole:
            # What stands beside it was written out in it too; a system turn as far as it has one.
            beside = record.columns.get("system")
            for name in ("text", *BESIDE["messages"]):
                record.columns.pop(name, None)
            record.columns["messages"] = turns
            if isinstance(beside, str) and turns and turns[0]["role"] != "system":
                record.columns["system"] = beside.removeprefix("SYSTEM: ")
        else:  # a blank one is left out
            record.columns |= {"prompt": turns[:-1] or "", "completion": turns[-1:] or ""}
    if whole:
        source.shape = "messages"
