"""How long a training will take, and in how much memory: a few steps of it, done beforehand.

    python -m slm_lora +recipe=sentiment

The steps are those of the trainer itself, on rows that stand for the others. The base model and
what torch draws are as they were afterwards.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from rich.filesize import decimal
from torch.utils.data import Sampler, SequentialSampler
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
)
from transformers.trainer_utils import IntervalStrategy, SaveStrategy
from trl import SFTConfig

from slm_lora.config.schema import Config
from slm_lora.data import Prepared
from slm_lora.files import scratch
from slm_lora.hardware import Device
from slm_lora.model import add_adapter
from slm_lora.out_of_memory import release
from slm_lora.progress import log
from slm_lora.training.batches import GroupedByLength
from slm_lora.training.options import CHECKPOINTING, sft_config
from slm_lora.training.train import peak_memory, reset_peak_memory
from slm_lora.training.trainer import LoraTrainer

FEWEST = 100
"""Passes of a training that is worth a probe: it takes five of them."""
QUANTILES = (1 / 6, 3 / 6, 5 / 6)
"""Of the passes in order of their size, which stand for a third each."""
STEPS = 1 + len(QUANTILES)
QUIET: dict[str, Any] = {
    "eval_strategy": IntervalStrategy.NO,
    "save_strategy": SaveStrategy.NO,
    "logging_strategy": IntervalStrategy.NO,
    "load_best_model_at_end": False,
    "report_to": [],
    "warmup_steps": 0,
    "gradient_accumulation_steps": 1,
    "max_steps": STEPS,
}
"""Options of trl.SFTConfig."""


@dataclass(frozen=True)
class Probe:
    """What is expected of a training: `seconds` with its evaluations, and `memory` in bytes, as
    `peak_memory` tells it."""

    seconds: float
    memory: int


def worth_a_probe(data: Prepared, config: Config, device: Device, steps: int) -> bool:
    """Whether a training is so long that five of its passes more are no matter."""
    args = sft_config(config, device, Path("checkpoints"), list(data.train["length"]))
    passes: int = steps * args.gradient_accumulation_steps
    return passes >= FEWEST


def probe(
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Prepared,
    *,
    config: Config,
    device: Device,
    steps: int,
) -> Probe | None:
    """What `train` will take for so many steps. None for an adapter that would leave something in
    the base model, and where a step fails: the training will say why."""
    if not _leaves_nothing(base, config):
        return None
    args = sft_config(config, device, Path("checkpoints"), list(data.train["length"]))
    passes = steps * args.gradient_accumulation_steps
    with scratch() as folder, _untouched(base):
        short = sft_config(config, device, Path(folder), list(data.train["length"]))
        for option, value in QUIET.items():
            setattr(short, option, value)
        # What is compiled is compiled in a first round, for shapes of every kind.
        rounds = 2 if config.hardware.compile else 1
        short.max_steps = rounds * STEPS
        rows, clock = data.train.select(rounds * _rows(data.train, args)), _Clock()
        model = add_adapter(base, replace(config.lora, init="default"), config.seed)
        try:
            trainer = _InOrder(
                model=model,
                args=short,
                train_dataset=rows,
                processing_class=tokenizer,
                callbacks=[clock],
                compiled=bool(config.hardware.compile),
            )
            trainer.remove_callback(PrinterCallback)
            reset_peak_memory(device)
            trainer.train()
            began = time.monotonic()
            trainer.evaluate(trainer.train_dataset)
            a_row = (time.monotonic() - began) / len(rows)
            memory = peak_memory(device)
        except (RuntimeError, MemoryError, FloatingPointError) as error:
            log.info("no forecast of the time: %s", str(error).partition("\n")[0])
            return None
        finally:
            model.unload()
    # The first step is that of the largest rows, and of all that starts.
    taken = clock.seconds[(rounds - 1) * STEPS + 1 :]
    seconds = passes * sum(taken) / len(taken)
    seconds += _evaluations(args, steps, len(data.train)) * a_row * len(data.validation)
    log.info(
        "the training will take about %s%s, and %s of memory",
        f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s",
        ", without what best_by=metric measures" if config.best_by == "metric" else "",
        decimal(memory),
    )
    return Probe(seconds, memory)


class _Clock(TrainerCallback):
    """What each step took, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.began = time.monotonic()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()
        self.seconds.append(time.monotonic() - self.began)


class _InOrder(LoraTrainer):
    """Takes the rows as they come."""

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> Sampler[int]:
        return SequentialSampler(self.train_dataset)


def _leaves_nothing(base: PreTrainedModel, config: Config) -> bool:
    """Whether PEFT can take all of the adapter out again, and TRL sets nothing in the model: for a
    mixture of experts it does."""
    experts = "output_router_logits" in base.config.get_text_config().to_dict()
    return not (experts or config.lora.modules_to_save or config.lora.extra)


@contextmanager
def _untouched(base: PreTrainedModel) -> Iterator[None]:
    """Puts back what a trainer changes in a base model, and what torch draws."""
    attention, devices = base.config._attn_implementation, list(range(torch.cuda.device_count()))
    settings = [(kept, dict(vars(kept))) for kept in (base.config, base.generation_config) if kept]
    trained = [p for p in base.parameters() if p.requires_grad]
    hooks = [(module, set(module._forward_hooks)) for module in base.modules()]
    own_forward = vars(base).get("forward")
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            getattr(base, f"{CHECKPOINTING}_disable")()
            for module, known in hooks:
                for key in module._forward_hooks.keys() - known:
                    del module._forward_hooks[key]
            vars(base).pop("forward", None)  # TRL's, with its fused loss
            if own_forward:
                base.forward = own_forward
            base.set_attn_implementation(attention)
            for kept, before in settings:
                vars(kept).update(before)
            for parameter in trained:
                parameter.requires_grad_()
            base.eval()
            release()


def _rows(rows: Dataset, args: SFTConfig) -> list[int]:
    """Those of the largest pass, then of passes that stand for the others; where rows are packed,
    as many as fill so many."""
    size, lengths = args.per_device_train_batch_size, np.asarray(rows["length"])
    draw = np.random.default_rng(args.seed)
    if args.packing:
        order = draw.permutation(len(lengths))
        wanted = STEPS * size * args.max_length
        return list(order[: int(np.searchsorted(lengths[order].cumsum(), wanted)) + 1])
    if args.train_sampling_strategy == "group_by_length":
        step = size * args.gradient_accumulation_steps
        order = np.asarray(list(GroupedByLength(lengths.tolist(), step, args.seed)))
    else:
        order = draw.permutation(len(lengths))
    passes = [order[at : at + size] for at in range(0, len(order) - size + 1, size)]
    passes.sort(key=lambda picked: lengths[picked].max())
    chosen = [passes[-1], *(passes[int(len(passes) * share)] for share in QUANTILES)]
    return [int(row) for picked in chosen for row in picked]


def _evaluations(args: SFTConfig, steps: int, rows: int) -> int:
    """How often the validation rows are scored."""
    if args.eval_strategy == "no":
        return 0
    if args.eval_strategy == "epoch":
        step: int = args.per_device_train_batch_size * args.gradient_accumulation_steps
        return math.ceil(steps / math.ceil(rows / step))
    said: float = args.eval_steps  # a number of steps, or a share of all
    between: int = math.floor(said) if said >= 1 else math.ceil(said * steps)
    return steps // between
