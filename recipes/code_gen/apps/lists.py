"""Apps around a list: to-do list, guest book, search as you type, filter by kind.

    python recipes/code_gen/make_dataset.py

A variant is a few words: how things are stored, and what the app can do beyond the common.
"""

# ruff: noqa: E501 - a wording is one line, however long

from string import Template

from app import App, Draft
from family import block
from scene import Scene, listed
from words import quoted

TITLED = '    return Titled("$title", $shown)\n'
BACK = '    return RedirectResponse("/", status_code=303)\n'


def fill(text: str, **slots: object) -> str:
    """A program, a part of it or a test, its slots filled."""
    return Template(block(text)).substitute(slots)


def program(*parts: str) -> str:
    """The source of the parts that there are, a blank line between two."""
    return "\n\n".join(part.strip("\n") for part in [*parts, "serve()"] if part) + "\n"


def told(s: Scene, *wishes: tuple[str, ...]) -> dict[str, str]:
    """Slots that say what a variant has beyond the common. Each wish can be said in some ways: the
    last is for the unseen wordings (`also`), the others for the known (`more`, or a list `wishes`).
    """
    more = [s.pick(*ways[:-1]) for ways in wishes]
    return {
        "more": " ".join(more),
        "wishes": "".join(f"\n- {wish}" for wish in more),
        "also": " ".join(ways[-1] for ways in wishes),
    }


def stored(has: list[str], file: str) -> tuple[str, ...]:
    """The wish for a database or for memory."""
    if "sqlite" in has:
        return (
            f"Keep them in SQLite, in the file {file}.",
            f"Storage: SQLite ({file}).",
            f"They go into a SQLite database called {file}.",
            f"The data must end up in {file}, an SQLite file.",
        )
    return (
        "A list in memory is enough.",
        "Keep them in memory, no database.",
        "No database please, a variable will do.",
        "Hold everything in memory.",
    )


def on_disk(has: list[str], file: str, text: str) -> str:
    """The test that a database has a text."""
    if "sqlite" not in has:
        return ""
    return fill(
        """
        from pathlib import Path
        assert "$text" in "".join(p.read_text("latin-1") for p in Path().rglob("$file*"))
        """,
        file=file,
        text=text,
    )


GOALS = {"apply": "apply for", "vote": "vote on"}


