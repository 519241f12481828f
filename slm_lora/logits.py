"""Logits of picked positions: the head sees no other, and measures in fp32.

    logits = logits_at(model, wanted, exact=True, input_ids=ids)

A head in bf16 rounds logits near 16 to steps of 0.125: labels then tie, and the first one wins.
"""

from typing import Any

import torch
from accelerate.utils import extract_model_from_parallel
from torch import Tensor
from torch.func import functional_call

TOLERANCE = 0.15
"""Of what the logits of a place differ by among themselves. SmolLM2 in bf16: batches of other
shapes are apart by 0.04 at most, wrong places of the same tokens by 0.36."""


def same_logits(found: Tensor, expected: Tensor) -> bool:
    """Whether logits (…, vocabulary) are the same at each place but for what 16 bits round."""
    if found.shape != expected.shape:
        return False
    ours, theirs = (s.float() - s.float().mean(dim=-1, keepdim=True) for s in (found, expected))
    apart, size = (ours - theirs).norm(dim=-1), theirs.norm(dim=-1)
    return bool((apart <= TOLERANCE * size).all())


def logits_at(model: Any, positions: Tensor, *, exact: bool, **inputs: Any) -> Tensor:
    """Logits (picked positions, vocabulary) where `positions` (rows, positions) is true.

    `exact`: the head's product and all that follows it are in fp32, whatever the model's dtype.
    Its weights are cast for this call only, so a large head is not held twice; only a head of
    quantized weights multiplies in its own dtype.

    The positions are picked on the head's doorstep, so the rest is the model's own forward:
    logit scaling and capping (Granite, Cohere, Gemma), a tied or an adapted head all hold.
    """
    head = extract_model_from_parallel(model).get_output_embeddings()
    weights = {}
    if exact:
        place = next(name for name, module in model.named_modules() if module is head)
        weights = {
            f"{place}.{name}": weight.float()
            for name, weight in head.named_parameters()
            if weight.is_floating_point()
        }
    dtype = torch.float32 if exact else None
    with head.register_forward_pre_hook(lambda _, hidden: (hidden[0][positions][None].to(dtype),)):
        # `tie_weights`: an input embedding that shares the head's weights keeps its own dtype.
        output = functional_call(
            model, weights, kwargs={"use_cache": False, **inputs}, tie_weights=False
        )
    logits: Tensor = output.logits[0]
    return logits
