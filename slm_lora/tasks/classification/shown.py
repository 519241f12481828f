"""What the report shows of a classification: confusion matrices, calibration, changed items."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from slm_lora.plotting import BASE, INK, PAGE, TUNED, empty, title
from slm_lora.records import Metrics
from slm_lora.stats import reliability
from slm_lora.tasks.task import Pair, Prediction

MOST_NAMED_LABELS = 30
MOST_COUNTED_LABELS = 12
EXAMPLES = 10


def plots(
    metrics: Metrics, base: Sequence[Prediction], tuned: Sequence[Prediction]
) -> dict[str, Figure]:
    """Both confusion matrices, and the reliability diagram."""
    before, after = metrics["base"], metrics["tuned"]
    errors = before["calibration_error"], after["calibration_error"]
    return {
        "confusion_base": confusion(before["confusion_matrix"], "Base", BASE),
        "confusion_tuned": confusion(after["confusion_matrix"], "Tuned", TUNED),
        "reliability": reliability_diagram(base, tuned, errors),
    }


def examples(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The items that tuning changed and those that both got wrong, those of which the tuned model
    is surest first."""
    wins = [(b, t) for b, t in pairs if b["verdict"] == "wrong" and t["verdict"] == "correct"]
    losses = [(b, t) for b, t in pairs if b["verdict"] == "correct" and t["verdict"] == "wrong"]
    wrong = [(b, t) for b, t in pairs if b["verdict"] == t["verdict"] == "wrong"]
    for side in (wins, losses, wrong):
        side.sort(key=lambda pair: -pair[1]["probabilities"][pair[1]["prediction"]])
    return {
        "Improved: the base model was wrong, the tuned one is right": wins[:EXAMPLES],
        "Got worse: the base model was right, the tuned one is wrong": losses[:EXAMPLES],
        "Still wrong: neither is right": wrong[:EXAMPLES],
    }


def confusion(matrix: dict[str, Any], name: str, colour: str) -> Figure:
    """Counts of true (rows) and predicted labels, shaded by the share of their row."""
    labels, rows = matrix["labels"], matrix["rows"]
    right, n = sum(row[i] for i, row in enumerate(rows)), sum(map(sum, rows))
    figure, axes = empty(height=3.3 if len(labels) <= 3 else 4.2)
    for i, row in enumerate(rows):
        for j, count in enumerate(row):
            share = count / max(sum(row), 1)
            if count:
                axes.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, alpha=share, linewidth=0))
            if len(labels) <= MOST_COUNTED_LABELS:
                ink = PAGE if share > 0.6 else INK
                axes.text(j + 0.5, i + 0.5, f"{count:,}", color=ink, ha="center", va="center")
    named = labels if len(labels) <= MOST_NAMED_LABELS else []
    ticks = [i + 0.5 for i in range(len(named))]
    shown = [label if len(label) <= 18 else f"{label[:17]}…" for label in named]
    upright = len(labels) <= 4 and all(len(label) <= 10 for label in shown)
    axes.set_xticks(ticks, shown)
    if not upright:
        for label in axes.get_xticklabels():
            label.set(rotation=45, horizontalalignment="right", rotation_mode="anchor")
    axes.set_yticks(ticks, shown)
    axes.set(xlim=(0, len(labels)), ylim=(len(labels), 0), aspect="equal")
    axes.set_xlabel("predicted label")
    axes.set_ylabel("true label")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    title(figure, f"{name}: {right:,} of {n:,} right")
    return figure


def reliability_diagram(
    base: Sequence[dict[str, Any]], tuned: Sequence[dict[str, Any]], errors: tuple[float, float]
) -> Figure:
    """Share right by the probability given to the predicted label; marker area by items."""
    figure, axes = empty(height=3.8)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":", label="perfect")
    for predictions, colour, name in ((base, BASE, "base"), (tuned, TUNED, "tuned")):
        confidence = [p["probabilities"][p["prediction"]] for p in predictions]
        found = reliability(confidence, [p["verdict"] == "correct" for p in predictions])
        sure, right, items = zip(*found, strict=True)
        axes.plot(sure, right, "-", color=colour, linewidth=1.2)
        areas = [15 + 150 * count / len(predictions) for count in items]
        axes.scatter(sure, right, s=areas, color=colour, edgecolor=PAGE, zorder=3, label=name)
    axes.set(xlim=(0, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set_xlabel("probability given to the predicted label")
    axes.set_ylabel("share right")
    axes.legend(loc="upper left")
    title(figure, f"Calibration error went from {errors[0]:.3f} to {errors[1]:.3f}")
    return figure
