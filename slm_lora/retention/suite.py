"""A suite of the user's choice: HumanEval, MBPP, programs in our own layout, or any rows.

python -m slm_lora evaluate RUN retention.suite=HumanEval.jsonl.gz
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import programs, shapes
from slm_lora.data.files import read_files
from slm_lora.data.labels import Labels
from slm_lora.data.read import read_hub
from slm_lora.data.source import Source, columns_of
from slm_lora.errors import UserError
from slm_lora.files import Json
from slm_lora.reading import context_length
from slm_lora.records import Row
from slm_lora.retention.part import Part, by_task
from slm_lora.retention.texts import of_texts
from slm_lora.tasks import TASKS, answer_length

LEAST = 512
"""Tokens of a program, unless the references need more. What the run's own task needs says nothing
of these."""


def suite_rows(config: Config) -> Part | None:
    """The rows that `retention.suite` names.

    Raises:
        UserError: they are not there, or of no layout that is known.
    """
    name = config.retention.suite
    if name is None:
        return None
    source = _read(name, config)
    programs.items_of(source.records, programs.layout_of(columns_of(source)))
    shape = _shape(name, source)
    items, _ = shapes.to_items(source, shape, DataConfig(), Labels(DataConfig(), Source()))
    if not items:
        raise UserError(f"retention.suite={name} has no rows", "name a file with some")
    rows = [item.row for item in items]
    judged = of_programs if all("tests" in row for row in rows) else of_texts
    return judged("suite", Path(name).name, rows, config)


def of_programs(name: str, source: str, rows: Sequence[Row], config: Config) -> Part:
    """Task items of code, judged by the tests: pass@1 of the greedy answers."""
    task = TASKS["code"]
    own = replace(config.task, kind="code", greedy=True, n_samples=0, k=[])
    config = replace(config, task=own)

    def predict(model: Any, tokenizer: PreTrainedTokenizerBase, title: str) -> list[Json]:
        encoded, context = rendering.encode(rows, tokenizer), context_length(model.config)
        limit = answer_length.needed(encoded, context, LEAST)
        asked = replace(config, task=replace(own, max_new_tokens=limit))
        return task.predict(model, tokenizer, rows, [], config=asked, title=f"{title}: {source}")

    return Part(
        name,
        predict,
        lambda base, tuned: by_task(source, own, base, tuned),
        check=lambda: task.check(rows, config),
    )


def _read(name: str, config: Config) -> Source:
    if name not in programs.PUBLIC:
        return read_files(name, "retention.suite", config.data)
    try:
        return read_hub(programs.PUBLIC[name], "test")
    except UserError as error:
        raise UserError(
            error.message, f"name a file that has it: retention.suite={name}.jsonl"
        ) from error


def _shape(name: str, source: Source) -> str:
    """As `shapes.recognise`; of texts with labels only the texts count."""
    found = columns_of(source)
    for shape, needed in shapes.SHAPES.items():
        if set(needed) <= set(found) and shape != "text+label":
            return shape
    raise UserError(
        f"retention.suite={name} has the columns {', '.join(found)}, which are no known layout",
        "expected the public file of HumanEval or MBPP, instruction+solution+tests+entry_points, "
        "or rows of text, prompt+completion, messages or instruction+output",
    )
