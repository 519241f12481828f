"""Programs asked for in free words, for nano's corpus: the same facts in any order and many wordings.

    python recipes/nano/wordings.py        prints twelve samples

The families of programs.py have ten phrasings each; here a program is a thing with facts ("its
title is …", "… as the title"), and facts.py puts the request together from them, so that what is
learned is which word plays which part. Code has one order, whatever the order of the request.
"""

# ruff: noqa: E501 - a phrasing is one line, however long

import random
from collections.abc import Callable

from apis import KNOWN, Library, known
from author import Author, Part
from facts import CLAUSES, NOUNS, capital, fact, marks, request, shown
from names import fields, listed, name, number, path, phrase, plain, word


def element(w: Author) -> Part:
    kind, text, where = (
        w.pick("heading", "text", "bold", "button", "item"),
        phrase(w.rng),
        path(w.rng, 2),
    )
    facts, code = marks(w)
    thing, made = w.pick("a {}", "one {}", "only a {}").format(kind), w.lib.made[kind]
    if w.rng.random() < 0.5:
        thing = w.pick("the {k} {t}", "a {k} {t}", "{t} as a {k}", "{t} in a {k}",
                       "a {k} that says {t}", "a {k}, {t},").format(k=kind, t=shown(w, text))  # fmt: skip
    else:
        facts.append(("text", shown(w, text)))
    ask = request(w.rng, thing, where, facts)
    return ask, w.at(where, "", f'return {made}("{text}"{code})')


def both(w: Author) -> Part:
    """Two elements of different kinds side by side or in a box, each with its own text."""
    kinds, texts = (
        w.rng.sample(["heading", "text", "bold", "button"], 2),
        [phrase(w.rng, 4), phrase(w.rng, 4)],
    )
    where, made = path(w.rng, 2), w.lib.made
    inner = ", ".join(f'{made[k]}("{t}")' for k, t in zip(kinds, texts, strict=True))
    says = [
        w.pick("the {k} {t}", "a {k} {t}", "{t} as a {k}", "{t} in a {k}", "{t} ({k})").format(
            k=k, t=shown(w, t)
        )
        for k, t in zip(kinds, texts, strict=True)
    ]
    thing = w.pick(
        "{}, then {}", "{} and then {}", "{} above {}", "{} over {}", "first {}, second {}"
    ).format(*says)
    if w.rng.random() < 0.5:
        return request(w.rng, thing, where, []), w.at(where, "", f"return {inner}")
    facts, code = marks(w)
    thing = w.pick("a box of {}", "a box around {}", "a box that holds {}").format(thing)
    return request(w.rng, thing, where, facts), w.at(
        where, "", f"return {made['box']}({inner}{code})"
    )


def titled(w: Author) -> Part:
    title, text, kind, where = (
        phrase(w.rng, 4),
        phrase(w.rng),
        w.pick("text", "heading"),
        path(w.rng, 2),
    )
    ask = request(w.rng, w.pick("a page", "a titled page", "one page"), where,
                  [("title", shown(w, title)), (kind, shown(w, text))])  # fmt: skip
    return ask, w.at(
        where, "", f'return {w.lib.made["page"]}("{title}", {w.lib.made[kind]}("{text}"))'
    )


def link(w: Author) -> Part:
    text, to, where, made = phrase(w.rng, 3), path(w.rng, 2), path(w.rng, 2), w.lib.made
    facts, code = marks(w)
    if w.rng.random() < 0.4:
        thing = w.pick("a link to {to}", "a link that leads to {to}", "one link; clicking it opens {to}",
                       "a link from here to {to}").format(to=to)  # fmt: skip
    else:
        thing, facts = "a link", [*facts, ("target", to)]
    ask = request(w.rng, thing, where, [("text", shown(w, text)), *facts])
    return ask, w.at(where, "", f'return {made["link"]}("{text}", {made["target"]}="{to}"{code})')


def picture(w: Author) -> Part:
    file, text = f"/{word(w.rng)}.{w.pick('png', 'jpg', 'svg')}", phrase(w.rng, 3)
    where, size = path(w.rng, 2), 10 * w.rng.randint(2, 60)
    ask = request(w.rng, w.pick("a picture", "an image", "one picture"), where,
                  [("file", file), ("words", shown(w, text)), ("width", str(size))])  # fmt: skip
    code = f'return {w.lib.made["picture"]}("{file}", words="{text}", width={size})'
    return ask, w.at(where, "", code)


