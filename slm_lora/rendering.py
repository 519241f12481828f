"""From a row to token ids: the one rendering that training, evaluation and chat share.

A row is `{"id", "prompt": [messages], "completion": [message], "label"?, "tools"?}`. The
tokenizer's chat template writes the special tokens, so text is tokenized with
`add_special_tokens=False`. A row without a prompt is plain text: begin of text, the text, end of
text.

Templates differ, and what follows is found by trying, never by a model's name: whether one takes a
system turn, what it writes before an answer, and the tokens that end a turn.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import Message, Row

PLAIN_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ message['content'] }}"
    "{% if not loop.last and messages[loop.index]['role'] != 'assistant' %}{{ '\\n' }}{% endif %}"
    "{% endif %}{% endfor %}"
)
"""For a tokenizer without a chat template: question, space, answer, end of text."""

SYSTEM, QUESTION, ANSWER = "Kappa", "Lambda", "Sigma"
"""Texts to try a template with."""
THOUGHTS = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
BEGINNINGS = ("\n", "a", ".")
"""Texts that few tokenizers join with what follows them."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of one row. `completion` ends with `terminator`, what the template writes after the
    answer; `answer` is what lies between the prompt and it. `text` is the row as rendered, which
    begins with `prompt_text`."""

    prompt: list[int]
    completion: list[int]
    answer_length: int
    prompt_text: str
    text: str

    @property
    def ids(self) -> list[int]:
        return self.prompt + self.completion

    @property
    def predicted(self) -> tuple[list[int], list[int]]:
        """What the model reads and what it is to predict after it. Without a prompt and a
        begin-of-text token the first token has nothing before it to go by."""
        if self.prompt:
            return self.prompt, self.completion
        return self.completion[:1], self.completion[1:]

    @property
    def answer(self) -> list[int]:
        return self.completion[: self.answer_length]

    @property
    def terminator(self) -> list[int]:
        return self.completion[self.answer_length :]


def prompt_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """What the model reads before it answers.

    Raises:
        UserError: the chat template refuses the row.
    """
    if not row["prompt"]:
        return str(tokenizer.bos_token or "")
    asked = rendered(row, row["prompt"], tokenizer, asks=True)
    extra, before, _ = around_answer(tokenizer)
    # Nobody answers what the template writes by itself, such as an empty block of thoughts.
    return asked.removesuffix(extra) + (before if before.strip() else "")


def lead(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes between the prompt and the answer: a space in the plain one."""
    _, before, _ = around_answer(tokenizer)
    return "" if before.strip() else before


def full_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """Prompt and completion, as trained on.

    Raises:
        UserError: the chat template refuses the row.
    """
    if not row["prompt"]:
        return (
            f"{prompt_text(row, tokenizer)}{row['completion'][0]['content']}{tokenizer.eos_token}"
        )
    return rendered(row, row["prompt"] + row["completion"], tokenizer)


