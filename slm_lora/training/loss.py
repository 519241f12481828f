"""The loss on a CPU: plain cross-entropy, and a head that sees labelled positions only."""

from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from slm_lora.logits import logits_at


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
    total = F.cross_entropy(logits.float(), targets, reduction="sum")
    return total / (max(len(targets), 1) if num_items_in_batch is None else num_items_in_batch)
