"""One template, one domain, one label -> one sentence.

Read by `make_dataset.py`. The words are in words.toml, domains.toml and templates.toml, each with
its notation on top. Only `random.Random.random` is drawn from: Python promises that its sequence
for a seed never changes, which it does not for `choice` and `shuffle`.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar

NEGATIVE, POSITIVE = "negative", "positive"
OPPOSITE = {POSITIVE: NEGATIVE, NEGATIVE: POSITIVE}
PHRASES = ("verdict", "reaction", "detail")  # slots filled from words.toml
GENERAL_SHARE = 0.25  # adjectives that fit anything, among all adjectives
OPENER_SHARE = 0.2  # "Honestly, ...", among sentences that start with their subject
CONTRACTED_SHARE = 0.5  # "wasn't" for "was not"

SLOT = re.compile(r"\{(\w+)(?:\.(\w+)|([+-])(\+|soft|long)?)?\}")
STARRED = re.compile(r"\*(.+?)\*")

# train: words and phrases of the train lists. seen: phrases of the test lists, words of the train
# lists. unseen: phrases of the test lists without any sentiment word of the train lists.
Source = Literal["train", "seen", "unseen"]
Lists = dict[str, list[str]]  # split -> words or phrases
T = TypeVar("T")


@dataclass(frozen=True)
class Domain:
    """One kind of thing that people review; domains.toml explains the fields."""

    name: str
    present: bool
    items: list[tuple[str, str]]
    sort: str
    used: str
    have_used: str
    circumstances: list[str]
    aspects: dict[str, list[str]]
    outcomes: dict[str, Lists]

    @property
    def held_out(self) -> bool:
        """Does it appear in test.jsonl only?"""
        return "train" not in self.outcomes[POSITIVE]


class Aspect(NamedTuple):
    """What a sentence speaks of: "the jokes"."""

    noun: str
    sort: str
    plural: bool


@dataclass
class Sentence:
    """A filled template, with the sentiment words and the phrases that its slots got."""

    text: str = ""
    words: set[str] = field(default_factory=set)
    phrases: set[str] = field(default_factory=set)


def read(name: str) -> dict[str, Any]:
    """A TOML file of this folder."""
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


WORDS = read("words.toml")
TEMPLATES: dict[str, Lists] = read("templates.toml")
DOMAINS = [Domain(name, **fields) for name, fields in read("domains.toml").items()]


def divide_train(every: int, held_out: Sequence[str]) -> None:
    """From now on write only with what the train lists have: of each, one entry in `every` counts
    as test, and so do the domains `held_out`."""

    def divided(table: Any) -> Any:
        if "train" in table:
            return {
                "train": [entry for i, entry in enumerate(table["train"]) if i % every != 1],
                "test": table["train"][1::every],
            }
        return {key: divided(value) for key, value in table.items() if key != "test"}

    WORDS.update(divided(WORDS))
    TEMPLATES.update(divided(TEMPLATES))
    for domain in [domain for domain in DOMAINS if domain.held_out]:
        DOMAINS.remove(domain)
    for domain in DOMAINS:
        for label, lists in domain.outcomes.items():
            new = divided(lists)
            domain.outcomes[label] = {"test": lists["train"]} if domain.name in held_out else new
    TRAIN_WORDS.clear()
    TRAIN_WORDS.update(train_words())


def train_words() -> set[str]:
    """Every sentiment word that may appear in train.jsonl."""
    words: set[str] = set()
    for label in (POSITIVE, NEGATIVE):
        for adjectives in WORDS["adjectives"].values():
            words.update(word.rstrip("!") for word in adjectives[label]["train"])
        words.update(WORDS["noun"][label]["train"])
        tables = [WORDS[slot][label] for slot in PHRASES]
        tables += [domain.outcomes[label] for domain in DOMAINS]
        phrases = [phrase for lists in tables for phrase in lists.get("train", [])]
        words.update(word for phrase in phrases for word in STARRED.findall(phrase))
    return words


TRAIN_WORDS = train_words()


def pick(options: Sequence[T], rng: Random) -> T:
    """One of `options`; raises IndexError when there is none."""
    return options[int(rng.random() * len(options))]


def write(template: str, domain: Domain, label: str, source: Source, rng: Random) -> Sentence:
    """One sentence of `template` about `domain` whose verdict is `label`."""
    filler = Filler(domain, label, source, rng)
    text = SLOT.sub(filler.slot, template)
    if template.startswith("{") and rng.random() < OPENER_SHARE:
        text = f"{pick(WORDS['opener'][filler.split], rng)}, {text}"
    text = re.sub(r"\ba\(n\) (\w)", lambda m: ("an " if m[1] in "aeiou" else "a ") + m[1], text)
    if rng.random() < CONTRACTED_SHARE:
        text = re.sub(r"\b(was|were|is|are|did|do|could|would) not\b", r"\1n't", text)
        text = text.replace("cannot", "can't")
    filler.sentence.text = re.sub(r"(^|[.?!] )(\w)", lambda m: m[1] + m[2].upper(), text)
    return filler.sentence


class Filler:
    """Fills the slots of one sentence; remembers its aspects, words and phrases."""

    def __init__(self, domain: Domain, label: str, source: Source, rng: Random):
        self.domain, self.label, self.source, self.rng = domain, label, source, rng
        self.split = "train" if source == "train" else "test"
        self.sentence = Sentence()
        self.item, self.items = pick(domain.items, rng)
        self.it = f"{pick(('the', 'this'), rng)} {self.item}"
        self.aspects: dict[str, Aspect] = {}

    def slot(self, match: re.Match[str]) -> str:
        """What stands in place of one slot."""
        name, form, sign, degree = match.groups()
        if sign:
            label = self.label if sign == "+" else OPPOSITE[self.label]
            return self._sentiment(name, label, degree)
        if name in ("a", "b", "c"):
            return self._mention(self._aspect(name), form)
        return {
            "it": self.it,
            "item": self.item,
            "items": self.items,
            "is": "is" if self.domain.present else "was",
            "are": "are" if self.domain.present else "were",
            "used": self.domain.used,
            "have_used": self.domain.have_used,
            "when": pick(self.domain.circumstances, self.rng),
        }[name]

    def _aspect(self, name: str) -> Aspect:
        if name not in self.aspects:
            every = [
                Aspect(noun.removeprefix("+"), sort, plural=noun.startswith("+"))
                for sort, nouns in self.domain.aspects.items()
                for noun in nouns
            ]
            free = [aspect for aspect in every if aspect not in self.aspects.values()]
            self.aspects[name] = pick(free, self.rng)
        return self.aspects[name]

    def _mention(self, aspect: Aspect, form: str | None) -> str:
        if form is None:
            return f"the {aspect.noun}"
        if form == "be":
            singular, plural = ("is", "are") if self.domain.present else ("was", "were")
        else:
            people = aspect.sort in ("people", "performer")
            singular, plural = {
                "they": ("it", "they"),
                "them": ("it", "them"),
                "which": ("which", "who" if people else "which"),
            }[form]
        return plural if aspect.plural else singular

    def _sentiment(self, name: str, label: str, degree: str | None) -> str:
        if name == "outcome":
            return self._phrase(self.domain.outcomes[label])
        if name in PHRASES:
            return self._phrase(WORDS[name][label])
        if name == "noun":
            return self._word(self._words(WORDS["noun"][label]))
        if label != self.label and degree is None:
            degree = "soft"  # "not superb", "less superb": nobody says so
        return self._adjective(name, label, degree)

    def _adjective(self, name: str, label: str, degree: str | None) -> str:
        sorts = {"it": self.domain.sort, "any": "general"}
        sort = sorts[name] if name in sorts else self._aspect(name).sort
        general, own = (self._words(WORDS["adjectives"][s][label]) for s in ("general", sort))
        if degree in ("soft", "long"):
            general, own = ([w for w in ws if not w.endswith("!")] for ws in (general, own))
        if degree == "long":  # "more tedious", but not "more dull" or "more well-built"
            general, own = (
                [w for w in ws if len(w) > 6 and "-" not in w and not w.endswith("y")]
                for ws in (general, own)
            )
        word = self._word(general if not own or self.rng.random() < GENERAL_SHARE else own)
        return self._intensified(word) if degree == "+" else word.rstrip("!")

    def _intensified(self, word: str) -> str:
        spent = {phrase.split()[0] for phrase in self.sentence.phrases}
        degrees = WORDS["degree"]["extreme" if word.endswith("!") else "soft"][self.split]
        degree = pick([d for d in degrees if d not in spent], self.rng)
        phrase = f"{degree} {word.rstrip('!')}"
        self.sentence.phrases.add(phrase)
        return phrase

    def _words(self, lists: Lists) -> list[str]:
        return lists["test" if self.source == "unseen" else "train"]

    def _word(self, options: list[str]) -> str:
        word = pick([o for o in options if o.rstrip("!") not in self.sentence.words], self.rng)
        self.sentence.words.add(word.rstrip("!"))
        return word

    def _phrase(self, lists: Lists) -> str:
        options = lists[self.split]
        if self.split == "test":
            known = self.source == "seen"
            options = [o for o in options if known != TRAIN_WORDS.isdisjoint(STARRED.findall(o))]
        phrase = pick(options, self.rng)
        self.sentence.words.update(STARRED.findall(phrase))
        plain = phrase.replace("*", "")
        self.sentence.phrases.add(plain)
        return plain