def reference(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """The answer as the model is to write it: its text, or its calls in the template's words."""
    if not row["completion"][0].get("tool_calls"):
        return row["completion"][0]["content"]
    prompt, whole = prompt_text(row, tokenizer), full_text(row, tokenizer)
    return whole[len(prompt) : _answer_end(row, prompt, whole, tokenizer)].strip()


def rendered(
    row: Row, messages: list[Message], tokenizer: PreTrainedTokenizerBase, asks: bool = False
) -> str:
    """The template's text; `asks`: up to where the answer begins. Where the template has no system
    turn, refuses it or leaves it out, its text stands at the beginning of the first user turn."""
    if messages[0]["role"] == "system" and not takes_system(tokenizer):
        text, rest = messages[0]["content"], messages[1:]
        if rest and rest[0]["role"] == "user":
            text, rest = f"{text}\n\n{rest[0]['content']}", rest[1:]
        messages = [{"role": "user", "content": text}, *rest]
    try:
        return str(
            tokenizer.apply_chat_template(
                messages, tools=row.get("tools"), tokenize=False, add_generation_prompt=asks
            )
        )
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise UserError(
            f"row {row['id']}: the chat template refuses it: {error}",
            f"the row's turns: {roles}; change them, or type model.chat_template=plain",
        ) from error


@cache
def takes_system(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template writes a system turn; said once where it does not."""
    turns = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    try:
        takes = SYSTEM in str(tokenizer.apply_chat_template(turns, tokenize=False))
    except TemplateError:
        takes = False
    if not takes:
        log.info("the chat template has no system turn: its text begins the first user turn")
    return takes


@cache
def around_answer(tokenizer: PreTrainedTokenizerBase) -> tuple[str, str, str]:
    """What the template writes at the end of a prompt only while it is not answered (it may open a
    block of thoughts), between a prompt and its answer, and after the answer."""
    if not tokenizer.chat_template:  # it is for plain text only
        return "", "", ""
    asked = [{"role": "user", "content": QUESTION}]
    answered = [*asked, {"role": "assistant", "content": ANSWER}]
    try:
        prompt = str(
            tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        )
        whole = str(tokenizer.apply_chat_template(answered, tokenize=False))
    except TemplateError as error:
        raise UserError(
            f"the chat template refuses a question and its answer: {error}",
            "type model.chat_template=plain, or =FILE with one that takes user and assistant",
        ) from error
    if ANSWER not in whole:  # the template changes answers, which is said with the row
        return "", "", ""
    before, _, after = whole.partition(ANSWER)
    if prompt.startswith(before):
        return prompt.removeprefix(before), "", after
    if not before.startswith(prompt):  # which is said with the row too
        return "", "", after
    return "", before.removeprefix(prompt), after


def tokenize(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Token ids of rendered texts, one list a text."""
    if not texts:
        return []
    ids = tokenizer(
        list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False
    ).input_ids
    return list(ids)


def encode_prompts(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Token ids of the prompts only, for generation."""
    return tokenize([prompt_text(row, tokenizer) for row in rows], tokenizer)


def encode(rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase) -> list[Encoded]:
    """Token ids of whole rows.

    Raises:
        UserError: the template refuses a row or does not write its answer as it is; or the
            tokenizer cannot tell the prompt from what follows, so no loss mask could.
    """
    prompts = [prompt_text(row, tokenizer) for row in rows]
    texts = [full_text(row, tokenizer) for row in rows]
    wholes = tokenize(texts, tokenizer)
    ends = [_answer_end(*three, tokenizer) for three in zip(rows, prompts, texts, strict=True)]
    lengths = _lengths_to_answer(texts, ends, wholes, tokenizer)
    encoded = []
    for n, prompt in enumerate(tokenize(prompts, tokenizer)):
        if wholes[n][: len(prompt)] == prompt:
            completion, answer_length = wholes[n][len(prompt) :], lengths[n] - len(prompt)
        else:  # the tokenizer joins the two, but who writes the answer has read the prompt's tokens
            answer, after = (
                _tokens_after(rows[n], text, tokenizer)
                for text in (texts[n][len(prompts[n]) : ends[n]], texts[n][ends[n] :])
            )
            completion, answer_length = answer + after, len(answer)
        encoded.append(Encoded(prompt, completion, answer_length, prompts[n], texts[n]))
    return encoded


def stop_ids(
    tokenizer: PreTrainedTokenizerBase, of_makers: int | Sequence[int] | None = None
) -> set[int]:
    """Tokens that end an answer: the one that ends a turn, the tokenizer's end of text, and those
    that the model's makers name (`eos_token_id` of its generation_config.json).

    A config that names none has its class's default, which may be any word of this tokenizer: only
    added tokens count.
    """
    named = {of_makers} if isinstance(of_makers, int) else set(of_makers or ())
    return {turn_end(tokenizer), tokenizer.eos_token_id, *named & _added(tokenizer)}


def turn_end(tokenizer: PreTrainedTokenizerBase) -> int:
    """The first added token that the template writes after an answer, which may go on to the end of
    the text; the tokenizer's end of text where it writes none."""
    _, _, after = around_answer(tokenizer)
    added = _added(tokenizer)
    ends = (token for token in tokenize([after], tokenizer)[0] if token in added)
    return next(ends, int(tokenizer.eos_token_id))


def _added(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Added tokens but for newlines, which end nothing: answers may have lines.

    Special tokens of some families (Gemma's, Phi's end of turn) are in `added_tokens_decoder` only.
    """
    added = tokenizer.added_tokens_decoder.items()
    return {number for number, token in added if token.content.strip()}


def answer_in(written: str, lead: str) -> str:
    """The answer in what a model wrote: without its thoughts and the template's lead."""
    return THOUGHTS.sub("", written).removeprefix(lead)


def _answer_end(row: Row, prompt: str, whole: str, tokenizer: PreTrainedTokenizerBase) -> int:
    """The character after the answer in the whole text."""
    if not whole.startswith(prompt):
        raise UserError(
            f"row {row['id']}: the chat template writes a conversation otherwise when it is "
            "answered",
            "type model.chat_template=plain, or =FILE with one that only adds the answer",
        )
    if row["completion"][0].get("tool_calls"):  # the template has words of its own for them
        return len(whole.removesuffix(around_answer(tokenizer)[2]))
    answer = row["completion"][0]["content"].strip()
    start = whole.find(answer, len(prompt))
    if start < 0:
        raise UserError(
            f"row {row['id']}: the chat template changes the answer {answer[:60]!r}",
            "type model.chat_template=plain, or =FILE with one that writes answers as they are",
        )
    return start + len(answer)


def _lengths_to_answer(
    texts: list[str], ends: list[int], wholes: list[list[int]], tokenizer: PreTrainedTokenizerBase
) -> list[int]:
    """Tokens up to the answer's end, row by row. What follows is mostly the same in all rows, so it
    is tokenized once; where it looks different in its row, the row is tokenized up to there."""
    tails = [text[end:] for text, end in zip(texts, ends, strict=True)]
    distinct = list(dict.fromkeys(tails))
    known = dict(zip(distinct, tokenize(distinct, tokenizer), strict=True))
    lengths = [len(ids) - len(known[tail]) for ids, tail in zip(wholes, tails, strict=True)]
    unlike = [n for n, tail in enumerate(tails) if wholes[n][lengths[n] :] != known[tail]]
    heads = tokenize([texts[n][: ends[n]] for n in unlike], tokenizer)
    for n, head in zip(unlike, heads, strict=True):
        lengths[n] = len(head)
    return lengths


def _tokens_after(row: Row, text: str, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Token ids of a text that follows other text: of itself a tokenizer may put a space before it,
    so it is cut off from a beginning that it does not join."""
    for beginning in BEGINNINGS:
        alone, both = tokenize([beginning, beginning + text], tokenizer)
        if both[: len(alone)] == alone:
            return both[len(alone) :]
    raise UserError(
        f"row {row['id']}: the tokenizer joins {text[:20]!r} with whatever stands before it",
        "type model.chat_template=FILE with one that ends the prompt with a newline",
    )
