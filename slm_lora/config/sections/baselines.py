"""Configuration keys of the ways that the tuned model is compared with."""

from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number, one_of


@dataclass(frozen=True)
class BaselinesConfig:
    """Simple ways to do the task without tuning the model, on the same test rows."""

    run: bool = True
    """Measure them; in a sweep only for the job that is chosen."""
    shots: int = field(default=4, metadata=number(least=0))
    """Classification and code: training rows shown to the base model in its prompt; 0: no such
    baseline."""
    context: str | None = None
    """Code: a text file, such as a cheat sheet of the framework, that the base model reads before
    each task item and, after training, the tuned model too: an answer an item each. Left out where
    the model's context has no room for it."""
    encoder: str | None = None
    """Classification: a BERT-type encoder (folder or hub id, such as distilbert-base-uncased)
    that is tuned on the same rows."""
    encoder_method: str = field(default="full", metadata=one_of("full", "lora"))
    """What of the encoder is trained: all weights (`full`) or an adapter of rank 16 (`lora`)."""
    encoder_epochs: int = field(default=3, metadata=number(least=1))
    """Passes over the training rows; the one with the best loss on the validation rows is kept."""
    encoder_learning_rate: float | None = field(default=None, metadata=number(above=0))
    """Peak rate; null takes 5e-5 for `full` and 5e-4 for `lora`."""

    def __post_init__(self) -> None:
        check_fields("baselines", self)
