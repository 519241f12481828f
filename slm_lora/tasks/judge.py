"""Who judges validation rows: the task itself or, where it cannot, the loss of their completions.

judge, reason = judge_of(task, plan.data.validation_rows, plan.config)
"""

from collections.abc import Sequence

from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.records import Row
from slm_lora.tasks.task import Task
from slm_lora.tasks.text import TEXT


def check_best_by(config: Config, reason: str) -> None:
    """Look whether the best checkpoint can be chosen as asked; `reason` is that of `judge_of`.

    Raises:
        UserError: best_by=metric, and the task cannot judge the validation rows.
    """
    if config.best_by == "metric" and reason:
        raise UserError(f"best_by=metric on the validation rows: {reason}", "type best_by=loss")


def judge_of(task: Task, rows: Sequence[Row], config: Config) -> tuple[Task, str]:
    """The task whose primary metric is measured on these rows and, where it is not the config's
    own, why: rows to train on need no tests, for example."""
    try:
        task.check(rows, config)
    except UserError as error:
        return TEXT, error.message
    return task, ""
