"""Run one program and its tests, and tell the zygote how each step went.

    python -m slm_lora check programs.jsonl

Runs in the fork that is thrown away afterwards, beside code that nobody trusts. The zygote keeps
the score: it sends one test at a time, each with a token, and takes only a report that starts with
the last token. So a test's source is not in this process before the program has been imported and
the tests before it have passed.
"""

import builtins
import linecache
import marshal
import os
import sys
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

from . import strict
from .frames import read_frame, write_frame

# Functions defined below look builtins up here, not in what a program may have patched.
__builtins__ = dict(vars(builtins))

CONTROL_FD, REPORT_FD = 100, 101
TOKEN_BYTES = 16
BROKEN = 70
"""Exit status of a fork that could not run its program."""
SOLUTION = "<solution>"
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_exit, _set_recursion_limit = os._exit, sys.setrecursionlimit
_type_name = type.__dict__["__name__"].__get__


def run(
    source: str, entry_points: list[str], token: bytes, known: frozenset[int]
) -> NoReturn:
    """Import the program, then run each test that the zygote sends, until one does not pass."""
    recursion_limit = sys.getrecursionlimit()
    linecache.cache[SOLUTION] = (len(source), None, source.splitlines(True), SOLUTION)
    try:
        code = compile(source, SOLUTION, "exec", dont_inherit=True, optimize=0)
    except NOT_PYTHON as error:
        _finish(token, "syntax", _describe(error))
    module = ModuleType("solution")
    sys.modules["solution"] = module
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        _finish(token, *_outcome(error))
    missing = [name for name in entry_points if name not in module.__dict__]
    if missing:
        _finish(token, "error", f"the program defines no {', '.join(missing)}")
    names = {name: module.__dict__[name] for name in entry_points}
    under_test = frozenset(id(value) for value in names.values() if isinstance(value, type))
    operators, refusals = strict.make_operators(known, under_test)

    token, message = _report(token, b"ready")
    setup: CodeType = marshal.loads(message)
    token, message = _report(token, b"ready")
    while message:
        _set_recursion_limit(recursion_limit)
        namespace: dict[str, Any] = {
            "__name__": "test",
            "__builtins__": dict(__builtins__),
            **operators,
            **names,
        }
        try:
            exec(setup, namespace)
            exec(marshal.loads(message), namespace)
        except BaseException as error:
            _set_recursion_limit(recursion_limit)
            _finish(token, *_outcome(error))
        if refusals:
            _finish(token, "fail", f"line 0: {refusals[0]}")
        token, message = _report(token, b"passed")
    _finish(token, "pass", "")


def _report(token: bytes, step: bytes) -> tuple[bytes, bytes]:
    """Say how a step went; returns the next token and what comes next (empty: nothing more)."""
    write_frame(REPORT_FD, token + step)
    answer = read_frame(CONTROL_FD)
    if answer is None:
        _exit(BROKEN)
    return answer[:TOKEN_BYTES], answer[TOKEN_BYTES:]


def _finish(token: bytes, verdict: str, message: str) -> NoReturn:
    text = f"{verdict}\n{message[:2000]}"
    write_frame(REPORT_FD, token + text.encode("utf-8", "backslashreplace"))
    _exit(0)


def _outcome(error: BaseException) -> tuple[str, str]:
    """Verdict and message of an exception; `line N:` leads where a test's line raised it."""
    filename, test_line = _last_frames(error.__traceback__)
    where = f"line {test_line}: " if test_line else ""
    if isinstance(error, AssertionError) and filename in ("<test>", "<setup>", strict.__file__):
        return "fail", where + _describe(error)
    if isinstance(error, SystemExit):
        return "exit", where + _describe(error)
    if isinstance(error, MemoryError):
        return "memory", where + _describe(error)
    return "error", where + _describe(error)


def _last_frames(traceback: TracebackType | None) -> tuple[str, int]:
    """File of the innermost frame, and the line of the innermost one in the test (0: none)."""
    filename, line = "", 0
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename == "<test>":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return filename, line


def _describe(error: BaseException) -> str:
    """`ValueError: what it says`; the text comes from the program and may itself fail."""
    name: str = _type_name(type(error))
    try:
        text = str(error)
    except BaseException:
        return name
    return f"{name}: {text}" if text else name
