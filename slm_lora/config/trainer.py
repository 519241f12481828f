"""What we say of the options under `trainer`, before trl.SFTConfig judges them itself."""

from importlib.util import find_spec
from typing import Any

from slm_lora.config.checks import Range, check_choice, check_number
from slm_lora.config.options import trackers
from slm_lora.config.reserved import RESERVED_TRAINER_KEYS, instead
from slm_lora.errors import UserError

RANGES = {
    "learning_rate": (Range(above=0), 2e-4),
    "num_train_epochs": (Range(above=0), 3),
    "max_length": (Range(least=1), 1024),
    "logging_steps": (Range(above=0), 10),
    "eval_steps": (Range(above=0), 0.2),
    "save_steps": (Range(above=0), 0.2),
    "save_total_limit": (Range(least=1), 2),
    "warmup_steps": (Range(least=0), 0.05),
    "weight_decay": (Range(least=0), 0.01),
    "max_grad_norm": (Range(least=0), 1.0),
    "per_device_eval_batch_size": (Range(least=1), 8),
}
"""Option → what it may be, and a value that is common."""

PACKAGES = {
    "azure_ml": ("azureml", "azureml-mlflow"),
    "flyte": ("flytekit", "flytekit"),
    "kubeflow": ("transformers", "transformers"),  # it speaks to the cluster by itself
}
"""Tracker → its module and its package, where they are not named as the tracker is."""


def check_trainer(trainer: dict[str, Any], early_stopping: int | None, best_by: str) -> None:
    """
    Raises:
        UserError: an option is decided elsewhere, out of its range, or at odds with another.
    """
    for key, value in trainer.items():
        if key in RESERVED_TRAINER_KEYS:
            raise instead("trainer", key, value, RESERVED_TRAINER_KEYS[key])
        if key in RANGES and isinstance(value, int | float):
            check_number(f"trainer.{key}", value, *RANGES[key])
    steps = trainer.get("max_steps")
    if isinstance(steps, int) and steps < 1 and steps != -1:
        raise UserError(
            f"trainer.max_steps is {steps}",
            "expected 1 or more, or -1 for whole epochs, such as trainer.max_steps=-1",
        )
    _check_trackers(trainer.get("report_to"))
    if trainer.get("packing") and trainer.get("max_length") is None:
        raise UserError(
            "trainer.packing=true with trainer.max_length=null",
            "packing fills rows up to a length; type trainer.max_length=1024",
        )
    _check_strategies(trainer)
    _check_best_checkpoint(trainer, early_stopping, best_by)


def _check_strategies(trainer: dict[str, Any]) -> None:
    # A run without validation rows is one of eval_strategy=no, whatever its eval_steps.
    for kind, allowed in (("eval", (None, "steps", "no")), ("save", (None, "steps"))):
        strategy, steps = trainer.get(f"{kind}_strategy"), trainer.get(f"{kind}_steps")
        if strategy not in allowed and steps is not None:
            raise UserError(
                f"trainer.{kind}_steps={steps} with trainer.{kind}_strategy={strategy}",
                f"type trainer.{kind}_strategy=steps, or trainer.{kind}_steps=null",
            )


def _check_trackers(report_to: str | list[str] | None) -> None:
    named = [report_to] if isinstance(report_to, str) else report_to or []
    for tracker in named:
        if tracker in ("none", "all"):
            continue
        if known := trackers():
            check_choice("trainer.report_to", tracker, ("none", "all", *known))
        module, package = PACKAGES.get(tracker, (tracker, tracker))
        found = find_spec(module) or (tracker == "tensorboard" and find_spec("tensorboardX"))
        if not found:
            raise UserError(
                f"trainer.report_to={tracker}, but {package} is not installed",
                f"type pip install {package}, or trainer.report_to=none",
            )


def _check_best_checkpoint(
    trainer: dict[str, Any], early_stopping: int | None, best_by: str
) -> None:
    best = trainer.get("load_best_model_at_end")
    ours = {
        "early_stopping": early_stopping,
        "best_by": None if best_by == "loss" else best_by,
    }
    for key, value in {**ours, "trainer.load_best_model_at_end": best}.items():
        if value and trainer.get("eval_strategy") == "no":
            raise UserError(
                f"{key}={value} with trainer.eval_strategy=no",
                "only evaluations tell the best checkpoint; type trainer.eval_strategy=steps",
            )
        if value and trainer.get("save_strategy") == "no":
            raise UserError(
                f"{key}={value} with trainer.save_strategy=no",
                "the best must have been saved; type trainer.save_strategy=steps",
            )
    for key, value in ours.items():
        if value and best is False:
            raise UserError(
                f"{key}={value} with trainer.load_best_model_at_end=false",
                "it keeps the best checkpoint; type trainer.load_best_model_at_end=true",
            )
