"""Logits of picked positions: the head sees no other, and measures in fp32.

    logits = logits_at(model, wanted, exact=True, input_ids=ids)

A head in bf16 rounds logits near 16 to steps of 0.125: labels then tie, and the first one wins.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from accelerate.utils import extract_model_from_parallel
from torch import Tensor, nn

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
    dtype = torch.float32 if exact else None
    with (
        head.register_forward_pre_hook(lambda _, hidden: (hidden[0][positions][None].to(dtype),)),
        _in_fp32(head) if exact else nullcontext(),
    ):
        output = model(**{"use_cache": False, **inputs})
    logits: Tensor = output.logits.squeeze(0)  # `[0]` would copy them, going back
    return logits


@contextmanager
def _in_fp32(head: nn.Module) -> Iterator[None]:
    """Cast a head's weights while it multiplies. Not before: those of a model in parts are whole
    only then. An input embedding that shares them keeps its own dtype."""
    own: list[tuple[nn.Module, str, nn.Parameter]] = []
    exact = ExitStack()

    def cast(*_: Any) -> None:
        # In fp16 a model trains under autocast, which would cast the product down again.
        kind = next(head.parameters()).device.type
        exact.enter_context(torch.autocast(kind, enabled=False))
        for module in head.modules():
            for name, weight in module._parameters.items():
                if weight is not None and weight.is_floating_point():
                    own.append((module, name, weight))
                    module._parameters[name] = weight.float()  # type: ignore[assignment]

    def put_back(*_: Any) -> None:
        exact.close()
        while own:
            module, name, weight = own.pop()
            module._parameters[name] = weight

    with (
        head.register_forward_pre_hook(cast),
        head.register_forward_hook(put_back, always_call=True),
    ):
        yield
