"""How a batch is taken apart into passes: what fits the memory by the forecast.

    python -m slm_lora plan +recipe=code_gen hardware.memory_gb=8

The batch of an optimizer step stays what the config says. What the user set is kept, and said to be
too large where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import torch
from datasets import Dataset
from rich.filesize import decimal

from slm_lora.config.compose import from_file
from slm_lora.config.schema import Config
from slm_lora.hardware import Device
from slm_lora.model.layout import LEAST_SAVED, LEAST_SAVED_OF_COMPILED, saves_enough
from slm_lora.progress import log
from slm_lora.training.memory import Batch, Memory, training_memory
from slm_lora.training.options import micro_batch_size, rows_of_a_rank

CUDA_CONTEXT = 500_000_000
"""Bytes of a GPU that the driver's context and libraries take."""
CPU_LIBRARIES = 320_000_000
"""Bytes that a process on a CPU takes beside what is asked of its allocator: what libraries fetch
when they are first used, and holes that stay (with SmolLM2-135M, benchmarks/RESULTS.md)."""
CUDA_WASTE, CPU_WASTE = 0.08, 0.10
"""What the allocators lose, as a share of what is asked of them; a CPU's was measured likewise."""
MOST_PACKED = 4096
"""Positions of a packed pass, where its size is ours to choose: without a kernel that knows where
texts end, attention costs the square of it."""
CGROUP = Path("/sys/fs/cgroup")
"""A container's limits, of version 2 (docs.kernel.org/admin-guide/cgroup-v2)."""


@dataclass(frozen=True)
class Forecast:
    """The largest pass of a training, what the training holds with it, the bytes that its process
    takes with all that is not the model's, and the bytes that there are."""

    batch: Batch
    memory: Memory
    process: int
    available: int

    @property
    def fits(self) -> bool:
        """Whether the forecast is within what there is."""
        return self.process <= self.available


def with_passes(config: Config, device: Device, rows: Dataset) -> tuple[Config, Forecast | None]:
    """The resolved config with what it left open in `hardware` decided by these training rows, and
    what is then expected; None where that cannot be told.

    The largest part of a batch that fits is taken, with activations kept where any part fits with
    them. Where nothing fits, the least is tried. A run that was begun goes on with its passes.
    """
    asked = _begun(config)
    found, chosen = None, asked
    for micro, checkpointing in _choices(asked, rows):
        hardware = replace(
            asked.hardware, micro_batch_size=micro, gradient_checkpointing=checkpointing
        )
        chosen = replace(asked, hardware=hardware)
        found = forecast(chosen, device, rows)
        if found is None or found.fits:
            break
    if found is None and device.type != "cpu" and not asked.hardware.micro_batch_size:
        chosen = replace(chosen, hardware=replace(chosen.hardware, micro_batch_size=1))
    if found and not found.fits:
        log.warning(
            "memory: the training may need %s, and there are %s; %s",
            decimal(found.process),
            decimal(found.available),
            _cure(config.hardware.micro_batch_size, chosen.hardware.gradient_checkpointing),
        )
    return chosen, found


def forecast(config: Config, device: Device, rows: Dataset) -> Forecast | None:
    """What a training on these rows takes, its passes decided."""
    batch = _largest(config, rows)
    memory = training_memory(config, device, batch)
    if memory is None:
        return None
    planned, process = config.hardware.memory_gb, in_process(device, memory.peak)
    if planned:  # no such GPU need be here
        there = round(planned * 2**30)
    elif device.type == "cuda":
        there = CUDA_CONTEXT + torch.cuda.mem_get_info()[0]
    elif device.type == "mps":
        there = CUDA_CONTEXT + device.memory - torch.mps.driver_allocated_memory()
    else:
        there = psutil.Process().memory_info().rss + _available()
    return Forecast(batch, memory, process, there)


