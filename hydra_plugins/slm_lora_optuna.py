"""A Hydra sweeper that lets Optuna choose what to try next, resumable from a database.

    python -m slm_lora -m +recipe=sentiment model=nano hydra/sweeper=optuna sweep=lora
    python -m slm_lora -m … hydra/sweeper=optuna sweep.storage=study.db 'lora.r=choice(4,8)'

The same line typed several times, on one machine or on many that share the folder of
hydra.sweep.dir=, works on one study: each process asks for the next trial when it has ended one.
The study remembers its folder and what is searched; a line that says otherwise is refused.

The search space is `sweep.space` and whatever the command line sweeps, in Hydra's words: `choice`,
`range`, `interval`, with the tag `log` for a logarithmic scale and `int` for whole numbers.
Hydra accepts sweepers only from the package `hydra_plugins`, hence this file's place. The
published Optuna plugin for Hydra 1.3 is bound to Optuna 2.
"""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from filelock import FileLock
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
    Transformer,
)
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from slm_lora.config import compose
from slm_lora.config.quoting import setting
from slm_lora.config.sections.machine import SweepConfig
from slm_lora.config.words import opened, value_of
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.run_folder import Run, differences
from slm_lora.sweep import StillRunningError

if TYPE_CHECKING:
    import optuna


HEARTBEAT = 30
"""Seconds; a trial that was not heard of for twice as long has failed."""


class OptunaSweeper(Sweeper):
    """One trial is one job; the objective is what the job returns, None for a failed one."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Called by Hydra before `sweep`."""
        self.context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run trials until `sweep.n_trials` have ended, those in the database included.

        Raises:
            UserError: Optuna is not installed, there is nothing to search, or the study is of
                another search or folder.
            StillRunningError: another process has trials of the study.
        """
        fixed = [a for a in _parse(arguments) if not a.is_sweep_override()]
        job = self.context.config_loader.load_sweep_config(self.config, [_line(a) for a in fixed])
        space = _parse([f"{key}={values}" for key, values in job.sweep.space.items()])
        swept = [a for a in _parse(arguments) if a.is_sweep_override()]
        # What the command line says of a key goes before sweep.space.
        space = list({a.key_or_group: a for a in [*space, *swept]}.values())
        if not space:
            raise UserError(
                "there is nothing to search", "type sweep=lora, or 'lora.r=choice(4,8,16)'"
            )
        Path(self.config.hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
        study = self._study(job, _searched(job, space))
        import optuna
        from optuna.trial import TrialState as State

        def objective(trial: "optuna.Trial") -> float | None:
            # By the trial's number: neither two processes nor a resumed one draw the same again.
            study.sampler = optuna.samplers.TPESampler(seed=job.seed + trial.number)
            try:
                tried = [_suggest(trial, override) for override in space]
            except ValueError as error:
                raise UserError(
                    f"the study in the database had another search space: {error}",
                    "name another database by sweep.storage=FILE",
                ) from error
            job_words = [_line(a) for a in fixed if a.key_or_group != "sweep"] + opened(tried)
            (returned,) = self.launcher.launch([job_words], initial_job_idx=trial.number)
            value: float | None = returned.return_value
            return value

        ended = len(study.get_trials(states=(State.COMPLETE,)))
        missing = job.sweep.n_trials - ended
        if missing <= 0:
            log.info("the study has %d jobs; for more type sweep.n_trials=%d", ended, 2 * ended)
        else:
            enough = optuna.study.MaxTrialsCallback(job.sweep.n_trials, states=(State.COMPLETE,))
            study.optimize(objective, n_trials=missing, callbacks=[enough])
            optuna.storages.fail_stale_trials(study)
            running = study.get_trials(states=(State.RUNNING,))
            if running:
                raise StillRunningError(len(running))

    def _study(self, job: DictConfig, searched: DictConfig) -> "optuna.Study":
        try:
            import optuna
            from sqlalchemy.exc import SQLAlchemyError
        except ImportError as error:
            raise UserError(
                "optuna is not installed", "type pip install 'slm-lora[sweep]'"
            ) from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # It calls heartbeats experimental, at every trial.
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        folder = Path(self.config.hydra.sweep.dir)
        place = job.sweep.storage or f"{folder}/optuna.db"
        with FileLock(folder / "optuna.lock"):  # two that begin at once would both make the tables
            try:
                study = optuna.create_study(
                    storage=_storage(place),
                    study_name=job.recipe or "run",
                    direction=job.sweep.direction,
                    load_if_exists=True,
                )
            except (SQLAlchemyError, ValueError) as error:  # of a journal it is what it reads
                raise UserError(
                    f"sweep.storage={place}: {str(error).splitlines()[0]}",
                    "name a new file, a study of Optuna's, or the URL of its server",
                ) from error
            _check_same(study, searched, folder, job.sweep.storage)
        return study


def _searched(job: DictConfig, space: list[Override]) -> DictConfig:
    """What all trials share, and what is tried. Paths of recipes are left as `${recipes_dir:}`,
    which each machine may have elsewhere."""
    config = OmegaConf.masked_copy(job, [str(key) for key in job if key != "hydra"])
    tried = {str(override.key_or_group): value_of(override) for override in space}
    config.sweep = SweepConfig(direction=job.sweep.direction, space=tried)
    return config


def _check_same(
    study: "optuna.Study", searched: DictConfig, folder: Path, storage: str | None
) -> None:
    """Look whether the study is of this search and has its jobs in this folder; a new one is told
    to remember both.

    Raises:
        UserError: it is not, or its jobs are gone.
    """
    from optuna.trial import TrialState

    place = storage or f"{folder}/optuna.db"
    # As seen from the database: other machines may see both at another path.
    base = Path("/") if "://" in place else Path(place).absolute().parent.resolve()
    here = os.path.relpath(folder.resolve(), base)
    own = {"folder": here, "config": OmegaConf.to_yaml(searched)}
    ended = study.get_trials(states=(TrialState.COMPLETE,))
    begun = ended or study.get_trials(states=(TrialState.RUNNING,))
    known = study.user_attrs.get("sweep", own) if begun else own
    there = Path(os.path.normpath(base / known["folder"]))
    there = there.relative_to(Path.cwd()) if there.is_relative_to(Path.cwd()) else there
    new = _new_study(storage, folder if here == known["folder"] else None)
    saved = cast(DictConfig, OmegaConf.create(known["config"]))
    if differing := differences(compose.to_config(searched), compose.to_config(saved)):
        raise UserError(
            f"{place} is the study of another search: {', '.join(differing[:5])}",
            f"type the same values to go on with it; {new}",
        )
    if here != known["folder"]:
        raise UserError(
            f"{place} is the study of the sweep in {there}",
            f"to go on with it type {setting('hydra.sweep.dir', str(there))}; {new}",
        )
    if ended and not any(folder.rglob(Run(folder).validation.name)):
        raise UserError(
            f"{place} counts {len(ended)} jobs, and none of them is in {folder}",
            f"type hydra.sweep.dir= of the folder that has them; {new}",
        )
    if study.user_attrs.get("sweep") != known:
        study.set_user_attr("sweep", known)


def _new_study(storage: str | None, folder: Path | None) -> str:
    """What to type in place of a database and a folder that are another study's."""
    end = Path(storage or "").suffix
    words = [setting("sweep.storage", f"{storage.removesuffix(end)}_2{end}")] if storage else []
    words += [setting("hydra.sweep.dir", f"{folder}_2")] if folder else []
    return f"for a new one type {' '.join(words)}"


