"""The report's plots, as matplotlib figures without a display: PNG for files, SVG for the page.

    python -m slm_lora report RUN      (plots/*.png and report.html)

In the page the colours are CSS variables, so a plot follows the light or dark scheme around it.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from slm_lora.run import whole
from slm_lora.stats import reliability

INK, GRID, PAGE = "#24292f", "#d0d7de", "#ffffff"
# Okabe and Ito's vermilion and blue: apart for every common colour blindness, and in print.
BASE, TUNED = "#d55e00", "#0072b2"
CSS_VARIABLES = {INK: "ink", GRID: "rule", PAGE: "page", BASE: "base", TUNED: "tuned"}
STYLE: Any = {
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a label is data: "$5" is no formula
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "savefig.facecolor": PAGE,
}
VERDICTS = (
    *("pass", "fail", "error", "syntax", "timeout", "memory"),
    *("crash", "exit", "forbidden", "no_code"),
)
MOST_NAMED_LABELS = 30
MOST_COUNTED_LABELS = 12


@contextmanager
def style() -> Iterator[None]:
    """Our look, for making and for saving a figure."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # A label in a script that matplotlib's font lacks shows as boxes in the PNG alone.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def loss_curve(log: Sequence[dict[str, Any]], best_step: int | None) -> Figure:
    """Training and held-out loss by step; `log` is that of train.json."""
    trained = [(line["step"], line["loss"]) for line in log if "loss" in line]
    held_out = [(line["step"], line["eval_loss"]) for line in log if "eval_loss" in line]
    figure, axes = _figure()
    if trained:
        axes.plot(*zip(*trained, strict=True), color=BASE, linewidth=1.2, label="training")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), "o-", color=TUNED, markersize=4, label="held-out")
    best = dict(held_out).get(best_step)
    if best_step is not None and best is not None:
        axes.axvline(best_step, color=TUNED, linewidth=0.8, linestyle="--")
        _title(figure, f"Best checkpoint: step {best_step}, held-out loss {best:.3f}")
    elif trained:
        _title(figure, f"Training loss went from {trained[0][1]:.3f} to {trained[-1][1]:.3f}")
    else:
        _title(figure, "No loss was logged")
    axes.set_xlabel("optimizer step")
    axes.set_ylabel("loss, nats per trained token")
    if trained or held_out:
        axes.legend()
    return figure


def confusion(matrix: dict[str, Any], name: str, colour: str) -> Figure:
    """Counts of true (rows) and predicted labels, shaded by the share of their row."""
    labels, rows = matrix["labels"], matrix["rows"]
    right, n = sum(row[i] for i, row in enumerate(rows)), sum(map(sum, rows))
    figure, axes = _figure(height=3.3 if len(labels) <= 3 else 4.2)
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
    _title(figure, f"{name}: {right:,} of {n:,} right")
    return figure


def reliability_diagram(
    base: Sequence[dict[str, Any]], tuned: Sequence[dict[str, Any]], errors: tuple[float, float]
) -> Figure:
    """Share right by the probability given to the predicted label; marker area by items."""
    figure, axes = _figure(height=3.8)
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
    _title(figure, f"Calibration error went from {errors[0]:.3f} to {errors[1]:.3f}")
    return figure


def item_losses(base: Sequence[dict[str, Any]], tuned: Sequence[dict[str, Any]]) -> Figure:
    """Loss of each item before and after; below the diagonal it fell."""
    before, after = [p["loss"] for p in base], [p["loss"] for p in tuned]
    lower = sum(a < b for b, a in zip(before, after, strict=True))
    figure, axes = _figure(height=4.2)
    end = max(*before, *after) * 1.05
    axes.plot([0, end], [0, end], color=INK, linewidth=0.8, linestyle=":")
    axes.scatter(before, after, s=10, color=TUNED, alpha=0.5, linewidth=0)
    axes.set(xlim=(0, end), ylim=(0, end), aspect="equal")
    axes.set_xlabel("base loss, nats per token")
    axes.set_ylabel("tuned loss, nats per token")
    _title(figure, f"Loss fell on {lower:,} of {len(before):,} items")
    return figure


def families(base: dict[str, Any], tuned: dict[str, Any]) -> Figure:
    """pass@1 of each family of task items, base and tuned; the best tuned one on top."""
    names = sorted(tuned, key=lambda name: (-tuned[name]["pass@1"], name))
    before, after = ([scores[name]["pass@1"] for name in names] for scores in (base, tuned))
    labels = [f"{name} ({tuned[name]['n_tasks']})" for name in names]
    figure = _paired_bars(labels, before, after, "pass@1; in brackets: task items")
    solved = sum(value >= 0.5 for value in after)
    _title(figure, f"{solved} of {len(names)} families mostly solved by the tuned model")
    return figure


def verdicts(base: dict[str, int], tuned: dict[str, int]) -> Figure:
    """What the answers came to, base and tuned: share of the answers by verdict."""
    names = [name for name in VERDICTS if name in base or name in tuned]
    before, after = (
        [counts.get(name, 0) / sum(counts.values()) for name in names] for counts in (base, tuned)
    )
    figure = _paired_bars(names, before, after, "share of the answers")
    _title(figure, f"{tuned.get('pass', 0):,} of {sum(tuned.values()):,} tuned answers pass")
    return figure


def _paired_bars(names: list[str], base: list[float], tuned: list[float], xlabel: str) -> Figure:
    """A bar for base and one for tuned by name; the values are shares."""
    figure, axes = _figure(1.2 + 0.3 * len(names))
    for values, colour, label, shift in ((base, BASE, "base", -0.2), (tuned, TUNED, "tuned", 0.2)):
        places = [place + shift for place in range(len(names))]
        axes.barh(places, values, height=0.4, color=colour, label=label)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(xlabel)
    figure.legend(loc="outside lower right", ncols=2)
    return figure


def leaderboard(lines: Sequence[dict[str, Any]], swept: list[str], primary: str) -> Figure:
    """The primary metric of a sweep's jobs with intervals, best on top; dashed: the base model."""
    names = [", ".join(f"{key.split('.')[-1]}={line[key]}" for key in swept) for line in lines]
    values = [line[primary] for line in lines]
    below = [line[primary] - line["ci95 low"] for line in lines]
    above = [line["ci95 high"] - line[primary] for line in lines]
    figure, axes = _figure(1.2 + 0.3 * len(lines))
    axes.errorbar(values, range(len(lines)), xerr=[below, above], fmt="o", color=TUNED, capsize=3)
    axes.axvline(lines[0][f"base {primary}"], color=BASE, linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(lines)), names)
    axes.invert_yaxis()
    axes.set_xlabel(f"{primary}, 95 % interval; dashed: base model")
    _title(figure, f"Best: {names[0]}, {primary} {values[0]:.3f}")
    return figure


def _figure(height: float = 3.3) -> tuple[Figure, Axes]:
    # Narrow, so that the letters stay readable on a phone.
    figure = Figure(figsize=(4.6, height), layout="constrained")
    return figure, figure.subplots()


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.01, ha="left", fontsize=10, fontweight="bold")


def write_png(figure: Figure, path: Path) -> None:
    """Write a plot whole or not at all."""
    with whole(path) as beside:
        figure.savefig(beside, format="png", dpi=160, metadata={"Software": None})


def svg(figure: Figure, name: str) -> str:
    """A plot as an `<svg>` element whose ids start with `name`; same figure, same bytes."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    # Several plots share the page, so their ids must differ.
    text = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    for colour, variable in CSS_VARIABLES.items():
        text = text.replace(colour, f"var(--{variable})")
    return text
