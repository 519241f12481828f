"""A decoder's layers, compiled by torch while they train.

    python -m slm_lora +recipe=sentiment hardware.compile=true
    python benchmarks/step.py --compile                             (what it takes and brings)

Where the config leaves it open, `with_compiling` says when it is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
import torch._dynamo
import torch.fx.experimental._config
from datasets import Dataset
from torch import nn

from slm_lora import ranks
from slm_lora.config.schema import Config
from slm_lora.hardware import Device, missing_compiler
from slm_lora.model.base import decoder_layers
from slm_lora.model.layout import LEAST_SAVED_OF_COMPILED, saves_enough
from slm_lora.progress import log
from slm_lora.training.options import micro_batch_size, rows_of_a_rank
from slm_lora.training.passes import shared_by_all

LEAST_OPERATIONS = 3e14
"""Of a training's products of frozen weights, from which on it pays. Two cores reach 0.5e12 a
second, compile for 40 s, and are a tenth to a quarter faster then (benchmarks/RESULTS.md)."""
RECOMPILED = 64
"""How often, at most: the first layer needs no gradient of its input, attention of short rows is
another, and some models have two kinds of layers. Beyond torch's own limit of 8 nothing is."""


def with_compiling(
    config: Config, device: Device, rows: Dataset, steps: int, parameters: int
) -> Config:
    """The config with `hardware.compile` decided where it is open (never but on a CPU), for so many
    steps on these rows of a base model of so many parameters."""
    asked, lengths = config.hardware.compile, rows["length"]
    mean = sum(lengths) // len(lengths)
    on_cpu = device.type == "cpu"
    if asked is None:
        long = 4 * parameters * mean * config.batch_size * steps >= LEAST_OPERATIONS
        alone = on_cpu and device.precision == "bf16" and ranks.WORLD == 1
        compiled = long and alone and not missing_compiler()
    else:
        compiled = asked
    padded = not (config.trainer["packing"] or config.hardware.gradient_checkpointing)
    if compiled and on_cpu and padded:
        size = micro_batch_size(rows_of_a_rank(config, lengths), config)
        alike = saves_enough(size, shared_by_all(rows, mean), mean, LEAST_SAVED_OF_COMPILED)
        if asked and alike:
            log.info(
                "hardware.compile=true: not of these rows, which begin alike and are laid out "
                "as one"
            )
        compiled = asked or not alike
    if compiled and not asked:
        log.info(
            "the layers are compiled for so long a training; hardware.compile=false leaves that"
        )
    return replace(config, hardware=replace(config.hardware, compile=compiled))


@contextmanager
def compiled_layers(model: nn.Module) -> Iterator[None]:
    """Each layer by itself: all have one code, which is compiled once for each kind of input. Rows
    and positions are left open, for batches differ in them.
    """
    layers = decoder_layers(model).values()
    if not layers:
        log.warning("hardware.compile=true, but torch finds no layers to compile in this model")
    for layer in layers:
        layer.compile(dynamic=True)
    try:
        with (
            torch._dynamo.config.patch(recompile_limit=RECOMPILED),
            # Else a row as long as the model is wide would stand for the width.
            torch.fx.experimental._config.patch(use_duck_shape=False),  # type: ignore[attr-defined]
        ):
            yield
    finally:
        not_compiled(model)


def not_compiled(model: nn.Module) -> None:
    """The layers as they were."""
    for layer in decoder_layers(model).values():
        layer._compiled_call_impl = None


def why_not_compiled(error: BaseException) -> str:
    """The line that names the error, of what torch or its compiler said."""
    error = getattr(error, "inner_exception", error)
    output = getattr(error, "output", None)
    said = (output if isinstance(output, str) else "").strip() or str(error).strip()
    lines = said.splitlines() or [type(error).__name__]
    return next((line for line in lines if "error:" in line), lines[0])
