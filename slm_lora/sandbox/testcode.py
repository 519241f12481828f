"""Tests as code objects, split between the program's process and the judge.

`assert f(3) == 9` becomes `<check>(0, f(3))` inside, which sends the value out, and the judge alone
holds `value == 9`: who does not know what to send cannot pass. An assertion is split where it
compares with a literal and nothing could catch its failure. Other comparisons stay inside, with
their literals, and must not be decided by the value they judge: every operator of a test first asks
`slm_lora/sandbox/inside/strict.py` whether its operands may decide.

This happens in the trainer's process, once for each test however many programs it judges; what goes
into the sandbox is marshalled code.
"""

import ast
import copy
import marshal
import math
import threading
import warnings
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

COMPARE, PLAIN, OPERAND, TRUTH = "<compare>", "<plain>", "<operand>", "<truth>"
CHECK = "<check>"
"""Names of functions in a test's namespace (strict.py, runner.py): none that Python can spell."""

IDENTITY = (ast.Is, ast.IsNot)
MEMBERSHIP = (ast.In, ast.NotIn)
SAFE: dict[str, Any] = {
    function.__name__: function
    for function in (
        *(abs, bool, bytes, dict, divmod, float, frozenset, int, len, list, max, min, range),
        *(reversed, round, set, sorted, str, sum, tuple, zip, enumerate),
    )
}
"""What the judge may call to make what a test compares with."""
KNOWN: dict[str, Any] = {"math.isclose": math.isclose, "numpy.allclose": np.allclose}
"""Comparisons of libraries that the judge knows too; in its expressions `<math.isclose>` …"""
LITERAL = (
    *(ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    *(ast.JoinedStr, ast.FormattedValue, ast.Compare, ast.cmpop, ast.IfExp, ast.expr_context),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Subscript),
    *(ast.Slice, ast.BoolOp, ast.boolop, ast.keyword),
)
"""Parts of an expression that anybody can evaluate, its names and calls aside."""
TEST, SETUP = "<test>", "<setup>"
CATCHING = ("raises", "suppress")
"""What is in the names of functions in whose `with` an assertion may fail."""


_quiet = threading.Lock()
"""Who silences warnings does so for all threads."""


class Check(NamedTuple):
    """A comparison that the judge makes."""

    expression: CodeType
    """Over the names `<0>`, `<1>` … of what was sent."""
    leaves: int
    """How many were sent."""
    text: str
    member: tuple[str, CodeType] | None
    """`In` or `NotIn` and the literal on its left, where what was sent is on the right: it may be
    an object that only the program's process has, and has to be asked there."""


class Test(NamedTuple):
    """What goes inside, and what stays with the judge."""

    code: bytes
    checks: tuple[Check, ...]
    required: frozenset[int]
    """Checks that no pass goes without: not in a loop or a condition."""


class _Split:
    """Takes literals out of assertions."""

    def __init__(self, tree: ast.Module, safe: frozenset[str], known: dict[str, str]) -> None:
        self.safe, self.known = safe, known
        self.checks: list[Check] = []
        self.required: set[int] = set()
        self.always = set(map(id, _always(tree)))
        self.at_once = set(map(id, _run_at_once(tree)))

    def statements(self, node: ast.Assert) -> list[ast.stmt]:
        """The assertion, and each part of a conjunction a statement of its own."""
        found: list[ast.stmt] = []
        for part in (parts := _conjuncts(node.test)):
            leaves: list[ast.expr] = []
            outer = _outer(part, leaves, self.safe, self.known)
            if not leaves or outer is None:
                found.append(ast.Assert(part, node.msg))
                continue
            number = len(self.checks)
            text = ast.unparse(node) if len(parts) == 1 else f"assert {ast.unparse(part)}"
            self.checks.append(Check(_code(outer), len(leaves), text, _member(outer)))
            if id(node) in self.always:
                self.required.add(number)
            call = ast.Call(ast.Name(CHECK, ast.Load()), [ast.Constant(number), *leaves], [])
            found.append(ast.Expr(call))
        return [ast.copy_location(statement, node) for statement in found]


