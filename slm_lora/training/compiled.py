"""A decoder's layers, compiled by torch while they train.

python -m slm_lora +recipe=sentiment hardware.compile=true
python benchmarks/step.py --compile                             (what it takes and brings)
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch._dynamo
import torch.fx.experimental._config as shapes
from torch import nn

from slm_lora.model.base import decoder_layers
from slm_lora.progress import log

RECOMPILED = 64
"""How often, at most: the first layer needs no gradient of its input, attention of short rows is
another, and some models have two kinds of layers. Beyond torch's own limit of 8 nothing is."""


@contextmanager
def compiled_layers(model: nn.Module) -> Iterator[None]:
    """Each layer by itself: all have one code, which is compiled once for each kind of input. Rows
    and positions are left open, for batches differ in them, though one of them may be as long as
    the model is wide.
    """
    layers = decoder_layers(model).values()
    if not layers:
        log.warning("hardware.compile=true, but torch finds no layers to compile in this model")
    for layer in layers:
        layer.compile(dynamic=True)
    try:
        with (
            torch._dynamo.config.patch(recompile_limit=RECOMPILED),
            shapes.patch(use_duck_shape=False),  # type: ignore[attr-defined]
        ):
            yield
    finally:
        for layer in layers:
            layer._compiled_call_impl = None