def form(w: Author) -> Part:
    where, to, names, text = path(w.rng, 1), path(w.rng, 2), fields(w.rng, 1, 3), phrase(w.rng, 3)
    made = w.lib.made
    thing = w.pick("a form", "a form to fill in", "one form")
    facts = [("button", shown(w, text)), ("fields", listed(names, w.rng)), ("target", to)]
    if w.rng.random() < 0.5:
        thing = w.pick("a form that asks for {}", "a form with {}", "a form for {}").format(
            listed(names)
        )
        facts = [f for f in facts if f[0] != "fields"]
    ask = request(w.rng, thing, where, facts)
    inner = ", ".join(f'{made["field"]}("{n}")' for n in names)
    code = f'{made["form"]}({inner}, {made["button"]}("{text}"), {made["target"]}="{to}")'
    return ask, w.at(where, "", f"return {code}")


def reply(w: Author) -> Part:
    where, code, text, made = (
        path(w.rng, 2),
        w.rng.choice([200, 201, 400, 403, 404, 410, 418, 500]),
        phrase(w.rng),
        w.lib.made,
    )
    sent = w.rng.random() < 0.3
    ask = request(w.rng, w.pick("a reply", "an answer", "a plain reply"), where,
                  [("text", shown(w, text)), ("status", str(code))], sent)  # fmt: skip
    return ask, w.at(where, "", f'return {made["reply"]}("{text}", {made["status"]}={code})', sent)


def away(w: Author) -> Part:
    where, to, sent, made = path(w.rng, 2), path(w.rng, 2), w.rng.random() < 0.4, w.lib.made
    code = w.rng.choice([301, 302, 303, 307])
    facts = [("status", str(code))]
    thing = w.pick(
        "a redirect to {}", "a jump to {}", "the way to {}", "a redirect that leads to {}"
    ).format(to)
    ask = request(w.rng, thing, where, facts, sent)
    return ask, w.at(where, "", f'return {made["away"]}("{to}", {made["status"]}={code})', sent)


def data(w: Author) -> Part:
    """Open roles: any word may be a key."""
    where, keys, sent = path(w.rng, 2), fields(w.rng, 1, 4), w.rng.random() < 0.3
    rows = {
        k: w.pick(str(number(w.rng)), f'"{phrase(w.rng, 2)}"', f'"{word(w.rng)}"') for k in keys
    }
    says = w.pick("{k} is {v}", "{k} {v}", "{v} as {k}", "{k}: {v}", "{v} under {k}", "{k} = {v}",
                  "{v} for {k}", "the {k} {v}", "{v} at {k}")  # fmt: skip
    shows = listed([says.format(k=k, v=v) for k, v in rows.items()], w.rng)
    thing = w.pick("JSON with {}", "a dictionary where {}", "the data {}", "data in which {}",
                   "the object {}", "JSON: {}", "an object that has {}").format(shows)  # fmt: skip
    inner = ", ".join(f'"{k}": {v}' for k, v in rows.items())
    return request(w.rng, thing, where, [], sent), w.at(where, "", f"return {{{inner}}}", sent)


def choice(w: Author) -> Part:
    where, f, n, made = path(w.rng, 1), plain(w.rng), number(w.rng), w.lib.made
    yes, no, sent = phrase(w.rng, 3), phrase(w.rng, 3), w.rng.random() < 0.5
    words, sign = w.rng.choice([
        (["more than", "above", "greater than", "over", "beyond"], ">"),
        (["less than", "below", "under", "smaller than"], "<"),
        (["at least", "not below", "no less than"], ">="), (["at most", "not above"], "<="),
    ])  # fmt: skip
    test = f"{f} is {w.rng.choice(words)} {n}"
    a, b = shown(w, yes), shown(w, no)
    what = w.pick(
        "{a} if {t}, otherwise {b}", "{a} when {t} and {b} when not", "{b} unless {t}; then {a}",
        "if {t}, {a}; if not, {b}", "either {a} or {b}; the first one if {t}", "{a} where {t}, else {b}",
        "{b}, but {a} once {t}", "{a} provided that {t}, and {b} in all other cases",
    ).format(a=a, b=b, t=test)  # fmt: skip
    ask = w.pick(
        "the number {f} {s} {p} decides: {x}", "{s} {p}, check the number {f}: {x}",
        "{p} gets a number {f}. Show a text: {x}", "show as a text {s} {p} {x}. {f} is a number",
        "{x}: that is the text {s} {p}, by the number {f}", "with the number {f} {s} {p}, say {x}",
    ).format(f=f, p=where, x=what, s="sent to" if sent else "given to")  # fmt: skip
    body = f'return {made["text"]}("{yes}" if {f} {sign} {n} else "{no}")'
    return ask, w.at(where, f"{f}: int", body, sent)