def _storage(place: str) -> "optuna.storages.BaseStorage":
    """An SQLite file; a journal, which a network's file system can hold; or the server of a URL.

    A database hears of every running trial, and one that is not heard of has failed. A journal
    keeps the trial of a process that died as running.
    """
    import optuna

    file = Path(place).absolute()
    if "://" not in place:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".journal":
            backend = optuna.storages.journal.JournalFileBackend(str(file))
            return optuna.storages.JournalStorage(backend)
        place = f"sqlite:///{file}"
    return optuna.storages.RDBStorage(place, heartbeat_interval=HEARTBEAT)


def _parse(words: list[str]) -> list[Override]:
    parsed: list[Override] = OverridesParser.create().parse_overrides(words)
    return parsed


def _line(override: Override) -> str:
    return str(override.input_line)


def _suggest(trial: "optuna.Trial", override: Override) -> str:
    """The override with the value that this trial tries."""
    key, values = override.key_or_group, override.value()
    log = isinstance(values, RangeSweep | IntervalSweep) and "log" in values.tags
    chosen: Any
    if isinstance(values, ChoiceSweep):
        texts = list(override.sweep_string_iterator())
        chosen = trial.suggest_categorical(key, texts)
    elif isinstance(values, RangeSweep):
        numbers = list(override.sweep_iterator(Transformer.identity))
        chosen = trial.suggest_categorical(key, numbers)
    elif isinstance(values, IntervalSweep) and (
        "int" in values.tags or (isinstance(values.start, int) and isinstance(values.end, int))
    ):
        chosen = trial.suggest_int(key, int(values.start), int(values.end), log=log)
    else:
        chosen = trial.suggest_float(key, values.start, values.end, log=log)
    return f"{key}={chosen}"
