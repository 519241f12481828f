"""What a family of tasks is, and how one or two of them become a task: imported by the others.

    python recipes/code_gen/make_dataset.py

A family is text with `$slots`: phrasings of the instruction, the code, and tests of what the code
does. Two families in one app are a pair: the instruction asks for both, the app has both routes.
"""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from string import Template
from typing import Any

from words import Draw, lines, pick, with_articles

SETUP = """from client import *
client = TestClient(app, follow_redirects=False)
"""
"""Run before each test (client.py)."""

PRELUDE = "from fasthtml.common import *\n\napp, rt = fast_app()\n\n"
"""What every solution has, when its families ask for no more."""

JOINTS = ("{} Also, {}", "{} In the same app, {}", "{} And {}", "{} Then {}")


@dataclass(frozen=True)
class Family:
    """One kind of task. All texts but `name` are `string.Template`s over what `values` draws."""

    name: str
    values: Callable[[Draw], dict[str, Any]]
    known: str
    """Phrasings of the instruction, one a line, for training and test."""
    more: str
    """Phrasings for training alone, one a line."""
    held_out: str
    """Phrasings for test alone, one a line."""
    routes: str
    """The handlers, with what belongs to them, after the app is made."""
    tests: str
    """Statements; a blank line ends a test."""
    imports: str = ""
    """Import lines beyond FastHTML's own."""
    before: str = ""
    """What stands between the imports and the app: data, classes, functions."""
    app: str = ""
    """Arguments of `fast_app`."""
    names: str = "app, rt"
    """What `fast_app` returns: with a database file, also a table and its class."""
    alone: bool = False
    """Does it change every page of the app, or is it too long for a pair?"""


@dataclass(frozen=True)
class Task:
    """An instruction with its reference solution and the tests."""

    instruction: str
    solution: str
    tests: list[str]


@cache
def block(text: str) -> str:
    """A block of code without the indent and the blank lines around."""
    return textwrap.dedent(text).strip("\n")


def compose(families: Sequence[Family], split: str, phrasing: str, rng: Random) -> Task:
    """One app of one or more families, with new values.

    `split` ("train" or "test") chooses the words, `phrasing` the wordings (see `wordings_of`).
    """
    return composed(families, Draw(split, rng, brief=len(families) > 1), phrasing, rng)


def composed(families: Sequence[Family], draw: Draw, phrasing: str, rng: Random) -> Task:
    """The same with words from anywhere."""
    values = [family.values(draw) for family in families]
    wordings = [pick(lines(wordings_of(family, phrasing)), rng) for family in families]
    requests = [
        with_articles(Template(w).substitute(v)) for w, v in zip(wordings, values, strict=True)
    ]
    tests = [
        test
        for family, slots in zip(families, values, strict=True)
        for test in Template(block(family.tests)).substitute(slots).split("\n\n")
    ]
    return Task(joined(requests, rng), program(families, values), tests)


def wordings_of(family: Family, phrasing: str) -> str:
    """The wordings of a family: "known" are those of training that are in the test too, "train" all
    of training, "held_out" those of the test alone."""
    texts = {
        "known": family.known,
        "train": family.known + family.more,
        "held_out": family.held_out,
    }
    return texts[phrasing]


def joined(requests: Sequence[str], rng: Random) -> str:
    """One instruction of the requests, in their order."""
    text = requests[0]
    for request in requests[1:]:
        small = request if request[1].isupper() else request[0].lower() + request[1:]
        text = pick(JOINTS, rng).format(text, small)
    return text


def program(families: Sequence[Family], values: Sequence[dict[str, Any]]) -> str:
    """The reference solution: imports, what comes before the app, the app, the handlers."""

    def filled(texts: Sequence[str]) -> list[str]:
        blocks = [Template(block(t)).substitute(v) for t, v in zip(texts, values, strict=True)]
        return [text for text in blocks if text]

    imports = [
        "from fasthtml.common import *",
        *dict.fromkeys(filled([f.imports for f in families])),
    ]
    names = filled([f.names for f in families])[0]
    app = f"{names} = fast_app({', '.join(filled([f.app for f in families]))})"
    parts = [
        "\n".join(imports),
        *filled([f.before for f in families]),
        app,
        *filled([f.routes for f in families]),
        "serve()",
    ]
    return "\n\n".join(parts) + "\n"
