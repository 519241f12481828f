"""Kernels for a CPU: attention of short rows, and 4-bit layers that keep their gradients."""

from typing import Any

import bitsandbytes as bnb
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

SHORT_ROWS = "sdpa_short_rows"


SHORT = 256
"""Tokens; between 256 and 512, depending on the width of a head, bf16 catches up."""


def short_rows_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """transformers' `sdpa`, in fp32 where a CPU trains on short rows.

    The backward of PyTorch's attention is slow in bf16 there (torch 2.13, AVX512-BF16, one core,
    64 rows of 64 tokens, 8 heads of 8: 55 ms against 14 in fp32).
    """
    dtype = query.dtype
    if query.requires_grad and query.shape[2] <= SHORT and attention_mask is None:
        query, key, value = query.float(), key.float(), value.float()
    heads, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    return heads.to(dtype), None


def disable_cpu_inference_kernel(model: nn.Module) -> None:
    """Keeps bitsandbytes from repacking 4-bit weights in place during an evaluation on a CPU.

    With AVX512-BF16 the first forward in eval mode repacks them for a kernel without autograd,
    and later training steps get silently wrong gradients (bitsandbytes 0.50, nn/modules.py,
    `Linear4bit.forward`). Call it before the model's first forward.
    """
    for module in model.modules():
        if isinstance(module, bnb.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


AttentionInterface.register(SHORT_ROWS, short_rows_attention)
AttentionMaskInterface.register(SHORT_ROWS, sdpa_mask)
