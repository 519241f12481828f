"""What one task is about: a domain, and words of it that belong together.

    python recipes/code_gen/make_dataset.py

Every fourth domain and every fourth name are for test alone.
"""

import tomllib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from words import pick, pool, shuffled

T = TypeVar("T")


@cache
def domains(split: str) -> list[dict[str, Any]]:
    """The domains of a split ("train" or "test")."""
    every = tomllib.loads((Path(__file__).parent / "domains.toml").read_text("utf-8"))
    return [d for n, d in enumerate(every.values()) if (n % 4 == 3) == (split == "test")]


class Scene:
    """Draws words of one domain; none twice. All draws come from one random generator."""

    def __init__(self, split: str, rng: Random) -> None:
        self.split, self.rng = split, rng
        self.domain = pick(domains(split), rng)
        self.thing: str = self.domain["thing"]
        """One of what is kept: `book`. A word that may be a name in a program."""
        self.things: str = self.domain["things"]
        """Several: `books`."""
        self.title: str = self.pick(*self.domain["titles"])
        """What the site is called: `City Library`."""
        self.action: str = self.domain["action"]
        """What people do with one: `borrow`. A word that may be a path or a name."""
        self._left: dict[str, list[Any]] = {}

    def pick(self, *options: T) -> T:
        """One of some choices."""
        return pick(options, self.rng)

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def items(self, count: int) -> list[str]:
        """Names of things, at most eight in all: `Dune`, `Emma`."""
        return self._take("items", count)

    def kinds(self, count: int) -> list[str]:
        """What things are sorted by, at most four in all: `novel`, `poetry`."""
        return self._take("kinds", count)

    def texts(self, count: int) -> list[str]:
        """Sentences that fit the domain, at most four in all."""
        return self._take("texts", count)

    def people(self, count: int) -> list[str]:
        """First names."""
        if "people" not in self._left:
            self._left["people"] = shuffled(pool("name", self.split), self.rng)
        return self._take("people", count)

    def field(self, kind: str = "text") -> tuple[str, list[Any]]:
        """A field of a thing, "text" or "number", with four values: `author`, `["Herbert", …]`.
        There are two of each. The name may be a name in a program."""
        fields = f"{kind} fields"
        if fields not in self._left:
            self._left[fields] = shuffled(list(self.domain[kind].items()), self.rng)
        name, values = self._take(fields, 1)[0]
        return name, shuffled(values, self.rng)

    def _take(self, what: str, count: int) -> list[Any]:
        if what not in self._left:
            self._left[what] = shuffled(self.domain[what], self.rng)
        taken, self._left[what] = self._left[what][:count], self._left[what][count:]
        if len(taken) < count:
            raise ValueError(f"{count} {what} asked for, {len(taken)} are left")
        return taken
