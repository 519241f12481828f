"""Trains the adapter: a rehearsal without weights, the steps, checkpoints, the adapter folder.

python -m slm_lora +recipe=sentiment trainer.learning_rate=1e-3
"""

import math
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import PeftModel
from torch._dynamo.exc import TorchDynamoException
from transformers import (
    EarlyStoppingCallback,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PrinterCallback,
    TrainerCallback,
)
from trl import SFTConfig

from slm_lora import ranks
from slm_lora.config.quoting import setting
from slm_lora.config.schema import Config
from slm_lora.data import Prepared
from slm_lora.errors import UserError
from slm_lora.files import scratch, sums, whole, write_json
from slm_lora.hardware import Device
from slm_lora.model import add_adapter, load_adapter
from slm_lora.out_of_memory import lacks_memory, release
from slm_lora.progress import log, shown
from slm_lora.records import Training
from slm_lora.run_folder import Run
from slm_lora.training.checkpoints import Resumable, best_of, ended, last_checkpoint, step_of
from slm_lora.training.compiled import why_not_compiled
from slm_lora.training.options import sft_config
from slm_lora.training.passes import Forecast
from slm_lora.training.progress import TrainingProgress
from slm_lora.training.trackers import tracker_files
from slm_lora.training.trainer import LoraTrainer, Measure

INITIAL = "initial_adapter"
"""Folder beside the checkpoints for what an adapter with a part of the base weights began with."""

CLEAR_REFS = Path("/proc/self/clear_refs")
"""Takes "5" for: forget the largest resident size (proc_pid_clear_refs(5))."""


def make_trainer(
    model: PeftModel,
    args: SFTConfig,
    *,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    validation: Dataset,
    callbacks: Sequence[TrainerCallback] = (),
    measure: Measure | None = None,
    compiled: bool = False,
) -> LoraTrainer:
    """The trainer of these rows. It may refuse what `SFTConfig` took.

    Raises:
        UserError: TRL or transformers refuses the options, for this model.
    """
    try:
        return LoraTrainer(
            model=model,
            args=args,
            train_dataset=rows,
            eval_dataset=validation if len(validation) else None,
            processing_class=tokenizer,
            callbacks=list(callbacks),
            measure=measure,
            compiled=compiled,
        )
    except (ValueError, TypeError, ImportError, RuntimeError) as error:
        raise UserError(
            f"trainer: {' '.join(str(error).split())}", "see the options of trl.SFTConfig"
        ) from error


def rehearse(
    empty: PeftModel,
    args: SFTConfig,
    *,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    validation: Dataset,
) -> int:
    """Everything of a training but the steps, on a model without weights (the meta device), so that
    what the libraries refuse shows before any weight is loaded. Returns the number of steps.

    Raises:
        UserError: TRL, transformers or the optimizer refuses the options.
    """
    # It would move the model to the device, and weights that are nowhere cannot be moved.
    empty.get_base_model().hf_device_map = {"": "meta"}
    with scratch() as args.output_dir:  # the trainer makes that folder
        trainer = make_trainer(empty, args, tokenizer=tokenizer, rows=rows, validation=validation)
    passes: int = len(trainer.get_train_dataloader())  # of all ranks
    of_a_step = args.gradient_accumulation_steps * ranks.WORLD
    per_epoch = max(math.ceil(passes / of_a_step), 1)
    whole_epochs = math.ceil(args.num_train_epochs * per_epoch)
    steps: int = args.max_steps if args.max_steps > 0 else whole_epochs
    try:
        trainer.create_optimizer_and_scheduler(steps)
    except (ValueError, TypeError, ImportError) as error:
        raise UserError(
            f"trainer.optim={args.optim.value}, trainer.lr_scheduler_type="
            f"{args.lr_scheduler_type.value}: {' '.join(str(error).split())}",
            "see the options of transformers.TrainingArguments",
        ) from error
    return steps


