"""Whole small programs over invented libraries, for nano's corpus: instruction → program.

    python recipes/nano/programs.py        prints twelve samples

Forty libraries (apis.py) are always the same, so that their names are learned; one text in eight
spells a new one out in a system turn. What is to be learned is what any such library needs: texts,
paths and names of the instruction in their places.
"""

import random
from collections.abc import Callable

from apis import KNOWN, Library, invent, known, manual
from author import Author, Part
from names import fields, listed, name, number, path, phrase, plain, word

TYPES = {"text": "str", "number": "int", "decimal": "float", "flag": "bool"}
CODES = [200, 201, 202, 204, 400, 401, 403, 404, 410, 418, 422, 429, 500, 503]


def page(w: Author) -> Part:
    where, title = path(w.rng, 2), phrase(w.rng)
    parts = [w.element() for _ in range(w.rng.randint(1, 4))]
    inner = listed([a for a, _ in parts], w.rng)
    ask = w.pick(
        "a page at {p} titled {t} with {i}", "the page {p}: title {t}, then {i}",
        "make {p} a page called {t} that shows {i}", "at {p} show a page {t} with {i}",
        "serve {p} as a page with the title {t} and {i}", "page {p}, titled {t}: {i}",
        "I want a page at {p}. Its title is {t}. It has {i}",
        "when somebody opens {p}, give a page titled {t} with {i}",
        "add a page titled {t} under {p}, holding {i}", "{p} should be a page {t} with {i}",
    ).format(p=where, t=w.show(title), i=inner)  # fmt: skip
    code = f'{w.lib.made["page"]}("{title}", {", ".join(c for _, c in parts)})'
    return ask, w.at(where, "", f"return {code}")


def bare(w: Author) -> Part:
    where, (ask_part, code) = path(w.rng, 2), w.element()
    ask = w.pick("{p} returns {e}", "at {p}, just {e}", "show {e} at {p}", "put {e} at {p}",
                 "a route {p} with only {e}", "answer {p} with {e}", "give {e} for {p}",
                 "when {p} is asked for, return {e}").format(p=where, e=ask_part)  # fmt: skip
    return ask, w.at(where, "", f"return {code}")


def greeting(w: Author) -> Part:
    base, kind = path(w.rng, 1), w.pick("text", "number", "decimal")
    f, before, after = plain(w.rng), phrase(w.rng, 2).rstrip(".!?"), w.pick("", "!", ".", "?")
    where, made = f"{base}/{{{f}}}", w.lib.made
    ask = w.pick(
        "{p} takes {f} ({k}) from the path and says {b} and then the {f}",
        "a route {p}, {f} is a {k}: reply with the text {b} followed by {f}",
        "at {p}, where {f} is a {k}, show a text: {b}, then {f}",
        "read {f} (a {k}) out of {p} and answer with {b} and {f}",
        "greet at {p}: {b} plus {f}; {f} is a {k}", "for {p} with the {k} {f}, say {b} and {f}",
        "{p}: {k} {f} in the path, text {b} and {f}", "path {p} ({f}: {k}); show {b} {{{f}}}",
    ).format(p=where, f=f, k=kind, b=w.show(before))  # fmt: skip
    ask += f", ending in '{after}'" * bool(after)
    return ask, w.at(
        where, f"{f}: {TYPES[kind]}", f'return {made["text"]}(f"{before} {{{f}}}{after}")'
    )


def form(w: Author) -> Part:
    where, to, names = path(w.rng, 1), path(w.rng, 2), fields(w.rng, 1, 4)
    kinds = [w.pick("text", "number", "date", "password", "email") for _ in names]
    text, made = phrase(w.rng, 2), w.lib.made
    shown = listed([f"{n} ({k})" for n, k in zip(names, kinds, strict=True)], w.rng)
    ask = w.pick(
        "a form at {p} that sends to {to} with the fields {f} and the button {b}",
        "at {p} show a form for {to}: {f}; button {b}",
        "form on {p}, fields {f}, posted to {to}, button {b}",
        "let people fill in {f} at {p}; the button {b} sends it to {to}",
        "{p} has a form with {f}. It goes to {to}. Its button says {b}",
        "make a form at {p}: inputs {f}, target {to}, button text {b}",
        "put a form at {p} with inputs {f}; submit it to {to} by a button {b}",
        "on {p} ask for {f} and send the answers to {to} with the button {b}",
    ).format(p=where, to=to, f=shown, b=w.show(text))  # fmt: skip
    inner = ", ".join(
        f'{made["field"]}("{n}", {made["type"]}="{k}")' for n, k in zip(names, kinds, strict=True)
    )
    code = f'{made["form"]}({inner}, {made["button"]}("{text}"), {made["target"]}="{to}")'
    return ask, w.at(where, "", f"return {code}")


