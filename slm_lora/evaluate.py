"""Scores a finished run again, on other data or with other settings.

python -m slm_lora evaluate outputs/sentiment/2026-01-31_12-00-00 data.test=other.tsv
"""

import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from slm_lora import pipeline
from slm_lora.conclusion import conclude
from slm_lora.config.compose import from_file, to_yaml
from slm_lora.config.quoting import shell_word
from slm_lora.config.schema import Config
from slm_lora.data import load_rows
from slm_lora.data.labels import in_order
from slm_lora.errors import UserError
from slm_lora.files import read_json, write_text
from slm_lora.preflight import Plan, preflight
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.run_folder import Run, alone, check_adapter, differences, new_folder

DATA = re.compile(r"[+~]*data[.=]")
"""The beginning of a setting that says which rows, or how they are read."""


def evaluate(run: Run, config: Config, overrides: list[str]) -> Run:
    """The run folder that holds the results: `run` itself without overrides (what is missing there
    is computed), else a folder in its `evaluations/`: a new one, so that nothing is overwritten, or
    that of the same evaluation, which was broken off. `overrides` are already in `config`, and only
    those that slm_lora/cli/evaluate.py allows.

    Raises:
        UserError: the run has no adapter yet, or no longer the one that was trained.
    """
    if run.combination.exists():
        raise UserError(
            f"{run.path} holds adapters that were put together, not a run with rows of its own",
            f"ask it by slm-lora chat {shell_word(str(run.path))}; the runs that it was made of "
            "can be evaluated",
        )
    if not run.adapter.exists():
        raise UserError(
            f"no adapter found in {run.path}", "finish the run first: run_dir= of this run"
        )
    if run.borrows_adapter:
        of = run.adapter.parent
        raise UserError(
            f"{run.path} is an evaluation of {of}", f"type slm-lora evaluate {shell_word(str(of))}"
        )
    check_adapter(run)
    plan = preflight(config)
    if any(DATA.match(word) for word in overrides):
        plan = _unseen(plan, run)
    elif overrides and plan.data.report["fingerprint"] != _fingerprint(run):
        raise UserError(
            f"the rows are not those that {run.path} was trained and tested on",
            "type data.test=FILE to score other rows: those that it was trained on are left out",
        )
    if not overrides:
        with alone(run.path):
            pipeline.score_and_train(plan, run)
            conclude(plan.config, run)
        return run
    folder = _begun(run, plan) or new_folder(run.evaluations)
    evaluation = Run(folder, ["evaluate", str(run.path), *overrides], run.adapter)
    with alone(folder):
        try:
            write_text(evaluation.config, to_yaml(replace(plan.config, run_dir=str(folder))))
            shutil.copy(run.train, evaluation.train)
            pipeline.score_and_train(plan, evaluation)
            conclude(plan.config, evaluation)
        except BaseException:
            if not evaluation.base_predictions.parent.exists():  # nothing was scored yet
                shutil.rmtree(folder)
            raise
    return evaluation


def _unseen(plan: Plan, run: Run) -> Plan:
    """The plan without the test rows that the run was trained on, or its checkpoint chosen by.

    Raises:
        UserError: it was trained on all of them.
    """
    saved = from_file(run.config)
    log.info("the rows that %s was trained on:", run.path)
    try:
        asked = replace(saved.data, prompt=plan.config.data.prompt)
        then = load_rows(asked, saved.task.format)
    except UserError as error:
        log.warning("whether it was trained on test rows cannot be told: %s", error.message)
        return plan
    if asked.prompt == saved.data.prompt and then.report["fingerprint"] != _fingerprint(run):
        log.warning(
            "the rows of %s have changed since: whether it was trained on test rows cannot be told "
            "of all",
            run.path,
        )
    known = set(map(_asked, then.train + then.validation))
    test = [row for row in plan.data.test if _asked(row) not in known]
    seen, report = len(plan.data.test) - len(test), plan.data.report
    if not test:
        raise UserError(
            f"{run.path} was trained on all {seen} test rows", "name others by data.test=FILE"
        )
    if seen:
        log.warning(
            "%d of %d test rows are left out: the run was trained on them", seen, len(test) + seen
        )
        dropped = {**report["dropped"], "test": {**report["dropped"]["test"], "trained_on": seen}}
        counts = Counter(row["label"] for row in test if "label" in row)
        labels = {**report["labels"], "test": {name: counts[name] for name in in_order(counts)}}
        rows = {**report["rows"], "test": len(test)}
        report = {**report, "rows": rows, "dropped": dropped, "labels": labels}
    return replace(plan, data=replace(plan.data, test=test, report=report))


def _fingerprint(run: Run) -> str:
    return str(read_json(run.provenance)["data_fingerprint"])


def _asked(row: Row) -> str:
    """What tells one question from another, whatever the system says; of rows that ask nothing, the
    answer."""
    turns = [turn for turn in row["prompt"] if turn["role"] != "system"]
    return json.dumps([turns or row["completion"], row.get("tools")])


def _begun(run: Run, plan: Plan) -> Path | None:
    """The folder of the same evaluation, of the same rows, which was broken off."""
    for begun in map(Run, sorted(run.evaluations.glob("*"))):
        if begun.metrics.exists() or not (begun.config.exists() and begun.provenance.exists()):
            continue
        same_rows = (
            read_json(begun.provenance)["data_fingerprint"] == plan.data.report["fingerprint"]
        )
        if same_rows and not differences(plan.config, from_file(begun.config)):
            log.info("going on in %s", begun.path)
            return begun.path
    return None
