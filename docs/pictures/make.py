"""The pictures of the README and the guide, beside this file: two drawings by matplotlib, and what
a run looks like in a browser and in a terminal.

    python docs/pictures/make.py drawings
    python docs/pictures/make.py screenshots RUN    RUN: a run of +recipe=sentiment model=nano

Screenshots need Chromium.
"""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from slm_lora.plotting import BASE, GRID, INK, PAGE, TUNED, style  # noqa: E402
from tests.helpers.browser import Browser  # noqa: E402

HERE = Path(__file__).parent
FROZEN = "#eaeef2"


def main() -> None:
    """What the words name."""
    if sys.argv[1:2] == ["drawings"]:
        with style():
            lora().savefig(HERE / "lora.svg", metadata={"Date": None})
            run().savefig(HERE / "run.svg", metadata={"Date": None})
    else:
        screenshots(Path(sys.argv[2]))


def lora() -> Figure:
    """A layer with its adapter: the frozen matrix, and beside it the two that are trained."""
    figure, axes = _canvas(7.2, 3.6)
    _box(axes, 0.4, 1.1, 2.2, 1.7, FROZEN, "W\nfrozen\n(QLoRA: in 4 bits)")
    axes.add_patch(Polygon([(3.9, 1.1), (6.1, 1.1), (5.35, 1.85), (4.65, 1.85)], color=TUNED))
    axes.add_patch(Polygon([(4.65, 2.05), (5.35, 2.05), (6.1, 2.8), (3.9, 2.8)], color=BASE))
    axes.text(5, 1.45, "A", ha="center", va="center", color=PAGE, weight="bold")
    axes.text(5, 2.45, "B", ha="center", va="center", color=PAGE, weight="bold")
    axes.text(6.25, 1.45, "r x inputs, begins at random", va="center")
    axes.text(6.25, 2.45, "outputs x r, begins at 0", va="center")
    axes.text(6.25, 1.95, "r numbers: the rank", va="center", style="italic")
    axes.text(3.1, 0.25, "x", ha="center", va="center", size=12)
    axes.text(3.1, 3.62, "y = W x + (alpha / r) · B A x", ha="left", va="center", size=11)
    for points in (
        [(3.1, 0.42), (3.1, 0.72), (1.5, 0.72), (1.5, 1.1)],
        [(3.1, 0.72), (5.0, 0.72), (5.0, 1.1)],
        [(5.0, 2.8), (5.0, 3.15), (3.22, 3.15)],
        [(1.5, 2.8), (1.5, 3.15), (2.98, 3.15)],
    ):
        _line(axes, points)
    _arrow(axes, (3.1, 3.27), (3.1, 3.5))
    axes.text(3.1, 3.15, "+", ha="center", va="center", size=14)
    axes.set_xlim(0.2, 9.6)
    axes.set_ylim(0, 3.8)
    return figure


STAGES = (
    ("rows", "data_report.json", FROZEN),
    ("base model\nand rivals\nscored", "predictions/base.jsonl", FROZEN),
    ("adapter\ntrained", "adapter/\ntrain.json", TUNED),
    ("tuned model\nscored on the\nsame items", "predictions/tuned.jsonl", TUNED),
    ("merged,\nand proven", "merged/\nmerge.json", TUNED),
    ("verdict", "metrics.json\nreport.html", FROZEN),
)


def run() -> Figure:
    """The stages of a run and the files that each leaves: what is there is skipped next time."""
    figure, axes = _canvas(8.6, 1.9)
    for n, (stage, files, colour) in enumerate(STAGES):
        left = 0.1 + 2.0 * n
        _box(axes, left, 0.75, 1.6, 1.0, colour, stage)
        axes.text(left + 0.8, 0.35, files, ha="center", va="center", size=7, family="monospace")
        if n:
            _arrow(axes, (left - 0.38, 1.25), (left - 0.02, 1.25))
    axes.set_xlim(0, 11.9)
    axes.set_ylim(0, 1.85)
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    return figure, axes


def _box(
    axes: Axes, left: float, bottom: float, width: float, height: float, colour: str, text: str
) -> None:
    shape = "round,pad=0,rounding_size=0.08"
    axes.add_patch(
        FancyBboxPatch((left, bottom), width, height, boxstyle=shape, fc=colour, ec=GRID)
    )
    ink = INK if colour == FROZEN else PAGE
    middle = left + width / 2, bottom + height / 2
    axes.text(*middle, text, ha="center", va="center", color=ink)


def _line(axes: Axes, points: list[tuple[float, float]]) -> None:
    """Straight pieces, the last with a head."""
    *turns, last = points
    axes.plot(*zip(*turns, strict=True), color=INK, linewidth=1)
    _arrow(axes, turns[-1], last)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0, color=INK
        )
    )


def screenshots(run: Path) -> None:
    """report.png, serve.png and inspect.svg."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(Path(profile), width=900, height=1020)
        browser.open((run / "report.html").absolute().as_uri())
        browser.screenshot(HERE / "report.png")
        browser.close()
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        _serve(run, Browser(Path(profile), width=900, height=560))
    words = [sys.executable, "-m", "slm_lora", "inspect", "+recipe=sentiment", "model=nano"]
    terminal = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "96", "TERM": "xterm-256color"}
    ended = subprocess.run(words, env=terminal, capture_output=True, text=True, check=True)
    shown = Console(record=True, width=96, file=StringIO())
    shown.print(Text.from_ansi("\n".join(ended.stdout.splitlines()[:44])))
    drawn = shown.export_svg(title="slm-lora inspect +recipe=sentiment model=nano")
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)  # nothing is fetched
    (HERE / "inspect.svg").write_text(drawn, encoding="utf-8")


def _serve(run: Path, browser: Browser) -> None:
    port = "8765"
    words = [sys.executable, "-m", "slm_lora", "serve", str(run), f"serve.port={port}"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        for line in server.stdout:
            if port in line:
                break
        browser.open(f"http://127.0.0.1:{port}/")
        browser.type("A long wait and cold soup.")
        browser.press("Enter", "\r")
        browser.wait_for(
            "document.querySelector('article') && !document.getElementById('ask').disabled"
        )
        browser.screenshot(HERE / "serve.png")
    finally:
        browser.close()
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
