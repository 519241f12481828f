"""Write train.jsonl and test.jsonl beside this file; the same bytes every time.

    python recipes/code_gen/make_dataset.py               write both files
    python recipes/code_gen/make_dataset.py --out FOLDER  write them elsewhere
    python recipes/code_gen/make_dataset.py --check       compare with what is there; 1: differs

Needs the standard library only. `check.py` runs what is written, `stats.py` measures it.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import components
import database
import forms
import htmx
import middleware
import pages
import responses
import routing
import state
from family import PRELUDE, SETUP, Family, Task, compose
from words import shuffled

HERE = Path(__file__).resolve().parent
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
"""Characters of instruction and solution of a pair: about 230 of nano's tokens."""
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
    """Characters of the instruction and the solution."""
    return len(task.instruction) + len(task.solution)


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


def train_rows(with_tests: bool = False) -> list[Row]:
    """The rows of train.jsonl; with the tests of their families, for `check.py`, on request."""
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
        } | (harness(task) if with_tests else {}))  # fmt: skip
    return numbered("train", rows)


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
    """The rows of test.jsonl."""
    rng, taken = Random(f"{SEED}-test"), set[str]()
    rows = []
    for split, phrasing, families in test_plan():
        task = new_task(families, "test", phrasing, rng, taken)
        rows.append({
            "family": "+".join(family.name for family in families),
            "split": split, "instruction": task.instruction, "solution": task.solution,
        } | harness(task))  # fmt: skip
    return numbered("test", rows)


def harness(task: Task) -> Row:
    """What the sandbox needs besides the solution."""
    return {"setup": SETUP, "tests": task.tests, "entry_points": ["app"]}


def numbered(split: str, rows: list[Row]) -> list[Row]:
    """The rows, each with an id."""
    return [{"id": f"{split}-{number:05}"} | row for number, row in enumerate(rows, start=1)]


def to_bytes(rows: list[Row]) -> bytes:
    """JSON Lines in UTF-8."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument(
        "--check", action="store_true", help="compare with the files, write nothing"
    )
    options = parser.parse_args()
    contents = {"train.jsonl": to_bytes(train_rows()), "test.jsonl": to_bytes(test_rows())}
    if options.check:
        stale = [n for n, new in contents.items() if not is_there(options.out / n, new)]
        if stale:
            print(f"not what this script makes: {', '.join(stale)}. To write: {sys.argv[0]}")
        return 1 if stale else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        beside = options.out / f"{name}.new"
        beside.write_bytes(content)
        beside.replace(options.out / name)
        print(options.out / name)
    return 0


def is_there(path: Path, content: bytes) -> bool:
    """Has the file this content?"""
    return path.exists() and path.read_bytes() == content


if __name__ == "__main__":
    sys.exit(main())
