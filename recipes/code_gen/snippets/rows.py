"""The rows of snippets: small apps of one or two families with words from anywhere.

python recipes/code_gen/make_dataset.py
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

from words import shuffled

from snippets import (
    components,
    database,
    forms,
    htmx,
    middleware,
    pages,
    responses,
    routing,
    state,
)
from snippets.family import PRELUDE, SETUP, Family, Task, compose

SEED = 1
FAMILIES: list[Family] = [
    family
    for module in (routing, pages, components, forms, htmx, responses, state, middleware, database)
    for family in module.FAMILIES
]
SINGLES = 30
"""Training rows of each family by itself …"""
SINGLES_ALONE = 50
"""… and of one that takes no part in pairs."""
PAIRS = 1700
"""Training rows of two families in one app."""
HELD_OUT_PAIRS = 146
"""Pairs of families that no training row has; each is one item of new_combinations."""
TRAINED_PAIRS = 5
"""So many pairs at least of a family of a held-out pair are in training."""
LONGEST = 384
"""Characters of instruction and solution, less its last line, of a pair: 230 nano tokens."""
LONGEST_SINGLE = 460
"""The same of one family: about 256."""
TRIES = 400

Row = dict[str, Any]
Pair = tuple[Family, Family]


def split_pairs() -> tuple[list[Pair], list[Pair]]:
    """(pairs for training, pairs held out); every family of the latter is often in the former."""
    rng = Random(f"{SEED}-pairs")
    able = [family for family in FAMILIES if not family.alone]
    pairs = [pair for pair in combinations(able, 2) if fits(pair)]
    left = Counter(family.name for pair in pairs for family in pair)
    train: list[Pair] = []
    held_out: list[Pair] = []
    for a, b in shuffled(pairs, rng):
        enough = min(left[a.name], left[b.name]) > TRAINED_PAIRS
        chosen = held_out if enough and len(held_out) < HELD_OUT_PAIRS else train
        if chosen is held_out:
            left.subtract((a.name, b.name))
        chosen.append((a, b) if rng.random() < 0.5 else (b, a))
    return train, held_out


def fits(pair: Pair) -> bool:
    """Can both stand in one app, shortly enough?"""
    keys = [family.app.partition("=")[0] for family in pair if family.app]
    if len(set(keys)) < len(keys):
        return False
    return sum(usual(family) for family in pair) - len(PRELUDE) < LONGEST


@cache
def usual(family: Family) -> int:
    """The length of a family's part in a short pair, and what all have: one in four is shorter."""
    rng = Random(f"{SEED}-length")
    twice = [length(compose((family, family), "few", "known", rng)) for _ in range(40)]
    return (sorted(twice)[10] + len(PRELUDE)) // 2


def length(task: Task) -> int:
    """Characters of the instruction and of the solution without its last line."""
    return len(task.instruction) + len(task.solution.removesuffix("\nserve()\n"))


def new_task(
    families: tuple[Family, ...], split: str, phrasing: str, rng: Random, taken: set[str]
) -> Task:
    """A task whose instruction is not in `taken`, to which it is added, and which is short enough.

    Raises ValueError when none is found.
    """
    most = LONGEST if len(families) > 1 else LONGEST_SINGLE
    for _ in range(TRIES):
        task = compose(families, split, phrasing, rng)
        if task.instruction not in taken and length(task) <= most:
            taken.add(task.instruction)
            return task
    raise ValueError(f"no new task left for {[family.name for family in families]}")


def train_rows() -> list[Row]:
    """The rows of training: each family by itself and in pairs."""
    rng, taken = Random(f"{SEED}-train"), set[str]()
    pairs, _ = split_pairs()
    paired = {family.name for pair in pairs for family in pair}
    plan: list[tuple[Family, ...]] = [
        (family,)
        for family in FAMILIES
        for _ in range(SINGLES if family.name in paired else SINGLES_ALONE)
    ]
    plan += balanced(pairs, PAIRS)
    rows = []
    for families in shuffled(plan, rng):
        task = new_task(families, "train", "train", rng, taken)
        rows.append({
            "family": "+".join(family.name for family in families),
            "instruction": task.instruction, "solution": task.solution,
        } | harness(task, starts=True))  # fmt: skip
    return rows


def balanced(pairs: list[Pair], count: int) -> list[Pair]:
    """`count` of the pairs, again and again, so that rare families come about as often."""
    names = [(a.name, b.name) for a, b in pairs]
    families, used = Counter[str](), [0] * len(pairs)
    chosen = []
    for _ in range(count):
        cost = [4 * used[n] + families[a] + families[b] for n, (a, b) in enumerate(names)]
        least = cost.index(min(cost))
        families.update(names[least])
        used[least] += 1
        chosen.append(pairs[least])
    return chosen


def test_plan() -> Iterator[tuple[str, str, tuple[Family, ...]]]:
    """(split, phrasing, families) of each test item."""
    for family in FAMILIES:
        yield "new_values", "known", (family,)
        yield "new_phrasings", "held_out", (family,)
    for pair in split_pairs()[1]:
        yield "new_combinations", "known", pair


def test_rows() -> list[Row]:
    """The test items: new values, new phrasings, new combinations."""
    rng, taken = Random(f"{SEED}-test"), set[str]()
    rows = []
    for split, phrasing, families in test_plan():
        task = new_task(families, "test", phrasing, rng, taken)
        rows.append({
            "family": "+".join(family.name for family in families),
            "split": split, "instruction": task.instruction, "solution": task.solution,
        } | harness(task))  # fmt: skip
    return rows


def harness(task: Task, starts: bool = False) -> Row:
    """What the sandbox needs besides the solution. Test items do not ask whether a program starts,
    so that figures stay comparable with those of programs that only had an app."""
    tests = [*task.tests, "starts()"] if starts else task.tests
    return {"setup": SETUP, "tests": tests, "entry_points": ["app"]}
