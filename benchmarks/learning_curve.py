"""How many rows? The main job on more and more of a recipe's rows, three seeds each: what tuning
and the best simple way then reach on the test rows.

    python benchmarks/learning_curve.py build/curve +recipe=sentiment model=nano batch_size=8
    python benchmarks/learning_curve.py build/curve --plot curve.svg …      the same, and drawn

Every word but those is the job's. The seeds are those of the training; which rows are taken is up
to data.seed, the same for all. Finished runs in the folder are not run again, so an interrupted
curve goes on. Prints a table for benchmarks/RESULTS.md.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from slm_lora import plotting
from slm_lora.files import read_json
from slm_lora.tasks import TASKS

ROWS = (50, 100, 200, 500, 1000, 2000)
SEEDS = (1, 2, 3)
Figures = dict[int, list[dict[str, Any]]]


def main() -> None:
    """The runs that are missing, then the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="+")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args()
    figures: Figures = {
        rows: [job(args.folder / f"{rows}-{seed}", rows, seed, args.words) for seed in args.seeds]
        for rows in args.rows
    }
    print(table(figures))
    if args.plot:
        draw(figures, args.plot)


def job(folder: Path, rows: int, seed: int, words: list[str]) -> dict[str, Any]:
    """metrics.json of a run on so many rows, without what a curve does not need."""
    file = folder / "metrics.json"
    if not file.exists():
        own = [f"data.train_limit={rows}", f"seed={seed}", f"run_dir={folder}"]
        less = ["merge.after_training=false", "retention.rows=0"]
        line = [sys.executable, "-m", "slm_lora", *words, *less, *own]
        subprocess.run(line, check=True, stdout=sys.stderr, env={**os.environ, "COLUMNS": "100"})
    metrics: dict[str, Any] = read_json(file)
    return metrics


def simple(metrics: dict[str, Any]) -> float:
    """The primary metric of the best way that trains no adapter; NaN where none was measured."""
    primary, task = metrics["primary"], TASKS[metrics["task"]]
    found = [way[primary] for way in metrics["baselines"].values() if not way["of_tuned"]]
    best = max if task.higher_is_better else min
    return float(best(found, default=math.nan))


def tuned(metrics: dict[str, Any]) -> float:
    """That of the tuned model."""
    return float(metrics["tuned"][metrics["primary"]])


def table(figures: Figures) -> str:
    """Means over the seeds, and how far these lie apart."""
    lines = [
        "| rows | best simple way | tuned | lowest and highest seed | seconds of training |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rows, found in figures.items():
        reached = [tuned(metrics) for metrics in found]
        ways = statistics.mean(map(simple, found))
        seconds = statistics.mean(metrics["train"]["seconds"] for metrics in found)
        lines.append(
            f"| {rows:,} | {ways:.3f} | {statistics.mean(reached):.3f} "
            f"| {min(reached):.3f} to {max(reached):.3f} | {seconds:.0f} |"
        )
    return "\n".join(lines)


def draw(figures: Figures, file: Path) -> None:
    """Both means over the rows, with a dot for each seed of the tuned model."""
    with plotting.style():
        figure, axes = plotting.empty()
        at = list(figures)
        ways = [statistics.mean(map(simple, found)) for found in figures.values()]
        means = [statistics.mean(map(tuned, found)) for found in figures.values()]
        axes.plot(at, ways, color=plotting.BASE, label="best simple way")
        axes.plot(at, means, color=plotting.TUNED, label="tuned, mean of the seeds")
        for rows, found in figures.items():
            axes.plot([rows] * len(found), list(map(tuned, found)), "o", color=plotting.TUNED, ms=3)
        primary = next(iter(figures.values()))[0]["primary"]
        axes.set(xscale="log", xlabel="rows to train on", ylabel=f"{primary} on the test rows")
        axes.set_xticks(at, [f"{rows:,}" for rows in at])
        axes.minorticks_off()
        axes.legend()
        figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    main()
