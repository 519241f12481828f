"""Kinds of task: prompt, answer, score and how they are shown together, a folder each.

from slm_lora.tasks import TASKS
task = TASKS[config.task.kind]
"""

from slm_lora.tasks.classification import CLASSIFICATION
from slm_lora.tasks.code import CODE
from slm_lora.tasks.judge import check_best_by, judge_of
from slm_lora.tasks.task import (
    Baseline,
    Finding,
    Given,
    Metric,
    OwnAnswers,
    Pair,
    Prediction,
    Task,
    Written,
)
from slm_lora.tasks.text import TEXT

__all__ = [
    "TASKS",
    "Baseline",
    "Finding",
    "Given",
    "Metric",
    "OwnAnswers",
    "Pair",
    "Prediction",
    "Task",
    "Written",
    "check_best_by",
    "judge_of",
]

TASKS = {task.name: task for task in (CLASSIFICATION, CODE, TEXT)}
"""`task.kind` → the task."""
