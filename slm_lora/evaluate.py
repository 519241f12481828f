"""Scores a finished run again, on other data or with other settings.

python -m slm_lora evaluate outputs/sentiment/2026-01-31_12-00-00 data.test=other.tsv
"""

import shutil
from dataclasses import replace

from slm_lora import pipeline
from slm_lora.conclusion import conclude
from slm_lora.config.compose import to_yaml
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import write_text
from slm_lora.preflight import preflight
from slm_lora.run_folder import Run, new_folder


def evaluate(run: Run, config: Config, overrides: list[str]) -> Run:
    """The run folder that holds the results: `run` itself without overrides (what is missing there
    is computed), else a new folder in its `evaluations/`, so that nothing is overwritten.
    `overrides` are already in `config`, and only those that slm_lora/cli/evaluate.py allows.

    Raises:
        UserError: the run has no adapter yet.
    """
    if not run.adapter.exists():
        raise UserError(
            f"no adapter found in {run.path}", "finish the run first: run_dir= of this run"
        )
    plan = preflight(config)
    if not overrides:
        pipeline.score_and_train(plan, run)
        conclude(plan.config, run)
        return run
    folder = new_folder(run.evaluations)
    evaluation = Run(folder, ["evaluate", str(run.path), *overrides], run.adapter)
    write_text(evaluation.config, to_yaml(replace(plan.config, run_dir=str(folder))))
    shutil.copy(run.train, evaluation.train)
    pipeline.score_and_train(plan, evaluation)
    conclude(plan.config, evaluation)
    return evaluation
