"""Which values may decide a test: none whose type the solution made.

The operators of a test call the functions made here (slm_lora/sandbox/testcode.py). The rule:

- A type is known when it existed before the program ran (builtins, the standard library's, those of
  the preloaded modules) or when Python code cannot make it. Known types compare as they do, with
  containers looked into.
- A class that the row names as an entry point is under test: it takes part in operators, and in a
  comparison whose other side holds such a class too.
- Any other type, a subclass of a builtin among them, fails the test that would compare it, or ask
  whether it is true where it has a say in that.
- Types that hand a comparison on to a value they hold count as unknown.
"""

import builtins
import operator
import sys
import types
import weakref
from collections import ChainMap, UserDict, UserList, UserString, deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

# Functions defined below look builtins up here, not in what a program may have patched.
globals()["__builtins__"] = dict(vars(builtins))

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
}
SCALARS = frozenset(map(id, (int, float, str, bool, bytes, complex, type(None), bytearray)))
FORWARDING = (
    types.MappingProxyType,
    weakref.ProxyType,
    weakref.CallableProxyType,
    ChainMap,
    UserDict,
    UserList,
    UserString,
)
HEAP_TYPE = 1 << 9
"""Py_TPFLAGS_HEAPTYPE (cpython/Include/object.h): set on every type made at run time."""

_flags = type.__dict__["__flags__"].__get__
_name = type.__dict__["__name__"].__get__
_mro = type.__dict__["__mro__"].__get__
_dictionary = type.__dict__["__dict__"].__get__
_kept_alive: list[type] = []
"""Known types, so that no type made later gets the identity of one."""


def all_types() -> dict[int, type]:
    """By their identities."""
    found: dict[int, type] = {}
    todo: list[type] = [object]
    while todo:
        subclasses: list[type] = type.__subclasses__(todo.pop())
        new = {id(cls): cls for cls in subclasses if id(cls) not in found}
        found |= new
        todo += new.values()
    return found


def known_types() -> frozenset[int]:
    """Identities of all types there are now, but those that hand comparisons on."""
    found = all_types()
    mock = sys.modules.get("unittest.mock")
    forwarding = {id(cls) for cls in FORWARDING}
    _kept_alive.extend(found.values())
    forwarding |= {i for i, cls in found.items() if mock and cls.__module__ == mock.__name__}
    return frozenset(found.keys() - forwarding)


def make_operators(
    known: frozenset[int], under_test: frozenset[int]
) -> tuple[dict[str, Callable[..., Any]], list[str]]:
    """The functions that tests call by name, and the list that they note their refusals in.

    A refusal is noted beside being raised, for a test may swallow the exception.
    """
    refusals: list[str] = []

    def refuse(reason: str) -> None:
        refusals.append(reason)
        raise AssertionError(reason)

    def is_under_test(value: Any) -> bool:
        """Whether its type is an entry point; a type of neither kind is refused."""
        kind = type(value)
        if id(kind) in known:
            return False
        if not _flags(kind) & HEAP_TYPE and id(kind) not in FORWARDING_IDS:
            return False
        if id(kind) in under_test:
            return True
        refuse(
            f"a value of type {_name(kind)}, which is neither plain, nor an entry point, nor of "
            "the modules in sandbox.preload"
        )
        return False

    def holds_under_test(value: Any) -> bool:
        """The same for a value and, where it is a container, all that it holds."""
        if id(type(value)) in SCALARS:
            return False
        result, todo = False, [value]
        seen: dict[int, Any] = {}  # with the items, so that no identity is given out again
        while todo:
            item = todo.pop()
            if id(type(item)) in SCALARS or id(item) in seen:
                continue
            seen[id(item)] = item
            if is_under_test(item):
                result = True
            elif isinstance(item, CONTAINERS):
                todo += _elements(item)
            else:
                for name in ("__origin__", "__args__", "__metadata__"):  # of list[int] …
                    with suppress(AttributeError):
                        todo.append(object.__getattribute__(item, name))
        return result

    def compare(name: str, left: Any, right: Any) -> Any:
        if holds_under_test(left) != holds_under_test(right):
            refuse("an entry point's object compared with a plain value")
        return OPERATORS[name](left, right)

    def plain(value: Any) -> Any:
        if holds_under_test(value):
            refuse("an entry point's object in a chain of comparisons")
        return value

    def operand(value: Any) -> Any:
        is_under_test(value)
        return value

    def truth(value: Any) -> Any:
        if id(type(value)) not in known and any(map(_decides_truth, _mro(type(value)))):
            is_under_test(value)
        return value

    return {
        "<compare>": compare,
        "<plain>": plain,
        "<operand>": operand,
        "<truth>": truth,
    }, refusals


def _decides_truth(cls: type) -> bool:
    own = _dictionary(cls)
    return "__bool__" in own or "__len__" in own


def _elements(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*dict.keys(value), *dict.values(value)]
    if isinstance(value, CONTAINERS):
        return [*value]  # type: ignore[misc]
    return []


FORWARDING_IDS = frozenset(map(id, FORWARDING))
CONTAINERS: tuple[type, ...] = (
    *(list, tuple, set, frozenset, deque, dict),
    *(type({}.keys()), type({}.values()), type({}.items())),
)
