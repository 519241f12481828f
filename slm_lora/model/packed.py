"""Attention of packed rows on a GPU, at a cost that grows with the rows and not with their square.

    keep_apart_by_bounds(model, device)

Packed, several texts are one row, and transformers' `sdpa` keeps them apart by a mask of all pairs
of positions, in every layer. torch's kernel for texts of different lengths takes their bounds.
"""

from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import causal_mask_function, sdpa_mask

from slm_lora.logits import same_logits
from slm_lora.progress import log

PACKED_ATTENTION = "sdpa_of_packed"
"""transformers' name for `packed_attention`."""
TOLERANCE = 0.05
"""Of the largest number: two kernels in 16 bits differ by less."""


def packed_mask(
    batch_size: int,
    q_length: int,
    kv_length: int,
    mask_function: Any = causal_mask_function,
    attention_mask: Tensor | None = None,
    local_size: int | None = None,
    allow_is_causal_skip: bool = True,
    use_vmap: bool = False,
    device: torch.device | str = "cpu",
    **kwargs: Any,
) -> Tensor | None:
    """Of packed texts that attend to all before them: their bounds (texts + 1), in int32, with
    `longest`, the positions of the longest. Of anything else: transformers' `sdpa_mask`."""
    # transformers says no more of a packed row than this; the rest asks for another mask.
    packed = not allow_is_causal_skip and attention_mask is None and q_length == kv_length
    if batch_size == 1 and packed and local_size is None and not use_vmap and q_length > 1:
        after = torch.arange(1, q_length, device=device)
        row = torch.zeros_like(after)
        if not mask_function(row, row, after - 1, after).any():
            starts = ~mask_function(row, row, after, after - 1)
            ends = torch.tensor([0, q_length], device=device)
            bounds = torch.cat([ends[:1], after[starts], ends[1:]]).int()
            bounds.longest = int(bounds.diff().max())  # type: ignore[attr-defined]
            return bounds
    mask: Tensor | None = sdpa_mask(
        batch_size=batch_size,
        q_length=q_length,
        kv_length=kv_length,
        mask_function=mask_function,
        attention_mask=attention_mask,
        local_size=local_size,
        allow_is_causal_skip=allow_is_causal_skip,
        use_vmap=use_vmap,
        device=device,
        **kwargs,
    )
    return mask


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """transformers' `sdpa`, and for bounds in place of a mask torch's kernel that takes them.

    Query, key and value are (1, heads, positions, width); returned are (1, positions, heads,
    width).
    """
    if attention_mask is None or attention_mask.ndim != 1:
        found: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        return found
    from torch.nn.attention.varlen import varlen_attn

    queries, keys, values = (s[0].transpose(0, 1).contiguous() for s in (query, key, value))
    longest: int = attention_mask.longest  # type: ignore[attr-defined]
    heads = varlen_attn(
        queries,
        keys,
        values,
        attention_mask,
        attention_mask,
        longest,
        longest,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=True,
    )
    return cast(Tensor, heads)[None], None


def keep_apart_by_bounds(model: PreTrainedModel, device: torch.device) -> None:
    """Let a model with `sdpa` attend by `packed_attention`, if it then computes the same: of two
    packed texts it is seen. Some models work on the mask themselves."""
    if not bounds_suffice(model.config, device, model.dtype):
        return
    places = torch.tensor([[*range(5), *range(11)]], device=device)
    ids = torch.arange(1, 17, device=device)[None] * model.config.get_text_config().vocab_size // 17
    inputs = {"input_ids": ids, "position_ids": places, "use_cache": False}
    with torch.no_grad():
        expected = model(**inputs).logits
        model.set_attn_implementation(PACKED_ATTENTION)
        try:
            same = same_logits(model(**inputs).logits, expected)
        # What a model's own code makes of a mask that is none.
        except Exception:
            same = False
    if not same:
        log.info("attention of packed rows: not for this model: with a mask")
        model.set_attn_implementation("sdpa")


def bounds_suffice(config: PreTrainedConfig, device: torch.device, dtype: torch.dtype) -> bool:
    """Whether packed rows of such a model can be kept apart by `packed_attention`."""
    text = config.get_text_config()
    width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    # The kernel drops nothing, and wants keys and values of one width, which MLA's are not.
    drops = any(getattr(text, name, 0) for name in ("attention_dropout", "attn_pdrop"))
    return not (drops or hasattr(text, "kv_lora_rank")) and _kernel_works(device, dtype, width)


@cache
def _kernel_works(device: torch.device, dtype: torch.dtype, width: int) -> bool:
    """Whether torch's kernel runs there, for heads of this width, and attends as `sdpa` does: two
    packed texts are tried, forward and backward. Which GPUs, dtypes and widths it knows, and how it
    is called, changes with torch."""
    lengths = [5, 11]
    bounds = torch.tensor([0, 5, 16], device=device, dtype=torch.int32)
    bounds.longest = 11  # type: ignore[attr-defined]
    states = [
        torch.arange(heads * 16 * width, device=device)
        .sin()
        .to(dtype)
        .reshape(1, heads, 16, width)
        .requires_grad_()
        for heads in (4, 2, 2)
    ]
    query, key, value = states
    apart = [
        F.scaled_dot_product_attention(*text, is_causal=True, enable_gqa=True)  # type: ignore[misc]
        for text in zip(*(torch.split(s, lengths, dim=2) for s in states), strict=True)
    ]
    expected = torch.cat(apart, dim=2).transpose(1, 2)
    try:
        heads, _ = packed_attention(nn.Module(), query, key, value, bounds)
        found = [heads, *torch.autograd.grad(heads.square().sum(), states)]
    # Whatever it is that the kernel lacks: the run needs none.
    except Exception as error:
        log.info("attention of packed rows: %s: with a mask", str(error).partition("\n")[0])
        return False
    sought = [expected, *torch.autograd.grad(expected.square().sum(), states)]
    return all(
        bool((a - b).abs().max() <= TOLERANCE * b.abs().max())
        for a, b in zip(found, sought, strict=True)
    )


AttentionInterface.register(PACKED_ATTENTION, packed_attention)
AttentionMaskInterface.register(PACKED_ATTENTION, packed_mask)
