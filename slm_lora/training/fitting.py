"""What fits the memory by the forecast: rows a pass, and whether activations are kept.

    python -m slm_lora plan +recipe=code_gen hardware.memory_gb=8

The batch of an optimizer step stays what the config says; only how it is taken apart is decided
here. What the user set is kept, and said to be too large where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import psutil
from datasets import Dataset
from rich.filesize import decimal

from slm_lora.config.schema import Config
from slm_lora.hardware import Device
from slm_lora.progress import log
from slm_lora.training.memory import Batch, Memory, training_memory
from slm_lora.training.options import micro_batch_size, rows_of_a_step

CUDA_CONTEXT = 500_000_000
"""Bytes of a GPU that the driver's context and libraries take."""
CUDA_WASTE, CPU_WASTE = 0.08, 0.03
"""What the allocators lose, as a share of what is asked of them."""


@dataclass(frozen=True)
class Forecast:
    """The largest pass of a training, what a training with it holds, the bytes that its process
    takes with all that is not the model's, and the bytes that there are."""

    batch: Batch
    memory: Memory
    process: int
    available: int

    @property
    def fits(self) -> bool:
        """Whether the forecast is within what there is."""
        return self.process <= self.available


def fitted(config: Config, device: Device, rows: Dataset) -> tuple[Config, Forecast]:
    """The resolved config with what it left open in `hardware` decided by these training rows.

    The largest part of a batch that fits is taken, with activations kept where any part fits with
    them. Where nothing fits, the least is tried.
    """
    asked, best = config.hardware, None
    for micro, checkpointing in _choices(config, rows):
        hardware = replace(asked, micro_batch_size=micro, gradient_checkpointing=checkpointing)
        tried = replace(config, hardware=hardware)
        found = forecast(tried, device, rows)
        best = tried, found
        if found.fits:
            break
    assert best  # a batch can always be taken apart into rows
    chosen, found = best
    if not found.fits:
        log.warning(
            "memory: the training may need %s, and there are %s; %s",
            decimal(found.process),
            decimal(found.available),
            _cure(asked.micro_batch_size, asked.gradient_checkpointing),
        )
    return chosen, found


def forecast(config: Config, device: Device, rows: Dataset) -> Forecast:
    """What a training on these rows takes; the config is a resolved and fitted one."""
    batch = _largest(config, rows)
    memory = training_memory(config, device, batch)
    if device.type == "cuda":
        process = CUDA_CONTEXT + round((1 + CUDA_WASTE) * memory.peak)
        there = device.memory
    else:
        own = psutil.Process().memory_info().rss
        process = own + round((1 + CPU_WASTE) * memory.peak)
        there = own + psutil.virtual_memory().available
    planned = config.hardware.memory_gb
    return Forecast(batch, memory, process, round(planned * 2**30) if planned else there)


def _choices(config: Config, rows: Dataset) -> Iterator[tuple[int, bool]]:
    """(rows a pass, checkpointing), the fastest first; what is set is not varied."""
    asked, batch = config.hardware, rows_of_a_step(config, rows["length"])
    sizes = [n for n in range(batch, 0, -1) if batch % n == 0]
    for checkpointing in (False, True):
        if asked.gradient_checkpointing in (None, checkpointing):
            for size in [asked.micro_batch_size] if asked.micro_batch_size else sizes:
                yield size, checkpointing


def _largest(config: Config, rows: Dataset) -> Batch:
    """The largest forward pass: the longest rows together, or a packed one full to its end."""
    size = micro_batch_size(rows_of_a_step(config, rows["length"]), config)
    if config.trainer["packing"]:
        positions = size * config.trainer["max_length"]
        labels = rows.data.column("labels").combine_chunks().flatten().to_numpy()
        return Batch(1, positions, round(float(np.mean(labels != -100)) * positions), packed=True)
    lengths = np.asarray(rows["length"])
    longest = np.argsort(-lengths, kind="stable")[:size].tolist()
    labels = rows.select(longest)["labels"]
    labelled = sum(label != -100 for row in labels for label in row[1:])
    return Batch(len(longest), int(lengths[longest[0]]), labelled)


def _cure(micro: int | None, checkpointing: bool | None) -> str:
    """What may help, of what the user set or did not."""
    words = ["hardware.micro_batch_size=1"] if micro not in (None, 1) else []
    words += ["hardware.gradient_checkpointing=true"] if checkpointing is False else []
    return f"type {' '.join(words)}" if words else "type a smaller trainer.max_length"