def train(
    base: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Prepared,
    *,
    config: Config,
    device: Device,
    run: Run,
    measure: Measure | None = None,
    start: Path | None = None,
    forecast: Forecast | None = None,
    expected_seconds: float | None = None,
) -> PeftModel:
    """Train an adapter on the training rows, save it to the run folder and return the tuned model.

    It begins fresh, or as the adapter in the folder `start`. The best checkpoint is that of the
    lowest validation loss, or the one best by `measure`. Goes on from the last whole checkpoint of
    an interrupted run.
    """
    args = sft_config(config, device, run.checkpoints, list(data.train["length"]))
    if start:
        model = load_adapter(base, start, trainable=True)
    else:
        model = add_adapter(base, config.lora, config.seed)
    if config.lora.moves_base_weights and ranks.RANK == 0:
        _save_initial(model, run.checkpoints / INITIAL)
    progress = TrainingProgress()
    callbacks: list[TrainerCallback] = [progress]
    if config.early_stopping and len(data.validation):
        callbacks.append(EarlyStoppingCallback(config.early_stopping))
    if measure:
        measure = replace(measure, of=progress.paused()(measure.of))
    trainer = make_trainer(
        model,
        args,
        tokenizer=tokenizer,
        rows=data.train,
        validation=data.validation,
        callbacks=callbacks,
        measure=measure,
        compiled=bool(config.hardware.compile),
    )
    trainer.add_callback(Resumable(trainer))
    # It prints to stdout, which is for the summary.
    trainer.remove_callback(PrinterCallback)
    checkpoint = last_checkpoint(run.checkpoints)
    if checkpoint:
        log.info("going on from %s", checkpoint)
    reset_peak_memory(device)
    began = time.monotonic()
    with tracker_files(args.report_to, run.path), shown(progress.bar):
        try:
            if checkpoint and (state := ended(checkpoint)):
                trainer.state = state
                best = args.load_best_model_at_end and best_of(
                    checkpoint, state.best_model_checkpoint
                )
                model.load_adapter(
                    str(best or checkpoint), "default", True, torch_device=str(model.device)
                )
            else:
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except TorchDynamoException as error:
            raise UserError(
                f"hardware.compile=true: {why_not_compiled(error)}",
                "type hardware.compile=false, in another run_dir",
            ) from error
        except (RuntimeError, MemoryError) as error:
            if not lacks_memory(error):
                raise
            if ranks.WORLD > 1:  # nothing was halved: the others would have waited
                rows = args.per_device_train_batch_size
                smaller = f"hardware.micro_batch_size={max(rows // 2, 1)}"
                raise UserError(
                    f"{device.name}: out of memory with {rows} rows a pass",
                    f"type {smaller if rows > 1 else 'hardware.gradient_checkpointing=true'} and "
                    + setting("run_dir", str(run.path)),
                ) from error
            on = config.hardware.gradient_checkpointing
            cure = "a smaller trainer.max_length" if on else "hardware.gradient_checkpointing=true"
            halved = trainer.most_positions < sys.maxsize
            raise UserError(
                f"{device.name}: out of memory{', with the smallest pass too' if halved else ''}",
                f"type {cure}, in another run_dir",
            ) from error
        except FloatingPointError as error:
            raise _diverged(str(error), trainer, device) from error
    if not all(p.isfinite().all() for p in model.parameters() if p.requires_grad):
        raise _diverged("the adapter is not finite", trainer, device)
    first_step = step_of(checkpoint) if checkpoint else 0
    seconds = time.monotonic() - began
    summary = _summary(trainer, model, seconds, first_step, device)
    if forecast:  # of what `peak_memory` measures
        cpu = device.type == "cpu"
        summary["forecast_memory_bytes"] = forecast.process if cpu else forecast.memory.peak
    if expected_seconds:
        summary["forecast_seconds"] = expected_seconds
    if ranks.RANK == 0:
        with whole(run.adapter) as folder:
            _save_adapter(model, config, folder, run)
            tokenizer.save_pretrained(folder)
            (folder / run.card.name).unlink()  # PEFT's; ours comes when the figures are known
            write_json(run.train, {**summary, "adapter": sums(folder)})
    # For fp16 accelerate has put its autocast around the model's forward.
    trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
    del trainer  # and the optimizer's moments, before the model is scored
    release()
    return model.eval()


