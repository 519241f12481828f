"""How nano's corpus asks for a thing with facts: in any order, and each fact in many wordings.

A fact is a role and a value: "its title is …", "… as the title", "title: …". Read by wordings.py.
"""

# ruff: noqa: E501 - a wording is one line, however long

import random

from author import Author
from names import listed, name, number, plain, word

Fact = tuple[str, str]  # a role of ROLES or any word, the value as it is shown

ROLES = {
    "text": ["text", "words", "label", "wording", "content", "inscription"],
    "title": ["title", "headline", "name", "title line"],
    "class": ["class", "style class", "CSS class"], "id": ["id", "identifier", "element id"],
    "target": ["target", "address", "destination", "goal"],
    "button": ["button", "button text", "label of its button"],
    "file": ["file", "source", "picture file"], "words": ["description", "alternative text"],
    "status": ["status", "status code", "code", "status number"],
    "default": ["default", "default value", "fallback", "value if missing"],
    "start": ["start", "first value", "beginning", "value at the start"],
    "step": ["step", "increase", "amount"], "key": ["key", "name"], "value": ["value", "content"],
    "before": ["beginning", "text before", "first part"], "kind": ["type", "kind"],
    "many": ["items", "entries", "lines"], "fields": ["fields", "inputs", "questions"],
    "heads": ["heads", "columns", "column names"], "rows": ["rows", "lines", "data"],
    "parameter": ["parameter", "argument", "input", "variable"],
}  # fmt: skip
NOUNS = [
    "{r} {v}", "{r} {v}", "the {r} {v}", "the {r} {v}", "{v} as {r}", "{v} as the {r}",
    "{v} for its {r}", "{r}: {v}", "{r} = {v}", "a {r} of {v}", "{v} ({r})", "{r} set to {v}",
    "the {r} being {v}", "a {r} that is {v}", "its {r} {v}",
]  # fmt: skip
CLAUSES = [
    "its {r} is {v}", "its {r} is {v}", "the {r} is {v}", "{v} is its {r}", "{v} is the {r}",
    "the {r} should be {v}", "the {r} reads {v}", "it has the {r} {v}", "use {v} as the {r}",
    "let its {r} be {v}", "as {r} it has {v}", "for the {r} take {v}", "the {r} must be {v}",
    "give it {v} for a {r}", "its {r} says {v}", "{v} serves as the {r}", "it holds {v} as {r}",
]  # fmt: skip
ASKED = [  # how a request names the path of what is read
    "at {p}", "at {p}", "on {p}", "under {p}", "for {p}", "on the route {p}", "at the path {p}",
    "at GET {p}", "for readers of {p}",
]  # fmt: skip
SENT = ["for what is sent to {p}", "when something is sent to {p}", "on a send to {p}",
        "for data sent to {p}", "once {p} is sent to", "as the answer to a send at {p}"]  # fmt: skip
READERS = [
    "{p} shows {t}", "{p} returns {t}", "{p} has {t}", "whoever opens {p} sees {t}",
    "{p} answers with {t}", "people who go to {p} find {t}", "when {p} is asked for, give {t}",
    "visitors of {p} get {t}", "a visit to {p} brings up {t}", "GET {p} gives {t}",
    "if someone opens {p}, return {t}", "{p} displays {t}", "{p} holds {t}", "{p} is {t}",
]  # fmt: skip
SENDERS = [
    "{p} takes what is sent and returns {t}", "sending to {p} gives {t}", "a send to {p} gets {t}",
    "whoever sends something to {p} gets {t}", "data sent to {p} is answered by {t}",
    "handle sends to {p}; give back {t}", "after a send, {p} shows {t}",
]  # fmt: skip
VERBS = ["make", "show", "return", "put", "build", "create", "write", "serve", "give me", "add",
         "I need", "I want", "I would like", "we need", "please make", "let there be", "there is",
         "display", "set up", "produce", "answer with"]  # fmt: skip


def capital(text: str) -> str:
    return text[0].upper() + text[1:]


def fact(rng: random.Random, forms: list[str], role: str, value: str) -> str:
    return rng.choice(forms).format(r=rng.choice(ROLES.get(role, [role])), v=value)


def request(
    rng: random.Random, thing: str, where: str, facts: list[Fact], sent: bool = False
) -> str:
    """A thing at a path with its facts, in any order and wording, without the last full stop."""
    facts = rng.sample(facts, len(facts))
    at = rng.choice(SENT if sent else ASKED).format(p=where)
    split = rng.choice([0, len(facts), rng.randint(0, len(facts))])
    nouns = listed([fact(rng, NOUNS, *f) for f in facts[:split]], rng) if split else ""
    clauses = [fact(rng, CLAUSES, *f) for f in facts[split:]]
    if rng.random() < 0.3:
        tail = "".join(f". {capital(c)}" for c in clauses)
    else:
        tail = f"{rng.choice(['; ', '. ', ', ', ': '])}{listed(clauses, rng)}" if clauses else ""
    verb = rng.choice(VERBS)
    inside = thing + (rng.choice([" with {}", ", {}", " ({})", " that has {}", ": {}", " by {}"])
                      .format(nouns) if nouns else "")  # fmt: skip
    style = rng.random()
    if style < 0.25:
        return f"{verb} {inside} {at}{tail}"
    if style < 0.40:
        return f"{at}{rng.choice([' ', ', ', ': '])}{verb} {inside}{tail}"
    if style < 0.65:
        return rng.choice(SENDERS if sent else READERS).format(p=where, t=inside) + tail
    if style < 0.75:
        return f"{where}{' (sent)' * sent}{rng.choice([': ', ' - ', ' → ', ', '])}{inside}{tail}"
    if style < 0.85 and nouns:
        end = rng.choice([": that is {}", " make {}", " are what {} needs", ", in {}"])
        return f"{nouns}{end.format(thing)} {at}{tail}"
    if clauses:
        lead = listed(clauses, rng)
        return f"{lead}{rng.choice(['. Make ', ': ', '; this is '])}{inside} {at}"
    return f"with {nouns}, {verb} {thing} {at}" if nouns else f"{verb} {thing} {at}"


def shown(w: Author, text: str) -> str:
    """A text as people give it: mostly in double quotes."""
    return f'"{text}"' if w.rng.random() < 0.6 else w.show(text)


def marks(w: Author) -> tuple[list[Fact], str]:
    """None to two attributes of an element: their facts, and their code with a comma before."""
    found: list[Fact] = []
    code = ""
    for role in ("id", "class"):
        if w.rng.random() < 0.3:
            text = name(w.rng).replace("_", "-")
            found.append((role, text if w.rng.random() < 0.6 else shown(w, text)))
            code += f', {w.lib.made[role]}="{text}"'
    if w.rng.random() < 0.15:  # any attribute: the word itself is the role
        key, value = plain(w.rng), w.pick(word(w.rng), str(number(w.rng)))
        found.append((key, value))
        code += f', {key}="{value}"'
    return found, code
