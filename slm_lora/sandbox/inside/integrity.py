"""Whether a program has changed what its tests rely on: builtins, modules, classes.

`unittest.mock`-like patches of a test client, of `json.loads` or of `len` let a wrong program pass.
Comparing every module's and class's dictionary would touch, and so copy, much of the memory that a
fork shares with the zygote. CPython numbers each change of a dictionary (PEP 509); one writev(2)
reads those numbers for all of them without touching any, and only a dictionary whose number differs
is compared. Where there is no such number (Python 3.14) all are compared.
"""

import builtins
import ctypes
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .strict import all_types

# Functions defined below look builtins up here, not in what a program may have patched.
globals()["__builtins__"] = dict(vars(builtins))

VERSION_OFFSET = 24
"""Of ma_version_tag in PyDictObject (cpython/Include/cpython/dictobject.h): after the reference
count, the type and the number of entries."""

OFTEN_CHANGED = {
    "sys": frozenset(("excepthook", "displayhook", "unraisablehook", "stdin", "stdout", "stderr")),
    "threading": frozenset(("excepthook",)),
    "warnings": frozenset(("showwarning", "formatwarning", "_showwarnmsg_impl")),
}
"""What honest programs replace, by module."""

PROGRAMS_OWN = ("__main__", "solution")
MISSING = object()
_writev = ctypes.CDLL(None).writev
_read = os.read
_find_file = PathFinder.find_spec


class _Slice(ctypes.Structure):
    """struct iovec of writev(2)."""

    _fields_ = (("address", ctypes.c_void_p), ("length", ctypes.c_size_t))


SLICES = 1024
"""IOV_MAX of Linux and macOS; so many numbers, 8 KB, fit into any pipe."""


def watch(pipe: Sequence[int], known: frozenset[int]) -> Callable[[], str]:
    """Take the state there is; the function returned names what has been changed since, in a fork.

    `known` are the identities of types that no program made (strict.py). `pipe` are the two ends of
    an empty pipe, read end first, open whenever that function is called.
    """
    named = _dictionaries()
    copies = [dict(dictionary) for _, dictionary, _ in named]
    addresses = [id(dictionary) + VERSION_OFFSET for _, dictionary, _ in named]
    slices = (_Slice * len(addresses))(*[_Slice(address, 8) for address in addresses])
    counted = _versions_are_kept()
    shadowable = frozenset(vars(builtins))

    def versions() -> list[bytes]:
        """The version numbers of all dictionaries, 8 bytes each, so many as one read gives."""
        parts = []
        for first in range(0, len(addresses), SLICES):
            count = min(SLICES, len(addresses) - first)
            _writev(pipe[1], ctypes.byref(slices, first * ctypes.sizeof(_Slice)), count)
            parts.append(_read(pipe[0], 8 * count))
        return parts

    before = versions() if counted else []

    def suspects() -> Sequence[int]:
        """Places in `named` of what has another number, or of all where there are none."""
        if not counted:
            return range(len(named))
        return [
            SLICES * number + place // 8
            for number, (old, new) in enumerate(zip(before, versions(), strict=True))
            if old != new
            for place in range(0, len(new), 8)
            if old[place : place + 8] != new[place : place + 8]
        ]

    def changed() -> str:
        for index in suspects():
            name, dictionary, inherited = named[index]
            found = _difference(name, dictionary, copies[index], inherited or shadowable, known)
            if found:
                return found
        return ""

    return changed


def _dictionaries() -> list[tuple[str, dict[str, Any], frozenset[str]]]:
    """Name, dictionary and inherited names of every module, class and single object there is."""
    found: list[tuple[str, dict[str, Any], frozenset[str]]] = [
        ("sys.modules", sys.modules, frozenset())
    ]
    seen = set()
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType) or id(module) in seen or name in PROGRAMS_OWN:
            continue
        seen.add(id(module))
        found.append((name, vars(module), frozenset()))
        for value in list(vars(module).values()):
            kind = type(value)
            if _shows_dictionary(kind) and not callable(value) and kind is not ModuleType:
                own = object.__getattribute__(value, "__dict__")
                if id(own) not in seen:
                    _detach(own)
                    seen.add(id(own))
                    found.append((f"{name}.{kind.__name__}", own, frozenset(dir(kind))))
    for cls in all_types().values():
        proxy = type.__dict__["__dict__"].__get__(cls)
        (dictionary,) = gc.get_referents(proxy)
        inherited = frozenset().union(*map(vars, cls.__mro__[1:]))
        found.append((f"{cls.__module__}.{cls.__qualname__}", dictionary, inherited))
    return found


def _shows_dictionary(kind: type) -> bool:
    """Whether its objects have a `__dict__`: typing.TypeVar's have one that no name leads to."""
    return kind.__dictoffset__ != 0 and any("__dict__" in vars(cls) for cls in kind.__mro__)


def _detach(own: dict[str, Any]) -> None:
    """Move an object's attributes into its dictionary.

    Python 3.13 keeps them in the object, and numbers no change there, until `popitem`.
    """
    if type(own) is dict:
        own[""] = None
        own.popitem()


def _difference(
    name: str,
    now: dict[str, Any],
    before: dict[str, Any],
    inherited: frozenset[str],
    known: frozenset[int],
) -> str:
    """The entry of a dictionary that means a patch: other code under a name, a value of a type that
    the program made, or a name that hides an inherited one. Plain values may change."""
    ignored = OFTEN_CHANGED.get(name, frozenset())
    for key, value in before.items():
        found = now.get(key, MISSING)
        if found is value or key in ignored:
            continue
        if _is_code(value) or (id(type(found)) not in known and found is not MISSING):
            return f"{name}.{key}"
    for key in now.keys() - before.keys():
        if _is_forged(key, now[key]) if name == "sys.modules" else key in inherited:
            return f"{name}.{key}"
    return ""


def _is_forged(name: str, module: object) -> bool:
    """Whether a module that nobody imported stands in the place of one that could be."""
    if type(getattr(module, "__spec__", None)) is ModuleSpec:
        return False
    package = name.rpartition(".")[0]
    path = getattr(sys.modules.get(package), "__path__", []) if package else None
    return _find_file(name, path) is not None


def _is_code(value: object) -> bool:
    return callable(value) or isinstance(value, ModuleType) or hasattr(type(value), "__get__")


def _versions_are_kept() -> bool:
    """Whether this Python numbers the changes of a dictionary where we look for the number."""
    probe: dict[str, int] = {}
    tag = ctypes.c_uint64.from_address(id(probe) + VERSION_OFFSET)
    seen = {tag.value}
    for number in range(3):
        probe["key"] = number
        seen.add(tag.value)
    return len(seen) == 4