def _diverged(what: str, trainer: LoraTrainer, device: Device) -> UserError:
    """The error for a training whose numbers are no longer finite, with what may have led there."""
    steps, exact = trainer.state.global_step, device.precision == "fp32"
    if steps:
        cure = f"a lower trainer.learning_rate than {trainer.args.learning_rate:g}"
        cure += " or precision=fp32" if device.precision == "fp16" else ""
    else:  # nothing was changed yet
        cure = "model.attn_implementation=eager or quantization=none" if exact else "precision=fp32"
    return UserError(
        f"training diverged: {what} after {steps} steps", f"type {cure}, in another run_dir"
    )


def _save_initial(model: PeftModel, folder: Path) -> None:
    """PiSSA and OLoRA move a part of the base weights into the adapter; what it began with is
    needed to write the difference as a plain adapter on the untouched base."""
    adapter = model.peft_config["default"]
    init, adapter.init_lora_weights = adapter.init_lora_weights, True
    model.save_pretrained(folder)
    adapter.init_lora_weights = init


def _save_adapter(model: PeftModel, config: Config, folder: Path, run: Run) -> None:
    initial = run.checkpoints / INITIAL if config.lora.moves_base_weights else None
    adapter = model.peft_config["default"]
    if isinstance(
        adapter.target_modules, set
    ):  # written in an order that changes with each process
        adapter.target_modules = sorted(adapter.target_modules)
    model.save_pretrained(
        folder, path_initial_model_for_weight_conversion=str(initial) if initial else None
    )


def _summary(
    trainer: LoraTrainer, model: PeftModel, seconds: float, first_step: int, device: Device
) -> Training:
    """What train.json holds, but for the adapter's files. `seconds` and `tokens` are those since
    `first_step`, from which an interrupted run went on."""
    state, measure = trainer.state, trainer.measure
    trainable, parameters = model.get_nb_trainable_parameters()
    kept = ["step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm", "num_tokens"]
    kept += [f"eval_{measure.name}"] if measure else []
    # In fp16 a step whose gradient is infinite is skipped, and logged; JSON knows no infinity.
    history = [
        {key: line[key] for key in kept if key in line and math.isfinite(line[key])}
        for line in state.log_history
    ]
    losses = [line["loss"] for line in history if "loss" in line]
    evaluations = {line["step"]: line["eval_loss"] for line in history if "eval_loss" in line}
    tokens = _tokens(state.log_history) - _tokens(state.log_history, most=first_step)
    best = state.best_global_step
    return {
        "steps": state.global_step,
        "first_step": first_step,
        "processes": ranks.WORLD,
        "seconds": seconds,
        "tokens": tokens,
        "tokens_per_second": tokens / seconds,
        "final_loss": losses[-1] if losses else None,
        "final_eval_loss": next(reversed(evaluations.values()), None),
        "best_step": best,
        "best_eval_loss": evaluations[best] if best else None,
        "best_eval_metric": state.best_metric if measure and best else None,
        "peak_memory_bytes": peak_memory(device),
        "trainable_parameters": trainable,
        "parameters": parameters,
        "log": [line for line in history if "loss" in line or "eval_loss" in line],
    }


def _tokens(history: list[dict[str, Any]], most: int = sys.maxsize) -> int:
    """Trained up to the step `most`."""
    counts = [
        line.get("num_tokens") or line.get("eval_num_tokens") or 0
        for line in history
        if line["step"] <= most
    ]
    return int(max(counts, default=0))


def reset_peak_memory(device: Device) -> None:
    """Let `peak_memory` count from here on, where the system can (of CPUs, Linux)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    elif CLEAR_REFS.exists():
        with suppress(OSError):  # not everywhere allowed; then the peak is that of the whole run
            CLEAR_REFS.write_text("5")


def peak_memory(device: Device) -> int:
    """Bytes: of the GPU where there is one (Apple's: all that was fetched from the system and not
    given back), else the process's largest resident size."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    if device.type == "mps":
        return torch.mps.driver_allocated_memory()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
