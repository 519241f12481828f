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
import marshal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from .literals import IDENTITY, Literals, bound, conjuncts, loaded

COMPARE, PLAIN, OPERAND, TRUTH = "<compare>", "<plain>", "<operand>", "<truth>"
CHECK = "<check>"
"""Names of functions in a test's namespace (strict.py, runner.py): none that Python can spell."""

MEMBERSHIP = (ast.In, ast.NotIn)
TEST, SETUP = "<test>", "<setup>"
CATCHING = ("raises", "suppress")
"""What is in the names of functions in whose `with` an assertion may fail."""


_silence = threading.Lock()
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

    def __init__(self, tree: ast.Module, literals: Literals) -> None:
        self.literals = literals
        self.checks: list[Check] = []
        self.required: set[int] = set()
        self.always = set(map(id, _always(tree)))
        self.at_once = set(map(id, _run_at_once(tree)))

    def statements(self, node: ast.Assert) -> list[ast.stmt]:
        """The assertion, and each part of a conjunction a statement of its own."""
        found: list[ast.stmt] = []
        for part in (parts := conjuncts(node.test)):
            leaves: list[ast.expr] = []
            outer = self.literals.outer(part, leaves)
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


def _run_at_once(tree: ast.Module) -> list[ast.FunctionDef]:
    """Functions of a test that are called at its top, where nothing catches what they raise, and
    are not used otherwise."""
    loads, named = loaded(tree), [name for name, _ in bound(tree)]
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
        and named.count(s.name) == 1
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


@lru_cache(maxsize=4096)
def compiled(source: str, setup: str, entry_points: tuple[str, ...]) -> Test:
    """A test, whose names `setup` and the program's entry points may have given another meaning. A
    lone function without arguments is called as well.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python.
    """
    with _quietly():
        tree = ast.parse(source, TEST)
        if len(tree.body) == 1 and isinstance(function := tree.body[0], ast.FunctionDef):
            call = ast.Call(ast.Name(function.name, ast.Load()), [], [])
            tree.body.append(ast.Expr(call))
        literals = Literals(tree, ast.parse(setup), entry_points)
        literals.inline(tree)
        split = _Split(tree, literals)
        code = _strict(tree, TEST, split)
        return Test(code, tuple(split.checks), frozenset(split.required))


@lru_cache(maxsize=4096)
def compiled_setup(source: str) -> bytes:
    """What stands before each test; raises as `compiled` does."""
    with _quietly():
        return _strict(ast.parse(source, SETUP), SETUP, None)


@contextmanager
def _quietly() -> Iterator[None]:
    with _silence, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _strict(tree: ast.Module, name: str, split: _Split | None) -> bytes:
    tree = ast.fix_missing_locations(_Strict(split).visit(tree))
    return marshal.dumps(compile(tree, name, "exec", dont_inherit=True, optimize=0))
