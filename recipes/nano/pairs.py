"""Instruction → lines of Python with invented names, for nano's corpus: copying is what they teach.

    python recipes/nano/pairs.py        prints twelve samples

Names, words and numbers of the instruction come back in the code, quoted or not, so that the model
learns to copy words that it has never seen. Whole programs are in programs.py.
"""

import random
from collections.abc import Callable

from names import (
    coin,
    fields,
    listed,
    name,
    number,
    path,
    phrase,
    plain,
    quoted,
    value,
    word,
)  # fmt: skip

TYPES = {"text": "str", "number": "int", "decimal": "float", "flag": "bool"}
Pair = tuple[str, str]


def call(rng: random.Random) -> Pair:
    f, (key, key2), n, p = name(rng), fields(rng, 2, 2), number(rng), phrase(rng)
    ask = rng.choice([
        "Call {f} with {key} {p} and {key2} {n}.",
        "Use {f} with {key} set to {p} and {key2} = {n}.",
        "Run {f}; {key} is {p}, {key2} is {n}.", "I need {f} called, {key}: {p}, {key2}: {n}.",
        "{f} please, {key} {p} and {key2} {n}", "A call of {f} whose {key} is {p}, {key2} {n}.",
        "Invoke {f}({key}, {key2}) for {p} and {n}.", "{f}: {key} = {p}, {key2} = {n}",
    ])  # fmt: skip
    return ask.format(
        f=f, key=key, key2=key2, n=n, p=quoted(rng, p)
    ), f'{f}({key}="{p}", {key2}={n})'


def sequence(rng: random.Random) -> Pair:
    f, items = name(rng), [phrase(rng, 3) for _ in range(rng.randint(2, 8))]
    if rng.random() < 0.6:
        items = [word(rng) for _ in items]
    ask = rng.choice([
        "Make a list {f} of {items}.",
        "Put {items} into a list called {f}.", "{f} is a list: {items}.",
        "Create {f}, a list that holds {items}.", "List {items} as {f}.",
        "The list {f} has {items}.", "Collect {items} in {f}.", "Name this list {f}: {items}",
    ])  # fmt: skip
    shown = [quoted(rng, i) if not i.isalpha() or rng.random() < 0.3 else i for i in items]
    inner = ", ".join(f'"{item}"' for item in items)
    return ask.format(f=f, items=listed(shown, rng)), f"{f} = [{inner}]"


def repeated(rng: random.Random) -> Pair:
    """One call for each item, side by side or one a line."""
    f, outer, items = name(rng), name(rng), [phrase(rng, 2) for _ in range(rng.randint(2, 8))]
    shown = listed([quoted(rng, i) for i in items], rng)
    calls = [f'{f}("{i}")' for i in items]
    ask, code = rng.choice([
        ("Call {f} for {i}, inside {o}.", f"{outer}({', '.join(calls)})"),
        ("{o} around {f} of each: {i}", f"{outer}({', '.join(calls)})"),
        ("Wrap each of {i} in {f} and all in {o}.", f"{outer}({', '.join(calls)})"),
        ("One {f} per line: {i}", "\n".join(calls)),
        ("Call {f} on {i}, one after the other.", "\n".join(calls)),
        ("Make the list {o} with {f} of {i}.", f"{outer} = [{', '.join(calls)}]"),
        ("{o} gets a {f} for each of {i}.", "\n".join(f"{outer}.append({c})" for c in calls)),
        ("Do {f} in turn for {i}.", "\n".join(calls)),
    ])  # fmt: skip
    return ask.format(f=f, o=outer, i=shown), code


def table(rng: random.Random) -> Pair:
    f, keys = name(rng), fields(rng, 2, 6)
    rows = {k: str(number(rng)) if rng.random() < 0.6 else phrase(rng, 3) for k in keys}
    ask = rng.choice([
        "Make a dictionary {f} with {rows}.", "{f} maps {rows}.", "Store {rows} in the table {f}.",
        "Build the table {f}: {rows}.", "{f} = {rows}, as a dictionary", "Dict {f}: {rows}",
        "Let {f} hold {rows}.", "I want a dictionary called {f} that has {rows}.",
    ])  # fmt: skip
    join = rng.choice(["{} as {}", "{} = {}", "{}: {}", "{} to {}", "{} {}"])
    shown = [join.format(k, v if v.isdigit() else quoted(rng, v)) for k, v in rows.items()]
    inner = ", ".join(f'"{k}": {v}' if v.isdigit() else f'"{k}": "{v}"' for k, v in rows.items())
    return ask.format(f=f, rows=listed(shown, rng)), f"{f} = {{{inner}}}"


