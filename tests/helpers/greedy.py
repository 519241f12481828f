"""Greedy writing as plainly as can be, for comparison.

from tests.helpers.greedy import one_by_one
"""

from collections.abc import Collection
from typing import Any

import torch


def one_by_one(model: Any, prompt: list[int], limit: int, stops: Collection[int] = ()) -> list[int]:
    """The likeliest token each time, by a whole forward for each: `limit` at most, the one of
    `stops` that ends it included."""
    ids = list(prompt)
    while len(ids) < len(prompt) + limit and not (len(ids) > len(prompt) and ids[-1] in stops):
        with torch.no_grad():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prompt) :]
