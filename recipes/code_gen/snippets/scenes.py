"""Snippets in words that belong together, spoken as people speak, in the idioms that people use.

    python recipes/code_gen/make_dataset.py

The families are those of the other snippets; what fills them comes from one domain (scene.py).
"""

import keyword
from random import Random
from typing import Any

import idioms
import voice
from scene import Scene
from words import Draw, shuffled, spaced

from snippets.family import composed
from snippets.rows import FAMILIES, SEED, harness

EACH = 16
"""Rows of a family."""
TRIES = 60

Row = dict[str, Any]


class SceneDraw(Draw):
    """Draws words of one domain as long as there are some, then words from anywhere."""

    def __init__(self, rng: Random) -> None:
        super().__init__("train", rng)
        self.scene = Scene("train", rng)
        domain = self.scene.domain
        words = [domain["thing"], domain["things"], domain["action"], *domain["kinds"]]
        words += [*domain["text"], *domain["number"], *domain["items"]]
        plain = {word.lower() for word in words if word.isidentifier() and word.isascii()}
        plain -= {*UNFIT, *keyword.kwlist}
        self.own = shuffled(sorted(plain), rng)
        self.titles = shuffled(domain["titles"], rng)
        self.texts = shuffled(domain["texts"], rng)

    def word(self, kind: str = "noun") -> str:
        """A noun of the domain, or a word of another kind from anywhere."""
        if kind == "noun" and self.own:
            word = self.own.pop()
            self.taken.add(word)
            return word
        return super().word(kind)

    def title(self) -> str:
        """`City Library`"""
        return self.titles.pop() if self.titles else super().title()

    def sentence(self) -> str:
        """A sentence of the domain."""
        return self.texts.pop() if self.texts else super().sentence()

    def path(self) -> str:
        """`/books`"""
        return f"/{self.word()}"

    def dashed(self) -> str:
        """`books` or `books-list`"""
        return f"{self.word()}{self.one_of('', '-list', '-box', '-row')}"


UNFIT = spaced("host auth path key time open number body high low free view")
"""Names of headers, of special parameters of a handler, of attributes of a cookie, and such."""


def train_rows() -> list[Row]:
    """The rows of training, all families mixed by a seed."""
    rng, taken, rows = Random(f"{SEED}-scenes"), set[str](), []
    for family in shuffled([family for family in FAMILIES for _ in range(EACH)], rng):
        for _ in range(TRIES):
            task = composed([family], SceneDraw(rng), "train", rng)
            if task.instruction not in taken:
                taken.add(task.instruction)
                solution = idioms.spread(task.solution, rng)
                rows.append(
                    {
                        "family": family.name,
                        "instruction": voice.spoken(task.instruction, "train", rng),
                        "solution": solution,
                    }
                    | harness(task, starts=True)
                )
                break
    return rows
