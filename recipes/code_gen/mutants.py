"""From a right program to wrong ones, each of which a task's tests must notice.

    python recipes/code_gen/check.py            runs them all

An edit of the syntax tree changes one thing: a route, a method, a text, a number, an operator, or
it empties a function, drops an argument or an attribute, stores nothing, answers a redirect as
text, shows `None`, or does not unpack a list.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple, TypeVar

from words import shuffled

T = TypeVar("T")

METHODS = {"get": "put", "post": "put", "put": "patch", "delete": "patch", "patch": "delete"}
OPERATORS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Add(),
}  # fmt: skip
HARMLESS = {":memory:", "id"}
"""Texts that may be others without any difference to see."""
STORING = {"insert", "append", "update", "delete", "remove", "pop", "add", "clear", "set_cookie"}
"""Methods of lists, tables, sessions and responses that a later request finds the effect of."""
FAULTS = {
    *("empty function", "missing route", "redirect as text", "nothing stored"),
    *("list not unpacked", "None shown"),
}
"""Kinds of mutants that are wrong whatever was asked for."""
UNSEEN = {"Title", "Response", "JSONResponse", "RedirectResponse", "Redirect"}
"""Calls with a capital whose arguments stand on no page; of records see `edits`."""
LIMIT = 10


class Mutant(NamedTuple):
    """A program with one fault: what kind it is, and the source."""

    kind: str
    source: str


def mutants(solution: str, seed: str, kinds: set[str] | None = None) -> list[Mutant]:
    """Up to ten mutants of a program, of as many kinds as it allows (or of those `kinds`); the same
    for the same seed."""
    by_kind: defaultdict[str, list[Mutant]] = defaultdict(list)
    known = {ast.unparse(ast.parse(solution))}
    for kind, source in edits(solution):
        if source not in known and (kinds is None or kind in kinds):
            known.add(source)
            by_kind[kind].append(Mutant(kind, source))
    rng = Random(seed)
    queues = [shuffled(by_kind[kind], rng) for kind in sorted(by_kind)]
    rounds = max(map(len, queues), default=0)
    return [queue[n] for n in range(rounds) for queue in queues if n < len(queue)][:LIMIT]


def edits(solution: str) -> Iterator[tuple[str, str]]:
    """(kind, source) of every edit. The tree is edited in place and mended after each."""
    tree = ast.parse(solution)
    records = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        for kind, field, wrong in changes(node):
            if kind == "None shown" and isinstance(node, ast.Call) and named(node) in records:
                continue
            right = getattr(node, field)
            setattr(node, field, wrong)
            yield kind, ast.unparse(tree)
            setattr(node, field, right)


def changes(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    """(kind, field, new value of the field) of each fault that one node may have."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            if not isinstance(node.body[0], ast.Return) or not is_empty(node.body[0].value):
                yield "empty function", "body", [ast.Return(ast.Constant(None))]
            yield from routes(node)
        case ast.Return(value=ast.Call(func=ast.Name(id=name), args=[path, *_])) if name in (
            "RedirectResponse",
            "Redirect",
        ):
            yield "redirect as text", "value", path
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))) if name in STORING:
            yield "nothing stored", "value", ast.Constant(None)
        case ast.Assign(targets=[ast.Subscript()]):
            yield "nothing stored", "targets", [ast.Name("_")]
        case ast.Call(func=ast.Name(id=name)) if name[0].isupper():
            for position, argument in enumerate(node.args):
                yield "dropped element", "args", _without(node.args, position)
                if isinstance(argument, ast.Starred):
                    whole = ast.List([argument])
                    yield "list not unpacked", "args", _with(node.args, position, whole)
                elif not isinstance(argument, ast.Constant | ast.Call) and name not in UNSEEN:
                    none = ast.Constant("None")
                    yield "None shown", "args", _with(node.args, position, none)
            for position in range(len(node.keywords)):
                yield "missing attribute", "keywords", _without(node.keywords, position)
        case ast.Constant(value=str(text)) if text.strip() and text not in HARMLESS:
            yield "wrong text", "value", f"{text[:-1]}{'y' if text[-1] != 'y' else 'x'}"
        case ast.Constant(value=bool(flag)):
            yield "wrong value", "value", not flag
        case ast.Constant(value=int(number)):
            yield "wrong number", "value", number + 1
        case ast.BinOp(op=operator) if type(operator) in OPERATORS:
            yield "wrong operator", "op", OPERATORS[type(operator)]


def named(call: ast.Call) -> str:
    """What is called, where it is a plain name."""
    return call.func.id if isinstance(call.func, ast.Name) else ""


def is_empty(value: ast.expr | None) -> bool:
    """Nothing, or an empty text: the answer that leaves nothing in its place."""
    return value is None or (isinstance(value, ast.Constant) and value.value in ("", None))


def routes(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str, object]]:
    """A handler on another path, or for another method."""
    match node.decorator_list:
        case [ast.Call(func=ast.Name(id="rt"), args=[ast.Constant(value=str(path))])]:
            elsewhere = ast.Call(ast.Name("rt"), [ast.Constant(f"/other{path}")], [])
            yield "wrong route", "decorator_list", [elsewhere]
            if node.name in METHODS:
                yield "wrong method", "name", METHODS[node.name]
            yield "missing route", "decorator_list", []
        case [ast.Call(func=ast.Attribute(value=ast.Name(id="app")))]:
            yield "missing route", "decorator_list", []
        case [ast.Name(id="rt")]:
            yield "wrong route", "name", f"{node.name}_other"
            yield "missing route", "decorator_list", []


def _without(items: list[T], position: int) -> list[T]:
    return items[:position] + items[position + 1 :]


def _with(items: Sequence[T], position: int, item: T) -> list[T]:
    return [*items[:position], item, *items[position + 1 :]]
