"""The loss on a CPU: plain cross-entropy, and a head that sees labelled positions only."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from transformers import PreTrainedModel

from slm_lora.logits import logits_at

CHUNK = 2**20
"""Logits whose softmax is taken at a time: 4 MB in fp32 stay in a processor's cache."""


def labelled_loss(
    model: PreTrainedModel,
    input_ids: Tensor,
    labels: Tensor,
    num_items_in_batch: Tensor | None = None,
    **inputs: Tensor,
) -> Tensor:
    """Cross-entropy in fp32 of the labelled positions; the head sees no other position, and
    while the model is not training it multiplies in fp32 too.

    `input_ids` and `labels` are (rows, positions); label -100 is not trained. The sum over the
    labelled tokens is divided by `num_items_in_batch` (all of an optimizer step's labelled
    tokens; this batch's when None).
    """
    labelled = F.pad(labels[:, 1:] != -100, (0, 1))
    logits = logits_at(model, labelled, exact=not model.training, input_ids=input_ids, **inputs)
    targets = labels[:, 1:][labelled[:, :-1]]
    count = max(len(targets), 1) if num_items_in_batch is None else num_items_in_batch
    loss: Tensor = CrossEntropy.apply(logits, targets, count)  # type: ignore[no-untyped-call]
    return loss


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
        size = max(CHUNK // logits.shape[-1], 1)
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
