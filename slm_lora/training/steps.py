"""At which steps a training evaluates and saves, and how long it warms up.

    python -m slm_lora +recipe=sentiment trainer.eval_steps=5
    python -m slm_lora +recipe=sentiment trainer.save_strategy=epoch

Evaluating and saving go together, so of what is set for one the other follows where it is left
open (null): only a checkpoint that was evaluated can be the best.
"""

import math
from dataclasses import replace
from typing import Any

from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.progress import log

OPEN = ("eval_strategy", "eval_steps", "save_strategy", "save_steps", "load_best_model_at_end")
SHARE = 0.2
"""Of the training, from one evaluation to the next, where nothing is set."""


def matched(trainer: dict[str, Any], early_stopping: int | None) -> dict[str, Any]:
    """The same options with those of evaluations and checkpoints decided that were left open."""
    said = {key: trainer[key] for key in OPEN if trainer.get(key) is not None}
    decided: dict[str, Any] = {}
    for kind, other in (("eval", "save"), ("save", "eval")):
        strategy, followed = _strategy(said, kind), _strategy(said, other)
        if strategy is None:
            strategy = followed if followed == "epoch" else "steps"
        decided[f"{kind}_strategy"] = strategy
        if strategy == "steps":
            steps = said.get(f"{kind}_steps", said.get(f"{other}_steps", SHARE))
            decided[f"{kind}_steps"] = steps
    if "load_best_model_at_end" not in said:
        # Early stopping needs it: where it cannot be, TRL says why.
        best = early_stopping is not None or _go_together(decided)
        if not best:
            log.info(
                "the last checkpoint is taken, not the best, with %s",
                " ".join(f"trainer.{key}={value}" for key, value in decided.items()),
            )
        decided["load_best_model_at_end"] = best
    rest = {key: value for key, value in trainer.items() if key not in OPEN}
    return rest | said | decided


def _strategy(said: dict[str, Any], kind: str) -> str | None:
    """`no`, `steps`, `epoch` … as it was set for `eval` or `save`; None where it was left open."""
    return said.get(f"{kind}_strategy") or ("steps" if f"{kind}_steps" in said else None)


def _go_together(trainer: dict[str, Any]) -> bool:
    """Whether every checkpoint is evaluated; transformers' own rule (TrainingArguments)."""
    if "no" in (trainer["eval_strategy"], trainer["save_strategy"]):
        return False
    if trainer["save_strategy"] == "best":
        return True
    if {trainer["eval_strategy"], trainer["save_strategy"]} != {"steps"}:
        return bool(trainer["eval_strategy"] == trainer["save_strategy"])
    between, saved = trainer["eval_steps"], trainer["save_steps"]
    # One a share and the other a number: they may meet, and transformers will not have it.
    same_kind = (between < 1) == (saved < 1)
    return bool(same_kind and saved * 1_000_000 % (between * 1_000_000) == 0)


def without_evaluations(config: Config) -> Config:
    """The same resolved config for a run without validation rows: there is nothing to evaluate."""
    if config.trainer["eval_strategy"] == "no":
        return config
    log.info("no validation rows: the last checkpoint is taken, not the best")
    off = {"eval_strategy": "no", "load_best_model_at_end": False}
    return replace(config, trainer=config.trainer | off)


def with_warm_up(config: Config, steps: int) -> Config:
    """The same config for this number of steps, without a warm-up that is one step long: a warm-up
    begins at rate 0, and of a short training that step would be lost.

    Raises:
        UserError: the warm-up is as long as the training.
    """
    asked = config.trainer.get("warmup_steps") or 0
    if asked >= 1 and asked >= steps:
        raise UserError(
            f"trainer.warmup_steps={asked} in a training of {steps} steps",
            "it would never reach its learning rate; type trainer.warmup_steps=0.05 for a share",
        )
    if not 0 < asked < 1 or math.ceil(asked * steps) > 1:
        return config
    log.info("%d steps in all: no warm-up, whose one step would teach nothing", steps)
    return replace(config, trainer=config.trainer | {"warmup_steps": 0})
