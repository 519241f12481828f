"""The plots of every run and sweep, whatever the task; those of one kind stand in its folder."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from slm_lora.plotting import BASE, TUNED, empty, title


def loss_curve(log: Sequence[dict[str, Any]], best_step: int | None) -> Figure:
    """Training and held-out loss by step; `log` is that of train.json."""
    trained = [(line["step"], line["loss"]) for line in log if "loss" in line]
    held_out = [(line["step"], line["eval_loss"]) for line in log if "eval_loss" in line]
    figure, axes = empty()
    if trained:
        axes.plot(*zip(*trained, strict=True), color=BASE, linewidth=1.2, label="training")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), "o-", color=TUNED, markersize=4, label="held-out")
    best = dict(held_out).get(best_step)
    if best_step is not None and best is not None:
        axes.axvline(best_step, color=TUNED, linewidth=0.8, linestyle="--")
        title(figure, f"Best checkpoint: step {best_step}, held-out loss {best:.3f}")
    elif trained:
        title(figure, f"Training loss went from {trained[0][1]:.3f} to {trained[-1][1]:.3f}")
    else:
        title(figure, "No loss was logged")
    axes.set_xlabel("optimizer step")
    axes.set_ylabel("loss, nats per trained token")
    if trained or held_out:
        axes.legend()
    return figure


def leaderboard(lines: Sequence[dict[str, Any]], swept: list[str], primary: str) -> Figure:
    """The primary metric of a sweep's jobs with intervals, best on top; dashed: the base model."""
    names = [", ".join(f"{key.split('.')[-1]}={line[key]}" for key in swept) for line in lines]
    values = [line[primary] for line in lines]
    below = [line[primary] - line["ci95 low"] for line in lines]
    above = [line["ci95 high"] - line[primary] for line in lines]
    figure, axes = empty(1.2 + 0.3 * len(lines))
    axes.errorbar(values, range(len(lines)), xerr=[below, above], fmt="o", color=TUNED, capsize=3)
    axes.axvline(lines[0][f"base {primary}"], color=BASE, linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(lines)), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"{primary}, 95 % interval; dashed: base model")
    title(figure, f"Best: {names[0]}, {primary} {values[0]:.3f}")
    return figure