def greeting(w: Author) -> Part:
    """A value of the path, put into a text: described, or shown by an example."""
    base, f, made, kind = (
        path(w.rng, 1),
        plain(w.rng),
        w.lib.made,
        w.pick("heading", "text", "bold"),
    )
    where, before, after = (
        f"{base}/{{{f}}}",
        phrase(w.rng, 2).rstrip(".!?"),
        w.pick("", "", "!", "?"),
    )
    if w.rng.random() < 0.5:
        example = w.pick(word(w.rng).title(), word(w.rng), str(number(w.rng)))
        typed = "int" if example.isdigit() else "str"
        what = w.pick('such as "{b} {e}{a}" when {f} is {e}', 'like "{b} {e}{a}" for the {f} {e}',
                      'for example "{b} {e}{a}" if {f} is {e}')  # fmt: skip
        what = what.format(b=before, e=example, a=after, f=f)
    else:
        typed, after = w.pick("str", "int"), ""
        what = w.pick('that says "{b}" and then {f}', "of {q} and the {f}", "with {q} before the {f}",
                      'reading "{b} " and {f}', "with {f} after {q}").format(b=before, f=f, q=shown(w, before))  # fmt: skip
        what += {"int": w.pick(f"; {f} is a number", f" ({f}: number)"), "str": ""}[typed]
    ask = request(w.rng, f"a {kind} {what}", where, [])
    return ask, w.at(where, f"{f}: {typed}", f'return {made[kind]}(f"{before} {{{f}}}{after}")')


def arithmetic(w: Author) -> Part:
    base, f, n, made = path(w.rng, 1), plain(w.rng), w.rng.randint(2, 99), w.lib.made
    where = f"{base}/{{{f}}}"
    sign, words = w.rng.choice([
        ("+", ["{f} plus {n}", "{n} more than {f}", "{f} with {n} added", "the sum of {f} and {n}"]),
        ("*", ["{f} times {n}", "{f} taken {n} times", "{n} times {f}", "{f} multiplied by {n}"]),
        ("-", ["{f} minus {n}", "{n} less than {f}", "{f} with {n} taken away"]),
    ])  # fmt: skip
    what = w.rng.choice(words).format(f=f, n=n)
    thing = w.pick(
        "{x} as a text", "a text with {x}", "in a text, {x}", "the number {x} in a text"
    ).format(x=what)
    return request(w.rng, thing, where, []), w.at(
        where, f"{f}: int", f"return {made['text']}({f} {sign} {n})"
    )


def query(w: Author) -> Part:
    where, f, made, kind = (
        path(w.rng, 1),
        plain(w.rng),
        w.lib.made,
        w.pick("heading", "text", "bold"),
    )
    typed, default = w.rng.choice(
        [("str", f'"{word(w.rng)}"'), ("int", str(number(w.rng))), ("bool", "False")]
    )
    value = default.strip('"') if w.rng.random() < 0.5 else default
    ask = w.pick(
        "show in a {k} at {p} the {t} {f} that was asked for, or {d} when none was",
        "{p} takes {f} ({t}), which is {d} if left out, and returns it in a {k}",
        "the query of {p} may have a {t} {f}; a {k} shows it, or {d}",
        "put the {t} {f} into a {k} at {p}. Without {f} it is {d}",
        "return a {k} with whatever {f} was given to {p}, {d} by default ({t})",
        "{f}, a {t} that is normally {d}, comes back from {p} in a {k}",
        "unless {f} is given, {p} says {d} in a {k}; else it says {f} ({t})",
        "at {p} read {f} from the query, falling back to {d}, and show a {k}; {f}: {t}",
    ).format(p=where, f=f, d=value, k=kind, t={"str": "text", "int": "number", "bool": "flag"}[typed])  # fmt: skip
    return ask, w.at(where, f"{f}: {typed} = {default}", f"return {made[kind]}({f})")