def pairs_list(rng: random.Random) -> Pair:
    f = name(rng)
    rows = [(word(rng), number(rng)) for _ in range(rng.randint(2, 6))]
    ask = rng.choice([
        "{f} is a list of pairs: {r}.", "Make {f} from the pairs {r}.", "Pairs in {f}: {r}",
        "List of tuples {f}: {r}", "Put {r} as tuples into {f}.", "Tuples {r}, called {f}.",
        "Keep {r} in order, each a pair, in {f}.", "{f} holds the tuples {r}.",
    ])  # fmt: skip
    shown = listed([f"{a} {b}" for a, b in rows], rng)
    inner = ", ".join(f'("{a}", {b})' for a, b in rows)
    return ask.format(f=f, r=shown), f"{f} = [{inner}]"


def signature(rng: random.Random, low: int, high: int) -> tuple[list[str], str, str]:
    """(names, as asked for, as written with types)"""
    params = fields(rng, low, high)
    kinds = [rng.choice(list(TYPES)) for _ in params]
    shown = listed([f"{p} ({k})" for p, k in zip(params, kinds, strict=True)], rng)
    return params, shown, ", ".join(f"{p}: {TYPES[k]}" for p, k in zip(params, kinds, strict=True))


def function(rng: random.Random) -> Pair:
    f, (params, shown, typed) = name(rng), signature(rng, 1, 3)
    back = rng.choice(params)
    ask = rng.choice([
        "Write a function {f} that takes {params} and returns {back}.",
        "Define {f} with the parameters {params}; it returns {back}.",
        "Function {f}, input {params}, output {back}.", "def {f} of {params}, gives {back}",
        "I want {f} to take {params} and give back {back}.", "{f} takes {params} → {back}",
        "Code {f}: parameters {params}, result {back}.", "Let {f} return {back}; it gets {params}.",
    ])  # fmt: skip
    return ask.format(f=f, params=shown, back=back), f"def {f}({typed}):\n    return {back}"


def formatted(rng: random.Random) -> Pair:
    f, p, (params, shown, typed) = name(rng), phrase(rng, 3), signature(rng, 1, 2)
    ask = rng.choice([
        "{f} takes {params} and returns the text {p} followed by {l}.",
        "Write {f} for {params}: {p}, then {l}.", "Function {f}({l}) gives {p} and {l}; {params}.",
        "{f}: input {params}, output {p} plus {l}", "Let {f} say {p} with {l}, given {params}.",
        "Make {f} that joins {p} and {l}. It takes {params}.", "{f} gets {params}, answers {p} {l}",
        "Return {p} and {l} from {f}, which takes {params}.",
    ])  # fmt: skip
    text = " ".join(f"{{{n}}}" for n in params)
    return ask.format(f=f, params=shown, p=quoted(rng, p), l=listed(params)), (
        f'def {f}({typed}):\n    return f"{p} {text}"'
    )


def record(rng: random.Random) -> Pair:
    kind, (_, shown, typed) = plain(rng), signature(rng, 1, 5)
    ask = rng.choice([
        "A class {k} with {f}.", "Class {k}: {f}", "Define the class {k} that has {f}.",
        "{k} is a record of {f}.", "Write class {k} with the fields {f}.", "Data class {k}, {f}",
        "I need a {k} with {f}.", "Make a type {k} whose fields are {f}.",
    ])  # fmt: skip
    lines = "\n".join("    " + part for part in typed.split(", "))
    return ask.format(k=kind, f=shown), f"class {kind.title()}:\n{lines}"


def make(rng: random.Random) -> Pair:
    kind, var, names = plain(rng), name(rng), fields(rng, 1, 4)
    values = [value(rng) for _ in names]
    ask = rng.choice([
        "{v} is a {k} with {a}.", "Make a {k} with {a} and call it {v}.", "{v} = new {k}: {a}",
        "Create the {k} {v}; {a}.", "Build {v}, a {k}, from {a}.", "A {k} named {v}, {a}",
        "Set {v} to a {k} with {a}.", "Let {v} be a {k} whose {a}.",
    ])  # fmt: skip
    shown = listed([f"{n} is {v}" for n, v in zip(names, values, strict=True)], rng)
    inner = ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True))
    return ask.format(v=var, k=kind, a=shown), f"{var} = {kind.title()}({inner})"


def handler(rng: random.Random) -> Pair:
    deco, f, place, p = plain(rng), name(rng), path(rng), phrase(rng)
    ask = rng.choice([
        "Register {f} with {deco} at {place}; it returns {p}.",
        "With the decorator {deco} for {place}, write {f} that returns {p}.",
        "When {place} comes in, {f} under {deco} answers {p}.", "@{deco} {place}: {f} gives {p}",
        "{f} returns {p} and is decorated by {deco} with {place}.", "{deco} {place}, {f}, {p}",
        "Put {deco} with {place} above {f}, which returns {p}.", "{f} at {place} ({deco}): {p}",
    ])  # fmt: skip
    code = f'@{deco}("{place}")\ndef {f}():\n    return "{p}"'
    return ask.format(f=f, deco=deco, place=place, p=quoted(rng, p)), code


