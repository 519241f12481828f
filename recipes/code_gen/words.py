"""The words that fill the tasks: every fourth word of a pool is for test.jsonl alone.

    python recipes/code_gen/words.py        prints how many words each pool has

Only `random.Random.random` is drawn from: Python promises that its sequence for a seed never
changes, which it does not for `choice` and `shuffle`.
"""

import re
from collections.abc import Sequence
from functools import cache
from random import Random
from typing import TypeVar

T = TypeVar("T")


def spaced(block: str) -> list[str]:
    """The words of a block."""
    return block.split()


def barred(block: str) -> list[str]:
    """The phrases of a block, between bars."""
    return [phrase.strip() for phrase in block.split("|")]


# Nouns also become paths, ids and names of parameters and cookies: none is a Python keyword, a
# header of HTTP, a special parameter of a handler or an attribute of a cookie (host, auth, path).
NOUNS = spaced("""
    apple garden river bridge castle forest mountain island harbor village market library museum
    school kitchen window door table chair lamp mirror carpet candle basket bottle bucket hammer
    ladder rope anchor boat train wagon ticket station engine wheel bicycle tunnel tower clock
    calendar letter parcel stamp pencil notebook paper poster camera picture painting statue song
    piano violin drum concert dance theater movie novel poem story chapter dragon knight wizard
    giant pirate treasure map compass lantern tent camp trail valley desert ocean beach wave storm
    cloud rain snow winter summer spring autumn season flower rose tulip lily daisy tree leaf bark
    root seed field farm barn horse cow sheep goat chicken duck rabbit fox wolf bear deer owl eagle
    robin sparrow turtle frog fish whale shark crab spider ant bee butterfly bread butter cheese
    honey jam soup salad pasta pizza rice potato tomato onion carrot pepper lemon orange banana
    cherry grape melon peach plum coffee tea juice milk water sugar salt cake cookie dessert
    breakfast lunch dinner menu recipe spoon fork plate cup glass kettle oven shirt jacket coat hat
    scarf glove shoe boot sock pocket button ring necklace crown jewel coin wallet purse gift toy
    puzzle game ball kite robot rocket planet moon star comet galaxy sensor signal battery magnet
    printer laptop tablet phone radio speaker guitar flute trumpet band choir team coach player
    match medal trophy race whistle score goal league doctor nurse teacher student farmer baker
    barber pilot sailor driver painter writer poet singer actor judge lawyer lesson course exam
    grade project report budget invoice account branch office desk folder shelf drawer cabinet
    garage roof wall floor ceiling stair balcony fence gate alley street avenue corner square park
    fountain bench statement journey holiday festival wedding birthday party dream wish secret
    riddle joke rumor habit hobby skill talent
    """)
ADJECTIVES = spaced("""
    red green blue yellow purple brown golden silver bright dark pale warm cold cool fresh dry wet
    soft hard smooth rough sharp round flat narrow wide deep tall short long tiny small large huge
    old young new ancient modern early late quick slow calm loud quiet busy lazy brave shy kind
    gentle proud happy merry jolly clever wise honest polite simple plain fancy rare common famous
    hidden open empty full heavy light strong weak sweet sour bitter salty spicy clean dusty muddy
    shiny rusty broken wooden stone iron plastic striped royal wild tame lucky magic silent sunny
    rainy windy foggy frozen northern southern eastern western daily weekly private public local
    distant
    """)
NAMES = spaced("""
    Anna Ben Clara David Ella Frank Grace Henry Ida Jack Kate Leo Mary Nora Oscar Paul Rosa Sam Tina
    Victor Wendy Adam Julia Max Lily Tom Emma Peter Sara Hugo Lena Karl Mia Noah Olga Ruth Simon
    Vera Walter Zoe Amir Bella Carlos Dina Elena Farid Hana Ivan Jonas Kofi Alice Bruno Cora Dora
    Erik Fiona Greta Harold Irene Jamal Kira Laura Marta Nina Otto Priya Rafael Stella Theo Ursula
    Viola Wanda Yara Arthur Betty Cecil Doris Edgar Flora Gloria Hector Ingrid Jasper Klara Louis
    """)
