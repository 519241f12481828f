"""How a model reads texts: in batches of similar length, as far as its context goes, and once where
several go on from one beginning.

    cache = read_beginning(model, tokens, plain_cache(model))

Scoring (slm_lora/likelihoods.py) and writing (slm_lora/generate.py) both read so.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from itertools import takewhile
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedConfig

from slm_lora import ranks
from slm_lora.decoding import RoomyLayer, new_cache, rows_can_leave
from slm_lora.logits import logits_at
from slm_lora.model.layout import looks_for_words, turns_by_length
from slm_lora.ranks import ALL, Share

P = ParamSpec("P")
Found = TypeVar("Found")

LEAST_SHARED = 16
"""Tokens that all texts begin with, from which on they are read once: a template's system message,
or examples."""
BY_PLACE = ("gpt_neo", "mpt")
"""Kinds of models whose attention measures distances by place, pads included."""


def without_gradients(function: Callable[P, Found]) -> Callable[P, Found]:
    """The same, and nothing kept for gradients. What torch gathers of a model in parts while it
    infers only, it cannot gather again to train."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> Found:
        mode = torch.no_grad() if ranks.in_parts() else torch.inference_mode()
        return mode(function)(*args, **kwargs)

    return called


def batches(lengths: list[int], size: int, share: Share = ALL) -> Iterator[list[int]]:
    """Indices in batches of similar length, the longest first, so a lack of memory shows early."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))[share.rank :: share.of]
    for start in range(0, len(order), size):
        yield order[start : start + size]


def context_length(config: PreTrainedConfig) -> int:
    """Positions that a model of this config knows; no limit for one of relative positions."""
    text = config.get_text_config()
    # GPT-2 answers to this name too, though its file says n_positions.
    return text.max_position_embeddings if hasattr(text, "max_position_embeddings") else sys.maxsize


def room_for_prompt(context: int, max_new_tokens: int) -> int:
    """Tokens of a prompt that leave room for an answer; at least half of the model's context."""
    return max(context - max_new_tokens, context // 2)


def fitted(prompt: list[int], answer: list[int], context: int) -> tuple[list[int], list[int]]:
    """Both as far as the model can read them: beyond its context a prompt loses its beginning, and
    an answer its end."""
    answer = answer[: context - 1]
    return prompt[-(context - len(answer)) :], answer


def shared_beginning(texts: Sequence[Sequence[int]]) -> int:
    """Tokens that all texts begin with."""
    alike = (len(set(tokens)) == 1 for tokens in zip(*texts, strict=False))
    return sum(1 for _ in takewhile(bool, alike))


def reads_in_parts(model: Any, tokens: Sequence[int]) -> bool:
    """Whether the model keeps keys and values of what it reads, and nothing else, and a text may be
    read in two parts. openai-gpt and RWKV take no cache, and say nothing when given one."""
    whole = turns_by_length(model.config) or looks_for_words(model)
    if whole or not rows_can_leave(model.config):
        return False
    read = read_beginning(model, tokens, plain_cache(model))
    return bool(read.get_seq_length() == len(tokens))


def plain_cache(model: Any) -> DynamicCache:
    """An empty one. Each batch is read at once: one with room for more would only take memory."""
    return DynamicCache(config=model.config.get_text_config())


def read_beginning(model: Any, tokens: Sequence[int], cache: DynamicCache) -> DynamicCache:
    """What attention keeps of a text that others go on from, in an empty cache."""
    read_into(model, torch.tensor([tokens], device=next(model.parameters()).device), cache)
    return cache


def read_into(model: Any, ids: Tensor, cache: DynamicCache, **inputs: Tensor) -> None:
    """Add keys and values of texts (rows, positions) to `cache`."""
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][:, -1:].contiguous(),)):
        model(input_ids=ids, past_key_values=cache, use_cache=True, **inputs)


def next_logits(model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache) -> Tensor:
    """Logits (rows, vocabulary) after rows that are padded on the left, which `cache` then holds;
    it may hold their beginning already."""
    start = cache.get_seq_length()
    last = torch.zeros_like(ids[:, start:], dtype=torch.bool)
    last[:, -1] = True
    return logits_at(
        model,
        last,
        exact=True,
        input_ids=ids[:, start:],
        attention_mask=mask,
        position_ids=positions_in_text(mask)[:, start:],
        past_key_values=cache,
        use_cache=True,
    )


def positions_in_text(mask: Tensor) -> Tensor:
    """Of each token in its text (rows, positions), which is padded on the left."""
    return (mask.cumsum(-1) - 1).clamp(min=0)


def counts_pads(model: Any) -> bool:
    """Whether pads on the left change what the model reads: in a window, or in distances that are
    not taken from position ids."""
    slides = any(type(layer) is not RoomyLayer for layer in new_cache(model.config).layers)
    return slides or model.config.model_type in BY_PLACE