def receive(w: Author) -> Part:
    where, names = path(w.rng, 2), fields(w.rng, 1, 3)
    kinds, before = [w.pick(*TYPES) for _ in names], phrase(w.rng, 2).rstrip(".!?")
    shown = listed([f"{n} ({k})" for n, k in zip(names, kinds, strict=True)], w.rng)
    ask = w.pick(
        "take {f} sent to {p} and answer with the text {b} and {l}",
        "when {f} are sent to {p}, say {b}, then {l}", "{p} receives {f}; it says {b} and {l}",
        "handle what is sent to {p}: {f}. Reply {b} plus {l}",
        "accept a form at {p} with {f} and show {b} and {l}",
        "sent to {p}: {f}. Text: {b}, followed by {l}", "for data {f} sent to {p} show {b} and {l}",
        "write the receiver of {p}; inputs {f}; it returns {b} with {l}",
    ).format(p=where, f=shown, b=w.show(before), l=listed(names))  # fmt: skip
    head = ", ".join(f"{n}: {TYPES[k]}" for n, k in zip(names, kinds, strict=True))
    text = " ".join(f"{{{n}}}" for n in names)
    return ask, w.at(where, head, f'return {w.lib.made["text"]}(f"{before} {text}")', sent=True)


def query(w: Author) -> Part:
    where, f, default = path(w.rng, 1), plain(w.rng), number(w.rng)
    what = phrase(w.rng, 2).rstrip(".!?")
    ask = w.pick(
        "{p} has an optional number {f}, {d} when left out; show {b} and {f}",
        "at {p} read {f} from the query (a number, default {d}) and show {b} with {f}",
        "{p} with the query number {f} = {d} by default, text {b} then {f}",
        "route {p}, {f} defaults to {d}, print {b} and {f}",
        "show {b} and the number {f} at {p}; {f} is {d} if not given",
        "query {f} (number, {d}) on {p}: say {b} and {f}",
        "let {p} take {f}, normally {d}, and answer {b} {f}",
        "{p}?{f}= is a number, {d} without it. Reply {b} and {f}",
    ).format(p=where, f=f, d=default, b=w.show(what))  # fmt: skip
    body = f'return {w.lib.made["text"]}(f"{what} {{{f}}}")'
    return ask, w.at(where, f"{f}: int = {default}", body)


def status(w: Author) -> Part:
    where, code, text = path(w.rng, 2), w.rng.choice(CODES), phrase(w.rng)
    ask = w.pick(
        "{p} answers {t} with status {c}", "status {c} and {t} at {p}",
        "return {c} from {p} with the words {t}", "{p} should fail with {c}, saying {t}",
        "let {p} reply {t}, status {c}", "give {c} for {p}; the text is {t}",
        "at {p} send {t} and the status number {c}", "{c} at {p}: {t}",
        "make {p} respond with code {c} and body {t}",
    ).format(p=where, c=code, t=w.show(text))  # fmt: skip
    made = w.lib.made
    return ask, w.at(where, "", f'return {made["reply"]}("{text}", {made["status"]}={code})')


def data(w: Author) -> Part:
    where, names = path(w.rng, 2), fields(w.rng, 1, 4)
    values = [w.rng.choice([str(number(w.rng)), f'"{phrase(w.rng, 2)}"', "True", "False"])
              for _ in names]  # fmt: skip
    join = w.pick("{} {}", "{} = {}", "{}: {}", "{} as {}")
    bare_values = [v.strip('"') if w.rng.random() < 0.5 and "," not in v else v for v in values]
    shown = listed([join.format(n, v) for n, v in zip(names, bare_values, strict=True)], w.rng)
    ask = w.pick(
        "{p} returns the data {d}", "JSON at {p}: {d}", "answer {p} with {d} as JSON",
        "a data route {p} giving {d}", "at {p} give back the object {d}",
        "let {p} return {d}, JSON",
        "{p} is for programs: {d}", "serve the dictionary {d} at {p}",
    ).format(p=where, d=shown)  # fmt: skip
    inner = ", ".join(f'"{n}": {v}' for n, v in zip(names, values, strict=True))
    return ask, w.at(where, "", f"return {{{inner}}}")


