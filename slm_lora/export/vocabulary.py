"""The tokenizer as llama.cpp knows it, and proof that it splits texts the same.

llama.cpp knows two kinds: `gpt2`, merges over bytes, whose first step (how a text falls into words)
is one of its own, picked by name; and `llama`, SentencePiece's pieces with scores. Both are rebuilt
here from what the file will hold and must give the tokenizer's ids on the run's own texts.
"""

import json
from dataclasses import dataclass

from gguf import TokenType
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase

from slm_lora.errors import UserError
from slm_lora.gguf.words import WORDS, keep_whole, split_as
from slm_lora.llama2c.tokenizer import (
    BYTES,
    is_byte_level,
    model_of,
    pieces_of,
    texts_of,
)
from slm_lora.rendering import tokenize

MIN_ALIKE = 0.95
"""Share of the run's prompts that must come out with the same ids."""
HARD = [
    "It's 12345.67 o'clock; they'll say \"no\"...",
    "  two  spaces\n\n\tand a tab \n    x = [1, 22, 333]  ",
    'def f(a: int) -> str:\n    return f"{a!r}" + "\\n"\n\n\n',
    "Zürich, naïve café — 你好, мир 🙂\u00a0end",
    "((((a))))=====>>>>####''''",
    "x =  1\n   22\n\n333   4444",
]
"""Texts that tell one way of splitting from another."""


@dataclass(frozen=True)
class Vocabulary:
    """`model` and `pre` are GGUF's tokenizer.ggml.model and .pre; `space_first`, of scored pieces:
    whether a stretch of text begins with a space. As the tokenizer gives them ids, so does it
    `prompts_alike` of the run's prompts and `rows_alike` of its whole rows."""

    model: str
    pre: str
    tokens: list[str]
    types: list[TokenType]
    scores: list[float]
    merges: list[str]
    space_first: bool
    prompts_alike: int
    rows_alike: int


def vocabulary(
    tokenizer: PreTrainedTokenizerBase, size: int, prompts: list[str], rows: list[str]
) -> Vocabulary:
    """The tokenizer in GGUF's terms, with `size` tokens (rows of the model). `prompts` and `rows`
    are rendered texts.

    Raises:
        UserError: its kind has no form there, or too many prompts would be split otherwise.
    """
    model = model_of(tokenizer)
    tokens = texts_of(tokenizer)
    types = _types(tokens, tokenizer)
    padding = range(len(tokens), size)
    tokens, types = (
        [*tokens, *(f"[PAD{n}]" for n in padding)],
        [*types, *(TokenType.UNUSED for _ in padding)],
    )
    scores: list[float] = []
    merges: list[str] = []
    space_first = False
    if is_byte_level(tokenizer):
        kind, pre = "gpt2", _best_words(tokenizer, [*prompts, *rows, *HARD])
        rebuilt = _words(tokenizer, pre)
        merges = [" ".join(merge) for merge in model["merges"]]
    elif model["type"] == "BPE" and model["byte_fallback"]:
        kind, pre = "llama", "default"
        space_first = _begins_with_space(tokenizer)
        rebuilt = _sentence_pieces(tokenizer, space_first)
        scores = pieces_of(tokenizer).scores + [0.0 for _ in padding]
    else:
        raise UserError(
            f"gguf: no export of a {model['type']} tokenizer of this kind",
            "it takes BPE over bytes and SentencePiece's BPE; type format=hf",
        )
    alike = [_alike(rebuilt, tokenizer, texts) for texts in (prompts, rows)]
    if alike[0] < MIN_ALIKE * len(prompts):
        raise UserError(
            f"gguf: no way of llama.cpp to split texts is this tokenizer's; the nearest, "
            f"{pre}, gives {alike[0]} of {len(prompts)} prompts the same ids",
            "type format=hf, which keeps the tokenizer as it is",
        )
    return Vocabulary(kind, pre, tokens, types, scores, merges, space_first, *alike)


def _types(tokens: list[str], tokenizer: PreTrainedTokenizerBase) -> list[TokenType]:
    added = {n: token.special for n, token in tokenizer.added_tokens_decoder.items()}
    known = tokenizer.get_vocab().keys()
    found = []
    for n, text in enumerate(tokens):
        if n == tokenizer.unk_token_id:
            found.append(TokenType.UNKNOWN)
        elif n in added:
            found.append(TokenType.CONTROL if added[n] else TokenType.USER_DEFINED)
        elif text not in known:
            found.append(TokenType.UNUSED)
        else:
            found.append(TokenType.BYTE if text in BYTES else TokenType.NORMAL)
    return found


def _best_words(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> str:
    """The way to split that gives most of the texts the same ids. Of two that fit equally the first
    is taken: where digits never join, the one that keeps them apart."""
    return max(WORDS, key=lambda pre: _alike(_words(tokenizer, pre), tokenizer, texts))


def _alike(rebuilt: Tokenizer, tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> int:
    ours = tokenize(texts, tokenizer)
    theirs = rebuilt.encode_batch(texts, add_special_tokens=False)
    return sum(a == b.ids for a, b in zip(ours, theirs, strict=True))


def _words(tokenizer: PreTrainedTokenizerBase, pre: str) -> Tokenizer:
    """The tokenizer with llama.cpp's way to split a text into words. A byte that has no token is
    left out there, whatever the tokenizer writes for it."""
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    spec["normalizer"] = spec["post_processor"] = spec["model"]["unk_token"] = None
    rebuilt = Tokenizer.from_str(json.dumps(spec))
    split_as(rebuilt, pre)
    return rebuilt


def _begins_with_space(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether it puts a space before a text, as Llama's does and Gemma's does not."""
    first = tokenize(["a"], tokenizer)[0][0]
    return str(tokenizer.convert_ids_to_tokens(first)).startswith("▁")


def _sentence_pieces(tokenizer: PreTrainedTokenizerBase, space_first: bool) -> Tokenizer:
    """The tokenizer with llama.cpp's handling of spaces."""
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    spec["post_processor"] = None
    rebuilt = Tokenizer.from_str(json.dumps(spec))
    keep_whole(rebuilt, space_first)
    return rebuilt
