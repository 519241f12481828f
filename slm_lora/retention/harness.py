"""Tasks of the Language Model Evaluation Harness (github.com/EleutherAI/lm-evaluation-harness).

pip install 'slm-lora[lm-eval]'
python -m slm_lora evaluate RUN retention.lm_eval=[hellaswag] retention.lm_eval_limit=200

The harness asks in its own way, without the chat template, and gives its own figures.
"""

from importlib.util import find_spec
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora.config.checks import nearest
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import Json
from slm_lora.retention.part import Part


def lm_eval_tasks(config: Config) -> Part | None:
    """The tasks of `retention.lm_eval`.

    Raises:
        UserError: the package is not installed, or does not know a task.
    """
    tasks, limit = config.retention.lm_eval, config.retention.lm_eval_limit
    if not tasks:
        return None
    if find_spec("lm_eval") is None:
        raise UserError(
            f"retention.lm_eval={tasks} needs the package lm_eval",
            "type pip install 'slm-lora[lm-eval]'",
        )
    from lm_eval.tasks import TaskManager

    known = TaskManager().all_tasks
    for task in tasks:
        if task not in known:
            raise UserError(f"lm_eval has no task '{task}'", nearest(task, known))

    def predict(model: Any, tokenizer: PreTrainedTokenizerBase, title: str) -> list[Json]:
        return ask(model, tokenizer, tasks, limit, config.task.batch_size)

    return Part("lm_eval", predict, compare)


def ask(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    tasks: list[Any],
    limit: int | None,
    batch_size: int,
) -> list[Json]:
    """One line a task: its name as `task`, and its figures, such as `acc` and `acc_stderr`."""
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    asked = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=batch_size)
    found = simple_evaluate(model=asked, tasks=tasks, limit=limit, log_samples=False)
    return [
        # `acc,none`: a figure, and the filter that the answers went through.
        {"task": task}
        | {k.removesuffix(",none"): v for k, v in figures.items() if isinstance(v, float)}
        for task, figures in found["results"].items()
    ]


def compare(base: list[Json], tuned: list[Json]) -> Json:
    """Task → figures of both models."""
    return {
        before["task"]: {"base": _figures(before), "tuned": _figures(after)}
        for before, after in zip(base, tuned, strict=True)
    }


def _figures(line: Json) -> Json:
    return {key: value for key, value in line.items() if key != "task"}
