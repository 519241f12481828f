"""Checks that the schema's classes share: each says what was wrong and what to type.

python -m slm_lora +recipe=sentiment lora.rank=4      (names the nearest right key)
"""

from difflib import get_close_matches

from slm_lora.errors import UserError


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """`did you mean 'r'?` when a known name is near, else the list of what is known."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else "known here: " + ", ".join(sorted(known))


def choice(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        close = get_close_matches(value, choices, n=1)
        meant = f"; did you mean '{close[0]}'?" if close else ""
        raise UserError(f"{key} is '{value}'", f"expected one of {', '.join(choices)}{meant}")


def at_least(key: str, value: float | None, least: float) -> None:
    if value is not None and value < least:
        raise UserError(f"{key} is {value}", f"expected {least} or more, such as {key}={least}")


def share(key: str, value: float | None) -> None:
    """A share of a whole: 0 is allowed, 1 is not."""
    if value is not None and not 0 <= value < 1:
        raise UserError(f"{key} is {value}", f"expected 0 or more and below 1, such as {key}=0.1")