def counter(w: Author) -> Part:
    where, f, start, step = path(w.rng, 1), plain(w.rng), w.rng.randint(0, 50), w.rng.randint(1, 9)
    sign, verb = w.pick(*[("+", "raises"), ("-", "lowers"), ("+", "adds to")])
    ask = w.pick(
        "keep a number {f}, at first {s}; sending to {p} {v} it by {n} and shows it",
        "{f} starts at {s}. Each send to {p} {v} it by {n}; show {f}",
        "a counter {f} from {s}: {p} {v} it by {n} and returns it as text",
        "counter {f} = {s}; {p} {v} it by {n}", "count in {f}, first {s}; {p} (sent) {v} it by {n}",
        "hold {f} = {s} and let {p} take sends: each {v} it by {n}, then show it",
        "the global {f} begins with {s}; {p} {v} {f} by {n}",
        "store {f} = {s}. What is sent to {p} {v} it by {n}, and the answer is {f}",
    ).format(f=f, s=start, p=where, v=verb, n=step)  # fmt: skip
    body = f"global {f}\n{f} {sign}= {step}\nreturn {w.lib.made['text']}(str({f}))"
    return ask, f"{f} = {start}\n\n" + w.at(where, "", body, sent=True)


def comprehension(w: Author) -> Part:
    where, f, made = path(w.rng, 1), plain(w.rng) + "s", w.lib.made
    items = [phrase(w.rng, 2).rstrip(".!?").replace(", ", " ") for _ in range(w.rng.randint(2, 6))]
    ask = w.pick(
        "keep {i} in {f} and list them at {p}", "{f} holds {i}; {p} shows each in a list",
        "put {i} into the list {f}; at {p} make an item of each",
        "at {p} loop over {f} ({i}) and list every one", "list {f} at {p}. {f}: {i}",
        "a variable {f} with {i}, shown as a list at {p}",
        "define {f} = {i}, then show all of {f} as items at {p}",
        "{p} goes through {f} and makes a list; {f} is {i}",
    ).format(i=listed(items, w.rng), f=f, p=where)  # fmt: skip
    inner = ", ".join(f'"{i}"' for i in items)
    body = f"return {made['list']}(*[{made['item']}(x) for x in {f}])"
    return ask, f"{f} = [{inner}]\n\n" + w.at(where, "", body)


def grid(w: Author) -> Part:
    where, heads, made = path(w.rng, 1), fields(w.rng, 2, 3), w.lib.made
    rows = [[w.rng.choice([phrase(w.rng, 2).rstrip(".!?").replace(", ", " "), str(number(w.rng))])
             for _ in heads] for _ in range(w.rng.randint(1, 3))]  # fmt: skip
    between, apart = w.pick(*[(" ", "; "), (", ", "; "), (" / ", " and "), (" | ", "; ")])
    if between == " ":
        rows = [[word(w.rng), *(str(number(w.rng)) for _ in heads[1:])] for _ in rows]
    ask = w.pick(
        "a table at {p} with the columns {h} and the rows {r}", "table at {p}: {h}. Rows: {r}",
        "at {p} show a table, heads {h}, rows {r}", "{p} is a table of {h}: {r}",
        "tabulate {h} at {p}: {r}", "show these rows at {p} under {h}: {r}",
        "a grid on {p}; columns {h}; {r}", "make a table ({h}) with {r} at {p}",
    ).format(p=where, h=listed(heads), r=apart.join(between.join(row) for row in rows))  # fmt: skip
    cells = [", ".join(f'{made["cell"]}("{c}")' for c in row) for row in [heads, *rows]]
    lines = [f"{made['row']}({row})" for row in cells]
    return ask, w.at(where, "", f"return {made['table']}({', '.join(lines)})")


