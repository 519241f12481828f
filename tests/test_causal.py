"""Causal attention by matrix products: what torch's own kernel computes.

python -m pytest tests/test_causal.py
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from slm_lora.model import causal
from slm_lora.model.causal import KEPT, by_products, causal_attention
from slm_lora.model.kernels import cpu_attention


def states(
    rows: int, heads: tuple[int, int], queries: int, keys: int, widths: tuple[int, int] = (8, 8)
) -> list[Tensor]:
    """Query, key and value as transformers hands them over: seen from another side."""
    torch.manual_seed(0)
    sizes = zip((heads[0], heads[1], heads[1]), (queries, keys, keys), strict=True)
    shapes = [
        (rows, length, count, width)
        for (count, length), width in zip(sizes, (widths[0], *widths), strict=True)
    ]
    drawn = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    return [s.transpose(1, 2).requires_grad_() for s in drawn]


def by_torch(query: Tensor, key: Tensor, value: Tensor, scale: float | None) -> Tensor:
    seen = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool)
    seen = seen.tril(key.shape[2] - query.shape[2])
    key, value = (s.repeat_interleave(query.shape[1] // s.shape[1], dim=1) for s in (key, value))
    heads = F.scaled_dot_product_attention(query, key, value, attn_mask=seen, scale=scale)
    return heads.transpose(1, 2)


@pytest.mark.parametrize(
    ("inputs", "scale"),
    [
        (states(3, (4, 4), 7, 7), None),
        (states(2, (6, 2), 40, 40), 0.3),
        (states(2, (6, 2), 9, 30), None),  # behind a beginning
        (states(2, (4, 4), 12, 12, (8, 5)), None),  # values of another width
        (states(1, (4, 2), KEPT + 70, KEPT + 70), None),  # softmax is computed again
        (states(1, (4, 2), 70, KEPT + 70), None),
    ],
    ids=["one block", "groups of heads", "beginning", "widths", "long", "long beginning"],
)
@pytest.mark.parametrize(
    ("attention", "block"),
    [(by_products, causal.BLOCK_BYTES), (by_products, 1), (causal_attention, 1)],
    ids=["products", "small blocks", "torch's"],  # which takes fp64
)
def test_heads_and_gradients_are_those_of_torch(
    inputs: list[Tensor],
    scale: float | None,
    attention: Callable[..., Tensor],
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(causal, "BLOCK_BYTES", block)  # 1: blocks as small as there are
    query, key, value = inputs
    ours, theirs = (do(query, key, value, scale) for do in (attention, by_torch))
    torch.testing.assert_close(ours, theirs)
    weights = torch.linspace(-1, 1, ours.numel(), dtype=ours.dtype).view_as(ours)
    found, sought = (torch.autograd.grad((h * weights).sum(), inputs) for h in (ours, theirs))
    torch.testing.assert_close(found, sought)


@pytest.mark.parametrize("length", [48, KEPT + 44])
def test_in_bf16_it_errs_no_more_than_torchs_kernel(length: int) -> None:
    exact = states(2, (4, 2), length, length)
    layer = nn.Module()
    layer.num_key_value_groups = 2
    seen: list[int] = []

    def error(attention: Callable[..., tuple[Tensor, None]]) -> list[float]:
        """Of heads and gradients, beside those in fp64."""
        inputs = [s.detach().bfloat16().requires_grad_() for s in exact]
        heads, _ = attention(layer, *inputs, None)
        seen.append(heads.grad_fn.name().startswith("Cat"))
        found = [heads, *torch.autograd.grad(heads.float().square().sum(), inputs)]
        pairs = zip(found, sought, strict=True)
        return [((f.double() - s).norm() / s.norm()).item() for f, s in pairs]

    heads = by_torch(*exact, None)
    sought = [heads, *torch.autograd.grad(heads.square().sum(), exact)]
    ours, theirs = error(cpu_attention), error(sdpa_attention_forward)
    assert seen == [True, False]
    assert all(a < max(1.1 * b, 0.01) for a, b in zip(ours, theirs, strict=True)), (ours, theirs)


@pytest.mark.parametrize(
    ("asked", "dtype"),
    [
        ({"dropout": 0.1}, torch.bfloat16),
        ({"is_causal": False}, torch.bfloat16),
        ({"position_bias": torch.ones(1, 4, 6, 6, dtype=torch.bfloat16)}, torch.bfloat16),
        ({}, torch.float32),
    ],
    ids=["dropout", "both ways", "bias", "fp32"],
)
def test_all_else_is_left_to_torch(asked: dict[str, object], dtype: torch.dtype) -> None:
    inputs = [s.detach().to(dtype) for s in states(2, (4, 4), 6, 6)]
    found = []
    for attention in (cpu_attention, sdpa_attention_forward):
        torch.manual_seed(1)
        found.append(attention(nn.Module(), *inputs, None, **asked)[0])
    assert torch.equal(*found)
