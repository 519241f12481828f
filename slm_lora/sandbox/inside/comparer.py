"""The process that compares a program's values with a test's literals (judge.py starts it).

It runs nothing of a program's, and has none of its processes beside it. But values can be chosen so
that to compare them takes for ever, or all memory: so this process has limits, and may die of them.
"""

import json
import marshal
import re
import resource
import signal
import sys
from importlib import import_module
from types import CodeType
from typing import Any

from .frames import read_frame, write_frame
from .plain import Array, Opaque, decode

SAFE: dict[str, Any] = {
    function.__name__: function
    for function in (
        *(abs, bool, bytes, dict, divmod, float, frozenset, int, len, list, max, min, range),
        *(reversed, round, set, sorted, str, sum, tuple, zip, enumerate),
    )
}
"""What may be called to make what a test compares with."""
KNOWN = ("math.isclose", "numpy.allclose")
"""Comparisons of libraries that are known here too; in expressions `<math.isclose>` …"""
ELEMENTWISE = frozenset(("numpy.all", "numpy.any"))
"""What is asked of a comparison of arrays; `.all()` and `.any()` in a test."""
NUMBERS = re.compile(r"u?int\d+|float(16|32|64)|bool|complex\d+")
"""Types of arrays that numpy has too."""
SHOWN = 200
"""Letters of a value in a message."""
TOO_MUCH = "it takes too much time or memory to compare the value"
OPEN_FILES = 64
IMPORT_SECONDS = 1.0
"""Of CPU time, where a library is imported first."""


def main() -> None:
    """Answer until standard input ends. Arguments: CPU seconds for each answer, bytes of memory."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    sys.set_int_max_str_digits(0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for kind, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (limit, limit))
    while (request := read_frame(0)) is not None:
        signal.setitimer(signal.ITIMER_PROF, IMPORT_SECONDS + seconds)  # whose signal ends it
        try:
            answer = _answer(*marshal.loads(request))
        except MemoryError:
            answer = _because("fail", TOO_MUCH)
        write_frame(1, answer)


def _answer(
    expression: CodeType, leaves: int, member: tuple[str, CodeType] | None, sent: bytes
) -> bytes:
    """`+` where the expression holds with what was sent, JSON of a comparison's number and its
    values; with a membership's name and literal where the program's process has to look itself.
    Else a verdict and, on the next line, why."""
    try:
        _, *values = map(decode, json.loads(sent))
        if len(values) != leaves:
            raise ValueError
    except Exception as error:  # a program may send anything
        return _because("fail", f"a value that cannot be compared: {type(error).__name__}")
    names = {f"<{place}>": value for place, value in enumerate(values)}
    foreign = any(isinstance(value, Opaque) for value in values)
    try:
        if member and foreign:
            name, literal = member
            return b"+" + marshal.dumps((name, _evaluated(literal, {})))
        if _evaluated(expression, names):
            return b"+"
    except MemoryError:
        return _because("fail", TOO_MUCH)
    except Exception as error:  # whatever a comparison with these values raises
        if not foreign:
            return _because("error", f"{type(error).__name__}: {error}")
    return _because("fail", f"AssertionError: got {', '.join(map(_shown, values))}")


def _evaluated(expression: CodeType, names: dict[str, Any]) -> Any:
    known = [name.strip("<>") for name in expression.co_names if "." in name]
    if not ELEMENTWISE.isdisjoint(known):
        names = {place: _as_array(value) for place, value in names.items()}
    for name in known:
        module, _, function = name.rpartition(".")
        names[f"<{name}>"] = getattr(import_module(module), function)
    return eval(expression, {"__builtins__": SAFE} | names)


def _as_array(value: Any) -> Any:
    """
    Raises:
        AttributeError: it was none, and has no `all`.
    """
    if not isinstance(value, Array):
        raise AttributeError(f"{type(value).__name__} is no array")
    numpy = import_module("numpy")
    return numpy.asarray(value, value.dtype if NUMBERS.fullmatch(value.dtype) else None)


def _because(verdict: str, why: str) -> bytes:
    return f"{verdict}\n{why}".encode(errors="backslashreplace")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
