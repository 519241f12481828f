"""Kernels for a CPU: its attention, and 4-bit layers that keep their gradients."""

from typing import Any

import bitsandbytes as bnb
import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from slm_lora.model.causal import by_products, products_are_faster
from slm_lora.model.layout import attention_in, laid_out

CPU_ATTENTION = "sdpa_on_cpu"
"""transformers' name for `cpu_attention`."""


def cpu_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """transformers' `sdpa`; in bf16 `by_products` where nothing is hidden but what follows,
    and with a beginning that all rows have in common read once for all of them."""
    beginning = getattr(key, "beginning", None)
    if beginning is not None and query.shape[2] == 1 and key.shape[-1] == value.shape[-1]:
        if attention_mask is None or attention_mask.shape[-1] != (
            beginning[0].shape[2] + key.shape[2]
        ):
            name = type(module).__name__
            raise RuntimeError(f"{name}: a mask for other keys than those it reads")
        scale = kwargs.get("scaling")
        return _after(beginning, query, key, value, attention_mask, scale), None
    if beginning is not None:
        key, value = (
            torch.cat([first.expand(len(own), -1, -1, -1), own], dim=2)
            for first, own in zip(beginning, (key, value), strict=True)
        )
    biased = attention_mask is not None or kwargs.get("position_bias") is not None
    plain = not biased and not kwargs.get("dropout")
    # torch's compiler follows no context variable; what it compiles is in no layout.
    layout = None if torch.compiler.is_compiling() else laid_out.get()
    if layout:
        if not plain:
            raise RuntimeError(f"{type(module).__name__}: rows in a layout have no mask or dropout")
        return attention_in(layout, query, key, value, kwargs.get("scaling")), None
    if plain and products_are_faster(query, key) and _looks_back(module, **kwargs):
        return by_products(query, key, value, kwargs.get("scaling")), None
    heads, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return heads, None


def _looks_back(module: nn.Module, is_causal: bool | None = None, **kwargs: Any) -> bool:
    """As transformers' `sdpa` finds out."""
    return bool(getattr(module, "is_causal", True) if is_causal is None else is_causal)


def with_beginning(key: Tensor, beginning: tuple[Tensor, Tensor]) -> Tensor:
    """Keys (rows, heads, positions, width), marked as those behind a `beginning`: keys and values
    of one row, which `cpu_attention` puts before all."""
    key.beginning = beginning  # type: ignore[attr-defined]
    return key


def _after(
    beginning: tuple[Tensor, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    scale: float | None,
) -> Tensor:
    """Attention of one token a row to a beginning and to what follows it: (rows, 1, heads, width).

    That to the beginning is one matrix product over all rows, and the logarithms of both sums of
    the softmax say how much each counts (arXiv:2402.05099, section 3.1).
    """
    rows, heads, _, width = key.shape
    own_mask = mask[..., -key.shape[2] :]
    bias = torch.zeros_like(own_mask, dtype=query.dtype).masked_fill(~own_mask, float("-inf"))
    attend = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    # The queries that share a head's keys stand as positions.
    queries = query.reshape(rows, heads, -1, width)
    own, own_sum = attend(queries, key, value, attn_mask=bias, scale=scale)
    together = queries.transpose(0, 1).reshape(1, heads, -1, width)
    first, first_sum = attend(together, *beginning, scale=scale)
    first = first.reshape(heads, rows, -1, width).transpose(0, 1)
    first_sum = first_sum.reshape(heads, rows, -1).transpose(0, 1)
    share = torch.sigmoid(first_sum - own_sum)[..., None]
    found = torch.lerp(own.float(), first.float(), share)
    return found.to(query.dtype).reshape(rows, 1, -1, width)


def cpu_mask(
    q_length: int, kv_length: int, allow_is_causal_skip: bool = True, **kwargs: Any
) -> Any:
    """transformers' `sdpa_mask`, always made where the model goes on from what it has read, so that
    none is missing where keys of a beginning are; none where a layout says who sees what."""
    if laid_out.get():
        return None
    skip = allow_is_causal_skip and q_length == kv_length
    return sdpa_mask(q_length=q_length, kv_length=kv_length, allow_is_causal_skip=skip, **kwargs)


def disable_cpu_inference_kernel(model: nn.Module) -> None:
    """Keeps bitsandbytes from repacking 4-bit weights in place during an evaluation on a CPU.

    With AVX512-BF16 the first forward in eval mode repacks them for a kernel without autograd,
    and later training steps get silently wrong gradients (bitsandbytes 0.50, nn/modules.py,
    `Linear4bit.forward`). Call it before the model's first forward.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


AttentionInterface.register(CPU_ATTENTION, cpu_attention)
AttentionMaskInterface.register(CPU_ATTENTION, cpu_mask)
