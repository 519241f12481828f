"""How a request is spoken: an opening, a closing, a slip of the fingers now and then.

    python recipes/code_gen/make_dataset.py

What a task needs (texts in quotes, paths, names in a program) is never touched.
"""

import re
from random import Random

from words import barred, pick

OPENINGS = {
    "train": barred("""
        FastHTML:|In FastHTML,|Using fasthtml,|With python-fasthtml:|Hi!|Hey,|
        Hello, I am new to FastHTML.|Quick one:|Please help.|I am learning FastHTML.|
        I have a small server and want to try FastHTML.|For my site:|Task:|Need this today:|
        My boss wants this:|For a demo tomorrow:|We use FastHTML at work.|python, fasthtml.|
        FastHTML question:|Small project:
        """),
    "test": barred("""
        Good evening.|Can fasthtml do this?|One more FastHTML thing:|I tried and failed, so:|
        fast html please:|New here.
        """),
}
CLOSINGS = {
    "train": barred("""
        Thanks!|One file please.|Just the code.|Keep it simple.|Only the program, no explanation.|
        Thank you.|No JavaScript of my own, please.|It should run with python main.py.|
        Make it start with python main.py.|Nothing fancy.|Use FastHTML.|FastHTML only, please.|
        I will style it later.|Short is fine.
        """),
    "test": barred("""
        Cheers.|As one file, ready to run.|Plain FastHTML is all I have.|Thank you so much!
        """),
}
OPENED, CLOSED, SLIPPED, LOWER = 0.4, 0.3, 0.06, 0.06
"""Shares of requests with an opening, a closing, a slip, no capitals."""
PROTECTED = re.compile(r'"[^"]*"|\'[^\']*\'|`[^`]*`|\S*[/_.{}<>=]\S*|\b\w*[A-Z0-9]\w*\b')
WORD = re.compile(r"\b[a-z]{5,}\b")


def spoken(request: str, split: str, rng: Random, closed: float = CLOSED) -> str:
    """The request as somebody would type it; `split` chooses the openings and closings."""
    if rng.random() < SLIPPED:
        request = slip(request, rng)
    if rng.random() < LOWER and request[1:2].islower():
        request = request[0].lower() + request[1:]
    if rng.random() < OPENED:
        opening = pick(OPENINGS[split], rng)
        small = opening[-1] in ",:" and request[1:2].islower() and request[0] != "I"
        request = f"{opening} {request[0].lower() + request[1:] if small else request}"
    if rng.random() < closed:
        request = f"{request} {pick(CLOSINGS[split], rng)}"
    return request


def slip(request: str, rng: Random) -> str:
    """Two letters of one long word changed over, where the word matters to nothing else."""
    kept = [match.span() for match in PROTECTED.finditer(request)]
    words = [
        match
        for match in WORD.finditer(request)
        if not any(a <= match.start() < b for a, b in kept)
        and len(re.findall(rf"\b{match[0]}\b", request)) == 1
    ]
    if not words:
        return request
    word = pick(words, rng)
    at = word.start() + 1 + int(rng.random() * (len(word[0]) - 3))
    return request[:at] + request[at + 1] + request[at] + request[at + 2 :]
