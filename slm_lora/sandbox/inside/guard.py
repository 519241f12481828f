"""An audit hook that ends a program which reaches for its tests or for the runner.

PEP 578: CPython announces what a program does by events, to a hook that it can neither see nor
remove. Frames would show the tests (`f_back.f_code.co_consts` of the test that called), the garbage
collector and native code everything. Libraries do look at frames, to find a caller's name or to
format a traceback. So a function of a library may, if it names what it does: one that was there
before the program, or one that stands word for word in a file that no program can write. What is
asked for through a function that hands frames on (`inspect.currentframe`) its caller must answer
for.
"""

import builtins
import ctypes
import gc
import sys
from collections.abc import Callable
from os import _exit
from types import CodeType, FrameType, FunctionType
from typing import Any

from .frames import write_frame

# Functions defined below look builtins up here, not in what a program may have patched.
globals()["__builtins__"] = dict(vars(builtins))

FORBIDDEN_TOKEN = bytes(16)
"""Leads a report that the hook makes: nobody needs a secret to accuse himself."""

FRAME_NAMES = frozenset(("tb_frame", "gi_frame", "cr_frame", "ag_frame"))
LOOKING = FRAME_NAMES | {
    *("_getframe", "_getframemodulename", "_current_frames", "currentframe", "stack"),
    *("getouterframes", "getinnerframes", "get_referents", "CodeType", "co_flags", "ctypes"),
}
"""A function that was there before and has one of these among its names may do so."""
DERIVING = frozenset(("replace", "co_consts"))
"""And of those that make code objects, one that makes them of another's parts, not of what it is
handed."""

HANDING_ON = frozenset(
    (
        *("inspect.currentframe", "inspect.stack", "inspect.trace", "inspect.getouterframes"),
        *("inspect.getinnerframes", "logging.<lambda>", "traceback.walk_stack"),
        *("traceback.walk_tb", "traceback._walk_tb_with_full_positions"),
    )
)
"""Functions that hand frames to their caller, who is then the one that looks."""

FORMATTING = frozenset(("StackSummary", "TracebackException", "FrameSummary"))
"""Classes of `traceback` that turn a traceback's frames into text."""

OTHER_INTERPRETER = "made an interpreter of its own"
NEVER = {
    "sys.settrace": "traced its tests",
    "sys.setprofile": "traced its tests",
    "sys.monitoring.register_callback": "traced its tests",
    "sys.addaudithook": "added an audit hook",
    "cpython.PyInterpreterState_New": OTHER_INTERPRETER,
    "gc.get_objects": "walked the heap",
    "gc.get_referrers": "walked the heap",
    "sys._current_frames": "looked at frames that are not its own",
    "sys._current_exceptions": "looked at frames that are not its own",
}
BY_CALLER = {
    "sys._getframe": "looked at frames that are not its own",
    "gc.get_referents": "walked the heap",
}
_kept_alive: list[object] = []
"""Code of those functions, so that no code made later gets the identity of one."""

CALLED_NATIVE = "called native code (ctypes)"
IMPORTING = ("importlib", "importlib._bootstrap", "importlib._bootstrap_external")
"""Modules whose functions import for another one."""
CTYPES = ctypes.__file__.removesuffix("__init__.py")
"""Where the functions lie that call native code for another one."""
NATIVE = frozenset(
    (
        *("ctypes", "_ctypes", "_cffi_backend"),
        *("_testcapi", "_testinternalcapi", "_testlimitedcapi"),
    )
)
"""Modules by which a program reads and writes any memory; a library may import them."""
INTERPRETERS = frozenset(("_interpreters", "_xxsubinterpreters"))
"""Modules that make interpreters which no hook sees; 3.13 has no event for that, so nobody may."""

FUNCTION_PARTS = frozenset(("__code__", "__defaults__", "__kwdefaults__"))


def functions_before() -> tuple[list[CodeType], ...]:
    """Code of all functions there are now that look, that hand on, that format, that import."""
    looking, handing_on, formatting, importing = [], [], [], []
    for function in gc.get_objects():
        if type(function) is FunctionType:
            code = function.__code__
            if function.__globals__.get("__name__") in IMPORTING:
                importing.append(code)
            if f"{function.__module__}.{function.__qualname__}" in HANDING_ON:
                handing_on.append(code)
            elif LOOKING.intersection(code.co_names):
                looking.append(code)
            if function.__module__ == "traceback" and (
                function.__qualname__.partition(".")[0] in FORMATTING
            ):
                formatting.append(code)
    return looking, handing_on, formatting, importing


