"""Answers of the model's own to training rows: those whose program passes the row's tests.

python -m slm_lora +recipe=code_gen improve.rounds=1
"""

from collections.abc import Sequence
from dataclasses import replace

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.tasks.code.program import FENCED, normal_form, trial
from slm_lora.tasks.task import OwnAnswers, Prediction


def judgeable(rows: Sequence[Row], config: Config) -> list[Row]:
    """The training rows that have tests.

    Raises:
        UserError: none has.
    """
    tested = [row for row in rows if "tests" in row]
    if not tested:
        raise UserError(
            f"improve.rounds={config.improve.rounds}, but none of the {len(rows):,} training rows "
            "has tests",
            'give the rows of data.train the columns "tests" and "entry_points" '
            "(slm_lora/data/programs.py), or type improve.rounds=0",
        )
    return tested


def usable(rows: Sequence[Row], config: Config) -> list[Row]:
    """The rows whose tests their own solution passes, and one that does nothing does not.

    Raises:
        UserError: there is none, or this machine cannot run programs safely.
    """
    log.info("running the solutions of %d training items", len(rows))
    kept, unfit = [], []
    for row, solution, nothing in trial(rows, config):
        if solution.verdict != "pass":
            unfit.append(f"the solution of {row['id']}: {solution.verdict}, {solution.message}")
        elif nothing.verdict == "pass":
            unfit.append(f"the tests of {row['id']} pass for functions that return None")
        else:
            kept.append(row)
    if not kept:
        raise UserError(
            f"improve.rounds={config.improve.rounds}, but of no training row the tests tell right "
            f"from wrong, such as {unfit[0]}",
            "fix the rows; see python -m slm_lora check FILE and sandbox.preload",
        )
    if unfit:
        log.warning(
            "not drawn for: %d training rows whose tests do not pass for their own solution, or "
            "pass for anything, such as %s",
            len(unfit),
            unfit[0],
        )
    return kept


def drawing(config: Config) -> TaskConfig:
    """No greedy answer, and samples as improve.* says."""
    asked = config.improve
    return replace(
        config.task,
        greedy=False,
        n_samples=asked.n_samples,
        k=[],
        temperature=asked.temperature,
        top_p=asked.top_p,
    )


def passing(prediction: Prediction) -> list[str]:
    """The answers whose program passed, in the order in which they were drawn: as they were written
    where a program stands among words, so that the words are learnt too."""
    right = [answer for answer in prediction["samples"] if answer["verdict"] == "pass"]
    return [
        rendering.answer_in(a["raw"], "").strip() if FENCED.search(a["raw"]) else a["extracted"]
        for a in right
    ]


OWN_ANSWERS = OwnAnswers(judgeable, usable, drawing, passing, normal_form)
