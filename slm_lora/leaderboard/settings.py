"""What a sweep tried: its jobs, and those that differ only in `seed` as one setting.

jobs = jobs_in(folder)
judge, reason = judge_in(jobs)
for setting in ranked(jobs, judge):
    print(setting.words, setting.mean, setting.sd)
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from scipy.stats import ttest_ind_from_stats

from slm_lora.config.compose import from_file
from slm_lora.files import read_json, read_jsonl
from slm_lora.records import Validation
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, Prediction, Task

CHANCE = 0.05
"""From this p value on, chance could have made a difference."""


@dataclass(frozen=True)
class Job:
    """One run folder of the sweep. `words` are its settings on the command line, key → value;
    `validation` is None where it failed."""

    run: Run
    words: dict[str, str]
    validation: Validation | None

    @property
    def failure(self) -> str:
        """Why it failed, a line."""
        file = self.run.failure
        return str(read_json(file)["error"]).splitlines()[0] if file.exists() else "?"


@dataclass(frozen=True)
class Setting:
    """Jobs that differ only in `seed`; those that came to their end are `done`, the best first.

    `values` are their figures of the metric that they are chosen by, `intervals` those of 95 % over
    the validation rows.
    """

    words: dict[str, str]
    jobs: list[Job]
    done: list[Job]
    values: list[float]
    intervals: list[tuple[float, float]]

    @property
    def mean(self) -> float:
        return mean(self.values)

    @property
    def sd(self) -> float | None:
        """Over the seeds; None of one."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def middle(self) -> int:
        """Index in `done` of the job with the median, of two the worse: what a seed gives."""
        return len(self.done) // 2

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, over the validation rows: that of the middle job."""
        return self.intervals[self.middle]

    @property
    def predictions(self) -> list[Prediction]:
        """The middle job's on the validation rows."""
        return read_jsonl(self.done[self.middle].run.validation_predictions)


def jobs_in(folder: Path) -> list[Job]:
    """The jobs of a sweep's folder, in their order; a launcher's own (`.submitit`) is none."""
    folders = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    runs = [Run(path) for path in sorted(folders, key=_number)]
    return [
        Job(run, _words(run), read_json(run.validation) if run.validation.exists() else None)
        for run in runs
    ]


def _number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else -1, path.name)


def _words(run: Run) -> dict[str, str]:
    """What the command line said to this job, key → value; `sweep.n_trials` is of all jobs."""
    file = next((f for f in (run.provenance, run.failure) if f.exists()), None)
    words = read_json(file)["words"] if file else []
    settings = (word.lstrip("+").partition("=") for word in words if "=" in word)
    return {key: value for key, _, value in settings if key.partition(".")[0] != "sweep"}


def judge_in(jobs: list[Job]) -> tuple[Task | None, str]:
    """Whose primary metric the jobs are chosen by and, where it is not their own task, why; None
    where every job failed."""
    found = next((job.validation for job in jobs if job.validation), None)
    return (TASKS[found["task"]], found["reason"]) if found else (None, "")


def ranked(jobs: list[Job], judge: Task | None) -> list[Setting]:
    """The settings, best mean first; those of which every job failed come last."""
    sign = -1 if judge and judge.higher_is_better else 1
    groups: dict[tuple[tuple[str, str], ...], list[Job]] = defaultdict(list)
    for job in jobs:
        groups[tuple((key, word) for key, word in job.words.items() if key != "seed")].append(job)
    settings = [_setting(dict(words), group, sign) for words, group in groups.items()]
    done, failed = [s for s in settings if s.done], [s for s in settings if not s.done]
    return [*sorted(done, key=lambda setting: sign * setting.mean), *failed]


def _setting(words: dict[str, str], jobs: list[Job], sign: int) -> Setting:
    found = []
    for job in jobs:
        if job.validation:
            figures, primary = job.validation["tuned"], job.validation["primary"]
            low, high = figures[f"{primary}_ci95"]
            found.append((float(figures[primary]), (low, high), job))
    found.sort(key=lambda each: sign * each[0])
    return Setting(
        words, jobs, [job for *_, job in found], [v for v, *_ in found], [i for _, i, _ in found]
    )


def like(best: Setting, other: Setting, judge: Task) -> bool:
    """Whether chance could have made the difference: that of the validation rows, by the task's
    paired test on the middle job of each, or that of the seed, by Welch's t-test where both have
    two.

    Where the rows are not the same ones, intervals that overlap take the place of the paired test.
    """
    ours, theirs = best.predictions, other.predictions
    if [item["id"] for item in ours] != [item["id"] for item in theirs]:
        (low, high), (other_low, other_high) = best.interval, other.interval
        by_rows = low <= other_high and other_low <= high
    else:
        task = judge.cheapest(from_file(best.done[0].run.config).task)
        by_rows = judge.compare(theirs, ours, task)["p_value"] >= CHANCE
    if by_rows or best.sd is None or other.sd is None or best.sd == other.sd == 0:
        return by_rows
    spreads = [(s.mean, s.sd, len(s.values)) for s in (best, other)]
    return bool(ttest_ind_from_stats(*spreads[0], *spreads[1], equal_var=False).pvalue >= CHANCE)
