"""Shares of the sources in the training rows, by `data.mix`.

    python -m slm_lora +recipe=instruct 'data.train=[a.jsonl,b.jsonl]' 'data.mix={a: 0.7, b: 0.3}'

As many rows as the shares allow with no row twice, so that one source is used up: what
`datasets.interleave_datasets` calls first_exhausted, but with exact shares in place of drawn ones,
and with rows chosen by content, so that few change when a source grows.
"""

from fractions import Fraction

from slm_lora.data import splits
from slm_lora.data.shapes import Item
from slm_lora.errors import UserError


def by_shares(
    items: list[Item], weights: dict[str, float], most: int | None, seed: int
) -> tuple[list[Item], int, int]:
    """The rows that are used, how many the shares leave out, and how many more the limit does.

    Raises:
        UserError: a source has no rows.
    """
    typed = {name: Fraction(str(weight)) for name, weight in weights.items()}
    shares = {name: weight / sum(typed.values()) for name, weight in typed.items()}
    held = {name: [item for item in items if item.source == name] for name in shares}
    for name in shares:
        if not held[name]:
            raise UserError(
                f"data.mix: no row of {name} is left to train on",
                "leave it out of data.train and data.mix",
            )
    allowed = int(min(len(held[name]) / share for name, share in shares.items()))
    used = allowed if most is None else min(allowed, most)
    counts = _whole_rows(shares, used)
    kept = [item for name in held for item in splits.limit(held[name], counts[name], seed)[0]]
    return kept, len(items) - allowed, allowed - used


def _whole_rows(shares: dict[str, Fraction], total: int) -> dict[str, int]:
    """Rows by source that add up to the total; the largest parts of a row are rounded up."""
    counts = {name: int(share * total) for name, share in shares.items()}
    by_rest = sorted(shares, key=lambda name: counts[name] - shares[name] * total)
    for name in by_rest[: total - sum(counts.values())]:
        counts[name] += 1
    return counts
