"""Writes the rows of a batch: a row that has ended leaves it, and keys and values stay in place.

    tokens = write(model, ids, attention_mask, cache, config)

transformers' `generate` runs a batch until its last row ends, and copies all keys and values for
every token. Here it is called for a few tokens at a time, and goes on with the rows that have not
ended; the tokens are the same.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import DynamicCache, GenerationConfig, PreTrainedConfig
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from slm_lora.model.kernels import CPU_ATTENTION, with_beginning

TOKENS = 16
"""Written between two looks at who has ended."""
LEAVE = 0.25
"""Share of the rows that must have ended before they leave: it costs a copy of the others' keys and
values."""
ROOM = 128
"""Positions by which a full buffer of keys and values grows."""


class RoomyLayer(DynamicLayer):
    """Keys and values of a layer with room behind them, into which the next positions are written;
    `DynamicLayer` copies all that it has for each. Those of a `beginning` that all rows have in
    common stand once, for an attention that knows it (slm_lora/model/kernels.py)."""

    keys: Tensor
    values: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.buffers: list[Tensor] = []
        self.seen: Tensor | None = None
        self.beginning: tuple[Tensor, Tensor] | None = None

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """All keys and values but those of the beginning, the new ones last: (rows, heads,
        positions, width) each."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        new = (key_states, value_states)
        before = self._own_length
        after = before + key_states.shape[-2]
        buffers = self.buffers
        if not self._has_room or after > buffers[0].shape[-2]:
            old = (self.keys, self.values)
            buffers = [_with_room(*pair, after + ROOM) for pair in zip(old, new, strict=True)]
        for buffer, states in zip(buffers, new, strict=True):
            buffer[:, :, before:after] = states
        self._hold(buffers, after)
        if self.beginning:
            return with_beginning(self.keys, self.beginning), self.values
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """Positions that were read, the beginning's too."""
        return self._own_length + self._shared_length

    def crop(self, tokens_to_remove: int) -> None:
        """Forget so many of the last positions, a number that transformers wants negative."""
        if tokens_to_remove > 0:
            raise ValueError(f"crop({tokens_to_remove}): a negative number was expected")
        if tokens_to_remove and self.is_initialized:
            self._hold(self.buffers, self._own_length + tokens_to_remove)

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Each row so many times."""
        if self._has_room:
            repeated = [buffer.repeat_interleave(repeats, dim=0) for buffer in self.buffers]
            self._hold(repeated, self._own_length)
        elif self._own_length:
            super().batch_repeat_interleave(repeats)

    def batch_select_indices(self, indices: Tensor) -> None:
        """These rows only."""
        if self._has_room:
            self._hold([buffer[indices] for buffer in self.buffers], self._own_length)
        elif self._own_length:
            super().batch_select_indices(indices)

    @property
    def _own_length(self) -> int:
        return int(super().get_seq_length())

    @property
    def _shared_length(self) -> int:
        return self.beginning[0].shape[-2] if self.beginning else 0

    @property
    def _has_room(self) -> bool:
        """Whether keys and values are views of the buffers."""
        return self.seen is not None and self.keys is self.seen

    def _hold(self, buffers: list[Tensor], positions: int) -> None:
        self.buffers = buffers
        self.keys, self.values = (buffer[:, :, :positions] for buffer in buffers)
        self.seen = self.keys


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


def going_on_from(read: DynamicCache, model: Any) -> DynamicCache:
    """A cache for rows that all begin with what `read` holds of one row: once for all of them where
    the model's attention can, else to be repeated."""
    text = model.config.get_text_config()
    # Keys that are made of what the cache holds (MLA), or repeated behind it, lose their beginning.
    remade = hasattr(text, "kv_lora_rank") or text.model_type == "jetmoe"
    if model.config._attn_implementation != CPU_ATTENTION or remade:
        return copy.deepcopy(read)
    cache = new_cache(model.config)
    for layer, known in zip(cache.layers, read.layers, strict=True):
        layer.beginning = (known.keys, known.values)
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
    with model.get_output_embeddings().register_forward_pre_hook(_contiguous):
        return _write(model, ids, mask, cache, config)


def _contiguous(_: nn.Module, hidden: tuple[Tensor]) -> tuple[Tensor]:
    """`generate` takes a prompt's last position, a view with gaps: torch 2.13 then copies frozen
    weights of the head in bf16 for each row (32 rows of SmolLM2: 1.8 GB, and 1.2 s of 1.8)."""
    return (hidden[0].contiguous(),)


def _write(
    model: Any, ids: Tensor, mask: Tensor, cache: DynamicCache | None, config: GenerationConfig
) -> list[list[int]]:
    if cache is None:
        rows = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
        return [row.tolist() for row in rows[:, ids.shape[1] :]]
    written: list[list[int]] = [[] for _ in ids]
    here, ended = torch.arange(len(ids)), torch.zeros(len(ids), dtype=torch.bool)
    ends = torch.tensor(config.eos_token_id)
    for start in range(0, config.max_new_tokens, TOKENS):
        some = copy.deepcopy(config)
        some.max_new_tokens = min(TOKENS, config.max_new_tokens - start)
        ids = model.generate(
            input_ids=ids, attention_mask=mask, past_key_values=cache, generation_config=some
        )
        new = ids[:, mask.shape[1] :]
        mask = torch.cat([mask, torch.ones_like(new)], dim=1)
        new = new.cpu()
        for row, done, tokens in zip(here.tolist(), ended.tolist(), new.tolist(), strict=True):
            written[row] += [] if done else tokens
        ended |= torch.isin(new, ends).any(dim=1)
        if ended.all():
            break
        if ended.float().mean() >= LEAVE:
            left = (~ended).nonzero()[:, 0]
            here, ended = here[left], ended[left]
            left = left.to(ids.device)
            ids, mask = ids[left], mask[left]
            cache.batch_select_indices(left)
    return written
