"""A decoder's layers, compiled by torch while they train.

python -m slm_lora +recipe=sentiment hardware.compile=true
python benchmarks/step.py --compile                             (what it takes and brings)
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch._dynamo
from torch import nn

from slm_lora.model.base import decoder_layers
from slm_lora.model.lora_layers import taken_apart
from slm_lora.progress import log

RECOMPILED = 64
"""How often, at most: the first layer needs no gradient of its input, attention of short rows is
another, and some models have two kinds of layers. Beyond torch's own limit of 8 nothing is."""


@contextmanager
def compiled_layers(model: nn.Module) -> Iterator[None]:
    """Each layer by itself: all have one code, which is compiled once for each kind of input. Rows
    and positions are left open, for batches differ in them.

    LoRA layers are PEFT's meanwhile: their plain operations are fused, a function with a backward
    of its own is not, and takes a tenth longer.
    """
    layers = decoder_layers(model).values()
    if not layers:
        log.warning("hardware.compile=true, but torch finds no layers to compile in this model")
    for layer in layers:
        layer.compile(dynamic=True)
    try:
        with taken_apart(model), torch._dynamo.config.patch(recompile_limit=RECOMPILED):
            yield
    finally:
        for layer in layers:
            layer._compiled_call_impl = None
