"""Conversations that a program has written out as text already, back to messages.

    layout     a turn
    ChatML     <|im_start|>user\\n…<|im_end|>                      Qwen, SmolLM; Phi-4
    Llama 3    <|start_header_id|>user<|end_header_id|>\\n\\n…<|eot_id|>
    Gemma      <start_of_turn>user\\n…<end_of_turn>
    Zephyr     <|user|>\\n…</s>                                    TinyLlama
    Phi-3      <|user|>\\n…<|end|>
    DeepSeek   <|User|>…<|Assistant|>…<|end▁of▁sentence|>, with wide bars
    Llama 2    <s>[INST] <<SYS>>\\n…\\n<</SYS>>\\n\\n… [/INST] … </s>  Mistral
    Guanaco    ### Human: …### Assistant: …                       Orca: User
    Human      Human: …\\n\\nAssistant: …                          User
    Vicuna     USER: … ASSISTANT: …</s>
    Alpaca     ### Instruction:\\n…\\n\\n### Input:\\n…\\n\\n### Response:\\n…

Else the model's own chat template would write a prompt and its completion out once more, and a text
be trained whole, questions too. `python -m slm_lora inspect data.train=rows.jsonl` shows the rows.
"""

import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from slm_lora.data.messages import ROLE
from slm_lora.data.source import Record, Source, named
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
    r"\s*(?:<s>|<bos>|<\|begin_of_text\|>|<\|endoftext\|>|<\uff5cbegin\u2581of\u2581sentence\uff5c>)?\s*"
)
END = re.compile(
    r"\s*(?:</s>|<eos>|<\|endoftext\|>|<\|end_of_text\|>|<\uff5cend\u2581of\u2581sentence\uff5c>)\s*\Z"
)
HEADERS = {
    "ChatML": (r"<\|im_start\|>(\w+)(?:\n|<\|im_sep\|>)", "<|im_end|>"),
    "Llama 3": (r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n{1,2}", "<|eot_id|>"),
    "Gemma": (r"<start_of_turn>(\w+)\n", "<end_of_turn>"),
    "Zephyr": (r"<\|(system|user|assistant)\|>\n", "</s>"),
    "Phi-3": (r"<\|(system|user|assistant)\|>\n?", "<|end|>"),
    "DeepSeek": (r"<\uff5c(User|Assistant)\uff5c>", ""),
    "Guanaco": (r"###[ ](System|Human|User|Assistant):", ""),
    "Human": (r"(?:\A|\n)\s*(Human|User|Assistant):(?=\s)", ""),
    "Vicuna": (r"(?:\A|\s|</s>)(USER|ASSISTANT):(?=\s)", ""),
}
"""Layout → what begins a turn of a role, and what ends it. Where nothing does, the text before the
first is the system turn."""
OF_LLAMA_2 = re.compile(
    r"(?:<s>)?\s*\[INST\]\s*(?:<<SYS>>\s*(?P<system>.*?)\s*<</SYS>>\s*)?"
    r"(?P<user>.*?)\s*\[/INST\](?P<assistant>.*?)(?:</s>|(?=<s>|\[INST\]|\Z))\s*",
    re.DOTALL,
)
OF_ALPACA = re.compile(
    r"(?P<system>(?:(?!###).)*?)\s*### Instruction:\s*(?P<user>.*?)\s*"
    r"(?:### Input:\s*(?P<input>.*?)\s*)?### Response:(?P<assistant>.*)\Z",
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
        if role.lower() not in ROLE or not (ended.endswith(end) or 2 * n + 2 == len(pieces)):
            return None
        whole = ended.removesuffix(end) if end else END.sub("", ended).strip()
        turns.append({"role": ROLE[role.lower()], "content": whole})
    if not before.strip():
        return turns
    return None if end else [{"role": "system", "content": before.strip()}, *turns]


def _of_llama_2(text: str) -> list[Message] | None:
    turns: list[Message] = []
    place = 0
    while place < len(text):
        if not (found := OF_LLAMA_2.match(text, place)):
            return None
        turns += _said(found)
        place = found.end()
    return turns


def _of_alpaca(text: str) -> list[Message] | None:
    found = OF_ALPACA.match(text)
    return _said(found) if found else None


def _said(found: re.Match[str]) -> list[Message]:
    parts = found.groupdict()
    if given := parts.pop("input", None):
        parts["user"] += f"\n\n{given}"
    return [
        {"role": role, "content": content.strip()}
        for role, content in parts.items()
        if content and content.strip()
    ]


LAYOUTS: dict[str, Read] = {
    **{name: partial(_headed, *marks) for name, marks in HEADERS.items()},
    "Llama 2": _of_llama_2,
    "Alpaca": _of_alpaca,
}


def conversation(text: str, layout: str) -> list[Message] | None:
    """The turns of a text in a layout; None where it is none, or not all of it: questions and
    answers by turns."""
    turns = LAYOUTS[layout](END.sub("", BEGINNING.sub("", text, count=1))) or []
    if turns and turns[0]["role"] == "system":
        turns[0]["content"] = DATES.sub("", turns[0]["content"])
        turns = turns if turns[0]["content"].strip() else turns[1:]
    roles = [turn["role"] for turn in turns]
    asked = roles[1:] if roles[:1] == ["system"] else roles
    by_turns = all(after in FOLLOWS[before] for before, after in pairwise(asked))
    if (
        asked[:1] != ["user"]
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
    plain = [n for n, source in enumerate(sources) if source.shape == "text" and n not in marked]
    for n, texts in marked.items():
        source, read = sources[n], found[n]
        name = Path(named(source)).name
        if read is None or plain or not all(found.values()):
            log.warning(
                "%s: rows have signs of a chat template in them, and not %.0f %% of them are whole "
                "conversations in one layout: these signs are trained as text",
                name,
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
        if odd:
            log.warning(
                "%s: %d rows that are not in this layout left out, %s first", name, len(odd), odd[0]
            )


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
    there = sum(bool(text.strip()) for text in texts)
    for layout in LAYOUTS:
        # A prompt that asks about such signs is none; the end of a text tells.
        sure = layout != "Llama 2" or source.shape == "text" or "</s>" in "".join(texts)
        found: list[list[Message]] = []
        for record, text in zip(source.records, texts, strict=True):
            turns = (sure and conversation(text, layout)) or []
            fits = source.shape == "text" or (turns and _completes(record, turns[-1]["content"]))
            found.append(turns if fits else [])
            if (len(found) - sum(map(bool, found))) > (1 - MOST) * len(texts) + len(texts) - there:
                break
        else:
            return layout, found
    return None


def _completes(record: Record, answer: str) -> bool:
    """Whether the last turn is where the completion begins, and not in the prompt already."""
    return string(record, "completion").strip().startswith(answer.strip())


def _put(source: Source, found: list[list[Message]]) -> None:
    for record, turns in zip(source.records, found, strict=True):
        if source.shape == "text":
            del record.columns["text"]
            record.columns["messages"] = turns
        elif turns:
            record.columns |= {"prompt": turns[:-1], "completion": turns[-1:]}
        else:  # blank, which is left out
            record.columns |= {"prompt": "", "completion": ""}
    if source.shape == "text":
        source.shape = "messages"
