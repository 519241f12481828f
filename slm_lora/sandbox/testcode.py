"""Tests as code objects whose comparisons are strict.

A test must not be decided by the value it judges: an object that is equal to everything passes
`assert f(3) == 9`. So every operator of a test first asks `slm_lora/sandbox/inside/strict.py`
whether its operands may decide. This happens here, in the trainer's process, once for each test
however many programs it judges; what goes into the sandbox is marshalled code.
"""

import ast
import marshal
import warnings
from functools import lru_cache

COMPARE, PLAIN, OPERAND = "<compare>", "<plain>", "<operand>"
"""Names of the functions of strict.py in a test's namespace: none that Python source can spell."""

IDENTITY = (ast.Is, ast.IsNot)


class _Strict(ast.NodeTransformer):
    """`a == b` becomes `<compare>("Eq", a, b)`; other operands become `<operand>(a)`."""

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
        node.operand = self._wrap(node.operand)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        node.values = [self._wrap(value) for value in node.values]
        return node

    def _truth(self, node: ast.Assert | ast.If | ast.While | ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        node.test = self._wrap(node.test)
        return node

    visit_Assert = visit_If = visit_While = visit_IfExp = _truth  # noqa: N815

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.ifs = [self._wrap(condition) for condition in node.ifs]
        return node

    def visit_Match(self, node: ast.Match) -> ast.stmt:
        self.generic_visit(node)
        node.subject = self._wrap(node.subject, PLAIN)
        return node


@lru_cache(maxsize=4096)
def compiled(source: str, name: str) -> bytes:
    """Marshalled code of a test or a setup. A lone function without arguments is called as well.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source, name)
        if len(tree.body) == 1 and isinstance(function := tree.body[0], ast.FunctionDef):
            call = ast.Call(ast.Name(function.name, ast.Load()), [], [])
            tree.body.append(ast.Expr(call))
        tree = ast.fix_missing_locations(_Strict().visit(tree))
        return marshal.dumps(compile(tree, name, "exec", dont_inherit=True, optimize=0))
