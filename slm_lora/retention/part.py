"""A part of what is measured to see what was unlearnt: how it is asked, judged and compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora.config.sections.task import TaskConfig
from slm_lora.files import Json
from slm_lora.tasks import TASKS


@dataclass(frozen=True)
class Part:
    """Asked of the base and of the tuned model in the same way."""

    name: str
    """Its folder in predictions/retention and its key in metrics.json: `general`, `suite` or
    `lm_eval`."""
    predict: Callable[[Any, PreTrainedTokenizerBase, str], list[Json]]
    """(model, tokenizer, title) → the lines of its file."""
    compare: Callable[[list[Json], list[Json]], Json]
    """(lines of the base, lines of the tuned model) → what metrics.json holds."""
    check: Callable[[], None] = lambda: None
    """Refuses what cannot be judged on this machine, before any weight is loaded."""


def by_task(source: str, config: TaskConfig, base: list[Json], tuned: list[Json]) -> Json:
    """The figures that the kind of task has for its own test rows."""
    task = TASKS[config.kind]
    return {
        "name": source,
        "task": config.kind,
        "rows": len(base),
        "base": task.metrics(base, config),
        "tuned": task.metrics(tuned, config),
        "comparison": task.compare(base, tuned, config),
    }
