"""Configuration keys of the machine, and of sweeps over many runs.

python -m slm_lora +recipe=sentiment hardware=gpu_8gb
"""

from dataclasses import dataclass, field

from slm_lora.config.checks import at_least, choice


@dataclass(frozen=True)
class HardwareConfig:
    """What fits on the device. It never changes the effective batch size, which is the recipe's."""

    micro_batch_size: int | None = None
    """Rows per forward pass; null: the whole batch on a CPU, 8 on a GPU."""
    gradient_checkpointing: bool = False
    """Recompute activations instead of keeping them: a third more time, a tenth of the memory."""

    def __post_init__(self) -> None:
        at_least("hardware.micro_batch_size", self.micro_batch_size, 1)


@dataclass(frozen=True)
class SweepConfig:
    """A sweep by Optuna (`-m hydra/sweeper=optuna`)."""

    n_trials: int = 20
    """Trials in all, those already in the database included."""
    direction: str | None = None
    """`maximize` or `minimize`; null takes what suits the task's primary metric."""
    storage: str | None = None
    """Database file that a later call goes on from; null keeps `optuna.db` in the sweep folder."""
    space: dict[str, str] = field(default_factory=dict)
    """Key → what to try, in Hydra's sweep words: `choice(8,16)`, `interval(1e-4,1e-2)`,
    `tag(log, interval(1e-4,1e-2))`, `range(1,5)`."""

    def __post_init__(self) -> None:
        at_least("sweep.n_trials", self.n_trials, 1)
        if self.direction is not None:
            choice("sweep.direction", self.direction, ("maximize", "minimize"))
