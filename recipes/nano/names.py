"""Words, names, phrases and paths for the code pairs of nano's corpus: half made up, half plain.

They are what pairs.py and programs.py ask the model to copy, so they vary as widely as is cheap.
"""

import random

import lexicon as lex
import stdlib

PLAIN = lex.spaced("""
    apple box page river title user count total price order color size name city table chair letter
    window number report book song level score message address phone client invoice product photo
    video event task note team member budget weather menu recipe ticket station bridge garden engine
    sensor signal filter chart image buffer token record account branch folder market school lemon
    bread coffee honey butter forest ocean island valley mountain meadow planet rocket candle mirror
    basket blanket bottle camera carpet clock cloud copper cotton desert dragon eagle feather flower
    guitar hammer harbor jacket kitchen ladder lantern library magnet marble museum needle orange
    orchard owner pencil pepper piano pillow pocket potato rabbit ribbon saddle salad shadow silver
    spider spoon summer sunset tiger tower train tunnel turtle velvet violin wagon walnut winter
    about contact home help login news archive blog search settings profile cart checkout gallery
    morning evening today tomorrow welcome hello thanks sorry ready open closed new old big small
    red green blue quick slow happy quiet bright first second third last daily weekly lost found
    """)
VERBS = lex.spaced("""
    load save draw send build make read write open close start stop add remove find sort merge split
    print check count update create delete copy move paint fetch parse show hide join wrap
    """)
START = lex.spaced(
    "b c d f g h j k l m n p r s t v w z br cl dr fl gr pl st tr ch sh qu sk sp th bl cr fr"
)
MIDDLE = lex.spaced("a e i o u a e i o u ai ea oo ou y")
END = ["", "", "", "n", "r", "l", "s", "t", "x", "m", "d", "ck", "ng", "st", "p"]


def coin(rng: random.Random) -> str:
    """A made-up word of one to three syllables."""
    return "".join(
        rng.choice(START) + rng.choice(MIDDLE) + rng.choice(END) for _ in range(rng.randint(1, 3))
    )


def word(rng: random.Random) -> str:
    """One word in small letters: made up, everyday, or of the standard library's English."""
    chance = rng.random()
    if chance < 0.35:
        return coin(rng)
    return rng.choice(PLAIN) if chance < 0.65 else rng.choice(stdlib.vocabulary())


def plain(rng: random.Random) -> str:
    """A word that may be a Python name."""
    return coin(rng) + "o" if rng.random() < 0.4 else rng.choice(PLAIN)


def name(rng: random.Random) -> str:
    """An identifier: a verb and a word, two words, or one."""
    first = rng.choice(VERBS) if rng.random() < 0.5 else plain(rng)
    return first if rng.random() < 0.3 else f"{first}_{plain(rng)}"


def fields(rng: random.Random, low: int, high: int) -> list[str]:
    """`low` to `high` different identifiers of one word."""
    wanted, found = rng.randint(low, high), {}
    while len(found) < wanted:
        found[plain(rng)] = None
    return list(found)


def phrase(rng: random.Random, most: int = 5) -> str:
    """One to `most` words as a person would type them: small, title case or like a sentence."""
    parts = [
        str(rng.randint(0, 999)) if rng.random() < 0.04 else word(rng)
        for _ in range(min(rng.randint(1, most), rng.randint(1, most + 1)))
    ]
    text, chance = " ".join(parts), rng.random()
    if chance < 0.2:
        return text.title()
    if chance < 0.4:
        return text[0].upper() + text[1:] + rng.choice(["", "", ".", "!", "?"])
    if chance < 0.45 and len(parts) > 1:
        return text.replace(" ", rng.choice([", ", "-", "'s ", ": ", " & "]), 1)
    return text


def listed(items: list[str], rng: random.Random | None = None) -> str:
    """`a, b and c`, or with `rng` now and then `a, b, c`, `a, b, and c` or `a; b; c`."""
    join, last = ", ", " and "
    if rng is not None:
        join, last = rng.choice(
            [(", ", " and ")] * 4 + [(", ", ", "), (", ", ", and "), ("; ", "; ")]
        )
    return items[0] if len(items) == 1 else join.join(items[:-1]) + last + items[-1]


def quoted(rng: random.Random, text: str) -> str:
    """The text as an instruction may show it: bare or in either kind of quotes."""
    if not text.replace(" ", "").isalnum():  # bare, it would not be clear where it ends
        return f'"{text}"'
    return rng.choice(["{}", "'{}'", "'{}'", '"{}"', '"{}"']).format(text)


def path(rng: random.Random, most: int = 3) -> str:
    """`/` and one to `most` parts."""
    return "/" + "/".join(
        rng.choice([word, word, name])(rng) for _ in range(min(rng.randint(1, most), 3))
    )


def number(rng: random.Random) -> int:
    return rng.choice([rng.randint(0, 9), rng.randint(10, 99), rng.randint(100, 9999)])


def value(rng: random.Random) -> str:
    """A Python literal of one of the simple types, as source."""
    return rng.choice([
        str(number(rng)), f"{rng.randint(0, 99)}.{rng.randint(1, 9)}", f'"{phrase(rng, 2)}"',
        rng.choice(["True", "False", "None"]),
    ])  # fmt: skip
