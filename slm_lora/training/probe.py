"""How long a training will take, and in how much memory: a few of its passes, done beforehand.

    python -m slm_lora +recipe=sentiment

The base model is as it was afterwards, and so is all that is drawn.
"""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.filesize import decimal
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from slm_lora.config.schema import Config
from slm_lora.data import Prepared
from slm_lora.hardware import Device
from slm_lora.model import add_adapter
from slm_lora.progress import log
from slm_lora.training.options import sft_config
from slm_lora.training.train import make_trainer, peak_memory, reset_peak_memory
from slm_lora.training.trainer import LoraTrainer

FEWEST = 100
"""Passes of a training that is worth a probe: it takes five of them."""
QUANTILES = (1 / 6, 3 / 6, 5 / 6)
"""Of the passes in order of their size, which stand for a third each."""


@dataclass(frozen=True)
class Probe:
    """What is expected of a training: `seconds` with its evaluations, and `memory` in bytes, as
    `peak_memory` tells it."""

    seconds: float
    memory: int


def probe(
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Prepared,
    *,
    config: Config,
    device: Device,
    steps: int,
) -> Probe | None:
    """What `train` will take for so many steps; None for a short training."""
    args = sft_config(config, device, Path("checkpoints"), list(data.train["length"]))
    count = steps * args.gradient_accumulation_steps
    if count < FEWEST:
        return None
    with TemporaryDirectory() as args.output_dir, torch.random.fork_rng():
        # What PiSSA and OLoRA begin with would stay in the base.
        lora = (
            replace(config.lora, init="default") if config.lora.moves_base_weights else config.lora
        )
        model = add_adapter(base, lora, config.seed)
        trainer = make_trainer(
            model, args, tokenizer=tokenizer, rows=data.train, validation=data.validation
        )
        reset_peak_memory(device)
        largest, *typical = _passes(trainer)
        _seconds(trainer, largest, device)
        taken = [_seconds(trainer, rows, device) for rows in typical]
        evaluated = _seconds(trainer, typical[len(typical) // 2], device, trains=False)
        moments = 2 * sum(p.nbytes for p in model.parameters() if p.requires_grad)
        memory = peak_memory(device) + moments
        model.unload()
        base.eval()
    seconds = count * sum(taken) / len(taken)
    rows = args.per_device_train_batch_size * len(data.train) / len(trainer.train_dataset)
    seconds += _evaluations(trainer, steps) * evaluated * len(data.validation) / rows
    log.info(
        "the training will take about %s, and %s of memory",
        f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s",
        decimal(memory),
    )
    return Probe(seconds, memory)


def _passes(trainer: LoraTrainer) -> list[list[int]]:
    """Rows of the largest pass, and of those that stand for the others."""
    rows, size = trainer.train_dataset, trainer.args.per_device_train_batch_size
    order = list(trainer._get_train_sampler(rows) or range(len(rows)))
    lengths = np.diff(rows.data.column("input_ids").combine_chunks().offsets.to_numpy())
    passes = [order[at : at + size] for at in range(0, len(order), size)]
    passes.sort(key=lambda picked: len(picked) * lengths[picked].max())
    return [passes[-1], *(passes[int(len(passes) * share)] for share in QUANTILES)]


def _seconds(
    trainer: LoraTrainer, rows: list[int], device: Device, *, trains: bool = True
) -> float:
    """What a pass on these rows takes: forward and backward, or an evaluation's forward."""
    inputs = trainer.data_collator([trainer.train_dataset[row] for row in rows])
    labelled = (inputs["labels"][:, 1:] != -100).sum()
    began = time.monotonic()
    if trains:
        trainer.training_step(trainer.model, inputs, labelled)
    else:
        trainer.model.eval()
        trainer.prediction_step(trainer.model, inputs, prediction_loss_only=True)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.monotonic() - began


def _evaluations(trainer: LoraTrainer, steps: int) -> int:
    """How often the validation rows are scored."""
    args = trainer.args
    if args.eval_strategy == "epoch":
        epochs: float = args.num_train_epochs
        return math.ceil(epochs)
    if args.eval_strategy == "no":
        return 0
    said: float = args.eval_steps  # a number of steps, or a share of all
    between: float = said if said >= 1 else math.ceil(said * steps)
    return int(steps // between)