def record(w: Author) -> Part:
    """A class with typed fields, a store for it, a route that adds and one that lists."""
    kind, names, made = plain(w.rng), fields(w.rng, 1, 3), w.lib.made
    kinds, where = [w.pick(*TYPES) for _ in names], path(w.rng, 1)
    shown = listed([f"{n} ({k})" for n, k in zip(names, kinds, strict=True)], w.rng)
    adds = w.rng.random() < 0.5
    ask = w.pick(
        "a {k} has {f}. Keep them in {k}.db; {p} {does}", "store {k} records ({f}); {p} {does}",
        "records of {k}: {f}; at {p} {does}", "make a class {k} with {f} and a store; {p} {does}",
        "save each {k} with {f} in {k}.db, {p} {does}", "{k}: {f}, kept in a store. {p} {does}",
        "we keep {k}s with {f}. Let {p} {does}", "define {k} with the fields {f}; {p} {does}",
    ).format(
        k=kind, f=shown, p=where, does=w.pick("adds one", "takes a new one") if adds
        else w.pick("lists them by {}", "shows the {} of all").format(names[0]),
    )  # fmt: skip
    lines = "".join(f"\n    {n}: {TYPES[k]}" for n, k in zip(names, kinds, strict=True))
    head = (
        f"class {kind.title()}:{lines}\n\n{kind}s = {made['store']}"
        f'("{kind}.db", {kind.title()})\n\n'
    )
    if adds:
        body = f"{kind}s.{made['add']}({kind})\nreturn {made['text']}(str({kind}.{names[0]}))"
        return ask, head + w.at(where, f"{kind}: {kind.title()}", body, sent=True)
    body = (
        f"return {made['list']}"
        f"(*[{made['item']}(str(x.{names[0]})) for x in {kind}s.{made['every']}()])"
    )
    return ask, head + w.at(where, "", body)


def helper(w: Author) -> Part:
    """A function that makes a part of a page, used once or twice."""
    f, where, made = name(w.rng), path(w.rng, 1), w.lib.made
    calls = [(phrase(w.rng, 2), phrase(w.rng, 3)) for _ in range(w.rng.randint(1, 3))]
    inner, second = w.pick("heading", "bold"), w.pick("text", "item")
    uses = listed([f"{w.show(a)} with {w.show(b)}" for a, b in calls], w.rng)
    ask = w.pick(
        "a function {f} that makes a box of a {i} and a {s}; at {p} use it for {u}",
        "write {f}(title, body), a box with {i} and {s}; {p} shows {u}",
        "helper {f}: box, {i}, {s}. {p} has {u}", "with a helper {f} (a {i} and a {s} in a box) "
        "show {u} at {p}", "let {f} build a box from a {i} and a {s}, and show {u} at {p}",
        "define {f} for boxes with a {i} and a {s}. On {p}: {u}",
        "{p} shows {u}, each made by {f}: a {i} and a {s} in a box",
        "I need {f} to wrap a {i} and a {s} in a box; on {p} call it for {u}",
    ).format(f=f, i=inner, s=second, p=where, u=uses)  # fmt: skip
    head = (
        f"def {f}(title, body):\n    return {made['box']}"
        f"({made[inner]}(title), {made[second]}(body))\n\n"
    )
    inside = ", ".join(f'{f}("{a}", "{b}")' for a, b in calls)
    body = f"return {inside}" if len(calls) == 1 else f"return {made['box']}({inside})"
    return ask, head + w.at(where, "", body)


def away(w: Author) -> Part:
    where, to = path(w.rng, 2), path(w.rng, 2)
    ask = w.pick(
        "{p} sends people on to {t}", "redirect {p} to {t}", "forward {p} to {t}",
        "whoever opens {p} lands on {t}", "{p} has moved to {t}", "let {p} lead to {t}",
        "from {p} go to {t}", "{p} should jump to {t}", "move visitors from {p} to {t}",
    ).format(p=where, t=to)  # fmt: skip
    return ask, w.at(where, "", f'return {w.lib.made["away"]}("{to}")')


def lookup(w: Author) -> Part:
    base, f, g, made = path(w.rng, 1), plain(w.rng) + "s", plain(w.rng), w.lib.made
    rows = {word(w.rng): phrase(w.rng, 3) for _ in range(w.rng.randint(2, 4))}
    missing = phrase(w.rng, 3)
    shown = listed([f"{k}: {w.show(v)}" for k, v in rows.items()], w.rng)
    ask = w.pick(
        "keep {f} ({r}); {p} shows the one asked for, else {m} with 404",
        "look {g} up in {f} at {p}. {f}: {r}. Unknown: 404 and {m}",
        "at {p} answer from {f} = {r}; when {g} is not there, 404 {m}",
        "{f} maps {r}. {p} returns the text for {g} or 404 with {m}",
        "{p} finds {g} in {f}, else says {m} (404). {f} has {r}",
        "a dictionary {f} of {r}; {p} reads it by {g}; missing gives 404, {m}",
        "serve {f} by {g} at {p}: {r}. If missing: {m}, 404",
        "for {p} use {f}, that is {r}; without a match reply {m} and 404",
    ).format(f=f, g=g, r=shown, p=f"{base}/{{{g}}}", m=w.show(missing))  # fmt: skip
    inner = ", ".join(f'"{k}": "{v}"' for k, v in rows.items())
    body = (
        f'if {g} not in {f}:\n    return {made["reply"]}("{missing}", {made["status"]}=404)\n'
        f"return {made['text']}({f}[{g}])"
    )
    return ask, f"{f} = {{{inner}}}\n\n" + w.at(f"{base}/{{{g}}}", f"{g}: str", body)


