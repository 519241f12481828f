"""Our own loss: plain cross-entropy, and a head that sees labelled positions only.

It is that of a CPU, and of a GPU on which TRL's fused one does not run.
"""

from contextlib import nullcontext
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.utils import is_triton_available
from trl.kernels import ChunkedLogProbFunction

from slm_lora.logits import logits_at
from slm_lora.model.layout import layout_of
from slm_lora.progress import log

CHUNK, CHUNK_OF_A_GPU = 2**20, 2**26
"""Logits whose softmax is taken at a time: 4 MB in fp32 stay in a processor's cache; a GPU wants
fewer calls."""


def labelled_loss(
    model: PreTrainedModel,
    input_ids: Tensor,
    labels: Tensor,
    num_items_in_batch: Tensor | None = None,
    least_saved: float = 1,
    **inputs: Tensor,
) -> Tensor:
    """Cross-entropy in fp32 of the labelled positions; the head sees no other position, and
    while the model is not training it multiplies in fp32 too. Rows are laid out as one where that
    saves at least so much of their positions, for a model that can (slm_lora/model/layout.py).

    `input_ids` and `labels` are (rows, positions); label -100 is not trained. The sum over the
    labelled tokens is divided by `num_items_in_batch` (all of an optimizer step's labelled
    tokens; this batch's when None).
    """
    labelled = F.pad(labels[:, 1:] != -100, (0, 1))
    layout = layout_of(input_ids, labelled, least_saved) if least_saved < 1 else None
    read = layout.inputs(input_ids) if layout else {"input_ids": input_ids}
    positions = layout.flat(labelled) if layout else labelled
    with layout.read() if layout else nullcontext():
        logits = logits_at(model, positions, exact=not model.training, **read, **inputs)
    targets = labels[:, 1:][labelled[:, :-1]]
    count = max(len(targets), 1) if num_items_in_batch is None else num_items_in_batch
    loss: Tensor = CrossEntropy.apply(logits, targets, count)  # type: ignore[no-untyped-call]
    return loss


@cache
def why_not_fused(device: torch.device, dtype: torch.dtype) -> str:
    """What keeps TRL's fused loss from running there; nothing where it runs. On a GPU it compiles
    Triton's kernels at its first call, which takes a C compiler, Python's headers and a GPU that
    Triton knows."""
    reason = "Triton is not installed" if not is_triton_available() else _compiled(device, dtype)
    if reason:
        log.info("TRL's fused loss does not run here (%s): taking our own", reason)
    return reason


def _compiled(device: torch.device, dtype: torch.dtype) -> str:
    hidden = torch.ones(2, 16, device=device, dtype=dtype, requires_grad=True)
    words, targets = hidden.detach(), torch.zeros(2, device=device, dtype=torch.long)
    try:
        log_p, *_ = ChunkedLogProbFunction.apply(
            hidden, words, None, targets, 1.0, 16, None, 1.0, ("log_probs",)
        )
        log_p.sum().backward()
    # A compiler has many ways to fail, and each has an error of its own.
    except Exception as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


class CrossEntropy(torch.autograd.Function):
    """`F.cross_entropy(logits.float(), targets, reduction="sum") / count`, chunk by chunk.

    A vocabulary of 49,152 makes each fp32 copy of the logits larger than all activations of a
    small model's layer; here the gradient, in the logits' own dtype, is the only other one.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, count: Tensor | int) -> Tensor:
        """Logits (positions, vocabulary), targets (positions) → a scalar in fp32."""
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        total = torch.zeros((), device=logits.device)
        chunk = CHUNK if logits.device.type == "cpu" else CHUNK_OF_A_GPU
        size = max(chunk // logits.shape[-1], 1)
        for start in range(0, len(logits), size):
            rows, answer = logits[start : start + size], targets[start : start + size, None]
            log_p = rows.log_softmax(-1, dtype=torch.float32)
            total -= log_p.gather(1, answer).sum()
            if gradient is not None:
                p = log_p.exp_()
                p.scatter_add_(1, answer, torch.full_like(answer, -1, dtype=p.dtype))
                gradient[start : start + size] = p.div_(count)
        ctx.save_for_backward(gradient)
        return total / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the logits, scaled in place: a second backward is refused by torch."""
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(scale), None, None