def _conjuncts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in _conjuncts(value)]
    return [node]


def _outer(
    node: ast.expr, leaves: list[ast.expr], safe: frozenset[str], known: dict[str, str]
) -> ast.expr | None:
    """The judge's part of an assertion, None where there is none: a comparison with a literal on
    one of its sides. What the program's process evaluates is added to `leaves`."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _outer(node.operand, leaves, safe, known)
        return inner and ast.UnaryOp(node.op, inner)
    if isinstance(node, ast.Call) and (name := known.get(ast.unparse(node.func))):
        plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
        if plain and any(_holds_literal(argument, safe) for argument in node.args):
            arguments = [_side(argument, leaves, safe) for argument in node.args]
            words = [ast.keyword(w.arg, _side(w.value, leaves, safe)) for w in node.keywords]
            return ast.Call(ast.Name(f"<{name}>", ast.Load()), arguments, words)
    if not isinstance(node, ast.Compare):
        return None
    sides = [node.left, *node.comparators]
    if any(isinstance(op, IDENTITY) for op in node.ops):
        return None  # no object can pretend to be another one
    if not any(_is_literal(side, safe) for side in sides):
        return None
    left, *right = [_side(side, leaves, safe) for side in sides]
    return ast.Compare(left, node.ops, right)


def _holds_literal(node: ast.expr, safe: frozenset[str]) -> bool:
    """Whether it is one, or adds to one, or takes one from it."""
    parts = _parts(node, safe)
    return _is_literal(node, safe) or any(_holds_literal(part, safe) for part in parts)


def _parts(node: ast.expr, safe: frozenset[str]) -> list[ast.expr]:
    """The operands of what the judge can compute as well as the program's process."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return [node.operand]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        return node.args if node.func.id in {"abs", "round"} & safe else []
    return []


def _side(node: ast.expr, leaves: list[ast.expr], safe: frozenset[str]) -> ast.expr:
    """One side of a comparison: its literals and what is computed with them are the judge's."""
    if _is_literal(node, safe):
        return node
    if not _holds_literal(node, safe):
        leaves.append(node)
        return ast.Name(f"<{len(leaves) - 1}>", ast.Load())
    if isinstance(node, ast.BinOp):
        left, right = (_side(part, leaves, safe) for part in (node.left, node.right))
        return ast.BinOp(left, node.op, right)
    if isinstance(node, ast.UnaryOp):
        return ast.UnaryOp(node.op, _side(node.operand, leaves, safe))
    assert isinstance(node, ast.Call)
    return ast.Call(node.func, [_side(part, leaves, safe) for part in node.args], [])


def _is_literal(node: ast.expr, safe: frozenset[str]) -> bool:
    """Whether it is computed from constants by calls of functions that are `safe` alone."""
    called = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            if not isinstance(inner.func, ast.Name) or inner.func.id not in safe:
                return False
            called.add(id(inner.func))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant):
            if inner.value is ...:
                return False
        elif not isinstance(inner, (*LITERAL, ast.Name, ast.Call)):
            return False
    free = set(_free(node, frozenset(), called))
    return not free and not isinstance(node, ast.Name)


def _free(node: ast.AST, bound: frozenset[str], called: set[int]) -> Iterator[str]:
    """Names that the expression does not bind itself, but for the functions that it calls."""
    if isinstance(node, ast.Name):
        if node.id not in bound and id(node) not in called:
            yield node.id
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for part in node.generators:
            yield from _free(part.iter, bound, called)
            targets = (n.id for n in ast.walk(part.target) if isinstance(n, ast.Name))
            bound |= frozenset(targets)
            for condition in part.ifs:
                yield from _free(condition, bound, called)
        last = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for value in last:
            yield from _free(value, bound, called)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _free(child, bound, called)


def _member(outer: ast.expr) -> tuple[str, CodeType] | None:
    if (
        isinstance(outer, ast.Compare)
        and len(outer.ops) == 1
        and isinstance(outer.ops[0], MEMBERSHIP)
        and isinstance(outer.comparators[0], ast.Name)
    ):
        return type(outer.ops[0]).__name__, _code(outer.left)
    return None


