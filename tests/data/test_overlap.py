"""Near overlap against a comparison of all pairs.

pytest tests/data/test_overlap.py
"""

import random
from itertools import pairwise

import pytest

from slm_lora.data import overlap
from slm_lora.data.shapes import Item


def members(text: str) -> set[str]:
    words = text.split()
    return {*words, *(f"{a} {b}" for a, b in pairwise(words))}


def jaccard(one: str, two: str) -> float:
    a, b = members(one), members(two)
    return len(a & b) / len(a | b)


def items(texts: list[str]) -> list[Item]:
    return [Item({"id": str(n)}, text) for n, text in enumerate(texts)]


def alike(count: int, seed: int) -> list[str]:
    """Texts of few words, so that many are near each other at every similarity."""
    draw = random.Random(seed)
    start = ["the film was on the whole quite good", "a b c d e f g h i j k l"]
    made = []
    for _ in range(count):
        words = draw.choice(start).split()
        for _ in range(draw.randrange(5)):
            words[draw.randrange(len(words))] = draw.choice(["the", "film", "good", "a"])
        made.append(" ".join(words[: draw.randrange(1, len(words) + 1)]))
    return made


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 1.0])
def test_near_finds_the_same_rows_as_comparing_all_pairs(threshold: float) -> None:
    train, test = alike(150, 1), alike(60, 2)
    best = {n: max(jaccard(one, other) for other in train) for n, one in enumerate(test)}
    expected = {n for n, value in best.items() if value >= threshold}
    found = overlap.near(items(train), items(test), threshold)
    assert expected
    assert threshold < 0.5 or len(expected) < len(test)
    assert found["near"] == len(expected)
    for pair in found["examples"]:
        assert pair["similarity"] == pytest.approx(best[int(pair["test"])], abs=1e-3)
        assert train[int(pair["train"])] == pair["train_text"]


def test_chunks_of_test_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = items(alike(80, 3)), items(alike(40, 4))
    whole = overlap.near(train, test, 0.5)
    monkeypatch.setattr(overlap, "CHUNK", 7)
    assert overlap.near(train, test, 0.5) == whole


def test_nothing_is_near_to_nothing() -> None:
    assert overlap.near(items(["a b"]), [], 0.8)["near"] == 0
    assert overlap.near(items([""]), items(["?"]), 0.8)["near"] == 0