def in_process(device: Device, needed: int) -> int:
    """Bytes that a process takes which asks the allocator for so many: with what it has already,
    or with the driver's own."""
    if device.type != "cpu":
        return CUDA_CONTEXT + round((1 + CUDA_WASTE) * needed)
    held: int = psutil.Process().memory_info().rss
    return held + CPU_LIBRARIES + round((1 + CPU_WASTE) * needed)


def _available() -> int:
    """Bytes that the system, or the container, can still give."""
    free: int = psutil.virtual_memory().available
    limit, used = CGROUP / "memory.max", CGROUP / "memory.current"
    if limit.exists() and (most := limit.read_text().strip()) != "max":
        return min(free, int(most) - int(used.read_text()))
    return free


def _begun(config: Config) -> Config:
    """The config with the passes of the run that it goes on with, where there is one."""
    saved = Path(config.run_dir or "") / "config.yaml"
    if not config.run_dir or not saved.exists():
        return config
    asked, then = config.hardware, from_file(saved).hardware
    keys = ("micro_batch_size", "gradient_checkpointing")
    taken = {key: getattr(then, key) for key in keys if getattr(asked, key) is None}
    return replace(config, hardware=replace(asked, **taken))


def _choices(config: Config, rows: Dataset) -> Iterator[tuple[int, bool]]:
    """(rows a pass, checkpointing), the fastest first; what is set is not varied."""
    asked, batch = config.hardware, rows_of_a_rank(config, rows["length"])
    sizes = [n for n in range(batch, 0, -1) if batch % n == 0]
    if config.trainer["packing"]:
        most = max(MOST_PACKED // config.trainer["max_length"], 1)
        sizes = [n for n in sizes if n <= most]
    for checkpointing in (False, True):
        if asked.gradient_checkpointing in (None, checkpointing):
            for size in [asked.micro_batch_size] if asked.micro_batch_size else sizes:
                yield size, checkpointing


def _largest(config: Config, rows: Dataset) -> Batch:
    """The largest forward pass: the longest rows together, or a packed one full to its end."""
    batch = rows_of_a_rank(config, rows["length"])
    size = micro_batch_size(batch, config)
    if config.trainer["packing"]:
        positions = size * config.trainer["max_length"]
        labels = rows.data.column("labels").combine_chunks().flatten().to_numpy()
        labelled = round(float(np.mean(labels != -100)) * positions)
        return Batch(1, positions, labelled, packed=True, accumulates=size < batch)
    lengths = np.asarray(rows["length"])
    longest = np.argsort(-lengths, kind="stable")[:size].tolist()
    labels = rows.select(longest)["labels"]
    labelled = sum(label != -100 for row in labels for label in row[1:])
    count, positions = len(longest), int(lengths[longest[0]])
    shared = shared_by_all(rows, positions - 1)
    # Where it is open whether layers are compiled, it is decided after this.
    least = LEAST_SAVED if config.hardware.compile is False else LEAST_SAVED_OF_COMPILED
    shared = shared if saves_enough(count, shared, positions, least) else 0
    return Batch(count, positions, labelled, shared, accumulates=size < batch)


def shared_by_all(rows: Dataset, most: int) -> int:
    """Positions, at most so many, that all rows begin with before anything that is trained: any
    batch may hold the row that shares least."""
    most = min(most, min(rows["length"]) - 1)
    first = rows[0]["input_ids"]
    for table in rows.with_format("arrow").iter(batch_size=1000):
        ids, labels = (table[name].combine_chunks() for name in ("input_ids", "labels"))
        starts = ids.offsets.to_numpy()[:-1]
        ids, labels = ids.values.to_numpy(), labels.values.to_numpy()
        for place in range(most):
            at = starts + place
            if (ids[at] != first[place]).any() or (labels[at + 1] != -100).any():
                most = place
                break
    return most


def _cure(micro: int | None, checkpointing: bool | None) -> str:
    """What may help, of what the user set or did not."""
    words = ["hardware.micro_batch_size=1"] if micro not in (None, 1) else []
    words += [] if checkpointing else ["hardware.gradient_checkpointing=true"]
    return f"type {' '.join(words)}" if words else "type a smaller trainer.max_length"
