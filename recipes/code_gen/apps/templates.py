"""How texts with slots become programs, tests and wishes of an app: imported by the others.

python recipes/code_gen/make_dataset.py
"""

import json
import re
from collections.abc import Mapping, Sequence
from string import Template
from textwrap import dedent
from typing import Any

from app import Draft
from scene import Scene
from words import listed

Slots = Mapping[str, object]


def fill(text: str, slots: Slots) -> str:
    """A part of a program, a test or a wish, its slots filled."""
    return Template(dedent(text).strip("\n")).substitute(slots)


def program(parts: Sequence[str], slots: Slots) -> str:
    """The program of the parts that there are, an empty line between two."""
    return "\n\n".join(fill(part, slots) for part in [*parts, "serve()"] if part) + "\n"


def one_line(s: Scene, text: str, slots: Slots) -> str:
    """One of the lines of a text, its slots filled."""
    return fill(s.pick(*text.split("\n")).strip(), slots)


def wish(s: Scene, wishes: str, slots: Slots) -> dict[str, str]:
    """The slots `$ask` and `$told`, and both with a capital: what a variant asks for."""
    known, unseen = dedent(wishes).strip("\n").split("\n\n")
    filled = {"ask": one_line(s, known, slots), "told": one_line(s, unseen, slots)}
    return filled | {name.title(): text[0].upper() + text[1:] for name, text in filled.items()}


def named(texts: Sequence[str]) -> str:
    """`"Dune", "Emma" and "Dracula"`"""
    return listed([f'"{text}"' for text in texts])


def kept(text: str, has: list[str]) -> str:
    """A template's lines for the words of a variant. `#: sqlite -htmx` ends a line for those with
    the one and without the other; alone before a paragraph it says so of all of it."""
    found, above = [], ""
    for line in dedent(text).splitlines():
        code, _, mark = line.partition("#:")
        above = above if line.strip() else ""
        if mark and not code.strip():
            above = mark
        elif fits(f"{above} {mark}", has):
            found.append(code.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(found)).strip("\n")


def fits(mark: str, has: list[str]) -> bool:
    """Does a variant have the words of a mark, and lack those with a minus?"""
    return all((word.strip("-") in has) == (word[0] != "-") for word in mark.split())


def drafted(
    s: Scene,
    has: list[str],
    values: dict[str, Any],
    wishes: str,
    program: str,
    tests: str,
    given: str = "",
) -> Draft:
    """Fill the templates. A wish is `words: one way | another | the way of the unseen wordings`;
    wordings have them as sentences (`$more`, `$also`) or as a list (`$wishes`)."""
    more, also = [], []
    for line in wishes.strip().splitlines():
        mark, _, ways = line.strip().partition(": ")
        if fits(mark, has):
            *known, unseen = Template(ways).substitute(values).split(" | ")
            more.append(s.pick(*known))
            also.append(unseen)
    slots = {"more": " ".join(more), "also": " ".join(also), "wishes": "\n- " + "\n- ".join(more)}
    return Draft(
        solution=Template(f"{kept(program, has)}\n\nserve()\n").substitute(values),
        tests=Template(kept(tests, has)).substitute(values).split("\n\n"),
        slots=values | slots,
        given=given,
    )


def written(s: Scene, fields: list[str], rows: Sequence[Sequence[Any]]) -> str:
    """Records as people paste them below a request: CSV, JSON, Python or a list."""
    match s.pick("csv", "json", "python", "list"):
        case "csv":
            return "\n".join(",".join(map(str, row)) for row in [fields, *rows])
        case "json":
            return "\n".join(json.dumps(dict(zip(fields, row, strict=True))) for row in rows)
        case "python":
            return "\n".join(["[", *[f"    {tuple(row)!r}," for row in rows], "]"])
    told = [
        [f"{name}: {value}" for name, value in zip(fields[1:], row[1:], strict=True)]
        for row in rows
    ]
    return "\n".join(
        f"- {row[0]} ({', '.join(more)})" for row, more in zip(rows, told, strict=True)
    )
