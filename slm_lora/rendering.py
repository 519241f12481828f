"""From a row to token ids: the one rendering that training, evaluation and chat share.

A row is `{"id", "prompt": [messages], "completion": [message], "label"?}`. The tokenizer's chat
template writes the special tokens, so text is tokenized with `add_special_tokens=False`. A row
without a prompt is plain text: begin of text, the text, end of text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.records import Row

PLAIN_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %} {{ message['content'] }}{{ eos_token }}"
    "{% else %}{{ message['content'] }}"
    "{% if not loop.last and messages[loop.index]['role'] != 'assistant' %}{{ '\\n' }}{% endif %}"
    "{% endif %}{% endfor %}"
)
"""For a tokenizer without a chat template: question, space, answer, end of text."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of one row. `completion` ends with `terminator`, what the template writes after the
    answer; `answer` is what lies between the prompt and it. `text` is the row as rendered."""

    prompt: list[int]
    completion: list[int]
    answer_length: int
    text: str

    @property
    def ids(self) -> list[int]:
        return self.prompt + self.completion

    @property
    def answer(self) -> list[int]:
        return self.completion[: self.answer_length]

    @property
    def terminator(self) -> list[int]:
        return self.completion[self.answer_length :]


def prompt_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """What the model reads before it answers."""
    if not row["prompt"]:
        return str(tokenizer.bos_token or "")
    return str(
        tokenizer.apply_chat_template(row["prompt"], tokenize=False, add_generation_prompt=True)
    )


def lead(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes between the prompt and the answer: a space in the plain one."""
    written = full_text(row, tokenizer).removeprefix(prompt_text(row, tokenizer))
    return written.partition(row["completion"][0]["content"].strip())[0]


def full_text(row: Row, tokenizer: PreTrainedTokenizerBase) -> str:
    """Prompt and completion, as trained on."""
    if not row["prompt"]:
        return (
            f"{prompt_text(row, tokenizer)}{row['completion'][0]['content']}{tokenizer.eos_token}"
        )
    messages = row["prompt"] + row["completion"]
    return str(tokenizer.apply_chat_template(messages, tokenize=False))


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
        UserError: a prompt's tokens are not how the whole row's tokens begin, so no loss mask
            could tell prompt from completion; or the template does not write the answer as it is.
    """
    prompts = [prompt_text(row, tokenizer) for row in rows]
    texts = [full_text(row, tokenizer) for row in rows]
    wholes = tokenize(texts, tokenizer)
    ends = [_answer_end(*three) for three in zip(rows, prompts, texts, strict=True)]
    lengths = _lengths_to_answer(texts, ends, wholes, tokenizer)
    return [
        _split(*five)
        for five in zip(rows, tokenize(prompts, tokenizer), wholes, lengths, texts, strict=True)
    ]


def stop_ids(encoded: Sequence[Encoded], tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Tokens that end a written answer: end of text, and the special tokens of what the template
    writes after an answer. A newline among these stops nothing, since answers may have lines."""
    ends = {token for item in encoded for token in item.terminator}
    return ends & set(tokenizer.all_special_ids) | {tokenizer.eos_token_id}


def _answer_end(row: Row, prompt: str, whole: str) -> int:
    """The character after the answer in the whole text."""
    answer = row["completion"][0]["content"].strip()
    start = whole.find(answer, len(prompt)) if whole.startswith(prompt) else whole.rfind(answer)
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


def _split(row: Row, prompt: list[int], whole: list[int], to_answer: int, text: str) -> Encoded:
    if whole[: len(prompt)] != prompt:
        raise UserError(
            f"row {row['id']}: the prompt's tokens are not how the whole row's tokens begin",
            "the chat template or the tokenizer joins the end of the prompt with the answer; "
            "end the prompt with a newline, or type model.chat_template=FILE with one that does",
        )
    return Encoded(prompt, whole[len(prompt) :], to_answer - len(prompt), text)
