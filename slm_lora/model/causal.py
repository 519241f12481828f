"""Causal attention on a CPU, by matrix products of a block of queries at a time.

    python benchmarks/attention.py    (against torch's own kernel)

torch's kernel for a CPU (2.13) is slow in bf16, above all going back: for rows of up to 512
positions these products take half to two thirds of its time, and of that in fp32.
"""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

BLOCK = 256
"""Queries at a time, at most."""
BLOCK_BYTES = 10_000_000
"""Of their scores, at most. Of 64, 128 and 256 queries it takes the fastest, or nearly, of models
of 8 to 32 heads and rows of 48 to 2,048 positions."""
LONGEST = 512
"""Positions, beyond which torch's kernel soon is as fast."""
KEPT = 256
"""Positions up to which softmax is kept for going back; of longer rows it is computed again, but by
compiled layers, which save more elsewhere. For heads as wide as 64 it takes no more memory than
query and heads in fp32 would."""


def products_are_faster(query: Tensor, key: Tensor) -> bool:
    """Than torch's kernel, for whole rows."""
    return query.dtype == torch.bfloat16 and 1 < query.shape[2] == key.shape[2] <= LONGEST


def causal_attention(query: Tensor, key: Tensor, value: Tensor, scale: float | None) -> Tensor:
    """Query (rows, heads, queries, width), key and value (rows, key heads, keys, …) →
    (rows, queries, heads, width). The last query sees all keys, and each before it one less.
    In other dtypes than bf16 by torch's kernel."""
    if query.dtype == torch.bfloat16:
        return by_products(query, key, value, scale)
    queries, keys = query.shape[2], key.shape[2]
    seen = None
    if queries < keys:
        seen = query.new_ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    heads = F.scaled_dot_product_attention(
        query, key, value, seen, is_causal=seen is None, scale=scale, enable_gqa=True
    )
    return heads.transpose(1, 2)


def by_products(query: Tensor, key: Tensor, value: Tensor, scale: float | None) -> Tensor:
    """As `causal_attention`, in any dtype.

    As transformers' `eager` does, scores are rounded to the dtype of the query before softmax.
    """
    rows, heads, queries, width = query.shape
    _, key_heads, keys, _ = key.shape
    folded = query.view(rows, key_heads, -1, queries, width)
    key, value = (s.reshape(rows * key_heads, keys, -1) for s in (key, value))
    scale = width**-0.5 if scale is None else scale
    if torch.compiler.is_compiling():  # one block: they would be compiled for each number of them
        return _attend(folded, key, value, scale)
    again = torch.is_grad_enabled() and query.requires_grad and keys > KEPT
    size = _block(rows * heads * keys * query.element_size())
    found = []
    for start in range(0, queries, size):
        block = folded[:, :, :, start : start + size]
        seen = keys - queries + start + block.shape[3]
        inputs = block, key[:, :seen], value[:, :seen], scale
        found.append(
            checkpoint(_attend, *inputs, use_reentrant=False, preserve_rng_state=False)
            if again
            else _attend(*inputs)
        )
    return torch.cat(found, dim=1)


def _block(bytes_a_query: int) -> int:
    """How many queries at a time."""
    size = BLOCK
    while size > 32 and size * bytes_a_query > BLOCK_BYTES:
        size //= 2
    return size


def _attend(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Query (rows, key heads, heads to a key, queries, width) to keys and values (rows x key heads,
    keys, width), of which the last query sees all → (rows, queries, heads, width)."""
    rows, key_heads, group, queries, _ = query.shape
    keys = key.shape[1]
    hidden = query.new_full((queries, keys), float("-inf")).triu(keys - queries + 1)
    folded = query.reshape(rows * key_heads, group * queries, -1)
    scores = torch.baddbmm(hidden.repeat(group, 1), folded, key.transpose(1, 2), alpha=scale)
    heads = torch.bmm(scores.softmax(-1), value).view(rows, key_heads, group, queries, -1)
    return heads.permute(0, 3, 1, 2, 4).reshape(rows, queries, key_heads * group, -1)
