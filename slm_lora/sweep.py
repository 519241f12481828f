"""Sweeps: every job its own run folder, scored on validation rows; failures recorded.

Only the job that is chosen in the end is told on the test rows (`finish`).

python -m slm_lora -m +recipe=sentiment model=nano lora.r=8,16 trainer.learning_rate=1e-3,3e-3
python -m slm_lora -m +recipe=sentiment model=nano hydra/sweeper=optuna sweep=lora
"""

import math
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from omegaconf import DictConfig

from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.config.words import check_words, value_of
from slm_lora.console import stderr
from slm_lora.errors import UserError
from slm_lora.files import read_json, write_json
from slm_lora.hardware import check_compiler, check_without_torch
from slm_lora.progress import log
from slm_lora.run_folder import InUseError, Run, alone, check_same, open_run

if TYPE_CHECKING:
    from slm_lora.tasks import Task


MOST_JOBS = 10_000
"""Of a grid: each is checked before the first one starts."""


class StillRunningError(Exception):
    """So many jobs of the same study run in other processes."""


@dataclass(frozen=True)
class Jobs:
    """What a sweep is going to run: how many jobs, the keys that they differ in, whose primary
    metric they are chosen by and, where that is not their own task's, why, and what Optuna is to do
    with it."""

    count: int
    swept: frozenset[str]
    judge: "Task"
    reason: str
    direction: str | None = None


def check_jobs(overrides: list[str], config_dir: Path | None, folder: Path) -> Jobs:
    """Check every job before the first one starts, as far as no weights are needed. `folder` is
    where the jobs have theirs.

    Raises:
        UserError: a job could not come to its end, or they would share a run folder.
    """
    parsed = check_words(overrides, config_dir, sweep=True)
    if any(override.key_or_group == "run_dir" for override in parsed):
        raise UserError(
            "run_dir is set in a sweep", "each job has its own; type hydra.sweep.dir=FOLDER"
        )
    ours = [o for o in parsed if not o.key_or_group.startswith("hydra")]
    if any(str(o.input_line) == "hydra/sweeper=optuna" for o in parsed):
        fixed = [str(o.input_line) for o in ours if not o.is_sweep_override()]
        config = compose.load(fixed, config_dir)
        words = [f"{key}={values}" for key, values in config.sweep.space.items()]
        space = check_words(words, sweep=True) + [o for o in ours if o.is_sweep_override()]
        first = [_first_tried(override, fixed, config_dir) for override in space]
        config = compose.load([*fixed, *first], config_dir)
        check_without_torch(config)
        check_compiler(config)
        judge, reason = _preflight([config], None)
        direction = config.sweep.direction or ("maximize" if judge.higher_is_better else "minimize")
        swept = frozenset(o.key_or_group for o in space)
        return Jobs(config.sweep.n_trials, swept, judge, reason, direction)
    for override in ours:
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise UserError(
                f"{override.input_line} is a whole interval of values",
                "let Optuna choose: add hydra/sweeper=optuna; or name the values, such as "
                f"'{override.key_or_group}=choice({_ends(override)})'",
            )
    if (count := math.prod(map(_values, ours))) > MOST_JOBS:
        raise UserError(
            f"a sweep of {count:,.0f} jobs", "name fewer values, or let Optuna choose among them"
        )
    jobs = BasicSweeper.split_arguments(ours, max_batch_size=None)[0]
    configs = [compose.load(words, config_dir) for words in jobs]
    for config in configs:
        check_without_torch(config)
        check_compiler(config)
    judge, reason = _preflight(configs, folder)
    swept = frozenset(o.key_or_group for o in ours if o.is_sweep_override())
    return Jobs(len(jobs), swept, judge, reason)


