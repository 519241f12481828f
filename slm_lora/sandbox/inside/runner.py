"""Run one program and its tests, and tell the zygote how each step went.

Runs in the fork that is thrown away afterwards, beside code that nobody trusts. The zygote keeps
the score: it sends one test at a time, each with a token, and takes only a report that starts with
the last token. So a test's source is not in this process before the program has been imported and
the tests before it have passed.
"""

import builtins
import gc
import linecache
import marshal
import os
import signal
import sys
from _signal import pthread_sigmask as _mask_signals  # type: ignore[import-not-found]
from _thread import _count as _threads
from _thread import allocate_lock as _allocate_lock
from collections.abc import Callable
from json import dumps
from time import sleep as _sleep
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

from . import strict
from .frames import read_frame, write_frame
from .plain import encode

# Functions defined below look builtins up here, not in what a program may have patched.
BUILTINS = globals()["__builtins__"] = dict(vars(builtins))

CONTROL_FD, REPORT_FD, *SPARE_FDS = 100, 101, 102, 103
"""Where a program's pipes lie: its tests, its reports, and one to integrity.py's own use."""
TOKEN_BYTES = 16
BROKEN = 70
"""Exit status of a fork that could not run its program."""
SOLUTION = "<solution>"
TEST_FILES = ("<test>", "<setup>", strict.__file__, __file__)
"""Where an AssertionError is a test's."""
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
LINGER_MS = 1000
"""What a thread may take to end after the test that used it: those of an event loop do."""
EVERY_SIGNAL = frozenset(range(1, signal.NSIG)) - {signal.SIGKILL, signal.SIGSTOP}
_exit, _set_recursion_limit = os._exit, sys.setrecursionlimit
_get_blocking = os.get_blocking
_gc_disable, _gc_enable, _gc_is_enabled = gc.disable, gc.enable, gc.isenabled
_type_name = type.__dict__["__name__"].__get__


def run(
    source: str,
    entry_points: list[str],
    token: bytes,
    known: frozenset[int],
    module: ModuleType,
    changed: Callable[[], str],
    guarded: bool,
) -> NoReturn:
    """Import the program, then run each test that the zygote sends, until one does not pass.

    `known` are the identities of types that no program made (strict.py), `changed` names what has
    been patched (integrity.py). `guarded`: some test passes by what this process says alone, so
    that no thread may be there to say it in our place.
    """
    recursion_limit = sys.getrecursionlimit()
    places: tuple[list[Any], ...] = (sys.path, sys.meta_path, sys.path_hooks)
    search = [list(place) for place in places]
    linecache.cache[SOLUTION] = (len(source), None, source.splitlines(True), SOLUTION)
    try:
        code = compile(source, SOLUTION, "exec", dont_inherit=True, optimize=0)
    except NOT_PYTHON as error:
        _finish(token, "syntax", _describe(error))
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        _set_recursion_limit(recursion_limit)
        _finish(token, *_outcome(error))
    _set_recursion_limit(recursion_limit)
    if patched := changed():
        _finish(token, "forbidden", f"changed {patched}")
    for place, before in zip(places, search, strict=True):
        place[:] = before
    missing = [name for name in entry_points if name not in module.__dict__]
    if missing:
        _finish(token, "error", f"the program defines no {', '.join(missing)}")
    names = {name: module.__dict__[name] for name in entry_points}
    under_test = frozenset(id(value) for value in names.values() if isinstance(value, type))
    operators, refusals = strict.make_operators(known, under_test)

    lock = _allocate_lock()

    def check(number: int, *values: Any) -> None:
        """Let the judge compare the values with what the test's literals say. It answers only where
        that holds, or where an object of this process has to be asked whether it holds something:
        by the comparison's name and the literal."""
        nonlocal token
        try:
            sent = dumps([number, *map(encode, values)])
        except RecursionError:
            raise AssertionError("a value that holds itself") from None
        with lock:  # a test may assert in several threads
            token, answer = _report(token, b"check\n" + sent.encode(), alone=False)
        if answer and not operators["<compare>"](*marshal.loads(answer), values[0]):
            raise AssertionError

    operators["<check>"] = check
    token, message = _report(token, b"ready", alone=guarded)
    setup: CodeType = marshal.loads(message)
    token, message = _report(token, b"ready", alone=guarded)
    while message:
        namespace: dict[str, Any] = {
            "__name__": "test",
            "__builtins__": dict(BUILTINS),
            **operators,
            **names,
        }
        try:
            exec(setup, namespace)
            exec(marshal.loads(message), namespace)
        except BaseException as error:
            _set_recursion_limit(recursion_limit)
            _finish(token, *_outcome(error))
        _set_recursion_limit(recursion_limit)
        if refusals:
            _finish(token, "fail", refusals[0])
        if any(namespace.get(name) is not value for name, value in operators.items()):
            _finish(token, "forbidden", "changed the operators of its tests")
        token, message = _report(token, b"passed", alone=guarded)
    if patched := changed():
        _finish(token, "forbidden", f"changed {patched}")
    _finish(token, "pass", "")


def _report(token: bytes, step: bytes, *, alone: bool) -> tuple[bytes, bytes]:
    """Say how a step went; returns the next token and what comes next (empty: nothing more).

    Until the answer is in hand nothing of the program's may run, for it could read the answer and
    reply in our place: no signal handler, no callback of the garbage collector, `alone` no thread.
    """
    open_signals = _mask_signals(signal.SIG_SETMASK, EVERY_SIGNAL)
    collects = _gc_is_enabled()
    _gc_disable()
    for _ in range(LINGER_MS):
        if not alone or not _threads():
            break
        _sleep(0.001)
    else:
        _finish(token, "forbidden", "left a thread running beside its tests")
    if not _get_blocking(CONTROL_FD):  # whether the answer is there in time would be chance
        _finish(token, "forbidden", "made the pipe of its tests not wait")
    write_frame(REPORT_FD, token + step)
    answer = read_frame(CONTROL_FD)
    if answer is None:
        _exit(BROKEN)
    if collects:
        _gc_enable()
    _mask_signals(signal.SIG_SETMASK, open_signals)
    return answer[:TOKEN_BYTES], answer[TOKEN_BYTES:]


def _finish(token: bytes, verdict: str, message: str) -> NoReturn:
    text = f"{verdict}\n{message[:2000]}"
    write_frame(REPORT_FD, token + text.encode("utf-8", "backslashreplace"))
    _exit(0)


def _outcome(error: BaseException) -> tuple[str, str]:
    """Verdict and message of an exception; `line N:` leads where a test's line raised it."""
    filename, test_line = _last_frames(error.__traceback__)
    where = f"line {test_line}: " if test_line else ""
    if isinstance(error, AssertionError) and filename in TEST_FILES:
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