def counter(w: Author) -> Part:
    where, f, start, step = path(w.rng, 1), plain(w.rng), w.rng.randint(0, 50), w.rng.randint(1, 9)
    says = w.rng.sample([
        w.pick(f"{f} is a global number", f"keep a global {f}", f"there is a global counter {f}"),
        w.pick(f"it is {start} at first", f"it starts at {start}", f"its first value is {start}",
               f"the beginning is {start}"),
        w.pick(f"a send to {where} adds {step}", f"sending to {where} raises it by {step}",
               f"each time something is sent to {where}, {step} is added"),
    ], 3)  # fmt: skip
    says.append(w.pick("show it in a text", "the answer is a text with it", "return it as a text"))
    ask = w.pick("{}. {}. {}. {}", "{}; {}; {}; {}", "{}, {}, {} and {}").format(*says)
    if ask.count(". "):
        ask = ". ".join(capital(s) for s in ask.split(". "))
    body = f"global {f}\n{f} = {f} + {step}\nreturn {w.lib.made['text']}({f})"
    return ask, f"{f}: int = {start}\n\n" + w.at(where, "", body, sent=True)


def series(w: Author) -> Part:
    where, made, f = path(w.rng, 2), w.lib.made, plain(w.rng) + "s"
    items = [
        w.pick(word(w.rng), phrase(w.rng, 2).rstrip(".!?").replace(", ", " "))
        for _ in range(w.rng.randint(2, 7))
    ]
    shows = listed([shown(w, i) for i in items] if w.rng.random() < 0.5 else items, w.rng)
    says = w.pick("a list of {}", "a list whose items are {}", "{} as a list", "{}, each an item of a list",
                  "a list: {}", "{}, one item each in a list", "an item for each of {}, in a list")  # fmt: skip
    inner = ", ".join(f'"{i}"' for i in items)
    if w.rng.random() < 0.4:
        thing = says.format(w.pick("all of {}", "everything in {}", "what {} holds").format(f))
        head = w.pick(
            "{f} is {i}", "keep {i} in {f}", "{f} = {i}", "{i} make up {f}", "take {f}: {i}"
        ).format(f=f, i=shows)
        ask, order = request(w.rng, thing, where, []), w.rng.random() < 0.5
        ask = f"{head}. {capital(ask)}" if order else f"{ask}. {capital(head)}"
        body = f"return {made['list']}(*[{made['item']}(x) for x in {f}])"
        return ask, f"{f} = [{inner}]\n\n" + w.at(where, "", body)
    if w.rng.random() < 0.5:
        body = f"return {made['list']}(*[{made['item']}(x) for x in [{inner}]])"
        return request(
            w.rng, says.format(shows) + w.pick(", by a loop", ", made in a loop"), where, []
        ), w.at(where, "", body)
    facts, code = marks(w)
    each = ", ".join(f'{made["item"]}("{i}")' for i in items)
    body = f"return {made['list']}({each}{code})"
    return request(w.rng, says.format(shows), where, facts), w.at(where, "", body)


def grid(w: Author) -> Part:
    where, heads, made = path(w.rng, 1), [word(w.rng).title() for _ in "ab"], w.lib.made
    rows = [(word(w.rng), number(w.rng)) for _ in range(w.rng.randint(2, 4))]
    shows = listed([w.pick("{} {}", "{} {}", "{} with {}").format(*r) for r in rows], w.rng)
    facts = [("heads", listed(heads)), ("rows", shows)]
    ask = request(w.rng, w.pick("a table", "one table", "a small table"), where, facts)
    head = ", ".join(f'{made["cell"]}("{h}")' for h in heads)
    lines = ", ".join(f'("{a}", {b})' for a, b in rows)
    loop = f"*[{made['row']}({made['cell']}(x), {made['cell']}(y)) for x, y in rows]"
    return ask, w.at(
        where, "", f"rows = [{lines}]\nreturn {made['table']}({made['row']}({head}), {loop})"
    )


