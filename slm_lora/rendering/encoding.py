"""Rows as token ids: prompt, answer and what ends it, apart from each other.

python -m slm_lora inspect +recipe=sentiment model=nano
"""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.records import Row
from slm_lora.rendering.text import answer_end, full_text, prompt_text

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
    ends = [answer_end(*three, tokenizer) for three in zip(rows, prompts, texts, strict=True)]
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