GREETINGS = barred("""
    Hello|Welcome|Good morning|Good evening|Greetings|Nice to see you|Welcome back|Hi there|Hey|
    Good day|Pleased to meet you|Glad you came
    """)
PATTERNS = barred("""
    The {noun} is {adjective}.|{name} likes the {noun}.|Ask {name} about the {noun}.|
    Every {noun} is {adjective}.|We found a {adjective} {noun}.|This {noun} is for {name}.|
    The {noun} opens at noon.|No {noun} today.|Mind the {adjective} {noun}.|
    {name} lost the {noun}.|The {adjective} {noun} is here.|Look behind the {noun}.|
    {name} painted a {noun}.|Our {noun} is closed.|Bring your own {noun}.
    """)
POOLS = {
    "noun": NOUNS,
    "adjective": ADJECTIVES,
    "name": NAMES,
    "greeting": GREETINGS,
}


@cache
def pool(kind: str, split: str) -> list[str]:
    """The words of a kind ("noun" …) that a split ("train" or "test") may use."""
    test = POOLS[kind][3::4]
    return test if split == "test" else [word for word in POOLS[kind] if word not in test]


def pick(options: Sequence[T], rng: Random) -> T:
    """One of `options`; raises IndexError when there is none."""
    return options[int(rng.random() * len(options))]


def shuffled(options: Sequence[T], rng: Random) -> list[T]:
    """All of `options` in another order."""
    keys = [rng.random() for _ in options]
    return [options[index] for index in sorted(range(len(options)), key=keys.__getitem__)]


def listed(words: Sequence[str]) -> str:
    """`a, b and c`"""
    return f"{', '.join(words[:-1])} and {words[-1]}"


def quoted(words: Sequence[str]) -> str:
    """`"a", "b", "c"`: what stands in a Python list."""
    return ", ".join(f'"{word}"' for word in words)


def with_articles(text: str) -> str:
    """The text with "an" for "a" where a vowel follows ("u" may sound like "you": left alone)."""
    return re.sub(r"\b([Aa]) (?=[aeio]|h\d)", r"\1n ", text)


class Draw:
    """Draws the values of one task: words of one split, no word twice.

    `brief` draws one word where others draw two, so that two families fit into a context.
    """

    def __init__(self, split: str, rng: Random, brief: bool = False):
        self.split, self.rng, self.brief = split, rng, brief
        self.taken: set[str] = set()

    def word(self, kind: str = "noun") -> str:
        """One word of a pool."""
        left = [word for word in pool(kind, self.split) if word not in self.taken]
        word = pick(left, self.rng)
        self.taken.add(word)
        return word

    def words(self, low: int, high: int, kind: str = "noun") -> list[str]:
        """`low` to `high` words of a pool."""
        return [self.word(kind) for _ in range(self.number(low, high))]

    def title(self) -> str:
        """`Green Garden`, briefly `Garden`"""
        if self.brief:
            return self.word().title()
        return f"{self.word('adjective').title()} {self.word().title()}"

    def path(self) -> str:
        """`/garden` or, less often, `/green-garden`"""
        if not self.brief and self.rng.random() < 0.2:
            return f"/{self.word('adjective')}-{self.word()}"
        return f"/{self.word()}"

    def dashed(self) -> str:
        """`garden` or `garden-door`: an id or a class"""
        return (
            self.word() if self.brief or self.rng.random() < 0.5 else f"{self.word()}-{self.word()}"
        )

    def sentence(self) -> str:
        """`The garden is green.`, briefly `Green garden`"""
        if self.brief:
            return f"{self.word('adjective').title()} {self.word()}"
        slots = {kind: self.word(kind) for kind in ("noun", "adjective", "name")}
        return with_articles(pick(PATTERNS, self.rng).format(**slots))

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def one_of(self, *options: T) -> T:
        """One of a few choices that are not free words."""
        return pick(options, self.rng)


if __name__ == "__main__":
    for kind, words in POOLS.items():
        print(f"{kind}: {len(words)}, {len(pool(kind, 'test'))} of them for test alone")
