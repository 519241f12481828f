"""Trains the adapter: our config to TRL's, checkpoints, the best one, the adapter folder.

python -m slm_lora +recipe=sentiment trainer.learning_rate=1e-3
"""

import math
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
    TrainerState,
)
from trl import SFTConfig

from slm_lora.callbacks import TrainingProgress
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.model import add_adapter
from slm_lora.progress import log
from slm_lora.run import Run, whole, write_json
from slm_lora.trainer import LoraTrainer

CHECKPOINTING = next(
    name
    for name in ("activation_checkpointing", "gradient_checkpointing")
    if name in SFTConfig.__dataclass_fields__
)
"""What `hardware.gradient_checkpointing` is called: transformers renamed it in 5.23."""


def sft_config(
    config: Config,
    device: Device,
    folder: Path,
    rows: Dataset | None = None,
    validated: bool = True,
) -> SFTConfig:
    """TRL's own config. `rows` are the tokenized training rows, which only packing asks for;
    `validated` says that there are rows to evaluate the loss on.

    Raises:
        UserError: TRL or transformers refuses a value of `trainer`.
    """
    cuda = device.type == "cuda"
    options: dict[str, Any] = {
        **config.trainer,
        "output_dir": str(folder),
        "seed": config.seed,
        "use_cpu": not cuda,
        # The weights are loaded in bf16, so nothing is left for autocast; fp16 needs it, and the
        # gradient scaling that comes with it.
        "bf16": False,
        "fp16": device.precision == "fp16",
        CHECKPOINTING: config.hardware.gradient_checkpointing,
        "disable_tqdm": True,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": True,
    }
    if options.get("packing") is None:
        options["packing"] = cuda
    options.setdefault(
        "train_sampling_strategy", "random" if options["packing"] else "group_by_length"
    )
    batch = config.batch_size
    if options["packing"] and rows is not None:
        batch = packed_batch_size(batch, rows["length"], options["max_length"])
    micro = micro_batch_size(batch, config, device)
    options["per_device_train_batch_size"] = micro
    options["gradient_accumulation_steps"] = batch // micro
    options.setdefault("per_device_eval_batch_size", max(micro, 8))
    if not validated:
        options |= {"eval_strategy": "no", "load_best_model_at_end": False}
    try:
        return SFTConfig(**options)
    except (ValueError, TypeError, ImportError) as error:
        raise UserError(f"trainer: {error}", "see the options of trl.SFTConfig") from error


def micro_batch_size(batch: int, config: Config, device: Device) -> int:
    """Rows per forward pass: the largest divisor of the batch that the hardware group allows."""
    limit = config.hardware.micro_batch_size
    if limit is None:
        limit = batch if device.type == "cpu" else gpu_micro_batch(device.memory)
    return next(n for n in range(min(limit, batch), 0, -1) if batch % n == 0)


def gpu_micro_batch(memory: int) -> int:
    """What conf/hardware says for GPUs of this many bytes."""
    return 8 if memory > 20e9 else 4 if memory > 11e9 else 2


def packed_batch_size(batch: int, lengths: list[int], max_length: int) -> int:
    """Packed rows that hold as many rows as the batch; a multiple of 4 or less, to split evenly."""
    packed = batch * sum(lengths) / (len(lengths) * max_length)
    return max(1, round(packed)) if packed < 6 else 4 * round(packed / 4)


def train(
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    validation: Dataset,
    config: Config,
    device: Device,
    run: Run,
) -> PeftModel:
    """Train an adapter on `rows`, save it to the run folder and return the tuned model.

    Goes on from the last whole checkpoint of an interrupted run.
    """
    args = sft_config(config, device, run.checkpoints, rows, validated=len(validation) > 0)
    model = add_adapter(base, config.lora, config.seed)
    if config.lora.init == "pissa":
        _save_initial_pissa(model, run.checkpoints / "pissa_init")
    progress = TrainingProgress()
    callbacks: list[TrainerCallback] = [progress]
    if config.early_stopping and len(validation):
        callbacks.append(EarlyStoppingCallback(config.early_stopping))
    trainer = LoraTrainer(
        model=model,
        args=args,
        train_dataset=rows,
        eval_dataset=validation if len(validation) else None,
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    # It prints to stdout, which is for the summary.
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_checkpoint(run.checkpoints)
    if checkpoint:
        log.info("going on from %s", checkpoint)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    start = time.monotonic()
    with progress.bar:
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"{device.name}: out of memory with {args.per_device_train_batch_size} rows a pass",
                "type hardware.micro_batch_size=1 or hardware.gradient_checkpointing=true",
            ) from error
    _check_finite(trainer.state)
    first_step = int(checkpoint.name.split("-")[1]) if checkpoint else 0
    seconds = time.monotonic() - start
    write_json(run.train, _summary(trainer.state, model, seconds, first_step, device))
    with whole(run.adapter) as folder:
        _save_adapter(model, config, folder, run)
        tokenizer.save_pretrained(folder)
    return model.eval()


def _check_finite(state: TrainerState) -> None:
    for line in state.log_history:
        for key in ("loss", "grad_norm", "eval_loss"):
            if key in line and not math.isfinite(line[key]):
                raise UserError(
                    f"{key} is {line[key]} at step {line['step']}: the training went astray",
                    "type a lower trainer.learning_rate, in another run_dir",
                )


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end (the trainer's state comes last)."""
    whole_ones = [file.parent for file in folder.glob("checkpoint-*/trainer_state.json")]
    return max(whole_ones, key=lambda path: int(path.name.split("-")[1]), default=None)


def _save_initial_pissa(model: PeftModel, folder: Path) -> None:
    """PiSSA moves a part of the base weights into the adapter; what it began with is needed to
    write the difference as a plain adapter on the untouched base."""
    adapter = model.peft_config["default"]
    adapter.init_lora_weights = True
    model.save_pretrained(folder)
    adapter.init_lora_weights = "pissa"


def _save_adapter(model: PeftModel, config: Config, folder: Path, run: Run) -> None:
    initial = run.checkpoints / "pissa_init" if config.lora.init == "pissa" else None
    model.save_pretrained(
        folder, path_initial_model_for_weight_conversion=str(initial) if initial else None
    )


def _summary(
    state: TrainerState, model: PeftModel, seconds: float, first_step: int, device: Device
) -> dict[str, Any]:
    """What train.json holds. `seconds` and `tokens` are those since `first_step`, from which an
    interrupted run went on."""
    trainable, parameters = model.get_nb_trainable_parameters()
    kept = ("step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm", "num_tokens")
    history = [{k: line[k] for k in kept if k in line} for line in state.log_history]
    losses = [line["loss"] for line in history if "loss" in line]
    evaluations = [line["eval_loss"] for line in history if "eval_loss" in line]
    counts = [
        line.get("num_tokens") or line.get("eval_num_tokens") or 0
        for line in state.log_history
        if line["step"] > first_step
    ]
    tokens = int(max(counts, default=0))
    return {
        "steps": state.global_step,
        "first_step": first_step,
        "seconds": seconds,
        "tokens": tokens,
        "tokens_per_second": tokens / seconds,
        "final_loss": losses[-1] if losses else None,
        "final_eval_loss": evaluations[-1] if evaluations else None,
        "best_step": state.best_global_step,
        "best_eval_loss": state.best_metric,
        "peak_memory_bytes": peak_memory(device),
        "trainable_parameters": trainable,
        "parameters": parameters,
        "log": [line for line in history if "loss" in line or "eval_loss" in line],
    }


def peak_memory(device: Device) -> int:
    """Bytes: of the GPU where there is one, else the process's largest resident size."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
