"""What a kind of task is to everybody else: a name, the metric that decides, and functions.

from slm_lora.tasks import TASKS
task = TASKS[config.task.kind]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slm_lora.config.schema import Config
from slm_lora.config.sections.task import TaskConfig
from slm_lora.data import Loaded
from slm_lora.records import Row

Prediction = dict[str, Any]
Figures = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One kind of task. All that is special about it stands in its own folder; the others ask."""

    name: str
    """`task.kind` of the config."""
    primary: str
    """The metric that decides, a key of what `metrics` returns."""
    labels: Callable[[Config, Loaded], list[str]]
    """The labels to choose from, in their order; none where the task has no labels."""
    check: Callable[[Sequence[Row], Config], None]
    """Refuses test rows that cannot be judged, before any weight is loaded."""
    predict: Callable[..., list[Prediction]]
    """(model, tokenizer, rows, labels, config, title) → one prediction a row."""
    metrics: Callable[[Sequence[Prediction], TaskConfig], Figures]
    """The figures of one model over all its predictions."""
    compare: Callable[[Sequence[Prediction], Sequence[Prediction], TaskConfig], Figures]
    """(base, tuned, config) → the paired difference of the primary metric, with interval and p."""