def twins(w: Author) -> Part:
    """One path read and sent to, or two paths: two texts that must not be mixed up."""
    first, second = phrase(w.rng, 3), phrase(w.rng, 3)
    one, kind, made = path(w.rng, 1), w.pick("text", "heading", "bold"), w.lib.made
    a, b = shown(w, first), shown(w, second)
    if w.rng.random() < 0.5:
        ask = w.pick(
            "reading {p} gives the {k} {a}, sending to it {b}", "{b} is the {k} for what is sent to {p}; who reads it gets {a}",
            "{p} says {a} in a {k} when opened and {b} when something is sent",
            "at {p}, a {k}: {a} for readers, {b} for senders", "if {p} is opened, {a}; if it is sent to, {b}; both in a {k}",
        ).format(p=one, a=a, b=b, k=kind)  # fmt: skip
        pairs = [(one, first, False), (one, second, True)]
    else:
        two = path(w.rng, 1)
        ask = w.pick(
            "{a} in a {k} at {p} and {b} at {q}", "{p} shows the {k} {a}, {q} the {k} {b}",
            "two routes with a {k}: {p} has {a}, {q} has {b}", "{k} {a} for {p}; {k} {b} for {q}",
            "{p} and {q} say {a} and {b}, each in a {k}",
        ).format(p=one, q=two, a=a, b=b, k=kind)  # fmt: skip
        pairs = [(one, first, False), (two, second, False)]
    return ask, "\n\n".join(
        w.at(p, "", f'return {made[kind]}("{t}")', sent) for p, t, sent in pairs
    )


def records(w: Author) -> Part:
    """A store, its field and some rows; a route that lists, finds or adds."""
    many, f, made, where = plain(w.rng) + "s", plain(w.rng), w.lib.made, path(w.rng, 1)
    items = [word(w.rng) for _ in range(w.rng.randint(2, 4))]
    about = [
        w.pick(f"the store is called {many}", f"use a store {many}", f"{many} is a store"),
        w.pick(f"its field is {f}", f"it has the field {f}", f"each row has a {f}", f"rows have {f}"),
        w.pick(f"put {listed(items)} into it", f"it begins with {listed(items)}", f"the rows are {listed(items)}"),
    ]  # fmt: skip
    does, params, body = w.rng.choice([
        (w.pick("list every {f} at {p}", "{p} shows a list of all", "at {p} one sees the {f} of each, in a list"),
         "", f"return {made['list']}(*[{made['item']}(x.{f}) for x in {many}.{made['every']}()])"),
        (w.pick("{p} followed by a number shows the {f} of that row", "look up a row at {p} by its number and show the {f}"),
         "number: int", f"return {made['text']}({many}[number].{f})"),
        (w.pick("what is sent to {p} as {f} is added", "send a {f} to {p} to add it", "{p} adds the {f} that is sent"),
         f"{f}: str", f"{many}.{made['add']}({f}={f})"),
    ])  # fmt: skip
    about = [about[0], *w.rng.sample([*about[1:], does.format(f=f, p=where)], 3)]
    ask = w.pick("{}. {}. {}. {}", "{}; {}; {}; {}", "{}, {}, {}; {}").format(*about)
    if ". " in ask:
        ask = ". ".join(capital(s) for s in ask.split(". "))
    inner = ", ".join(f'"{i}"' for i in items)
    head = (f'{many} = {made["store"]}("{f}")\nfor x in [{inner}]:\n'
            f"    {many}.{made['add']}({f}=x)\n\n")  # fmt: skip
    at = f"{where}/{{number}}" if params == "number: int" else where
    return ask, head + w.at(at, params, body, sent=params.endswith("str"))


def guard(w: Author) -> Part:
    """What is sent is checked: too short gets a status and a text, else another text."""
    where, f, n, code, made = (
        path(w.rng, 1),
        plain(w.rng),
        w.rng.randint(2, 12),
        w.rng.choice([400, 403, 422]),
        w.lib.made,
    )
    good, bad = phrase(w.rng, 3), phrase(w.rng, 3)
    a, b = shown(w, good), shown(w, bad)
    ask = w.pick(
        "say {a} in a text if the {f} sent to {p} has at least {n} letters; if not, status {c} and {b}",
        "{p} refuses a {f} shorter than {n} with {c} {b}; others get the text {a}",
        "a {f} is sent to {p}: under {n} letters reply {b} (status {c}), else a text {a}",
        "check the length of {f} at {p}: {n} or more gives the text {a}, less gives {b} with {c}",
        "with {c} and {b} answer a {f} of fewer than {n} letters sent to {p}. Otherwise say {a} in a text",
    ).format(a=a, b=b, f=f, p=where, n=n, c=code)  # fmt: skip
    body = (f'if {n} > len({f}):\n    return {made["reply"]}("{bad}", {made["status"]}={code})\n'
            f'return {made["text"]}("{good}")')  # fmt: skip
    return ask, w.at(where, f"{f}: str", body, sent=True)


