"""Instruction → code pairs over invented APIs, for nano's corpus: copying is what they teach.

    python recipes/nano/pairs.py        prints twelve samples

Names, words and numbers of the instruction come back in the code, quoted or not, so that the model
learns to copy words that it has never seen. Half of the names are made up from syllables.
"""

import random

import lexicon as lex

PLAIN = lex.spaced("""
    apple box page river title user count total price order color size name city table chair letter
    window number report book song level score message address phone client invoice product photo
    video event task note team member budget weather menu recipe ticket station bridge garden engine
    sensor signal filter chart image buffer token record account branch folder report market school
    """)
VERBS = lex.spaced("""
    load save draw send build make read write open close start stop add remove find sort merge split
    print check count update create delete copy move paint fetch parse show hide join wrap
    """)
TYPES = {"text": "str", "number": "int", "decimal": "float", "flag": "bool"}
START = lex.spaced("b c d f g h j k l m n p r s t v w z br cl dr fl gr pl st tr")
MIDDLE = "aeiou"
END = ["", "", "n", "r", "l", "s", "t", "x", "m"]


def coin(rng: random.Random) -> str:
    """A made-up word of one to three syllables."""
    return "".join(
        rng.choice(START) + rng.choice(MIDDLE) + rng.choice(END) for _ in range(rng.randint(1, 3))
    )


def word(rng: random.Random) -> str:
    return coin(rng) if rng.random() < 0.5 else rng.choice(PLAIN)


def name(rng: random.Random) -> str:
    """An identifier: a verb and a word, two words, or one."""
    first = rng.choice(VERBS) if rng.random() < 0.5 else word(rng)
    return first if rng.random() < 0.3 else f"{first}_{word(rng)}"


def phrase(rng: random.Random) -> str:
    """One to three words as a person would type them."""
    text = " ".join(word(rng) for _ in range(rng.randint(1, 3)))
    return text.title() if rng.random() < 0.3 else text


def listed(items: list[str]) -> str:
    """`a, b and c`"""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def quoted(rng: random.Random, text: str) -> str:
    """The text as an instruction may show it: bare or in either kind of quotes."""
    return rng.choice(["{}", "'{}'", '"{}"']).format(text)


def call(rng: random.Random) -> tuple[str, str]:
    f, key, key2, n, p = name(rng), word(rng), word(rng), rng.randint(0, 99), phrase(rng)
    ask = rng.choice([
        "Call {f} with {key} {p} and {key2} {n}.",
        "Use {f} with {key} set to {p} and {key2} = {n}.",
        "Run {f}; {key} is {p}, {key2} is {n}.", "I need {f} called, {key}: {p}, {key2}: {n}.",
        "{f} please, {key} {p} and {key2} {n}",
    ])  # fmt: skip
    return ask.format(
        f=f, key=key, key2=key2, n=n, p=quoted(rng, p)
    ), f'{f}({key}="{p}", {key2}={n})'


def sequence(rng: random.Random) -> tuple[str, str]:
    f, items = name(rng), [phrase(rng) for _ in range(rng.randint(2, 8))]
    ask = rng.choice([
        "Make a list {f} of {items}.",
        "Put {items} into a list called {f}.", "{f} is a list: {items}.",
        "Create {f}, a list that holds {items}.", "List {items} as {f}.",
    ])  # fmt: skip
    shown = [quoted(rng, item) for item in items] if rng.random() < 0.4 else items
    inner = ", ".join(f'"{item}"' for item in items)
    return ask.format(f=f, items=listed(shown)), f"{f} = [{inner}]"


def table(rng: random.Random) -> tuple[str, str]:
    f = name(rng)
    rows = {word(rng): rng.randint(0, 999) for _ in range(rng.randint(2, 5))}
    ask = rng.choice([
        "Make a dictionary {f} with {rows}.", "{f} maps {rows}.", "Store {rows} in the table {f}.",
        "Build the table {f}: {rows}.",
    ])  # fmt: skip
    join = rng.choice([" {} as {}", " {} = {}", " {}: {}", " {} to {}"]).strip()
    shown = listed([join.format(k, v) for k, v in rows.items()])
    inner = ", ".join(f'"{k}": {v}' for k, v in rows.items())
    return ask.format(f=f, rows=shown), f"{f} = {{{inner}}}"


