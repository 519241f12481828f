"""Base and tuned model on the same items, as metrics.json holds it.

    right_or_wrong([False, True], [True, True])["wins"]      1

Both return `difference` (tuned minus base), `ci95`, `p_value`, the name of the `test`, and how many
items improved (`wins`), got worse (`losses`) or stayed (`ties`). The intervals and tests: stats.py.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from slm_lora import stats
from slm_lora.records import Comparison


def right_or_wrong(base: Sequence[bool], tuned: Sequence[bool]) -> Comparison:
    """Of items that are right or wrong: Newcombe's paired interval, exact McNemar test, which keep
    their width where all items are right or all wrong."""
    wins = sum(t and not b for b, t in zip(base, tuned, strict=True))
    losses = sum(b and not t for b, t in zip(base, tuned, strict=True))
    difference, interval = stats.paired_difference(base, tuned)
    return {
        "difference": difference,
        "ci95": list(interval),
        "p_value": stats.mcnemar_p(wins, losses),
        "test": "McNemar",
        "wins": wins,
        "losses": losses,
        "ties": len(base) - wins - losses,
    }


def mean(
    base: ArrayLike,
    tuned: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    higher_is_better: bool = True,
) -> Comparison:
    """Of a number for each item (items,), weighted: bootstrap interval, permutation test."""
    difference, interval, p_value = stats.paired_mean_difference(base, tuned, weights)
    gain = (np.asarray(tuned) - np.asarray(base)) * (1 if higher_is_better else -1)
    return {
        "difference": difference,
        "ci95": list(interval),
        "p_value": p_value,
        "test": "permutation",
        "wins": int((gain > 0).sum()),
        "losses": int((gain < 0).sum()),
        "ties": int((gain == 0).sum()),
    }
