"""Configuration keys of learning from the model's own answers."""

from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number, one_of


@dataclass(frozen=True)
class ImproveConfig:
    """Rejection-sampling fine-tuning (arXiv:2308.01825): the tuned model answers training task
    items, and those of its answers that pass the items' tests are trained too. Code only; training
    rows need the columns `tests` and `entry_points`. Validation and test rows are never drawn for.
    """

    rounds: int = field(default=0, metadata=number(least=0))
    """Rounds after the first fine-tuning, each with answers of the model of the round before; 0:
    none."""
    n_samples: int = field(default=8, metadata=number(least=1))
    """Answers drawn for each training task item."""
    temperature: float = field(default=0.8, metadata=number(above=0))
    """Of these answers: more than task.temperature, as only answers that differ are kept."""
    top_p: float = field(default=0.95, metadata=number(above=0, most=1))
    """They draw from the likeliest tokens that together have this probability."""
    tasks: int | None = field(default=None, metadata=number(least=1))
    """At most so many training task items are drawn for, chosen by `seed`; null: all."""
    most: int = field(default=2, metadata=number(least=1))
    """Answers kept for each task item, over all rounds: the first that pass, differ as programs
    from one another (comments and layout aside) and are not the row's own solution."""
    rows: int | None = field(default=None, metadata=number(least=1))
    """At most so many answers are kept in a round, first those of the items that the fewest answers
    solve; null: all."""
    start: str = field(default="base", metadata=one_of("base", "adapter"))
    """What a round's fine-tuning begins with: the `base` model and a fresh adapter, or the
    `adapter` of the round before. Both train on all rows, the kept answers among them."""

    def __post_init__(self) -> None:
        check_fields("improve", self)