def _preflight(configs: list[Config], folder: Path | None) -> tuple["Task", str]:
    """Look whether every job could come to its end; jobs mostly share their rows. Returns whose
    primary metric they are chosen by, and why. `folder` is null where Optuna numbers the jobs."""
    log.info("looking at each job before the first begins")  # what follows imports torch: seconds
    from slm_lora.data import load_rows
    from slm_lora.preflight import preflight
    from slm_lora.tasks import check_best_by, judge_of

    read, rows, judges = None, None, {}
    for number, config in enumerate(configs):
        wanted = (config.data, config.task, config.sandbox, config.retention)
        known = wanted == read
        if not known:
            read, rows = wanted, load_rows(config.data, config.task.format)
        plan = preflight(config, rows)
        if config.improve.rounds:
            raise UserError(
                f"improve.rounds={config.improve.rounds} in a sweep, whose jobs are compared by "
                "one fine-tuning each",
                "type improve.rounds=0, then one run with the values that the sweep chose",
            )
        if folder:
            check_same(plan.config, folder / str(number))
        if not plan.data.validation_rows:
            raise UserError(
                "a sweep chooses by validation rows, and there are none",
                "type data.validation_fraction=0.1",
            )
        if not known:
            plan.task.check(plan.data.test, plan.config)
            for part in plan.retention:
                part.check()
            judge, reason = judge_of(plan.task, plan.data.validation_rows, plan.config)
            judges[judge.primary] = judge, reason
        check_best_by(config, reason)
    if len(judges) > 1:
        raise UserError(
            f"some jobs would be judged by {' and others by '.join(judges)}, which cannot be "
            "compared",
            "sweep over rows and tasks of one kind",
        )
    if reason:
        log.warning("jobs are compared by their loss on validation rows: %s", reason)
    return judge, reason


def _first_tried(override: Override, fixed: list[str], config_dir: Path | None) -> str:
    """Look whether every value that Optuna may choose for one key makes a config; the first."""
    key, values = override.key_or_group, override.value()
    if not override.is_sweep_override():
        typed = value_of(override)
        raise UserError(
            f"sweep.space: {key} has the one value {typed}",
            f"type several, such as 'choice({typed}, …)', or set it by {key}={typed}",
        )
    if isinstance(values, IntervalSweep):
        if values.start >= values.end:
            raise UserError(
                f"{override.input_line}: the interval begins above its end",
                f"type '{key}=interval({values.end:g},{values.start:g})'",
            )
        tried = [str(values.start), str(values.end)]
    else:
        tried = list(override.sweep_string_iterator())
    for value in tried:
        compose.load([*fixed, f"{key}={value}"], config_dir)
    return f"{key}={tried[0]}"


def _values(override: Override) -> float:
    """How many values are swept, without making a list of them."""
    values = override.value()
    if isinstance(values, RangeSweep) and not values.step:
        raise UserError(f"{override.input_line} has a step of 0", "type range(1,5,1)")
    if isinstance(values, RangeSweep):
        return float(abs(values.stop - values.start) / abs(values.step))
    return len(list(override.sweep_string_iterator())) if override.is_sweep_override() else 1


def _ends(override: Override) -> str:
    values = override.value()
    return f"{values.start:g},{values.end:g}"


def sweep_job(composed: DictConfig, folder: Path, words: list[str], jobs: Jobs) -> float | None:
    """One job of a sweep: its objective, the task's metric on validation rows, or None when it
    failed.

    Raises:
        InUseError: another process works in its folder, which no sweep of this one does.
    """
    try:
        config = replace(compose.to_config(composed), run_dir=str(folder))
        config = replace(config, merge=replace(config.merge, after_training=False))
        check_without_torch(config)
        check_compiler(config)
        from slm_lora import pipeline
        from slm_lora.preflight import preflight

        plan = preflight(config)
        with open_run(plan.config, words) as run:
            if not run.validation.exists():
                pipeline.validate(plan, run, jobs.judge, jobs.reason)
        found = read_json(run.validation)
        return float(found["tuned"][found["primary"]])
    except InUseError:
        raise
    except Exception as error:
        # The other jobs go on; the leaderboard names this one.
        trace = None if isinstance(error, UserError) else traceback.format_exc()
        failure = {"words": words, "error": str(error), "traceback": trace}
        if not Run(folder).validation.exists():  # else the folder is that of a finished, other job
            write_json(Run(folder).failure, failure)
        stderr().print(f"job {folder.name} failed: {error}", style="red")
        return None
    finally:
        free_memory()


def finish(run: Run) -> None:
    """The job that was chosen becomes a finished run: base and tuned model on the test rows, the
    report, the card. Nothing happens to one that is finished.

    Raises:
        UserError: something that the user can fix.
    """
    from slm_lora import pipeline
    from slm_lora.preflight import preflight

    if run.metrics.exists():
        return
    try:
        with alone(run.path):
            pipeline.run(preflight(compose.from_file(run.config)), run)
    finally:
        free_memory()


def free_memory() -> None:
    """Give back what a finished job held: the next one runs in the same process."""
    import torch

    from slm_lora.out_of_memory import release

    torch.compiler.reset()  # what was compiled is for the shapes of that job's adapter
    release()
    log.info("memory in use after the job: %.0f MiB", psutil.Process().memory_info().rss / 2**20)
