"""The same in Python, for notebooks: errors are exceptions, nothing is printed unless asked.

from slm_lora import load, open_run, run
done = run(load("sentiment", "model=nano"))
print(done.verdict, done.metrics["tuned"]["accuracy"])
done = open_run("outputs/sentiment/2026-01-31_12-00-00")
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from slm_lora import ranks
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import read_json, read_jsonl
from slm_lora.hardware import check_compiler
from slm_lora.records import Metrics
from slm_lora.run_folder import Run
from slm_lora.run_folder import open_run as open_folder


def load(
    recipe: str | None = None, *overrides: str, config_dir: Path | str | None = None
) -> Config:
    """The config that the command line would make of `+recipe=RECIPE` and the overrides.

    Raises:
        UserError: a key, value, choice or combination is wrong.
    """
    words = [f"+recipe={recipe}", *overrides] if recipe else list(overrides)
    return compose.load(words, Path(config_dir) if config_dir else None)


def run(config: Config) -> "FinishedRun":
    """The whole job in a new run folder, or in that of `run_dir`, going on where it stopped.

    Raises:
        UserError: something that the user can fix.
    """
    from slm_lora import pipeline
    from slm_lora.preflight import preflight

    if ranks.WORLD > 1:
        raise UserError(
            "run() in several processes",
            f"type {ranks.program()} -m slm_lora +recipe=… for a run on several GPUs",
        )
    check_compiler(config)
    plan = preflight(config)
    with open_folder(plan.config, []) as folder:
        pipeline.run(plan, folder)
    return FinishedRun(folder.path)


def open_run(path: Path | str) -> "FinishedRun":
    """A finished run.

    Raises:
        UserError: the folder is not that of a finished run.
    """
    found = FinishedRun(Path(path))
    if not Run(found.path).metrics.is_file():
        raise UserError(
            f"no metrics.json found in {path}", "name the folder of a run that came to its end"
        )
    return found


@dataclass(frozen=True)
class FinishedRun:
    """What a run left in its folder, read when it is asked for."""

    path: Path

    @cached_property
    def config(self) -> Config:
        """As saved, but for what counts only where it is typed (slm_lora/config/strangers.py)."""
        return compose.without_words(Run(self.path).config)

    @cached_property
    def metrics(self) -> Metrics:
        """What metrics.json holds (slm_lora/records.py)."""
        found: Metrics = read_json(Run(self.path).metrics)
        return found

    @property
    def verdict(self) -> str:
        """What the run showed, in a sentence."""
        from slm_lora.report import verdict

        return verdict(self.metrics)

    @property
    def report(self) -> Path:
        """report.html"""
        return Run(self.path).report

    def predictions(self, model: str = "tuned") -> list[dict[str, Any]]:
        """One dict a test item, of the `base` or the `tuned` model."""
        run = Run(self.path)
        return read_jsonl({"base": run.base_predictions, "tuned": run.tuned_predictions}[model])