def nested(rng: random.Random) -> Pair:
    outer, inner = coin(rng).title(), [coin(rng).title() for _ in range(rng.randint(1, 4))]
    texts, key, val = [phrase(rng, 3) for _ in inner], plain(rng), word(rng)
    ask = rng.choice([
        "A {outer} with {inner}.", "{outer} of {inner}", "Nest {inner} in {outer}.",
        "Put {inner} inside a {outer}.", "Build a {outer} that holds {inner}.",
        "Inside {outer} show {inner}.", "{outer} contains {inner}.", "Give me {outer}: {inner}",
    ])  # fmt: skip
    says = rng.choice(["a {} saying {}", "a {} with the text {}", "{} {}"])
    shown = listed([says.format(i, quoted(rng, t)) for i, t in zip(inner, texts, strict=True)])
    body = ", ".join(f'{i}("{t}")' for i, t in zip(inner, texts, strict=True))
    if rng.random() < 0.4:
        shown, body = f"{shown}; its {key} is {val}", f'{body}, {key}="{val}"'
    return ask.format(outer=outer, inner=shown), f"{outer}({body})"


def loop(rng: random.Random) -> Pair:
    f, many, one = name(rng), plain(rng) + "s", plain(rng)
    ask = rng.choice([
        "For each {one} in {many}, call {f}.", "Call {f} on every {one} of {many}.",
        "Go through {many} and {f} each {one}.", "Loop: {one} over {many}, {f}",
        "{f} for all {many}, one {one} at a time", "Each {one} of {many} goes to {f}.",
        "Iterate {many} as {one} with {f}.", "Take {many}; do {f} with every {one}.",
    ])  # fmt: skip
    return ask.format(f=f, many=many, one=one), f"for {one} in {many}:\n    {f}({one})"


def comprehension(rng: random.Random) -> Pair:
    var, f, many, one = name(rng), name(rng), plain(rng) + "s", plain(rng)
    ask = rng.choice([
        "{v} is {f} of each {one} in {many}.", "Collect {f} for every {one} of {many} in {v}.",
        "List {v}: {f} over {many} ({one}).", "{v} = all {f} results, {one} in {many}",
        "Apply {f} to {many} by {one}, keep it as {v}.", "Map {f} over {many} into {v} ({one}).",
        "Build {v} from {many}, each {one} through {f}.", "In one line: {v}, {f}, {one} of {many}",
    ])  # fmt: skip
    return ask.format(v=var, f=f, one=one, many=many), f"{var} = [{f}({one}) for {one} in {many}]"


def branch(rng: random.Random) -> Pair:
    f, (var,), n, p, q = name(rng), fields(rng, 1, 1), number(rng), phrase(rng, 3), phrase(rng, 3)
    says, sign = rng.choice([
        ("is more than", ">"), ("is less than", "<"), ("equals", "=="), ("is at least", ">="),
        ("is not", "!="), ("is at most", "<="),
    ])  # fmt: skip
    ask = rng.choice([
        "{f}: if {v} {s} {n} return {p}, else {q}.", "{f}({v}) gives {p} when {v} {s} {n}, or {q}.",
        "When {v} {s} {n}, {f} returns {p}; otherwise {q}.", "Write {f} of {v}: {s} {n} → {p}, {q}",
        "{f} says {p} if {v} {s} {n} and {q} if not.",
        "If {v} {s} {n}, {p}; if not, {q}. Call it {f}.",
        "Let {f} choose: {p} where {v} {s} {n}, {q} else.",
        "Check in {f} that {v} {s} {n}: {p} / {q}",
    ])  # fmt: skip
    return ask.format(f=f, v=var, s=says, n=n, p=quoted(rng, p), q=quoted(rng, q)), (
        f'def {f}({var}):\n    if {var} {sign} {n}:\n        return "{p}"\n    return "{q}"'
    )


def assign(rng: random.Random) -> Pair:
    names = fields(rng, 1, 5)
    values = [value(rng) for _ in names]
    join = rng.choice(["{} to {}", "{} = {}", "{} is {}", "{}: {}"])
    ask = rng.choice(["Set {}.", "Assign {}.", "Variables: {}", "{}, please.", "Let {}.",
                      "Constants {}", "Define {}.", "Start with {}."])  # fmt: skip
    shown = listed([join.format(n, v) for n, v in zip(names, values, strict=True)], rng)
    code = "\n".join(f"{n} = {v}" for n, v in zip(names, values, strict=True))
    return ask.format(shown), code