def todo(s: Scene, variant: str) -> Draft:
    """A list to which a visitor adds, and in which things are done, deleted, counted, cleared."""
    has = variant.split()
    a, b, c = s.items(3)
    one, many = s.pick(("todo", "todos"), ("task", "tasks"), (s.thing, s.things))
    v: dict[str, object] = {
        "a": a, "b": b, "c": c, "one": one, "many": many, "cls": one.title(), "title": s.title,
        "things": s.things, "goal": f"{s.things} to {GOALS.get(s.action, s.action)}",
        "field": s.pick("name", "text", "note", "entry"), "add": s.pick("Add", "Save", "Add it"),
        "file": f"{many}.db", "remove": s.pick("Delete", "Remove", "Drop"),
        "done": s.pick("Done", "Finished", "Tick off"), "clear": s.pick("Clear done", "Tidy up"),
    }  # fmt: skip
    mark = s.pick("tick", "struck", "undo")
    wishes = [stored(has, str(v["file"]))]
    column = button = ""
    shown, label = "$one.$field", '"$done"'
    if "done" in has:
        column, v["unset"] = ", done=bool", ", done=False"
        match mark:
            case "tick":
                shown = 'f"✓ {$one.$field}" if $one.done else $one.$field'
                wishes.append((
                    'Beside each is a button "$done": it puts "✓ " in front of the text, or takes it away again.',
                    'A button "$done" per entry marks it with a leading "✓ "; a second press unmarks it.',
                    'With "$done" next to an entry "✓ " appears before its text, and goes with the next press.',
                ))  # fmt: skip
            case "struck":
                shown = "S($one.$field) if $one.done else $one.$field"
                wishes.append((
                    'Beside each is a button "$done" that strikes it through (an s element) and back.',
                    'A button "$done" per entry turns its text into <s>text</s>, and back when pressed again.',
                    'With "$done" next to an entry its text is put into an s tag; the next press undoes that.',
                ))  # fmt: skip
            case "undo":
                label = '"Undo" if $one.done else "$done"'
                wishes.append((
                    'Beside each is a button "$done"; once it is done the button says "Undo" and takes it back.',
                    'A button "$done" per entry, which is called "Undo" as long as the entry is done.',
                    'Next to an entry that is done there is "Undo", next to an open one "$done".',
                ))  # fmt: skip
    if "delete" in has:
        wishes.append((
            'Each has a button "$remove".',
            '"$remove" beside an entry deletes it.',
            'Entries go away with their button "$remove".',
        ))  # fmt: skip
    if "count" in has:
        wishes.append((
            'Say how many are left, like "2 open".',
            'Above the list it says how many are not done yet: "2 open".',
            'Those not done are counted ("2 open").',
        ))  # fmt: skip
    if "clear" in has:
        wishes.append((
            'One button "$clear" removes all that are done.',
            '"$clear" deletes everything that is done.',
            'And "$clear" throws out whatever is done.',
        ))  # fmt: skip
    if "strict" in has:
        wishes.append((
            "An empty one is not added.",
            "Ignore it when nothing was typed.",
            "Nothing typed, nothing added.",
        ))  # fmt: skip
    wishes = [tuple(fill(way, **v) for way in ways) for ways in wishes]

    htmx, sqlite = "htmx" in has, "sqlite" in has
    swap = ', hx_target="closest li", hx_swap="outerHTML"'
    buttons = []
    if "done" in has:
        buttons.append(
            f'Button({label}, hx_post=f"/done/{{$one.id}}"{swap})'
            if htmx
            else f'Form(Button({label}), method="post", action=f"/done/{{$one.id}}")'
        )
    if "delete" in has:
        buttons.append(
            f'Button("$remove", hx_delete=f"/$many/{{$one.id}}"{swap})'
            if htmx
            else 'Form(Button("$remove"), method="post", action=f"/delete/{$one.id}")'
        )
    button = "".join(f"        {text},\n" for text in buttons)
    row = f"def $one_row($one):\n    return Li(\n        {shown},\n{button}    )\n".replace(
        "$one_row", "${one}_row"
    )
    left = 'f"{sum(not $one.done for $one in $all)} open"'
    v["all"] = "$many()" if sqlite else "$many.values()"
    v["all"] = fill(str(v["all"]), **v)
    counts, clears = "count" in has, "clear" in has
    oob = ', id="left", hx_swap_oob="true"' if htmx else ""
    after = ", left()" if counts and htmx else ""
    insert = "$many.insert($field=$field$unset)" if sqlite else "$many[id] = $cls(id, $field)"
    v.setdefault("unset", "")
    form = 'hx_post="/add", hx_target="#list", hx_swap="beforeend"' if htmx else 'method="post", action="/add"'
    shown_parts = [
        "form",
        "left()" if counts else "",
        '\n        Form(Button("$clear"), method="post", action="/clear")' if clears else "",
        f"Ul(*[${{one}}_row($one) for $one in $all]{', id=\"list\"' if htmx else ''})",
    ]
    source = program(
        "from fasthtml.common import *" if sqlite else "from itertools import count\n\nfrom fasthtml.common import *",
        f'app, rt, $many, $cls = fast_app("$file", id=int, $field=str{column}, pk="id")' if sqlite else "app, rt = fast_app()",
        "" if sqlite else "@dataclass\nclass $cls:\n    id: int\n    $field: str\n" + ("    done: bool = False" if "done" in has else ""),
        "" if sqlite else "$many = {}\nids = count(1)",
        row,
        f"def left():\n    return P({left}{oob})" if counts else "",
    )
    raise NotImplementedError(source, form, insert, shown_parts, after)
