"""The training loss on a CPU: plain cross-entropy, and a head that sees labelled positions only."""

from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel


def labelled_loss(
    model: PreTrainedModel,
    input_ids: Tensor,
    labels: Tensor,
    num_items_in_batch: Tensor | None = None,
    **inputs: Tensor,
) -> Tensor:
    """Cross-entropy in fp32 of the labelled positions; the head sees no other position.

    `input_ids` and `labels` are (rows, positions); label -100 is not trained. The sum over the
    labelled tokens is divided by `num_items_in_batch` (all of an optimizer step's labelled
    tokens; this batch's when None).

    The positions are picked on the head's doorstep, so the rest is the model's own forward:
    logit scaling and capping (Granite, Cohere, Gemma), a tied or an adapted head all hold.
    """
    labelled = F.pad(labels[:, 1:] != -100, (0, 1))
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][labelled][None],)):
        logits = model(input_ids=input_ids, use_cache=False, **inputs).logits
    targets = labels[:, 1:][labelled[:, :-1]]
    total = F.cross_entropy(logits.flatten(0, 1).float(), targets, reduction="sum")
    return total / (max(len(targets), 1) if num_items_in_batch is None else num_items_in_batch)
