"""Answers drawn from the tuned model, and the training rows that they become.

items = improve.items(plan, folder)
improve.draw(plan, folder, tuned, items, 1)
data = improve.prepared(plan, folder, 1)
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from peft import PeftModel

from slm_lora.data import Prepared, with_more
from slm_lora.files import read_jsonl, replacing, whole, write_jsonl
from slm_lora.improve.selection import Drawn, chosen, select
from slm_lora.preflight import Plan
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.run_folder import Run
from slm_lora.tasks import OwnAnswers


def first_round(plan: Plan, folder: Run) -> int:
    """The first round of which a file is missing; of the last one nobody asks."""
    last = plan.config.improve.rounds
    for number in range(0 if not folder.borrows_adapter else last, last):
        at = folder.round(number, last)
        wanted = (at.adapter, at.tuned_predictions, folder.kept(number + 1))
        if not all(file.exists() for file in wanted):
            return number
    return last


def items(plan: Plan, folder: Run) -> list[Row]:
    """Training task items that are drawn for; none where nothing is left to be drawn.

    Raises:
        UserError: of no item the tests tell right from wrong.
    """
    if first_round(plan, folder) == plan.config.improve.rounds:
        return []
    own, config, rows = _own(plan), plan.config, plan.data.train_rows
    judgeable = own.judgeable(rows, config)
    log.info("%d of %d training rows can be drawn for", len(judgeable), len(rows))
    return own.usable(chosen(judgeable, config.improve.tasks, config.seed), config)


def draw(plan: Plan, folder: Run, tuned: PeftModel, items: Sequence[Row], number: int) -> None:
    """rounds/<number>/drawn.jsonl: what the model of the round before answers to training items,
    with verdicts; and rows.jsonl: the answers that become training rows."""
    own, config = _own(plan), plan.config
    if folder.kept(number).exists():
        return
    if not folder.drawn(number).exists():
        found = plan.task.predict(
            tuned,
            plan.tokenizer,
            items,
            plan.labels,
            config=replace(config, task=own.drawing(config), seed=config.seed + number),
            title=f"round {number}, training items",
        )
        write_jsonl(folder.drawn(number), found)
    by_id = {row["id"]: row for row in plan.data.train_rows}
    drawn = [
        Drawn(by_id[found["id"]], config.improve.n_samples, own.right(found))
        for found in read_jsonl(folder.drawn(number))
    ]
    before, improve = _kept(folder, number - 1), config.improve
    kept = select(drawn, before, own.form, most=improve.most, rows=improve.rows)
    log.info(
        "round %d: %d answers to %d training items, %d right, %d new and kept",
        number,
        sum(item.answers for item in drawn),
        len(drawn),
        sum(len(item.right) for item in drawn),
        len(kept),
    )
    if not kept:
        _leave_as_it_was(plan, folder, number)
    write_jsonl(folder.kept(number), kept)


def prepared(plan: Plan, folder: Run, number: int) -> Prepared:
    """What a round is trained on: the rows of the run, and all that was kept up to it."""
    more = _kept(folder, number)
    return with_more(plan.data, more, plan.tokenizer, plan.config) if more else plan.data


def _leave_as_it_was(plan: Plan, folder: Run, number: int) -> None:
    """In a round without new rows, adapter and predictions of the round before are its own."""
    log.warning(
        "round %d: no answer is new and right, so the adapter stays as it was; a higher "
        "improve.temperature draws answers that differ more",
        number,
    )
    last = plan.config.improve.rounds
    before, at = folder.round(number - 1, last), folder.round(number, last)
    files = ((before.train, at.train), (before.tuned_predictions, at.tuned_predictions))
    for source, target in files:
        with whole(target) as beside:
            shutil.copy(source, beside)
    with replacing(at.adapter) as beside:
        shutil.copytree(before.adapter, beside, dirs_exist_ok=True)


def _own(plan: Plan) -> OwnAnswers:
    assert plan.task.own_answers, "preflight refuses improve.rounds without"
    return plan.task.own_answers


def _kept(folder: Run, number: int) -> list[Row]:
    """All rows that were added up to this round."""
    files = [folder.kept(n) for n in range(1, number + 1)]
    return [cast(Row, row) for file in files for row in read_jsonl(file)]
