"""Configuration keys of what tuning may have unlearnt."""

from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number
from slm_lora.errors import UserError


@dataclass(frozen=True)
class RetentionConfig:
    """What was unlearnt: base and tuned model on texts and tasks that are none of the run's own."""

    rows: int = field(default=200, metadata=number(least=0, most=300))
    """General sentences, and instructions with answers, of many subjects, whose loss is compared;
    0: none. A sweep measures this section for its best job alone."""
    suite: str | None = None
    """`humaneval` or `mbpp` (from the hub), or a file: programs in the layout of one of the two or
    of ours are judged in the sandbox, pass@1 of greedy answers; other rows by their loss."""
    lm_eval: list[str] = field(default_factory=list)
    """Tasks of the package lm_eval, such as [hellaswag,arc_easy]:
    pip install 'slm-lora[lm-eval]'."""
    lm_eval_limit: int | None = field(default=None, metadata=number(least=1))
    """Items of each lm_eval task that are asked; null: all of them."""

    def __post_init__(self) -> None:
        check_fields("retention", self)
        if self.lm_eval_limit is not None and not self.lm_eval:
            raise UserError(
                f"retention.lm_eval_limit={self.lm_eval_limit} without retention.lm_eval",
                "name the tasks, such as retention.lm_eval=[hellaswag]",
            )


NOTHING = RetentionConfig(rows=0)
"""Measures none of it."""
