"""The leaderboard at the end of a sweep: a table, leaderboard.csv and leaderboard.png.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16
"""

import csv
import math
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from slm_lora.files import Json, read_json, whole
from slm_lora.run_folder import Run

Line = dict[str, Any]


class Leaderboard(Callback):
    """Hydra calls this when the last job of a sweep has ended."""

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        write_leaderboard(Path(config.hydra.sweep.dir))


def write_leaderboard(folder: Path) -> None:
    """Table on stdout, leaderboard.csv and leaderboard.png in the sweep folder; best job first."""
    runs = [Run(path) for path in sorted(folder.iterdir(), key=_job_number) if path.is_dir()]
    overrides = {run.path.name: _overrides(run) for run in runs}
    swept = _varying(list(overrides.values()))
    lines = [_line(run, {key: overrides[run.path.name].get(key) for key in swept}) for run in runs]
    finished = (read_json(run.metrics) for run in runs if run.metrics.exists())
    primary, sign = next((_order(metrics) for metrics in finished), ("", 1))
    # A failed job has no value and comes last.
    lines.sort(key=lambda line: sign * line.get(primary, sign * math.inf))
    columns = list(dict.fromkeys(key for line in lines for key in line))
    with whole(folder / "leaderboard.csv") as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(lines)
    Console().print(_table(lines, swept, primary))
    for line in lines:
        if line["status"] != "done":
            print(f"job {line['job']} {line['status']}")
    if done := [line for line in lines if line["status"] == "done"]:
        from slm_lora import plotting
        from slm_lora.report.baselines import simple_ways
        from slm_lora.report.plots import leaderboard

        if ways := simple_ways(read_json(Run(folder / done[0]["job"]).metrics)):
            named = "; ".join(f"{way.label} {way.figure}" for way in ways)
            print(f"Simple ways, measured by job {done[0]['job']}: {named}")
        with plotting.style():
            plotting.write_png(leaderboard(done, swept, primary), folder / "leaderboard.png")
    print(folder)


def _job_number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else -1, path.name)


def _overrides(run: Run) -> dict[str, str]:
    """What the command line said to this job, key → value."""
    file = next((f for f in (run.provenance, run.failure) if f.exists()), None)
    words = read_json(file)["words"] if file else []
    settings = (word.partition("=") for word in words if "=" in word)
    return {key.lstrip("+"): value for key, _, value in settings}


def _varying(jobs: list[dict[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for job in jobs for key in job)
    return [key for key in keys if len({job.get(key) for job in jobs}) > 1]


def _line(run: Run, swept: dict[str, str | None]) -> Line:
    if not run.metrics.exists():
        reason = read_json(run.failure)["error"].splitlines()[0] if run.failure.exists() else "?"
        return {"job": run.path.name, **swept, "status": f"failed: {reason}"}
    metrics = read_json(run.metrics)
    primary = metrics["primary"]
    low, high = metrics["tuned"][f"{primary}_ci95"]
    return {
        "job": run.path.name,
        **swept,
        "status": "done",
        f"base {primary}": metrics["base"][primary],
        primary: metrics["tuned"][primary],
        "ci95 low": low,
        "ci95 high": high,
        "p_value": metrics["comparison"]["p_value"],
        "seconds": metrics["train"]["seconds"],
    }


def _order(metrics: Json) -> tuple[str, int]:
    """The primary metric, and 1 where less of it is better, else -1."""
    from slm_lora.tasks import TASKS  # imports torch

    return metrics["primary"], -1 if TASKS[metrics["task"]].higher_is_better else 1


def _table(lines: list[Line], swept: list[str], primary: str) -> Table:
    """The leaderboard for the terminal, narrower than the CSV."""
    names = [key.rpartition(".")[2] for key in swept]
    table = Table("job", *names, "tuned", "95 % interval", "base", "p", title="Jobs, best first")
    for line in lines:
        values = [str(line[key]) for key in swept]
        if line["status"] != "done":
            table.add_row(line["job"], *values, "failed")
            continue
        table.add_row(
            line["job"],
            *values,
            f"{line[primary]:.3f}",
            f"{line['ci95 low']:.3f} to {line['ci95 high']:.3f}",
            f"{line[f'base {primary}']:.3f}",
            f"{line['p_value']:.2g}",
        )
    return table
