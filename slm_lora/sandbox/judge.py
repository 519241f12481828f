"""Compares what a program's values are with what its tests say they should be.

This is the trainer's process: the literals of a test never leave it (testcode.py), and of a program
there is nothing here but plain values (inside/plain.py).
"""

import json
import marshal
from collections.abc import Sequence

from .inside.plain import Opaque, decode
from .testcode import KNOWN, SAFE, Test

NAMES = {"__builtins__": SAFE | {f"<{name}>": function for name, function in KNOWN.items()}}
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
        number = int(test)
        try:
            count, *parts = json.loads(values)
            check = self._tests[number].checks[count]
            plain = [decode(part) for part in parts]
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, MemoryError):
            self.verdict, self.message = "forbidden", "sent what no comparison needs"
            return b"-"
        if check.member and isinstance(plain[0], Opaque):
            self._made[number].add(count)
            name, literal = check.member
            return b"+" + marshal.dumps((name, eval(literal, dict(NAMES))))
        said, names = "", {f"<{place}>": value for place, value in enumerate(plain)}
        try:
            holds = bool(eval(check.expression, NAMES | names))
        except Exception as error:  # whatever a comparison with these values raises
            holds, said = False, f"{type(error).__name__}: {error}"
        if holds:
            self._made[number].add(count)
            return b"+"
        foreign = any(isinstance(value, Opaque) for value in plain)
        self.verdict = "error" if said and not foreign else "fail"
        got = f"AssertionError: got {', '.join(map(_shown, plain))}"
        self.message = f"{check.text}: {said if self.verdict == 'error' else got}"
        return b"-"

    def skipped(self) -> int:
        """Number, from 1, of a test that passed without all the comparisons that it makes."""
        for number, (test, made) in enumerate(zip(self._tests, self._made, strict=True), 1):
            if not test.required <= made:
                return number
        return 0


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
