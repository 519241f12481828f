"""Strict comparisons: what may decide a test, and that honest tests notice nothing of it."""

import sys
from collections.abc import Iterator

import pytest

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")

EVIL = """
class E:
    def __eq__(self, other): return True
    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    def __bool__(self): return True
    def __sub__(self, other): return 0
    __rsub__ = __abs__ = __neg__ = __round__ = __sub__
    __hash__ = object.__hash__
e = E()
"""
POINT = """
from dataclasses import dataclass

@dataclass(order=True)
class Point:
    x: int
    y: int = 0

    def __add__(self, other): return Point(self.x + other.x, self.y + other.y)
    def __len__(self): return 2
    def __bool__(self): return self.x != 0

class Other(Point): pass

def make(x): return Point(x)
"""
BASES = {kind.__name__: kind() for kind in (int, str, float, list, dict, tuple, set, bytes)}
HONEST_TESTS = """
assert f(1) == 1 and f(1.5) == 1.5 and 1 == f(1.0) == True
assert f([1, (2, {3: {4}})]) == [1, (2, {3: {4}})]
assert 0 < f(1) < 2 != f(3)
assert not f(False) and f('a') or f(0)
assert f(2) in {1, 2} and f(3) not in (1, 2) and 'b' in f('abc')
assert abs(f(2.5) - 2.5) < 1e-6 and -f(1) == -1
assert f(None) is None and f(1) is not None
assert [x for x in f([1, 2, 3]) if x > 1 if f(x)] == [2, 3]
assert (f(1) if f(1) else f(2)) == 1
x = 1
x += f(2)
assert x == 3
while f(x): x -= 1
assert x == 0
match f((1, 2)):
    case (1, y): assert y == 2
    case _: assert False
assert sorted(f({3, 1})) == [1, 3] and len(f('ab')) == 2 and isinstance(f(1), int)
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import date
from decimal import Decimal
from fractions import Fraction
assert f(Counter('aab')) == {'a': 2, 'b': 1} and f(OrderedDict(a=1)) == {'a': 1}
assert f(defaultdict(list, {1: [2]})) == {1: [2]} and f(deque([1])) == deque([1])
assert f(Fraction(1, 2)) == 0.5 and f(Decimal(1)) == 1 and f(date(2000, 1, 1)) < date(2001, 1, 1)
assert f({1: 2}).keys() == {1} and list(f({1: 2}).items()) == [(1, 2)]
assert f(range(3)) == range(3) and f(b'a') == b'a' and f(1j) == 1j and f(...) == ...
assert f(int) == int and f(len) == len and f(f) == f
import math, re
assert math.isclose(f(0.1) + f(0.2), 0.3) and re.match('a+', f('aab'))[0] == 'aa'
try:
    f(1) / 0
    assert False
except ZeroDivisionError as error:
    assert 'division' in str(error)
assert (lambda a: a * 2)(f(2)) == 4
def inner(a, b=f(1)): return a + b == 2
assert inner(1)
class InTest:
    def method(self): return f(1) == 1
assert InTest().method()
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(workers=1)) as sandbox:
        yield sandbox


def judge(sandbox: Sandbox, solution: str, test: str, *entry_points: str) -> tuple[str, str]:
    (verdict,) = sandbox.judge([Program("p", solution, (test,), entry_points)])
    return verdict.verdict, verdict.message


def test_honest_tests_notice_nothing(sandbox: Sandbox) -> None:
    for statement in (HONEST_TESTS, "def test():\n" + HONEST_TESTS.replace("\n", "\n    ")):
        assert judge(sandbox, "def f(x): return x", statement, "f") == ("pass", "")


@pytest.mark.parametrize(
    "test",
    [
        "assert f() == 1",
        "assert 1 == f()",
        "assert not f() != 1",
        "assert f() < 1",
        "assert 0 < f() < 2",
        "assert f() in [1, 2]",
        "assert 3 in f()",
        "assert [f()] == [1]",
        "assert {'a': (1, f())} == {'a': (1, 2)}",
        "assert f()",
        "assert not not f()",
        "assert f() and True",
        "assert abs(f() - 3) < 1e-6",
        "assert -f() == 0",
        "if not f(): raise AssertionError",
        "assert 1 if f() else 0",
        "assert [1 for _ in 'a' if f()]",
        "assert f() == f()",
        "assert all(x == 1 for x in [f()])",
        "match f():\n    case 1: pass\n    case _: raise AssertionError",
        "total = 1\ntotal -= f()\nassert total == 0",
        "try:\n    assert f() == 1\nexcept AssertionError: pass",
        "try:\n    assert f() == 1\nexcept BaseException: pass",
        "assert any([f() == 2, True])",
        "while f(): break",
        "assert {1: f()}.items() == {1: 2}.items()",
    ],
)
def test_what_the_program_made_decides_nothing(sandbox: Sandbox, test: str) -> None:
    verdict, message = judge(sandbox, EVIL + "def f(): return e", test, "f")
    assert verdict == "fail", message
    assert "a value of type E" in message


@pytest.mark.parametrize("base", ["int", "str", "float", "list", "dict", "tuple", "set", "bytes"])
def test_subclass_of_a_builtin_is_its_base(sandbox: Sandbox, base: str) -> None:
    """What it says of itself counts for nothing, and its value as much as the base's."""
    solution = f"class L({base}):\n    def __eq__(self, other): return True\n    __hash__ = None\n"
    solution += "def f(): return L()"
    verdict, message = judge(sandbox, solution, "assert f() == 1", "f")
    assert (verdict, message) == (
        "fail",
        f"test 1: assert f() == 1: AssertionError: got {BASES[base]!r}",
    )
    assert judge(sandbox, solution, f"assert f() == {BASES[base]!r}", "f")[0] == "pass"
    verdict, message = judge(sandbox, solution, "x = [f(), 1]\nassert x[0] == x[1]", "f")
    assert (verdict, "a value of type L" in message) == ("fail", True)


