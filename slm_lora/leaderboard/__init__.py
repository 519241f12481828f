"""The leaderboard at the end of a sweep: a table, leaderboard.csv and leaderboard.png.

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 seed=1,2,3
"""

import csv
import re
from pathlib import Path
from typing import Any

from rich.table import Table

from slm_lora import plotting
from slm_lora.config.words import NUMBER
from slm_lora.console import stdout
from slm_lora.files import read_json, whole
from slm_lora.formatting import interval, number
from slm_lora.leaderboard.settings import Job, Setting, jobs_in, judge_in, like, ranked
from slm_lora.report.plots import leaderboard
from slm_lora.run_folder import Run
from slm_lora.tasks import Task

RULE = (
    "= best: chance could have made the difference, that of the validation rows (paired test, p of "
    "0.05 or more) or that of the seeds (Welch's t-test, the same). Of several seeds the middle "
    "one is tested and has the interval."
)


def write_leaderboard(folder: Path) -> Run | None:
    """Table on stdout, leaderboard.csv and leaderboard.png in the sweep folder, best first.

    Returns the job that is chosen: the best one of the setting with the best mean; None where every
    job failed.
    """
    jobs = jobs_in(folder)
    judge, reason = judge_in(jobs)
    settings = ranked(jobs, judge)
    keys = _varying(jobs)
    lines: list[dict[str, Any]] = []
    for setting in settings:
        failed = [job for job in setting.jobs if not job.validation]
        lines += [_line(job, setting, keys) for job in (*setting.done, *failed)]
    columns = list(dict.fromkeys(key for line in lines for key in line))
    with whole(folder / "leaderboard.csv") as beside, beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(lines)
    done = [setting for setting in settings if setting.done]
    if judge and done:
        swept = [key for key in keys if key != "seed"]
        alike = [like(done[0], setting, judge) for setting in done]
        stdout().print(_table(settings, swept, judge, alike))
        if reason:
            print(f"Chosen by the loss, not by the task's metric: {reason}")
        if len({tuple(item["id"] for item in setting.predictions) for setting in done}) > 1:
            print("Not all settings were judged on the same validation rows: compare with care.")
        names = [_name(setting, swept) for setting in done]
        with plotting.style():
            figure = leaderboard(names, [(s.mean, s.interval) for s in done], judge.primary)
            plotting.write_png(figure, folder / "leaderboard.png")
    for job in jobs:
        if not job.validation:
            print(f"job {job.run.path.name} failed: {job.failure}")
    if not done:
        return None
    chosen, seeds = done[0].done[0].run, len(done[0].done)
    if seeds > 1:
        print(f"Of the {seeds} seeds of the best setting, job {chosen.path.name} has the best one.")
    return chosen


def _varying(jobs: list[Job]) -> list[str]:
    keys = dict.fromkeys(key for job in jobs for key in job.words)
    return [key for key in keys if len({job.words.get(key) for job in jobs}) > 1]


def _name(setting: Setting, swept: list[str]) -> str:
    said = [(key.rpartition(".")[2], _short(str(setting.words.get(key)))) for key in swept]
    return ", ".join(map("=".join, said)) or "all"


def _short(value: str) -> str:
    """A number of many digits as four, which a plot has room for."""
    many = re.fullmatch(NUMBER, value) and "." in value
    return min(value, f"{float(value):.4g}", key=len) if many else value


def _line(job: Job, setting: Setting, keys: list[str]) -> dict[str, Any]:
    """A job in leaderboard.csv."""
    line = {"job": job.run.path.name, **{key: job.words.get(key) for key in keys}}
    if not job.validation:
        return {**line, "status": f"failed: {job.failure}"}
    at, primary = setting.done.index(job), job.validation["primary"]
    low, high = setting.intervals[at]
    return {
        **line,
        "status": "done",
        f"validation {primary}": setting.values[at],
        "ci95 low": low,
        "ci95 high": high,
        "seconds": read_json(job.run.train)["seconds"],
    }


def _table(settings: list[Setting], swept: list[str], judge: Task, alike: list[bool]) -> Table:
    """The leaderboard for the terminal: a line for each setting."""
    rows = len(settings[0].predictions)
    table = Table(
        *(key.rpartition(".")[2] for key in swept),
        *(judge.primary, "95 % interval", "", "jobs"),
        title=f"Settings, best first: {judge.primary} on {rows:,} validation rows",
        caption=RULE if sum(alike) > 1 else None,
        caption_justify="left",
    )
    for place, setting in enumerate(settings):
        cells = [str(setting.words.get(key)) for key in swept]
        if setting.done:
            spread = "" if setting.sd is None else f" ± {number(setting.sd)}"
            mark = "best" if place == 0 else "= best" if alike[place] else ""
            cells += [number(setting.mean) + spread, interval([*setting.interval]), mark]
        else:
            cells += ["failed", "", ""]
        jobs = " ".join(job.run.path.name for job in setting.jobs)
        failed = len(setting.jobs) - len(setting.done)
        cells.append(f"{jobs} ({failed} failed)" if failed and setting.done else jobs)
        table.add_row(*cells)
    return table
