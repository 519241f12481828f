"""Invented libraries for nano's code pairs: the names that programs.py writes its programs with.

A library is a set of names for the usual parts of a program that answers requests: an object, a
decorator for a path, elements with attributes, replies. They are made from syllables and common
words by their number alone; none is a real one.
"""

import random
from dataclasses import dataclass
from functools import cache

from names import PLAIN, coin, plain

ELEMENTS = {
    "heading": ["Heading", "Top", "Crown", "Banner"], "text": ["Para", "Says", "Speech", "Words"],
    "list": ["Items", "Listing", "Rows", "Series"], "item": ["Item", "Entry", "Point", "Bit"],
    "link": ["Ref", "Jump", "Go", "Lead"], "button": ["Push", "Press", "Knob", "Act"],
    "box": ["Box", "Block", "Pane", "Holder"], "field": ["Field", "Inlet", "Blank", "Ask"],
    "form": ["Sheet", "Query", "Survey", "Asking"], "picture": ["Photo", "Scene", "Pic", "Snap"],
    "table": ["Lattice", "Matrix", "Board", "Plan"], "row": ["Row", "Strip", "Lane", "Band"],
    "cell": ["Cell", "Notch", "Spot", "Square"], "page": ["Frame", "Screen", "Leaf", "Whole"],
    "bold": ["Strongly", "Bold", "Loud", "Stress"],
}  # fmt: skip
WORDS = {
    "target": ["to", "target", "goes", "url"], "class": ["kind", "look", "css", "style_name"],
    "id": ["key", "ident", "mark", "tag"], "type": ["sort", "form", "accepts", "of"],
    "reply": ["Reply", "Answer", "Result", "Sent"], "status": ["status", "code", "number", "state"],
    "away": ["send_to", "go_to", "forward", "jump_to"], "into": ["into", "fills", "place", "at"],
    "load": ["load", "pull", "fetch", "asks"], "store": ["Store", "Shelf", "Bank", "Vault"],
    "add": ["add", "put", "keep", "push"], "every": ["every", "all", "rows", "whole"],
    "header": ["headers", "extra", "meta", "heads"],
}  # fmt: skip

KNOWN = 40  # libraries that are always the same


@dataclass(frozen=True)
class Library:
    """The names of one invented library; `made` maps a part's plain name to the library's name."""

    title: str
    prelude: str
    route: str  # the decorator, with {path}; a second one for what is sent
    sent: str
    function: str  # how handlers are called: "path" or one fixed name
    made: dict[str, str]


def invent(rng: random.Random) -> Library:
    # PLAIN, so that the libraries stay the same whatever `everyday` is
    title, app, on = coin(rng) + plain(rng, PLAIN)[:3], plain(rng, PLAIN), plain(rng, PLAIN)
    made = {
        part: coin(rng).title() if rng.random() < 0.4 else rng.choice(choices)
        for part, choices in ELEMENTS.items()
    }
    made |= {part: rng.choice(choices) for part, choices in WORDS.items()}
    source = rng.choice([title, f"{title}.core", f"{title}.all"])
    maker = rng.choice([f"make_{app}", f"start_{app}", coin(rng) + "_" + app])
    prelude, route, sent = rng.choice([
        (f"from {source} import *\n\n{app}, {on} = {maker}()", f'@{on}("{{path}}")',
         f'@{on}("{{path}}", how="send")'),
        (f"from {source} import *\n\n{app} = {maker}()", f'@{app}.{on}("{{path}}")',
         f'@{app}.{on}_in("{{path}}")'),
        (f"import {title}\nfrom {source} import *\n\n{app} = {title}.{app.title()}()",
         f'@{app}.read("{{path}}")', f'@{app}.write("{{path}}")'),
        (f"from {source} import *\n\n{app}, {on} = {maker}()", f'@{on}.see("{{path}}")',
         f'@{on}.take("{{path}}")'),
    ])  # fmt: skip
    function = rng.choice(["path", "show", "answer", plain(rng, PLAIN), "path"])
    return Library(title.title(), prelude, route, sent, function, made)


@cache
def known(index: int) -> Library:
    return invent(random.Random(f"library/{index}"))


def manual(lib: Library) -> str:
    """What a system turn tells of a new library."""
    made = ", ".join(f"{part}: {called}" for part, called in lib.made.items())
    example = lib.route.replace("{path}", "/a")
    sent = lib.sent.replace("{path}", "/a")
    return (
        f"{lib.title}. Start:\n{lib.prelude}\nRead {example}, sent {sent}, "
        f"functions {lib.function}. Names: {made}."
    )
