"""What a key may hold: said once beside the field, checked here, and shown by `slm-lora keys`.

overlong: str = field(default="drop", metadata=one_of("drop", "error", "truncate"))
top_p: float = field(default=0.95, metadata=number(above=0, most=1))
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from slm_lora.errors import UserError


@dataclass(frozen=True)
class Range:
    """Numbers from `least` (or above `above`) to `most` (or below `below`)."""

    least: float = -math.inf
    above: float = -math.inf
    most: float = math.inf
    below: float = math.inf

    def holds(self, value: float) -> bool:
        """Whether the value lies inside. NaN and infinity never do."""
        inside = self.least <= value <= self.most and self.above < value < self.below
        return inside and math.isfinite(value)

    def __str__(self) -> str:
        if self.least > -math.inf and self.most < math.inf:
            return f"{self.least} to {self.most}"
        bounds = (
            (self.least, f"{self.least} or more"),
            (self.above, f"more than {self.above}"),
            (self.most, f"at most {self.most}"),
            (self.below, f"below {self.below}"),
        )
        said = [text for bound, text in bounds if math.isfinite(bound)]
        return " and ".join(said) or "a finite number"


def one_of(*choices: str) -> dict[str, Any]:
    """Metadata of a field that holds one of these words."""
    return {"choices": choices}


def number(
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> dict[str, Any]:
    """Metadata of a field that holds a number of this range."""
    return {"range": Range(least, above, most, below)}


def one_or_several() -> dict[str, Any]:
    """Metadata of a field that holds one text or a list of texts, for which OmegaConf has no type;
    `check_texts` looks."""
    return {"type": "str or list[str] or null"}


def check_texts(key: str, value: Any) -> str | list[str] | None:
    """The text, or the list of texts; a name of digits was read as a number.

    Raises:
        UserError: it is neither, or a list without texts or with one twice.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, list | tuple) or not value or any(v is None for v in value):
        raise UserError(f"{key} is {value}", f"expected {key}=FILE or {key}=[FILE,FILE]")
    texts = [str(one) for one in value]
    if twice := next((text for text in texts if texts.count(text) > 1), None):
        raise UserError(f"{key} names {twice} twice", "name it once")
    return texts


def check_fields(section: str, values: Any) -> None:
    """Hold each field of a config class against its metadata; null is always allowed where the
    type allows it.

    Raises:
        UserError: a word is none of the choices, or a number lies outside of its range.
    """
    held = vars(values)
    for field in fields(values):
        key, value = f"{section}.{field.name}".lstrip("."), held[field.name]
        if "choices" in field.metadata and value is not None:
            check_choice(key, value, field.metadata["choices"])
        elif isinstance(value, int | float) and not isinstance(value, bool):
            example = field.default if isinstance(field.default, int | float) else None
            check_number(key, value, field.metadata.get("range", Range()), example)


def check_choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    """
    Raises:
        UserError: the value is none of the choices.
    """
    if value not in choices:
        close = get_close_matches(value.lower(), choices, n=1)
        meant = f"; did you mean {key}={close[0]}?" if close else ""
        raise UserError(f"{key} is '{value}'", f"expected one of {', '.join(choices)}{meant}")


def check_number(key: str, value: float, allowed: Range, example: float | None = None) -> None:
    """`example` is a value that works, such as the default.

    Raises:
        UserError: the number lies outside of the range, or is NaN or infinite.
    """
    if not allowed.holds(value):
        if example is None or not allowed.holds(example):
            example = allowed.least if math.isfinite(allowed.least) else None
        such = "" if example is None else f", such as {key}={example}"
        raise UserError(f"{key} is {value}", f"expected {allowed}{such}")


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean 'r'?` when a known name is near, else the list of what is known."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else "known here: " + ", ".join(names)
