"""A decoder's layers, compiled by torch while they train.

    python -m slm_lora +recipe=sentiment hardware.compile=true
    python benchmarks/step.py --compile                             (what it takes and brings)

Where the config leaves it open, it is done for what takes ten minutes or longer on two cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
import torch._dynamo
import torch.fx.experimental._config as shapes
from datasets import Dataset
from torch import nn

from slm_lora import ranks
from slm_lora.config.schema import Config
from slm_lora.hardware import Device, not_there_to_compile
from slm_lora.model.base import decoder_layers
from slm_lora.model.layout import LEAST_SAVED_OF_COMPILED, saves_enough
from slm_lora.progress import log
from slm_lora.training.passes import begun, shared_by_all

LEAST_OPERATIONS = 3e14
"""Of a training's products of frozen weights, from which on it pays. Two cores reach 0.5e12 a
second, compile for 40 s, and take a fifth less then (benchmarks/RESULTS.md)."""
RECOMPILED = 64
"""How often, at most: the first layer needs no gradient of its input, attention of short rows is
another, and some models have two kinds of layers. Beyond torch's own limit of 8 nothing is."""


def with_compiling(
    config: Config, device: Device, rows: Dataset, steps: int, parameters: int
) -> Config:
    """The config with `hardware.compile` decided where it is open, for so many steps on these rows
    of a base model of so many parameters."""
    config = begun(config)
    if config.hardware.compile is not None:
        return config
    lengths = rows["length"]
    mean = sum(lengths) // len(lengths)
    operations = 4 * parameters * mean * config.batch_size * steps
    compiled = (
        operations >= LEAST_OPERATIONS
        and (device.type, device.precision) == ("cpu", "bf16")
        and ranks.WORLD == 1
        and not not_there_to_compile()
        # Rows that begin alike are laid out as one, and not compiled then.
        and not saves_enough(
            config.batch_size, shared_by_all(rows, mean), mean, LEAST_SAVED_OF_COMPILED
        )
    )
    if compiled:
        log.info("the model's layers are compiled for so long a training (hardware.compile=true)")
    return replace(config, hardware=replace(config.hardware, compile=compiled))


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
        not_compiled(model)


def not_compiled(model: nn.Module) -> None:
    """The layers as they were."""
    for layer in decoder_layers(model).values():
        layer._compiled_call_impl = None


def why_not_compiled(error: BaseException) -> str:
    """The first line of what a compiler said."""
    said = str(getattr(error, "inner_exception", error)).strip()
    return said.partition("\n")[0] or type(error).__name__