def _code(node: ast.expr) -> CodeType:
    return compile(ast.fix_missing_locations(ast.Expression(node)), "<judge>", "eval")


def _loads(tree: ast.Module) -> list[str]:
    return [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]


def _run_at_once(tree: ast.Module) -> list[ast.FunctionDef]:
    """Functions of a test that are called at its top, where nothing catches what they raise, and
    are not used otherwise."""
    loads = _loads(tree)
    calls = [
        s.value.func.id
        for s in tree.body
        if isinstance(s, ast.Expr)
        and isinstance(s.value, ast.Call)
        and isinstance(s.value.func, ast.Name)
    ]
    return [
        s
        for s in tree.body
        if isinstance(s, ast.FunctionDef)
        and not s.decorator_list
        and 0 < calls.count(s.name) == loads.count(s.name)
    ]


def _always(tree: ast.Module) -> Iterator[ast.Assert]:
    """Assertions that are reached whenever the test comes to its end: at its top, and in functions
    that are called there."""
    leaves = ast.Return | ast.Yield | ast.YieldFrom
    whole = [f for f in _run_at_once(tree) if not any(isinstance(n, leaves) for n in ast.walk(f))]
    for body in (tree.body, *(function.body for function in whole)):
        yield from (statement for statement in body if isinstance(statement, ast.Assert))