def _all_code(code: CodeType) -> set[CodeType]:
    """A module's code and all that stands in it."""
    found, todo = set(), [code]
    while todo:
        code = todo.pop()
        found.add(code)
        todo += [constant for constant in code.co_consts if type(constant) is CodeType]
    return found


def make_hook(
    functions: tuple[list[CodeType], ...], report_fd: int
) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook for `sys.addaudithook`; it must come from `functions_before` any program."""
    _kept_alive.append(functions)
    looking, handing_on, formatting, importing = (frozenset(map(id, f)) for f in functions)
    may_format = looking | formatting
    deriving = frozenset(id(c) for c in functions[0] if not DERIVING.isdisjoint(c.co_names))
    modules = frozenset(id(vars(module)) for module in list(sys.modules.values()))
    files_before = frozenset(getattr(m, "__file__", None) for m in list(sys.modules.values()))
    prefixes = (sys.prefix, sys.base_prefix)
    read: dict[str, set[CodeType]] = {}
    getframe, open_file = sys._getframe, open

    def forbid(reason: str) -> None:
        write_frame(report_fd, FORBIDDEN_TOKEN + b"forbidden\n" + reason.encode())
        _exit(0)

    def stands_in(path: str, code: CodeType) -> bool:
        if path not in read:
            with open_file(path, "rb") as file:
                read[path] = _all_code(compile(file.read(), path, "exec", dont_inherit=True))
        return code in read[path]

    def stands_in_a_file(code: CodeType) -> bool:
        """Whether a library that was imported after the start has this very function."""
        path = code.co_filename
        return path not in files_before and path.startswith(prefixes) and stands_in(path, code)

    def looks(allowed: frozenset[int], names: frozenset[str] = LOOKING) -> bool:
        """Whether the one who asks may look."""
        frame: FrameType | None = getframe().f_back.f_back  # type: ignore[union-attr]  # the hook's
        while frame is not None and id(frame.f_code) in handing_on:
            frame = frame.f_back
        if frame is None or id(frame.f_code) in allowed:
            return frame is not None
        return not names.isdisjoint(frame.f_code.co_names) and stands_in_a_file(frame.f_code)

    def calls_for_another(code: CodeType) -> bool:
        path = code.co_filename
        return id(code) in importing or (path.startswith(CTYPES) and stands_in(path, code))

    def a_library_calls() -> bool:
        """Whether a library, not the program, imports or uses a module of native code."""
        frame: FrameType | None = getframe().f_back.f_back  # type: ignore[union-attr]
        while frame is not None and calls_for_another(frame.f_code):
            frame = frame.f_back
        return frame is not None and (id(frame.f_code) in looking or stands_in_a_file(frame.f_code))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "object.__getattr__":
            if arguments[1] in FRAME_NAMES and not looks(may_format):
                forbid("looked at frames that are not its own")
        elif event in NEVER:
            forbid(NEVER[event])
        elif event in BY_CALLER:
            if event == "sys._getframe" and id(arguments[0].f_code) in own_code:
                return
            if not looks(looking):
                forbid(BY_CALLER[event])
        elif event == "code.__new__":
            if not looks(deriving, DERIVING):
                forbid("made a code object")
        elif event in ("object.__setattr__", "object.__delattr__"):
            if arguments[1] in FUNCTION_PARTS and id(arguments[0].__globals__) in modules:
                forbid(f"changed {arguments[1]} of a function that is not its own")
        elif event == "import":
            file = arguments[1]  # of compiled code
            if file is not None and not str.__str__(file).startswith(prefixes):
                forbid("loaded native code of its own")
            # What a module's name ends in decides which code is loaded; it may be a str of its own.
            name = str.__str__(arguments[0]).rpartition(".")[2]
            if name in INTERPRETERS:
                forbid(OTHER_INTERPRETER)
            if name in NATIVE and not a_library_calls():
                forbid(CALLED_NATIVE)
        elif event[:7] == "ctypes." and not a_library_calls():
            forbid(CALLED_NATIVE)

    own_code = frozenset((id(looks.__code__), id(a_library_calls.__code__)))
    return hook
