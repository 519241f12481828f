"""Whether the weights that were loaded are all of the model's, and numbers.

transformers fills weights that a file lacks at random, and says so in a table on stderr.
"""

import logging
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from slm_lora.errors import UserError
from slm_lora.progress import log


def check_complete(model: PreTrainedModel, name: str, report: dict[str, Any]) -> None:
    """Look whether the files hold the model's weights. `report` is transformers' loading info.

    Raises:
        UserError: weights are missing, or of another shape than the config says.
    """
    kind = type(model).__name__
    of = f"the weights of {name} are not those of a {kind}, as its config.json says"
    cure = "get the whole model again, or the config.json that belongs to these weights"
    if wrong := report["mismatched_keys"]:
        key, found, wanted = min(wrong)
        shapes = f"{key} is {tuple(found)}, expected {tuple(wanted)}"
        raise UserError(f"{of}: {len(wrong)} of another shape ({shapes})", cure)
    if missing := report["missing_keys"]:
        raise UserError(f"{of}: {len(missing)} missing ({some(missing)})", cure)
    if unused := report["unexpected_keys"]:
        log.warning(
            "%s: %d weights have no place in a %s (%s)", name, len(unused), kind, some(unused)
        )


def check_finite(model: PreTrainedModel, name: str) -> None:
    """Look whether all weights are finite numbers.

    Raises:
        UserError: some are not.
    """
    wrong = [
        key for key, weight in model.named_parameters() if not torch.isfinite(_told(weight)).all()
    ]
    if wrong:
        raise UserError(
            f"{name} has weights that are NaN or infinite: {len(wrong)} tensors ({some(wrong)})",
            "type precision=fp32, since fp16 ends at 65,504; or get the model again"
            if model.dtype == torch.float16
            else "get the model again; nothing can be learned from these",
        )


def some(names: Iterable[str]) -> str:
    """The first three of them in order, and a sign that there are more."""
    first, *more = sorted(names)
    return ", ".join([first, *more[:2]]) + (" …" if len(more) > 2 else "")


def _told(weight: Tensor) -> Tensor:
    """The weight itself, or the scales of a quantized one, into which a NaN in its rows goes."""
    state, scales = getattr(weight, "quant_state", None), getattr(weight, "SCB", None)
    if state is not None:  # of 4 bits; nested: the scales are quantized too, less their mean
        scales = state.offset if state.nested else state.absmax
    return weight if scales is None else scales


# The table would be shown before our error.
logging.getLogger("transformers.modeling_utils").addFilter(
    lambda record: "LOAD REPORT" not in record.getMessage()
)
