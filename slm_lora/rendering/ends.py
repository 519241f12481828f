"""The tokens that end a turn: one rule for evaluation, chat, merge and every export."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from slm_lora.rendering.encoding import tokenize
from slm_lora.rendering.template import around_answer


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