def helper(w: Author) -> Part:
    """A function that makes an element with a class, called for each of some words."""
    f, made, where, kind = plain(w.rng), w.lib.made, path(w.rng, 1), w.pick("text", "bold", "item")
    look, items = plain(w.rng), [word(w.rng) for _ in range(w.rng.randint(2, 5))]
    ask = w.pick(
        "{f}(text) makes a {k} with the class {c}; {p} shows a box of {i}, each made by it",
        "in the box at {p} stand {i}, each wrapped by {f} in a {k} whose class is {c}",
        "write {f}, which turns a text into a {k} of class {c}. Use it at {p} for {i} in a box",
        "at {p}, a box with {f} of {i}. {f} takes text and returns a {k}, class {c}",
        "let {p} call {f} on {i} inside a box; {f} gives a {c} {k} of its text",
        "for {i}, call {f} in a box at {p}. It puts its text into a {k} ({c} is the class)",
    ).format(f=f, k=kind, c=look, p=where, i=listed(items, w.rng))  # fmt: skip
    head = f'def {f}(text):\n    return {made[kind]}(text, {made["class"]}="{look}")\n\n'
    inner = ", ".join(f'"{i}"' for i in items)
    return ask, head + w.at(where, "", f"return {made['box']}(*[{f}(x) for x in [{inner}]])")


def call(w: Author) -> Part:
    """A call with open roles, without a route."""
    f, keys = name(w.rng), fields(w.rng, 1, 4)
    rows = {
        k: w.pick(str(number(w.rng)), f'"{phrase(w.rng, 2)}"', f'"{word(w.rng)}"') for k in keys
    }
    facts = [(k, v if w.rng.random() < 0.6 else v.strip('"')) for k, v in rows.items()]
    ask = w.pick(
        "call {f} with {n}", "{f}: {n}", "{n} go to {f}", "with {n}, call {f}", "{f} is called; {c}",
        "call {f}. {C}", "we call {f}: {c}", "run {f}, {c}",
    ).format(f=f, n=listed([fact(w.rng, NOUNS, *x) for x in facts], w.rng),
             c=listed(cs := [fact(w.rng, CLAUSES, *x) for x in facts], w.rng),
             C=". ".join(capital(x) for x in cs))  # fmt: skip
    return ask, f"{f}({', '.join(f'{k}={v}' for k, v in rows.items())})"


FAMILIES: list[Callable[[Author], Part]] = [
    element, element, both, both, titled, link, picture, form, reply, away, data, choice, greeting,
    arithmetic, query, counter, series, series, grid, twins, records, guard, helper,
]  # fmt: skip
JOINTS = ["{}. Also, {}", "{}. In the same program, {}", "{}. And {}", "{}. Then {}", "{}. {}"]


def program(rng: random.Random, lib: Library) -> tuple[str, str]:
    """(request, program): one to three parts over a library, or a single call."""
    w = Author(rng, lib)
    if rng.random() < 0.12:
        ask, code = call(w)
        return capital(ask) + ".", code
    parts = [rng.choice(FAMILIES)(w) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
    asked = parts[0][0]
    for ask, _ in parts[1:]:
        asked = rng.choice(JOINTS).format(asked, ask)
    asked = rng.choice(["{t}: {x}.", "In {t}: {x}.", "{X}. Use {t}.", "{X} ({t})."]).format(
        t=lib.title, x=asked, X=capital(asked)
    )
    return asked, "\n\n".join([lib.prelude, *(code for _, code in parts)])


def conversation(rng: random.Random) -> list[tuple[str, str]]:
    """One to three exchanges about one of the known libraries."""
    lib = known(int(KNOWN * rng.random() ** 1.3))
    return [program(rng, lib) for _ in range(rng.choice([1, 1, 2, 2]))]


if __name__ == "__main__":
    demo = random.Random(1)
    for _ in range(12):
        for turn in conversation(demo):
            print("\n→ ".join(turn), end="\n---\n")
