"""A decoder's layers, compiled by torch while they train.

python -m slm_lora +recipe=sentiment hardware.compile=true
python benchmarks/step.py --compile                             (what it takes and brings)
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer


@contextmanager
def compiled_layers(model: nn.Module) -> Iterator[None]:
    """Each layer by itself: all have one code, so it is compiled once. Shapes are left open, for
    batches differ in rows and positions."""
    layers = [m for m in model.modules() if isinstance(m, GradientCheckpointingLayer)]
    for layer in layers:
        layer.compile(dynamic=True)
    try:
        yield
    finally:
        for layer in layers:
            layer._compiled_call_impl = None
