"""Splits and limits by seed and content, so that a row keeps its side when others are added.

Every row has a number in [0, 1): a hash of the seed, the purpose and its own text. Rows that share
a text therefore share a side too.
"""

import hashlib

from slm_lora.data.shapes import Item


def place(item: Item, seed: int, purpose: str) -> float:
    """The row's number, evenly spread over [0, 1)."""
    digest = hashlib.sha256(f"{seed}\n{purpose}\n{item.text}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def hold_out(
    items: list[Item], fraction: float, seed: int, purpose: str
) -> tuple[list[Item], list[Item]]:
    """The rows that stay and the share held out. Of two texts or more, one at least is held out."""
    places = [place(item, seed, purpose) for item in items]
    if fraction == 0 or len(set(places)) < 2:
        return items, []
    border = max(fraction, min(places))
    stay = [item for item, at in zip(items, places, strict=True) if at > border]
    held = [item for item, at in zip(items, places, strict=True) if at <= border]
    return stay, held


def limit(items: list[Item], most: int | None, seed: int) -> tuple[list[Item], int]:
    """At most `most` rows in their order, and how many were left out. A smaller limit takes a part
    of a larger one's rows."""
    if most is None or len(items) <= most:
        return items, 0
    places = [place(item, seed, "limit") for item in items]
    chosen = sorted(sorted(range(len(items)), key=places.__getitem__)[:most])
    return [items[n] for n in chosen], len(items) - most
