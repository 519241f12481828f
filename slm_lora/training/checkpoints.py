"""Checkpoints: which of them is whole, and what makes a resumed training equal an undisturbed one.

The trainer writes them file by file. When it has, files.json beside them says what they are; one
that a crash of the machine or of the disk has changed since is passed over for an older one.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME

from slm_lora import ranks
from slm_lora.errors import UserError
from slm_lora.files import FILES, broken, read_json, seal
from slm_lora.progress import log

if TYPE_CHECKING:
    from slm_lora.training.trainer import LoraTrainer


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole, and so is the best one that it speaks of."""
    found = folder.glob(f"checkpoint-*/{TRAINER_STATE_NAME}")  # which is written last
    for path in sorted((file.parent for file in found), key=step_of, reverse=True):
        if not (what := _broken(path)):
            return path
        log.warning("%s cannot be gone on from: %s", path, what)
    return None


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    return int(checkpoint.name.split("-")[1])


def ended(checkpoint: Path) -> TrainerState | None:
    """The trainer's state, if that was the last checkpoint of its training: the trainer would take
    one more step before it looks."""
    state = TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))
    control = state.stateful_callbacks.get("TrainerControl", {}).get("args", {})
    return state if control.get("should_training_stop") else None


def best_of(checkpoint: Path, best: str | None) -> Path | None:
    """The best checkpoint that its state speaks of, beside it: the run folder may have moved."""
    return checkpoint.with_name(Path(best).name) if best else None


def _broken(checkpoint: Path) -> str:
    """What about a checkpoint, or the best one that it speaks of, is no longer as it was written.
    One without files.json was written whole, and then the process was killed."""
    try:
        state = read_json(checkpoint / TRAINER_STATE_NAME)
    except UserError as error:
        return error.message
    best = best_of(checkpoint, state.get("best_model_checkpoint"))
    if best and not best.is_dir():
        return f"{best.name} is missing"
    sealed = [folder for folder in (checkpoint, best or checkpoint) if (folder / FILES).exists()]
    said = [f"{folder.name}/{what}" for folder in sealed if (what := broken(folder))]
    return said[0] if said else ""


class Resumable(TrainerCallback):
    """Records what a checkpoint is, and lets the figures of a resumed training go on."""

    def __init__(self, trainer: "LoraTrainer") -> None:
        self.trainer = trainer

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """The trainer counts tokens from 0, and looks for the best checkpoint where it was."""
        here = Path(args.output_dir, f"checkpoint-{state.global_step}")
        best = best_of(here, state.best_model_checkpoint)
        state.best_model_checkpoint = str(best) if best else None
        counts = [line["num_tokens"] for line in state.log_history if "num_tokens" in line]
        self.trainer._total_train_tokens = max(counts, default=0)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """The loss that is logged is a mean since the last log, which a checkpoint does not hold:
        let it be logged wherever one is written."""
        control.should_log |= control.should_save

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        ranks.meet()  # each writes a file of its own there
        if ranks.RANK == 0:
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