def header(w: Author) -> Part:
    where, key, val, text = path(w.rng, 1), f"X-{plain(w.rng).title()}", word(w.rng), phrase(w.rng)
    ask = w.pick(
        "{p} says {t} and sets the header {k} to {v}", "at {p}: {t}, header {k} = {v}",
        "reply {t} at {p} with {k}: {v}", "send the header {k} ({v}) with the text {t} from {p}",
        "{p} returns {t} plus header {k} {v}", "give {p} the text {t} and a header {k} of {v}",
        "header {k} with {v} on {p}, text {t}", "add {k}: {v} to the answer {t} of {p}",
    ).format(p=where, t=w.show(text), k=key, v=val)  # fmt: skip
    made = w.lib.made
    body = f'return {made["reply"]}("{text}", {made["header"]}={{"{key}": "{val}"}})'
    return ask, w.at(where, "", body)


def arithmetic(w: Author) -> Part:
    base, (a, b), op = path(w.rng, 1), fields(w.rng, 2, 2), w.pick("plus", "minus", "times")
    sign = {"plus": "+", "minus": "-", "times": "*"}[op]
    where = f"{base}/{{{a}}}/{{{b}}}"
    ask = w.pick(
        "{p} shows {a} {o} {b}", "at {p} work out {a} {o} {b} and show it",
        "compute {a} {o} {b} from the path {p}", "the route {p} gives {a} {o} {b} as text",
        "let {p} return {a} {o} {b}", "two numbers in {p}; answer {a} {o} {b}",
        "take numbers {a} and {b} from {p}, return {a} {o} {b}", "{p}: {a} {o} {b}, as text",
    ).format(p=where, a=a, b=b, o=op)  # fmt: skip
    return ask, w.at(
        where, f"{a}: int, {b}: int", f"return {w.lib.made['text']}(str({a} {sign} {b}))"
    )


FAMILIES: list[Callable[[Author], Part]] = [
    page, page, page, bare, bare, greeting, form, form, receive, query, status, data, counter,
    comprehension, grid, record, helper, away, lookup, header, arithmetic,
]  # fmt: skip
FRAMES = [
    "{t}: {x}.", "With {t}: {x}.", "In {t}, {x}.", "Write a {t} program: {x}.",
    "{x}. Use {t}.", "{t} program. {x}.", "Using {t}, {x}.", "Build this in {t}: {x}",
    "Please write {t} code: {x}.", "{x} ({t})",
]  # fmt: skip


def program(rng: random.Random, lib: Library, most: int = 2) -> tuple[str, str]:
    """(instruction, whole program) over a library: one family, or two in one program."""
    w = Author(rng, lib)
    parts = [rng.choice(FAMILIES)(w)]
    if most > 1 and rng.random() < 0.3:
        parts.append(rng.choice(FAMILIES)(w))
    glue = rng.choice([". Also, {}", "; and {}", ". And {}", ". Then {}", ", and {}"])
    asked = parts[0][0] + "".join(glue.format(a) for a, _ in parts[1:])
    frame = rng.choice(FRAMES)
    if frame[0] == "{" and rng.random() < 0.8 and frame.startswith("{x}"):
        asked = asked if asked[0] == "/" else asked[0].upper() + asked[1:]
    code = "\n\n".join([lib.prelude, *(c for _, c in parts)])
    return frame.format(t=lib.title, x=asked), code


def conversation(rng: random.Random) -> tuple[str, list[tuple[str, str]]]:
    """(system turn or "", exchanges) about one library."""
    fresh = rng.random() < 0.12
    lib = invent(rng) if fresh else known(int(KNOWN * rng.random() ** 1.3))
    turns = [program(rng, lib) for _ in range(rng.choice([1, 1, 2]) + 2 * fresh)]
    return manual(lib) if fresh else "", turns


if __name__ == "__main__":
    demo = random.Random(1)
    for _ in range(12):
        system, turns = conversation(demo)
        print(system, *("\n→ ".join(turn) for turn in turns), sep="\n", end="\n---\n")
