"""Compares what a program's values are with what its tests say they should be.

This is the trainer's process: the literals of a test never leave it (testcode.py), and of a program
there is nothing here but plain values (inside/plain.py).
"""

import json
import marshal
import re
from collections.abc import Sequence

from .inside.plain import Opaque, decode
from .literals import KNOWN, SAFE
from .testcode import Test

NAMES = {"__builtins__": SAFE | {f"<{name}>": function for name, function in KNOWN.items()}}
MOST_LARGE = 10_000
SHOWN = 200
"""Letters of a value in a message."""


class Judge:
    """Of one program. `verdict` is empty as long as all comparisons held; `fail` or `error`, with a
    message, once one did not."""

    def __init__(self, tests: Sequence[Test]) -> None:
        self._tests = tests
        self._made: list[set[int]] = [set() for _ in tests]
        self.verdict = self.message = ""

    def answer(self, sent: bytes) -> bytes:
        """To `?TEST` and, on the next line, JSON of a comparison's number and the values sent: `+`
        where it holds, with a membership's name and literal where the program's process has to look
        itself; else `-`. What is no such thing does not hold."""
        test, _, values = sent[1:].partition(b"\n")
        number, text = int(test), ""
        try:
            count, *parts = json.loads(values)
            check = self._tests[number].checks[count]
            text = check.text
            if count < 0 or len(parts) != check.leaves or _collides(values):
                raise ValueError("these are no values of this comparison")
            plain = [decode(part) for part in parts]
            if check.member and isinstance(plain[0], Opaque):
                name, literal = check.member
                asked = marshal.dumps((name, eval(literal, dict(NAMES))))
                self._made[number].add(count)
                return b"+" + asked
            names = {f"<{place}>": value for place, value in enumerate(plain)}
        # A program may send anything, and whatever comes of that is its own.
        except Exception as error:
            self._say("fail", f"{text}: a value that cannot be compared: {type(error).__name__}")
            return b"-"
        said = ""
        try:
            holds = bool(eval(check.expression, NAMES | names))
        except Exception as error:  # whatever a comparison with these values raises
            holds, said = False, f"{type(error).__name__}: {error}"
        if holds:
            self._made[number].add(count)
            return b"+"
        foreign = any(isinstance(value, Opaque) for value in plain)
        if said and not foreign:
            self._say("error", f"{text}: {said}")
        else:
            got = ", ".join(map(_shown, plain))
            self._say("fail", f"{text}: AssertionError: got {got}")
        return b"-"

    def _say(self, verdict: str, message: str) -> None:
        self.verdict = verdict
        self.message = message.encode(errors="backslashreplace").decode()

    def skipped(self) -> int:
        """Number, from 1, of a test that passed without all the comparisons that it makes."""
        for number, (test, made) in enumerate(zip(self._tests, self._made, strict=True), 1):
            if not test.required <= made:
                return number
        return 0


def _collides(values: bytes) -> bool:
    """Whether so many large numbers are sent that they could have one hash: a set of them would
    take the square of their number to make."""
    tags = sum(values.count(tag) for tag in (b'"Decimal"', b'"Fraction"', b'"int"'))
    return tags + len(re.findall(rb"\d{19}", values)) > MOST_LARGE


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # of a number with more digits than Python writes
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
