"""The rows of whole apps: every family with its variants; the held-out variants are for test alone.

python recipes/code_gen/make_dataset.py
"""

import re
from random import Random
from string import Template
from typing import Any

import idioms
import voice
from app import App
from scene import Scene
from user_items import SETUP
from words import lines, pick, shuffled, with_articles

from apps import forms, lists, pages, parts, repair, services, tables, transform

SEED = 1
FAMILIES: list[App] = [
    family
    for module in (pages, parts, lists, tables, forms, services, transform, repair)
    for family in module.FAMILIES
]
EACH = 110
"""Training rows of a family, as far as it has so many."""
TEST_EACH = 4
"""Test items of a family."""
TRIES = 40

Row = dict[str, Any]


def train_rows() -> list[Row]:
    """The rows of training, all families mixed by a seed."""
    rng = Random(f"{SEED}-apps-train")
    taken: set[str] = set()
    rows = [
        row(family, "train", family.variants[n % len(family.variants)], rng, taken)
        for family in FAMILIES
        for n in range(EACH)
    ]
    return shuffled([row for row in rows if row], rng)


def test_rows() -> list[Row]:
    """The test items: held-out variants in wordings, domains and names of test alone."""
    rng, taken = Random(f"{SEED}-apps-test"), set[str]()
    rows = [
        row(family, "test", family.held_out[n % len(family.held_out)], rng, taken)
        for family in FAMILIES
        for n in range(TEST_EACH)
    ]
    return [{**row, "split": "apps"} for row in rows if row]


def row(family: App, split: str, variant: str, rng: Random, taken: set[str]) -> Row:
    """A row whose instruction is not in `taken`, to which it is added; empty when none is found."""
    for _ in range(TRIES):
        draft = family.draft(Scene(split, rng), variant)
        wordings = family.known if split == "train" else family.unseen
        wording = pick(lines(wordings), rng)
        request = with_articles(Template(wording).substitute(draft.slots))
        request = re.sub(" {2,}", " ", request).strip()  # where a slot is empty
        # "Just the code" would forbid the words that some answers begin with, and stand in a list.
        closed = 0.0 if draft.fixed or draft.given else voice.CLOSED
        spoken = voice.spoken(request, split, rng, closed)
        solution = draft.solution if draft.fixed else idioms.spread(draft.solution, rng)
        instruction = f"{spoken}\n\n{draft.given.strip()}" if draft.given else spoken
        if instruction not in taken:
            taken.add(instruction)
            return {
                "family": family.name,
                "variant": variant,
                "instruction": instruction,
                "solution": solution.strip() + "\n",
                "setup": SETUP,
                "tests": [*draft.tests, "starts()"],
                "entry_points": ["app"],
            }
    return {}
