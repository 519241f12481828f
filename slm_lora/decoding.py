"""Writes the rows of a batch: a row that has ended leaves it, and keys and values stay in place.

    tokens = write(model, ids, attention_mask, cache, config)

transformers' `generate` runs a batch until its last row ends, and copies all keys and values for
every token. Here it is called for a few tokens at a time, and goes on with the rows that have not
ended; the tokens are the same.
"""

import copy
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

TOKENS = 16
"""Written between two looks at who has ended."""
ROOM = 128
"""Positions by which a full buffer of keys and values grows."""


class RoomyLayer(DynamicLayer):
    """Keys and values of a layer with room behind them, into which the next positions are written;
    `DynamicLayer` copies all that it has for each."""

    keys: Tensor
    values: Tensor

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """As transformers does; nothing has room yet."""
        super().lazy_initialization(key_states, value_states)
        self.buffers: list[Tensor] = []
        self.seen: Tensor | None = None

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """All keys and values, the new ones last: (rows, heads, positions, width) each."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        new = (key_states, value_states)
        before = self.get_seq_length()
        after = before + key_states.shape[-2]
        # Whoever repeats, picks or crops rows puts tensors of their own here, and not the views.
        if self.keys is not self.seen or after > self.buffers[0].shape[-2]:
            old = (self.keys, self.values)
            self.buffers = [_with_room(*pair, after + ROOM) for pair in zip(old, new, strict=True)]
        for buffer, states in zip(self.buffers, new, strict=True):
            buffer[:, :, before:after] = states
        self.keys, self.values = (buffer[:, :, :after] for buffer in self.buffers)
        self.seen = self.keys
        return self.keys, self.values

    def batch_repeat_interleave(self, repeats: int) -> None:
        """As transformers does; what had room is let go."""
        super().batch_repeat_interleave(repeats)
        self.buffers, self.seen = [], None

    def batch_select_indices(self, indices: Tensor) -> None:
        """As transformers does; what had room is let go."""
        super().batch_select_indices(indices)
        self.buffers, self.seen = [], None


def _with_room(old: Tensor, like: Tensor, positions: int) -> Tensor:
    """`old` at the beginning of a tensor for so many positions; `old` may be empty."""
    buffer = like.new_empty((*like.shape[:2], positions, like.shape[-1]))
    if old.numel():
        buffer[:, :, : old.shape[-2]] = old
    return buffer


def new_cache(config: PreTrainedConfig) -> DynamicCache:
    """An empty one; layers of another kind, such as a sliding window, stay transformers' own."""
    cache = DynamicCache(config=config.get_text_config())
    cache.layers = [RoomyLayer() if type(own) is DynamicLayer else own for own in cache.layers]
    return cache


def rows_can_leave(config: PreTrainedConfig) -> bool:
    """Whether all that the model keeps of a text are keys and values. Convolutions and recurrent
    states (LFM2, Qwen3-Next) know no rows that leave."""
    known = (RoomyLayer, DynamicSlidingWindowLayer)
    return all(type(layer) in known for layer in new_cache(config).layers)


def write(
    model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache | None, config: GenerationConfig
) -> list[list[int]]:
    """Tokens that follow each row of `ids` (rows, positions), which are padded on the left: until
    one of `config.eos_token_id`, with a few behind it, or `config.max_new_tokens`.

    `cache` holds what the model has read of the rows, or nothing, and is used up. None: the model
    keeps states that rows cannot leave, and all are written to the end of the last.
    """
    if cache is None:
        rows = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
        return [row.tolist() for row in rows[:, ids.shape[1] :]]
    written: list[list[int]] = [[] for _ in ids]
    going_on = torch.arange(len(ids))
    ends = torch.tensor(config.eos_token_id, device=ids.device)
    for start in range(0, config.max_new_tokens, TOKENS):
        some = copy.deepcopy(config)
        some.max_new_tokens = min(TOKENS, config.max_new_tokens - start)
        ids = model.generate(
            input_ids=ids, attention_mask=mask, past_key_values=cache, generation_config=some
        )
        new = ids[:, mask.shape[1] :]
        mask = torch.cat([mask, torch.ones_like(new)], dim=1)
        for row, tokens in zip(going_on.tolist(), new.tolist(), strict=True):
            written[row] += tokens
        left = (~torch.isin(new, ends).any(dim=1)).nonzero()[:, 0]
        if not len(left):
            break
        if len(left) < len(ids):
            ids, mask, going_on = ids[left], mask[left], going_on[left.cpu()]
            cache.batch_select_indices(left)
    return written