def method(rng: random.Random) -> Pair:
    obj, steps = plain(rng), [(name(rng), value(rng)) for _ in range(rng.randint(1, 3))]
    ask = rng.choice(["On {o}, {s}.", "Chain on {o}: {s}", "{o}: {s}", "Call on {o} {s}.",
                      "With {o} do {s}.", "Start from {o}, then {s}.", "{o} gets {s}.",
                      "One chain from {o}: {s}."])  # fmt: skip
    shown = listed([f"{f} with {v}" for f, v in steps])
    return ask.format(o=obj, s=shown), obj + "".join(f".{f}({v})" for f, v in steps)


def imports(rng: random.Random) -> Pair:
    module, names = ".".join(fields(rng, 1, 2)), fields(rng, 1, 4)
    ask = rng.choice(["Import {n} from {m}.", "From {m} get {n}.", "I need {n} of {m}.",
                      "Bring {n} in from {m}.", "Use {n} ({m}).", "{m}: import {n}",
                      "Take {n} out of the module {m}.", "Load {n} from {m}"])  # fmt: skip
    return ask.format(n=listed(names, rng), m=module), f"from {module} import {', '.join(names)}"


def check(rng: random.Random) -> Pair:
    f, args, want = name(rng), [value(rng) for _ in range(rng.randint(1, 3))], value(rng)
    ask = rng.choice(["Assert that {f} of {a} is {w}.", "Test: {f} with {a} gives {w}.",
                      "{f}({a}) must be {w}", "Check {f} on {a}; expected {w}.",
                      "Make sure {f} returns {w} for {a}.", "Write a test of {f}: {a} → {w}",
                      "For {a}, {f} should give {w}.", "Expect {w} from {f}, given {a}.",
                      ])  # fmt: skip
    code = f"assert {f}({', '.join(args)}) == {want}"
    return ask.format(f=f, a=", ".join(args), w=want), code


def store(rng: random.Random) -> Pair:
    obj, key, val = plain(rng), phrase(rng, 2), value(rng)
    ask = rng.choice(["In {o} set {k} to {v}.", "Put {v} under {k} in {o}.",
                      "{o}[{k}] becomes {v}.", "Store {v} in {o} as {k}.",
                      "{o}: key {k}, value {v}",
                      "Let {k} of {o} be {v}.",
                      "Write {v} to {o} at {k}.", "Change {k} in {o} to {v}."])  # fmt: skip
    return ask.format(o=obj, k=quoted(rng, key), v=val), f'{obj}["{key}"] = {val}'


def rename(rng: random.Random) -> Pair:
    """An edit: the code is given, one word of it changes."""
    _, code = rng.choice([call, table, handler, function, loop, branch, record])(rng)
    parts = [w for w in code.replace("_", " ").replace("(", " ").split() if w.isalpha()]
    old = rng.choice([w for w in parts if w not in {"def", "return", "for", "in", "if", "class"}]
                     or ["x"])  # fmt: skip
    new = word(rng)
    ask = rng.choice(["Replace {a} by {b}:\n{c}", "Change {a} into {b}:\n{c}", "{a} → {b}\n{c}",
                      "{c}\nIn this, write {b} for {a}.", "{c}\nPut {b} in place of {a}.",
                      ])  # fmt: skip
    return ask.format(a=old, b=new, c=code), code.replace(old, new)


def echo(rng: random.Random) -> Pair:
    text = " ".join(word(rng) for _ in range(rng.randint(2, 7)))
    ask, answer = rng.choice([
        ("Repeat: {t}", text), ("Say this again: {t}", text), ("Print {t}.", f'print("{text}")'),
        ("Capitals: {t}", text.title()), ("How many words: {t}", str(len(text.split()))),
        ("First word of {t}", text.split()[0]), ("Quote it: {t}", f'"{text}"'),
        ("Backwards, word by word: {t}", " ".join(reversed(text.split()))),
        ("With lines between: {t}", "_".join(text.split())), ("Return {t}", f'return "{text}"'),
        ("As a path: {t}", "/" + "/".join(text.split())), ("Words: {t}", repr(text.split())),
    ])  # fmt: skip
    return ask.format(t=text), answer


FAMILIES: list[Callable[[random.Random], Pair]] = [
    call, sequence, repeated, table, pairs_list, function, formatted, record, make, handler, nested,
    loop, comprehension, branch, assign, method, imports, check, store, rename, echo,
]  # fmt: skip


def pair(rng: random.Random) -> Pair:
    """One (instruction, code) pair of a random family."""
    return rng.choice(FAMILIES)(rng)


if __name__ == "__main__":
    demo = random.Random(1)
    for _ in range(12):
        print("\n→ ".join(pair(demo)), end="\n---\n")
