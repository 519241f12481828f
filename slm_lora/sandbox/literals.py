"""What of a test the judge can work out by itself: literals, and what is compared with them.

    literals = Literals(test, setup, entry_points)
    expression = literals.outer(assertion, leaves)

Trees of Python's own `ast`; slm_lora/sandbox/testcode.py puts them together.
"""

import ast
import copy
from collections.abc import Iterator
from types import CodeType

from .inside.comparer import ELEMENTWISE, KNOWN, SAFE

IDENTITY = (ast.Is, ast.IsNot)
LITERAL = (
    *(ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    *(ast.JoinedStr, ast.FormattedValue, ast.Compare, ast.cmpop, ast.IfExp, ast.expr_context),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Subscript),
    *(ast.Slice, ast.BoolOp, ast.boolop, ast.keyword),
)
"""Parts of an expression that anybody can evaluate, its names and calls aside."""


class Literals:
    """Those of one test."""

    def __init__(self, test: ast.Module, setup: ast.Module, entry_points: tuple[str, ...]) -> None:
        """Test, setup and the program's entry points say what names mean: `safe` are those of
        `SAFE` that mean nothing else, `known` how functions of `KNOWN` are written."""
        named = [*bound(test), *bound(setup), *((name, "") for name in entry_points)]
        self.safe, self.known = frozenset[str](), dict[str, str]()
        self.classes = frozenset(name for name in entry_points if name[:1].isupper())
        if any(name == "*" for name, _ in named):
            return
        meanings: dict[str, set[str]] = {}
        for name, meaning in named:
            meanings.setdefault(name, set()).add(meaning)
        self.known = {
            written: function
            for name, meant in meanings.items()
            for function in KNOWN
            for module, _, last in [function.rpartition(".")]
            for written, needed in [(f"{name}.{last}", module), (name, function)]
            if meant == {needed}
        }
        self.safe = frozenset(SAFE) - meanings.keys()

    def inline(self, tree: ast.Module) -> None:
        """Put a literal that a name stands for in the name's place, where it is a side of an
        assertion's comparison and nothing else is done with it."""
        bodies = [tree.body, *(s.body for s in tree.body if isinstance(s, ast.FunctionDef))]
        loads = loaded(tree)
        stored = [name for name, _ in bound(tree)]
        sides: dict[str, list[tuple[ast.Compare, int]]] = {}
        for node in ast.walk(tree):
            for part in conjuncts(node.test) if isinstance(node, ast.Assert) else ():
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
                    and self._is_one(statement.value)
                ):
                    body.remove(statement)
                    for compare, place in sides[target.id]:
                        value = copy.deepcopy(statement.value)
                        if place:
                            compare.comparators[place - 1] = value
                        else:
                            compare.left = value

    def outer(self, node: ast.expr, leaves: list[ast.expr]) -> ast.expr | None:
        """The judge's part of an assertion, None where there is none: a comparison with a literal
        on one of its sides. What the program's process evaluates is added to `leaves`."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.outer(node.operand, leaves)
            return inner and ast.UnaryOp(node.op, inner)
        if isinstance(node, ast.Call) and (name := self.known.get(ast.unparse(node.func))):
            plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
            if plain and any(map(self._holds, node.args)):
                arguments = [self._side(argument, leaves) for argument in node.args]
                words = [ast.keyword(w.arg, self._side(w.value, leaves)) for w in node.keywords]
                return ast.Call(ast.Name(f"<{name}>", ast.Load()), arguments, words)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (name := f"numpy.{node.func.attr}") in ELEMENTWISE
            and not (node.args or node.keywords)
        ):
            inner = self.outer(node.func.value, leaves)
            return inner and ast.Call(ast.Name(f"<{name}>", ast.Load()), [inner], [])
        if not isinstance(node, ast.Compare):
            return None
        sides = [node.left, *node.comparators]
        if any(isinstance(op, IDENTITY) for op in node.ops):
            return None  # no object can pretend to be another one
        if not any(map(self._is_one, sides)):
            return None
        left, *right = [self._side(side, leaves) for side in sides]
        return ast.Compare(left, node.ops, right)

    def _holds(self, node: ast.expr) -> bool:
        """Whether it is one, or adds to one, or takes one from it."""
        return self._is_one(node) or any(map(self._holds, self._parts(node)))

    def _parts(self, node: ast.expr) -> list[ast.expr]:
        """The operands of what the judge can compute as well as the program's process; a class of
        the program's may have operators of its own."""
        if any(isinstance(n, ast.Name) and n.id in self.classes for n in ast.walk(node)):
            return []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            return [node.left, node.right]
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            return [node.operand]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            return node.args if node.func.id in {"abs", "round"} & self.safe else []
        return []

    def _side(self, node: ast.expr, leaves: list[ast.expr]) -> ast.expr:
        """One side of a comparison: its literals and what is computed with them are the judge's."""
        if self._is_one(node):
            return node
        if not self._holds(node):
            leaves.append(node)
            return ast.Name(f"<{len(leaves) - 1}>", ast.Load())
        if isinstance(node, ast.BinOp):
            left, right = (self._side(part, leaves) for part in (node.left, node.right))
            return ast.BinOp(left, node.op, right)
        if isinstance(node, ast.UnaryOp):
            return ast.UnaryOp(node.op, self._side(node.operand, leaves))
        assert isinstance(node, ast.Call)
        return ast.Call(node.func, [self._side(part, leaves) for part in node.args], [])

    def _is_one(self, node: ast.expr) -> bool:
        """Whether it is computed from constants by calls of functions that are `safe` alone."""
        called = set()
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
                called.add(inner.func.id)
            elif isinstance(inner, ast.Constant):
                if inner.value is ...:
                    return False
            elif not isinstance(inner, (*LITERAL, ast.Name)):
                return False
        if not called <= self.safe:
            return False
        return _globals(compile(ast.Expression(node), "<literal>", "eval")) <= called


def conjuncts(node: ast.expr) -> list[ast.expr]:
    """The parts of a conjunction, or the expression alone."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in conjuncts(value)]
    return [node]


def loaded(tree: ast.Module) -> list[str]:
    """Names as often as they are read."""
    return [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]


def bound(tree: ast.AST) -> Iterator[tuple[str, str]]:
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


def _globals(code: CodeType) -> set[str]:
    """Names that an expression does not bind itself."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*map(_globals, inner))
