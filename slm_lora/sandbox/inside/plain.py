"""Values on their way out of a program's process: as JSON of plain builtins.

What a test compares with a literal is sent to the judge, who alone holds the literal. A program may
send whatever it likes, for it does not know what to send; so nothing here need be safe from it.
What it is that `decode` makes, it decides by itself: builtins and a few of the standard library's
values, never an object of the program's.
"""

import base64
import enum
import numbers
from collections import ChainMap, UserDict, UserList, UserString, deque
from collections.abc import KeysView, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from types import MappingProxyType
from typing import Any
from uuid import UUID

LARGE = 1 << 63
"""From which on a whole number is written in hexadecimal: of decimal digits Python takes 4,300."""
ARRAYS = ("numpy", "pandas", "torch")
"""Packages whose values know `tolist`."""


class Opaque:
    """Stands for a value that is no plain one: equal to nothing."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"a value of type {self.kind}"


class Array(list[Any]):
    """The items of an array, for what is asked of arrays alone."""

    def __init__(self, dtype: str, items: list[Any]) -> None:
        super().__init__(items)
        self.dtype = dtype


def encode(value: Any) -> Any:
    """JSON for a value: builtins as they are, subclasses as their base, arrays as lists, a URL as
    its text, with which its library's equal it; of anything else the name of its type.

    Raises RecursionError for what holds itself.
    """
    own = type(value)  # what it says of its class it may only say
    if value is None or own is bool:
        return value
    for kind, write in _WRITERS:
        if issubclass(own, kind):
            return write(value)
    if own.__module__.partition(".")[0] in ARRAYS and hasattr(value, "tolist"):
        items = encode(value.tolist())
        dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
        return {"array": [dtype, items]} if isinstance(items, list) else items
    return str(value) if own.__name__ == "URL" else {"opaque": own.__name__}


def decode(sent: Any) -> Any:
    """The value of an `encode`.

    Raises:
        ValueError, TypeError, KeyError, ArithmeticError, RecursionError: it is none.
    """
    if not isinstance(sent, dict):
        return [decode(item) for item in sent] if isinstance(sent, list) else sent
    ((name, parts),) = sent.items()
    return _READERS[name](parts)


def _items(values: Any) -> list[Any]:
    return [encode(value) for value in values]


def _whole(value: numbers.Integral) -> Any:
    number = int(value)
    return number if abs(number) < LARGE else {"int": hex(number)}


def _pairs(value: Mapping[Any, Any]) -> Any:
    return {"dict": [[encode(key), encode(held)] for key, held in value.items()]}


def _read_pairs(parts: Any) -> dict[Any, Any]:
    return {decode(key): decode(held) for key, held in parts}


_WRITERS: tuple[tuple[Any, Any], ...] = (
    (str, str.__str__),
    (numbers.Integral, _whole),
    (float, float.__pos__),
    (list, _items),
    (tuple, lambda value: {"tuple": _items(value)}),
    ((dict, UserDict, ChainMap, MappingProxyType), _pairs),
    (enum.Enum, lambda value: {"opaque": type(value).__name__}),
    (bytes, lambda value: {"bytes": base64.b64encode(value).decode()}),
    (bytearray, lambda value: {"bytearray": base64.b64encode(value).decode()}),
    (frozenset, lambda value: {"frozenset": _items(value)}),
    ((set, KeysView), lambda value: {"set": _items(value)}),
    (memoryview, lambda value: {"bytes": base64.b64encode(value).decode()}),
    (complex, lambda value: {"complex": [value.real, value.imag]}),
    (Decimal, lambda value: {"Decimal": Decimal.__str__(value)}),
    (numbers.Rational, lambda v: {"Fraction": [_whole(v.numerator), _whole(v.denominator)]}),
    (range, lambda value: {"range": [_whole(n) for n in (value.start, value.stop, value.step)]}),
    (deque, lambda value: {"deque": _items(value)}),
    (datetime, lambda value: {"datetime": datetime.isoformat(value)}),
    (date, lambda value: {"date": date.isoformat(value)}),
    (time, lambda value: {"time": time.isoformat(value)}),
    (timedelta, lambda v: {"timedelta": [v.days, v.seconds, v.microseconds]}),
    (UUID, lambda value: {"UUID": hex(value.int)}),
    (PurePath, lambda value: {"PurePath": str(value)}),
    (UserString, lambda value: str(value.data)),
    (UserList, lambda value: _items(value.data)),
    (numbers.Real, float),
)
"""Type → its JSON, the first that fits."""

_READERS: dict[str, Any] = {
    "int": lambda text: int(text, 16),
    "tuple": lambda items: tuple(map(decode, items)),
    "dict": _read_pairs,
    "bytes": base64.b64decode,
    "bytearray": lambda text: bytearray(base64.b64decode(text)),
    "frozenset": lambda items: frozenset(map(decode, items)),
    "set": lambda items: set(map(decode, items)),
    "complex": lambda parts: complex(*parts),
    "Decimal": Decimal,
    "Fraction": lambda parts: Fraction(*map(decode, parts)),
    "range": lambda parts: range(*map(decode, parts)),
    "deque": lambda items: deque(map(decode, items)),
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "array": lambda parts: Array(parts[0], decode(parts[1])),
    "UUID": lambda text: UUID(int=int(text, 16)),
    "PurePath": PurePath,
    "opaque": Opaque,
}
