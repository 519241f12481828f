"""What a verb is."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """One word of the command line: what it does, what it may change, and its function."""

    summary: str
    """One line for `--help`."""
    usage: str
    """What follows `slm-lora` and the verb."""
    about: str
    """What `VERB --help` says first."""
    examples: tuple[str, ...]
    """Lines to type, without `slm-lora`."""
    main: Callable[[list[str]], None]
    """Takes the words after the verb."""
    options: tuple[tuple[str, str], ...] = ()
    """Words that are not keys, and what each does."""
    may_change: tuple[str, ...] = ()
    """Sections and keys that the words may set, in the order of `VERB --help`."""
    any_key: bool = False
    """Whether every key may be set: the verb composes a config of its own."""
    repeatable: bool = False
    """Whether the same line does the same again after an interruption."""

    def changes(self, key: str) -> bool:
        """Whether the words may set this key."""
        return self.any_key or any(
            key == allowed or key.startswith(f"{allowed}.") for allowed in self.may_change
        )
