"""Configuration keys of the machine, and of sweeps over many runs."""

import re
from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number, one_of
from slm_lora.errors import UserError


@dataclass(frozen=True)
class HardwareConfig:
    """What fits on the device. It never changes the effective batch size, which is the recipe's."""

    memory_gb: float | None = field(default=None, metadata=number(above=0, most=2**20))
    """Memory to plan for, in GiB; null: what this machine has."""
    micro_batch_size: int | None = field(default=None, metadata=number(least=1))
    """Rows per forward pass, packed ones where rows are packed; null: as many of a batch as fit the
    memory by the forecast that `plan` shows."""
    gradient_checkpointing: bool | None = None
    """Recompute activations instead of keeping them: a third more time, a tenth of the memory;
    null: where not even one row fits without."""
    compile: bool | None = None
    """Let torch compile the model's layers for training: a tenth to a quarter faster, after a
    minute of compiling. It needs a C++ compiler; null: a long training in bf16 on a CPU that has
    one."""
    shard: bool = False
    """Share the weights of the base model out among the processes that torchrun starts (FSDP2), for
    one that no single GPU holds: slower, and every GPU holds its part."""

    def __post_init__(self) -> None:
        check_fields("hardware", self)


@dataclass(frozen=True)
class SweepConfig:
    """A sweep by Optuna (`-m hydra/sweeper=optuna`)."""

    n_trials: int = field(default=20, metadata=number(least=1))
    """Trials in all, those already in the database included."""
    direction: str | None = field(default=None, metadata=one_of("maximize", "minimize"))
    """`maximize` or `minimize`; null takes what suits the metric that jobs are chosen by."""
    storage: str | None = None
    """What a later call goes on from, and other processes share: an SQLite file, a `FILE.journal`
    (for a network's file system), or a server's URL without a password (`postgresql://HOST/DB`);
    null keeps `optuna.db` in the sweep folder."""
    space: dict[str, str] = field(default_factory=dict)
    """Key → what to try, in Hydra's sweep words: `choice(8,16)`, `interval(1e-4,1e-2)`,
    `tag(log, interval(1e-4,1e-2))`, `range(1,5)`."""

    def __post_init__(self) -> None:
        check_fields("sweep", self)
        if self.storage and re.search(r"://[^/@]*:[^/@]*@", self.storage):
            raise UserError(
                "sweep.storage holds a password, which would stand in every job's config",
                "leave it out; PostgreSQL reads it from ~/.pgpass or PGPASSWORD",
            )