def function(rng: random.Random) -> tuple[str, str]:
    f, params = name(rng), list(dict.fromkeys(word(rng) for _ in range(rng.randint(1, 3))))
    kinds = [rng.choice(list(TYPES)) for _ in params]
    back = rng.choice(params)
    ask = rng.choice([
        "Write a function {f} that takes {params} and returns {back}.",
        "Define {f} with the parameters {params}; it returns {back}.",
        "Function {f}, input {params}, output {back}.",
        "I want {f} to take {params} and give back {back}.",
    ])  # fmt: skip
    shown = listed([f"{p} ({k})" for p, k in zip(params, kinds, strict=True)])
    typed = ", ".join(f"{p}: {TYPES[k]}" for p, k in zip(params, kinds, strict=True))
    return ask.format(f=f, params=shown, back=back), f"def {f}({typed}):\n    return {back}"


def handler(rng: random.Random) -> tuple[str, str]:
    deco, f, place, p = word(rng), name(rng), f"{word(rng)}/{word(rng)}", phrase(rng)
    ask = rng.choice([
        "Register {f} with {deco} at {place}; it returns {p}.",
        "With the decorator {deco} for {place}, write {f} that returns {p}.",
        "When {place} comes in, {f} under {deco} answers {p}.",
    ])  # fmt: skip
    code = f'@{deco}("{place}")\ndef {f}():\n    return "{p}"'
    return ask.format(f=f, deco=deco, place=place, p=quoted(rng, p)), code


def nested(rng: random.Random) -> tuple[str, str]:
    outer, inner = coin(rng).title(), [coin(rng).title() for _ in range(rng.randint(1, 3))]
    texts = [phrase(rng) for _ in inner]
    ask = rng.choice([
        "A {outer} with {inner}.",
        "Put {inner} inside a {outer}.", "Build a {outer} that holds {inner}.",
        "Inside {outer} show {inner}.",
    ])  # fmt: skip
    says = rng.choice(["a {} saying {}", "a {} with the text {}", "{} {}"])
    shown = listed([says.format(i, quoted(rng, t)) for i, t in zip(inner, texts, strict=True)])
    body = ", ".join(f'{i}("{t}")' for i, t in zip(inner, texts, strict=True))
    return ask.format(outer=outer, inner=shown), f"{outer}({body})"


def loop(rng: random.Random) -> tuple[str, str]:
    f, many, one = name(rng), word(rng) + "s", word(rng)
    ask = rng.choice([
        "For each {one} in {many}, call {f}.", "Call {f} on every {one} of {many}.",
        "Go through {many} and {f} each {one}.",
    ])  # fmt: skip
    return ask.format(f=f, many=many, one=one), f"for {one} in {many}:\n    {f}({one})"


def echo(rng: random.Random) -> tuple[str, str]:
    text = " ".join(word(rng) for _ in range(rng.randint(2, 7)))
    ask, answer = rng.choice([
        ("Repeat: {t}", text), ("Say this again: {t}", text), ("Print {t}.", f'print("{text}")'),
        ("Capitals: {t}", text.upper()), ("How many words: {t}", str(len(text.split()))),
        ("First word of {t}", text.split()[0]), ("Quote it: {t}", f'"{text}"'),
        ("Backwards, word by word: {t}", " ".join(reversed(text.split()))),
    ])  # fmt: skip
    return ask.format(t=text), answer


FAMILIES = [call, sequence, table, function, handler, nested, loop, echo]


def pair(rng: random.Random) -> tuple[str, str]:
    """One (instruction, code) pair of a random family."""
    return rng.choice(FAMILIES)(rng)


if __name__ == "__main__":
    demo = random.Random(1)
    for _ in range(12):
        print("\n→ ".join(pair(demo)), end="\n---\n")