class _Strict(ast.NodeTransformer):
    """`a == b` becomes `<compare>("Eq", a, b)`; other operands become `<operand>(a)`, and what is
    asked whether it is true `<truth>(a)`. Assertions are split before that, where there is somebody
    to judge them."""

    def __init__(self, split: _Split | None) -> None:
        self.split, self.caught = split, 0

    def visit_Assert(self, node: ast.Assert) -> Any:
        if self.split is None or self.caught:
            return self._truth(node)
        made = self.split.statements(node)
        return [
            self._truth(s) if isinstance(s, ast.Assert) else self.generic_visit(s) for s in made
        ]

    def _caught(self, node: ast.AST) -> ast.AST:
        self.caught += 1
        self.generic_visit(node)
        self.caught -= 1
        return node

    visit_Try = visit_TryStar = visit_ClassDef = visit_AsyncFunctionDef = _caught  # noqa: N815
    visit_Lambda = _caught  # noqa: N815

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        at_once = self.split is not None and id(node) in self.split.at_once
        return self.generic_visit(node) if at_once else self._caught(node)

    def visit_With(self, node: ast.With) -> ast.AST:
        names = {getattr(n, "id", getattr(n, "attr", "")) for i in node.items for n in ast.walk(i)}
        catches = any(word in name.lower() for name in names for word in CATCHING)
        return self._caught(node) if catches else self.generic_visit(node)

    def _call(self, name: str, *args: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(name, ast.Load()), list(args), [])

    def _wrap(self, node: ast.expr, name: str = OPERAND) -> ast.expr:
        return node if isinstance(node, ast.Constant | ast.Compare) else self._call(name, node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if all(isinstance(op, IDENTITY) for op in node.ops):
            return node
        if len(node.ops) == 1:
            op = ast.Constant(type(node.ops[0]).__name__)
            return self._call(COMPARE, op, node.left, node.comparators[0])
        node.left = self._wrap(node.left, PLAIN)
        node.comparators = [self._wrap(operand, PLAIN) for operand in node.comparators]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        node.left, node.right = self._wrap(node.left), self._wrap(node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        node.value = self._wrap(node.value)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        name = TRUTH if isinstance(node.op, ast.Not) else OPERAND
        node.operand = self._wrap(node.operand, name)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        node.values = [self._wrap(value, TRUTH) for value in node.values]
        return node

    def _truth(self, node: ast.Assert | ast.If | ast.While | ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = self._wrap(node.test, TRUTH)
        return node

    visit_If = visit_While = visit_IfExp = _truth  # noqa: N815

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.ifs = [self._wrap(condition, TRUTH) for condition in node.ifs]
        return node

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        self.generic_visit(node)
        node.subject = self._wrap(node.subject, PLAIN)
        return node


def _bound(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that the code gives a meaning, and where it is an import's, what that is; `*` where
    they cannot be known."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, ""
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, ""
        elif isinstance(node, ast.arg):
            yield node.arg, ""
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            yield node.name or "", ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or "", ""
        elif isinstance(node, ast.Import | ast.ImportFrom):
            package = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                whole = alias.name if package or alias.asname else alias.name.partition(".")[0]
                yield alias.asname or whole, package + whole


def _meanings(
    test: ast.Module, setup: ast.Module, entry_points: tuple[str, ...]
) -> tuple[frozenset[str], dict[str, str]]:
    """The names of `SAFE` that mean nothing else here, and how functions of `KNOWN` are written."""
    bound = [*_bound(test), *_bound(setup), *((name, "") for name in entry_points)]
    if any(name == "*" for name, _ in bound):
        return frozenset(), {}
    meanings: dict[str, set[str]] = {}
    for name, meaning in bound:
        meanings.setdefault(name, set()).add(meaning)
    known = {
        written: function
        for name, meant in meanings.items()
        for function in KNOWN
        for module, _, last in [function.rpartition(".")]
        for written, needed in [(f"{name}.{last}", module), (name, function)]
        if meant == {needed}
    }
    return frozenset(SAFE) - meanings.keys(), known


def _inline(tree: ast.Module, safe: frozenset[str]) -> None:
    """Put a literal that a name stands for in the name's place, where it is a side of an
    assertion's comparison and nothing else is done with it."""
    bodies = [tree.body, *(s.body for s in tree.body if isinstance(s, ast.FunctionDef))]
    loads = _loads(tree)
    stored = [name for name, _ in _bound(tree)]
    sides: dict[str, list[tuple[ast.Compare, int]]] = {}
    for node in ast.walk(tree):
        for part in _conjuncts(node.test) if isinstance(node, ast.Assert) else ():
            if isinstance(part, ast.Compare):
                for place, side in enumerate([part.left, *part.comparators]):
                    if isinstance(side, ast.Name):
                        sides.setdefault(side.id, []).append((part, place))
    for body in bodies:
        here = {id(node) for statement in body for node in ast.walk(statement)}
        for statement in list(body):
            if (
                isinstance(statement, ast.Assign)
                and isinstance(target := statement.targets[0], ast.Name)
                and len(statement.targets) == stored.count(target.id) == 1
                and loads.count(target.id) == len(sides.get(target.id, ())) > 0
                and all(id(compare) in here for compare, _ in sides[target.id])
                and not isinstance(statement.value, ast.GeneratorExp | ast.Call)
                and _is_literal(statement.value, safe)
            ):
                body.remove(statement)
                for compare, place in sides[target.id]:
                    value = copy.deepcopy(statement.value)
                    if place:
                        compare.comparators[place - 1] = value
                    else:
                        compare.left = value


@lru_cache(maxsize=4096)
def compiled(source: str, setup: str, entry_points: tuple[str, ...]) -> Test:
    """A test, whose names `setup` and the program's entry points may have given another meaning. A
    lone function without arguments is called as well.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python.
    """
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source, TEST)
        if len(tree.body) == 1 and isinstance(function := tree.body[0], ast.FunctionDef):
            call = ast.Call(ast.Name(function.name, ast.Load()), [], [])
            tree.body.append(ast.Expr(call))
        safe, known = _meanings(tree, ast.parse(setup), entry_points)
        _inline(tree, safe)
        split = _Split(tree, safe, known)
        code = _strict(tree, TEST, split)
        return Test(code, tuple(split.checks), frozenset(split.required))


@lru_cache(maxsize=4096)
def compiled_setup(source: str) -> bytes:
    """What stands before each test; raises as `compiled` does."""
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _strict(ast.parse(source, SETUP), SETUP, None)


def _strict(tree: ast.Module, name: str, split: _Split | None) -> bytes:
    tree = ast.fix_missing_locations(_Strict(split).visit(tree))
    return marshal.dumps(compile(tree, name, "exec", dont_inherit=True, optimize=0))
