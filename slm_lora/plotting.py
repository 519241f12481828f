"""What all plots share: the look, bars in pairs, items before and after; PNG and SVG of a figure.

    with style():
        svg(paired_bars(["pass"], [0.1], [0.7], "share of the answers"), "verdicts")

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

from slm_lora.files import whole

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


@contextmanager
def style() -> Iterator[None]:
    """Our look, for making and for saving a figure."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # A label in a script that matplotlib's font lacks shows as boxes in the PNG only.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def empty(height: float = 3.3) -> tuple[Figure, Axes]:
    """A figure of this height in inches; narrow, so that its letters are readable on a phone."""
    figure = Figure(figsize=(4.6, height), layout="constrained")
    return figure, figure.subplots()


def title(figure: Figure, text: str) -> None:
    """What the plot shows, in a line above it."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=10, fontweight="bold")


def paired_bars(names: list[str], base: list[float], tuned: list[float], xlabel: str) -> Figure:
    """A bar for base and one for tuned by name; the values are shares."""
    figure, axes = empty(1.2 + 0.3 * len(names))
    for values, colour, label, shift in ((base, BASE, "base", -0.2), (tuned, TUNED, "tuned", 0.2)):
        places = [place + shift for place in range(len(names))]
        axes.barh(places, values, height=0.4, color=colour, label=label)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(xlabel)
    figure.legend(loc="outside lower right", ncols=2)
    return figure


def before_after(base: Sequence[float], tuned: Sequence[float], end: float, name: str) -> Figure:
    """A dot for each item, base against tuned, from 0 to `end`; on the dotted line, no change."""
    figure, axes = empty(height=4.2)
    axes.plot([0, end], [0, end], color=INK, linewidth=0.8, linestyle=":")
    axes.scatter(base, tuned, s=10, color=TUNED, alpha=0.5, linewidth=0, clip_on=False)
    axes.set(xlim=(0, end), ylim=(0, end), aspect="equal")
    axes.set_xlabel(f"base {name}")
    axes.set_ylabel(f"tuned {name}")
    return figure


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