@pytest.mark.parametrize(
    "alias", ["list[E]", "List[E]", "dict[str, list[E]]", "int | E", "Annotated[int, E]"]
)
def test_a_type_compares_by_the_types_that_it_is_made_of(sandbox: Sandbox, alias: str) -> None:
    solution = f"""
from typing import *
class Meta(type):
    def __eq__(self, other): return True
    __hash__ = type.__hash__
T = TypeVar("T")
class E(Generic[T], metaclass=Meta): pass
def f(): return {alias}
"""
    verdict, message = judge(sandbox, solution, "x = f()\nassert x == list[int]", "f")
    assert (verdict, "a value of type Meta" in message) == ("fail", True)
    solution = (
        "from typing import *\ndef f(): return list[int], Optional[int], Callable[[int], str]"
    )
    test = "from typing import *\nx = list[int], Optional[int], Callable[[int], str]\n"
    assert judge(sandbox, solution, test + "assert f() == x", "f")[0] == "pass"


def test_entry_point_class_answers_for_itself_among_its_like(sandbox: Sandbox) -> None:
    names = ("Point", "make")
    for test in (
        "assert make(1) == Point(1)",
        "assert Point(1) < make(2) and not make(0) and make(1)",
        "assert (Point(1) + make(2)).x == 3 and len(Point(1)) == 2",
        "assert [Point(1)] == [make(1)] and Point(1) in [make(1)]",
        "assert Point(2) not in {7: make(1)}.values()",
        "assert make(1).y == 0",
    ):
        assert judge(sandbox, POINT, test, *names) == ("pass", ""), test
    for test in ("assert make(1) == 1", "assert [make(1)] == [1]"):
        verdict, message = judge(sandbox, POINT, test, *names)
        assert (verdict, "a value of type Point" in message) == ("fail", True), test
    verdict, message = judge(sandbox, POINT, "one = make(0).x\nassert make(1) != one", *names)
    assert (verdict, "compared with a plain value" in message) == ("fail", True)


def test_class_that_is_no_entry_point_is_refused(sandbox: Sandbox) -> None:
    verdict, message = judge(sandbox, POINT, "assert make(1) == make(1)", "make")
    assert (verdict, "a value of type Point" in message) == ("fail", True)
    verdict, _ = judge(sandbox, POINT, "assert Other(1) == Point(1)", "Point", "Other")
    assert verdict == "fail"  # a dataclass equals its own class only
    verdict, message = judge(
        sandbox, POINT + "def f(): return Other(1)", "assert f() == Point(1)", "Point", "f"
    )
    assert "a value of type Other" in message


def test_types_of_modules_imported_later_are_unknown_and_of_preloaded_ones_known() -> None:
    solution = "import plistlib\ndef f(): return plistlib.UID(1)"
    test = "import plistlib\nassert f() == plistlib.UID(1)"
    with Sandbox(SandboxConfig(workers=1)) as sandbox:
        verdict, message = judge(sandbox, solution, test, "f")
        assert (verdict, "sandbox.preload" in message) == ("fail", True)
    with Sandbox(SandboxConfig(workers=1, preload=["plistlib"])) as sandbox:
        assert judge(sandbox, solution, test, "f") == ("pass", "")


def test_a_function_of_the_test_does_not_give_its_operators_away(sandbox: Sandbox) -> None:
    solution = """
def f(function):
    names = function.__globals__
    for name in names:
        if name.startswith("<"):
            names[name] = lambda *values: True
"""
    verdict, message = judge(sandbox, solution, "y = f(lambda x: x)\nassert y == 9", "f")
    assert (verdict, message) == ("forbidden", "test 1: changed the operators of its tests")


def test_framework_and_parser_work_in_tests() -> None:
    pytest.importorskip("fasthtml")
    solution = """
from fasthtml.common import *
app, rt = fast_app()

@rt("/")
def get(name: str = "you"):
    return Titled("Hello", P(f"Hello {name}", id="hello"), Ul(Li("a"), Li("b")))
"""
    setup = (
        "from fasthtml.common import Client\nfrom bs4 import BeautifulSoup\nclient = Client(app)"
    )
    right = """
response = client.get("/?name=Ann")
assert response.status_code == 200 and "text/html" in response.headers["content-type"]
soup = BeautifulSoup(response.text, "html.parser")
assert soup.title.string == "Hello" and soup.find(id="hello").text == "Hello Ann"
assert [li.text for li in soup.find_all("li")] == ["a", "b"] and soup.h1
assert soup.find(id="hello")["id"] == "hello" and not soup.find("table")
assert soup.p == soup.find(id="hello") and soup.p in soup.find_all("p")
"""
    wrong = 'assert BeautifulSoup(client.get("/").text, "html.parser").p.text == "Hello me"'
    patch = "import fasthtml.core\nfasthtml.core.Client.get = lambda *a: None\n"
    preload = ["fasthtml.common", "bs4"]
    with Sandbox(SandboxConfig(workers=1, preload=preload)) as sandbox:
        verdicts = sandbox.judge(
            [
                Program("right", solution, (right, right), ("app",), setup),
                Program("wrong", solution, (right, wrong), ("app",), setup),
                Program("patched", patch + solution, (right,), ("app",), setup),
            ]
        )
    assert [v.verdict for v in verdicts] == ["pass", "fail", "forbidden"], verdicts
    assert verdicts[1].tests_passed == 1
