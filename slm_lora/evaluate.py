"""Scores a finished run again, on other data or with other settings.

python -m slm_lora evaluate outputs/sentiment/2026-01-31_12-00-00 data.test=other.tsv
"""

import shutil
from datetime import datetime

from slm_lora import pipeline
from slm_lora.config.compose import from_file, to_yaml
from slm_lora.errors import UserError
from slm_lora.run import Run, unused, write_text


def evaluate(run: Run, overrides: list[str]) -> Run:
    """The run folder that holds the results: `run` itself without overrides (what is missing there
    is computed), else a new folder in its `evaluations/`, so that nothing is overwritten.

    Raises:
        UserError: the run has no adapter yet, or an override is wrong.
    """
    config = from_file(run.config, overrides)
    if not run.adapter.exists():
        raise UserError(
            f"{run.path} holds no adapter yet", "finish the run first: run_dir= of this run"
        )
    if not overrides:
        pipeline.run(config, run)
        return run
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    words = ["evaluate", str(run.path), *overrides]
    evaluation = Run(unused(run.path / "evaluations" / stamp), words)
    config.run_dir = str(evaluation.path)
    write_text(evaluation.config, to_yaml(config))
    shutil.copy(run.train, evaluation.train)
    evaluation.adapter = run.adapter
    pipeline.run(config, evaluation)
    return evaluation
