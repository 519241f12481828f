"""The plots of every run and sweep, whatever the task; those of one kind stand in its folder."""

import textwrap
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


def leaderboard(
    names: Sequence[str], found: Sequence[tuple[float, tuple[float, float]]], primary: str
) -> Figure:
    """What each setting of a sweep reached, value and interval, best on top."""
    values, places = [value for value, _ in found], range(len(names))
    lows, highs = zip(*(interval for _, interval in found), strict=True)
    labels = [textwrap.fill(name, 24) for name in names]
    best = textwrap.fill(f"Best: {names[0]}, {primary} {values[0]:.3f}", 56)
    most = max(label.count("\n") for label in labels)
    figure, axes = empty(1.2 + 0.15 * best.count("\n") + (0.3 + 0.15 * most) * len(names))
    axes.hlines(places, lows, highs, colors=TUNED)
    axes.plot(values, places, "o", color=TUNED)
    axes.set_yticks(places, labels)
    axes.invert_yaxis()
    axes.set_xlabel(f"{primary} on validation rows, 95 % interval")
    title(figure, best)
    return figure
