"""Progress of the training: steps, loss, tokens a second and the time left."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from slm_lora.progress import console, log, wants_bars


class TrainingProgress(TrainerCallback):
    """Steps, loss, tokens a second and the time left."""

    def __init__(self) -> None:
        self.bar = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not wants_bars(),
        )
        self.start = time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Without the bar, for what shows one of its own (rich before 14.1 shows one only)."""
        shown = self.bar.live.is_started
        if shown:
            self.bar.stop()
        yield
        if shown:
            self.bar.start()

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.start = time.monotonic()
        self.first_step = state.global_step
        self.first_tokens = max(
            (line.get("num_tokens", 0) for line in state.log_history), default=0
        )
        self.task = self.bar.add_task("training", total=state.max_steps, figures="")
        self.bar.update(self.task, completed=state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.bar.update(self.task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        if not logs or not ({"loss", "eval_loss"} & logs.keys()):
            return
        seconds = time.monotonic() - self.start
        left = seconds / max(state.global_step - self.first_step, 1)
        left *= state.max_steps - state.global_step
        figures = "  ".join(
            f"{key} {logs[key]:.4f}" for key in ("loss", "eval_loss") if key in logs
        )
        if (tokens := logs.get("num_tokens")) is not None:
            figures += f"  {(tokens - self.first_tokens) / seconds:,.0f} tokens/s"
        self.bar.update(self.task, figures=figures)
        if not console.is_terminal:
            log.info(
                "step %d/%d  %s  %.0f s to train", state.global_step, state.max_steps, figures, left
            )
