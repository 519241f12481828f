"""Splits and limits by seed and content, so that a row keeps its side when others are added.

Every row has a number in [0, 1): a hash of the seed, the purpose and its own text. Rows that share
a text therefore share a side too. Of each label the share with the lowest numbers is held out, so
rows that are added move the side of few others.
"""

import hashlib
from collections import defaultdict

from slm_lora.data.shapes import Item


def place(item: Item, seed: int, purpose: str) -> float:
    """The row's number, evenly spread over [0, 1)."""
    digest = hashlib.sha256(f"{seed}\n{purpose}\n{item.text}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def hold_out(
    items: list[Item], fraction: float, seed: int, purpose: str
) -> tuple[list[Item], list[Item]]:
    """The rows that stay and the share held out, of each label; rows without one are held out by
    their number only. Of two texts or more, one at least is held out."""
    places = [place(item, seed, purpose) for item in items]
    by_label: dict[str | None, set[float]] = defaultdict(set)
    labels: dict[float, str | None] = {}  # rows of one text may differ in it, and share a side
    for item, at in zip(items, places, strict=True):
        by_label[labels.setdefault(at, item.row.get("label"))].add(at)
    held = set().union(*(_lowest(by_label[label], fraction, label) for label in by_label))
    held = held or _lowest(set(places), fraction, None)  # every label has one text
    return (
        [item for item, at in zip(items, places, strict=True) if at not in held],
        [item for item, at in zip(items, places, strict=True) if at in held],
    )


def _lowest(places: set[float], fraction: float, label: str | None) -> set[float]:
    if fraction == 0 or len(places) < 2:
        return set()
    if label is None:
        most = max(fraction, min(places))
        return {at for at in places if at <= most}
    share = min(max(round(fraction * len(places)), 1), len(places) - 1)
    return set(sorted(places)[:share])


def limit(items: list[Item], most: int | None, seed: int) -> tuple[list[Item], int]:
    """At most `most` rows in their order, and how many were left out. A smaller limit takes a part
    of a larger one's rows."""
    if most is None or len(items) <= most:
        return items, 0
    places = [place(item, seed, "limit") for item in items]
    chosen = sorted(sorted(range(len(items)), key=places.__getitem__)[:most])
    return [items[n] for n in chosen], len(items) - most
