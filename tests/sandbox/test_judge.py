"""What is compared with a literal is compared outside: literals stay here, values come out plain.

pytest tests/sandbox/test_judge.py
"""

import json
import marshal
import sys
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from types import CodeType
from typing import Any

import pytest

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import Program, Sandbox
from slm_lora.sandbox.inside.plain import Array, Opaque, decode, encode
from slm_lora.sandbox.judge import Comparer, Judge
from slm_lora.sandbox.testcode import compiled

linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")


def constants(code: CodeType) -> list[Any]:
    """All that a code object holds."""
    found: list[Any] = []
    for constant in code.co_consts:
        found += constants(constant) if isinstance(constant, CodeType) else [constant]
    return found


def split(test: str, setup: str = "", *entry_points: str) -> tuple[list[Any], int, int]:
    """Constants of what goes inside, the number of checks, and of those that are required."""
    made = compiled(test, setup, entry_points)
    return constants(marshal.loads(made.code)), len(made.checks), len(made.required)


@pytest.mark.parametrize(
    "test",
    [
        "assert f(3) == 987",
        "assert 987 == f(3)",
        "assert f(3) == [987, (987,), {987: 987}] and f(4)",
        "assert not f(3) != 987",
        "assert 1 < f(3) < 987",
        "assert f(3) in (987, 988)",
        "assert abs(f(3) - 987.5) < 1e-6",
        "assert f(3) == str(980 + 7)",
        "assert f(3) == [x * 987 for x in range(3)]",
        "expected = [987]\nassert f(3) == expected",
        "def test():\n    expected = 987\n    assert f(3) == expected",
        "def check(g):\n    assert g(3) == 987\ncheck(f)",
        "import math\nassert math.isclose(f(3), 987.5, rel_tol=1e-9)",
        "import numpy as np\nassert np.allclose(f(3), [987.5])",
        "from math import isclose as close\nassert close(f(3), 987.5)",
        "assert f(3) == 987, 'it is 987'",
    ],
)
def test_the_literal_stays_with_the_judge(test: str) -> None:
    inside, checks, required = split(test, "", "f")
    assert "987" not in repr(inside)
    assert required == checks == 1


@pytest.mark.parametrize(
    ("test", "required"),
    [
        ("for x in [1]:\n    assert f(x) == 987", 0),
        ("if f(1):\n    assert f(2) == 987", 0),
        ("with open('/dev/null'):\n    assert f(2) == 987", 0),
        ("def test():\n    if f(1): return\n    assert f(2) == 987", 0),
        ("def unused():\n    assert f(2) == 987\nassert f(3) == 987", 1),
    ],
)
def test_what_need_not_be_reached_is_not_required(test: str, required: int) -> None:
    _, checks, found = split(test, "", "f")
    assert found == required
    assert checks >= 1


@pytest.mark.parametrize(
    ("test", "setup", "entry_points"),
    [
        ("assert f(3) == g(4)", "", ("f", "g")),
        ("assert f(3)", "", ("f",)),
        ("assert f(3) is None", "", ("f",)),
        ("assert type(f(3)) in (int, float)", "", ("f",)),
        ("assert f(1) + 1 == f(2)", "", ("f",)),
        ("def flaky():\n    assert f(3) == 9\nretry(flaky)", "from x import retry", ("f",)),
        ("with case.assertRaises(ValueError):\n    assert f(3) == 9", "import case", ("f",)),
        ("assert f(3) == 9 or f(3) == 8", "", ("f",)),
        ("try:\n    assert f(3) == 9\nexcept AssertionError: pass", "", ("f",)),
        ("with raises(AssertionError):\n    assert f(3) == 9", "from pytest import raises", ("f",)),
        # What the program calls `max`, only its process knows.
        ("assert max([1, 2]) == g", "", ("max", "g")),
        ("assert f(3) == max([1, 2]) + g", "def max(x): return 7", ("f", "g")),
        ("assert f(3) == sum(g)", "from x import *", ("f", "g")),
        ("import math\nmath = f\nassert math.isclose(f(3), 9)", "", ("f",)),
    ],
)
def test_what_only_the_program_knows_is_compared_inside(
    test: str, setup: str, entry_points: tuple[str, ...]
) -> None:
    assert split(test, setup, *entry_points)[1] == 0


def test_a_list_that_grows_is_no_literal() -> None:
    test = "expected = []\nfor x in range(3): expected.append(x)\nassert f(3) == expected"
    assert split(test, "", "f")[1] == 0


def test_values_come_out_as_they_went_in() -> None:
    from collections import Counter, OrderedDict, deque, namedtuple
    from datetime import date, datetime, time, timedelta
    from enum import Enum, IntEnum, StrEnum
    from fractions import Fraction
    from http import HTTPStatus
    from pathlib import PurePosixPath
    from uuid import UUID

    import numpy as np

    Pair = namedtuple("Pair", "a b")
    level, word = IntEnum("Level", ["LOW"]), StrEnum("Word", {"A": "a"})
    pairs = [
        *(
            (value, value)
            for value in (None, True, 0, -1, 1.5, "", "ä\ud800", b"\x00", 2j, 10**6000)
        ),
        *(
            (value, value)
            for value in ([1, [2]], (1, (2,)), {1: {"a": (2,)}}, {1, 2}, range(1, 9, 2))
        ),
        *((value, value) for value in (frozenset({1}), bytearray(b"a"), float("inf"), deque([1]))),
        *(
            (value, value)
            for value in (Decimal("1.10"), Fraction(1, 3), date(2024, 2, 29), time(1))
        ),
        *((value, value) for value in (timedelta(1, 2, 3), UUID(int=5), PurePosixPath("a/b"))),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
        (Pair(1, [2]), (1, [2])),
        (level.LOW, 1),
        (word.A, "a"),
        (HTTPStatus.OK, 200),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        ({1: 2}.keys(), {1}),
        (np.float32(1.5), 1.5),
        (np.int64(3), 3),
        (np.array([[1, 2]]), Array("int64", [[1, 2]])),
    ]
    for value, expected in pairs:
        found = decode(json.loads(json.dumps(encode(value))))
        assert found == expected
        assert type(found) is type(expected)
    color = Enum("Color", ["RED"])
    for value in (object(), color.RED, len, int):
        found = decode(json.loads(json.dumps(encode(value))))
        assert isinstance(found, Opaque)
        assert found != value
    assert decode(json.loads(json.dumps(encode(float("nan"))))) != 0


@pytest.fixture(scope="module")
def comparer() -> Iterator[Comparer]:
    comparer = Comparer(cpu_seconds=0.1, wall_seconds=30, memory_bytes=1 << 20)
    yield comparer
    comparer.close()


def test_a_sender_of_nonsense_is_refused(comparer: Comparer) -> None:
    judge = Judge([compiled("assert f(3) == 9", "", ("f",))], comparer)
    for sent in (
        b"?0\n",
        b"?0\n[]",
        b"?0\n[7, 9]",
        b"?0\n[0]",
        b'?0\n[0, {"opaque": "E", "x": 1}]',
        b'?0\n[0, {"int": "zz"}]',
        b"?0\n" + b"[" * 100_000,
        b'?0\n[0, {"eval": "9"}]',
        b'?0\n[0, {"opaque": "\\ud800"}]',
        b'?0\n[0, {"Fraction": ["1e999999999"]}]',
        b'?0\n[0, {"range": [0, 1000000000000000000, 1]}]',
        b'?0\n[0, {"set": [{"dict": []}]}]',
        b"?0\n[0, [" + b", ".join(b"%d" % (n * (2**61 - 1)) for n in range(20_000)) + b"]]",
        b'?0\n[0, {"int": "' + b"f" * 30_000 + b'"}]',
        b"?0\n[0, 9, 9]",
        b"?0\n[-1, 9]",
    ):
        assert judge.answer(sent) == b"-"
        assert judge.verdict == "fail"
        judge.message.encode()
        assert judge.skipped() == 1
    assert judge.answer(b"?0\n[0, 9]") == b"+"
    assert judge.skipped() == 0


def one_hash(count: int) -> bytes:
    """A set of so many numbers of one hash: to make it takes the square of their number."""
    numbers = ", ".join(str(n * sys.hash_info.modulus) for n in range(count))
    return b'{"set": [' + numbers.encode() + b"]}"


@pytest.mark.parametrize(
    ("test", "sent"),
    [
        ("assert f(3) == {9}", one_hash(50_000)),
        ("assert 'x' not in f(3)", b'{"range": [0, 1000000000000000000, 1]}'),
        ("assert f(3) == 9", b'{"Fraction": [' + b"7" * 10_000_000 + b", 3]}"),
        ("assert f(3) == 9", b"[" + b"[], " * 5_000_000 + b"[]]"),
    ],
    ids=["hashes", "range", "digits", "lists"],
)
def test_what_takes_too_much_is_a_failure_and_the_next_comparison_is_made(
    test: str, sent: bytes, comparer: Comparer
) -> None:
    judge = Judge([compiled(test, "", ("f",))], comparer)
    assert judge.answer(b"?0\n[0, " + sent + b"]") == b"-"
    assert judge.verdict == "fail"
    assert "too much" in judge.message
    judge = Judge([compiled("assert f(3) == 9", "", ("f",))], comparer)
    assert judge.answer(b"?0\n[0, 9]") == b"+"


def test_a_comparer_that_was_killed_is_replaced(comparer: Comparer) -> None:
    judge = Judge([compiled("assert f(3) == 9", "", ("f",))], comparer)
    assert judge.answer(b"?0\n[0, 9]") == b"+"
    assert comparer._process is not None
    comparer._process.kill()
    comparer._process.wait()
    assert judge.answer(b"?0\n[0, 9]") == b"+"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(workers=1)) as sandbox:
        yield sandbox


THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
def f(x): return 3
"""
FORGER = """
import os, signal

def frame():
    got = []
    signal.signal(signal.SIGUSR1, lambda number, here: got.append(here))
    signal.raise_signal(signal.SIGUSR1)
    return got.pop()

def f(x):
    here = frame()
    while "token" not in here.f_locals or here.f_code.co_name != "run": here = here.f_back
    token = here.f_locals["token"]
    def talk(step):
        nonlocal token
        message = token + step
        os.write(101, len(message).to_bytes(4, "big") + message)
        size = int.from_bytes(os.read(100, 4), "big")
        token = os.read(100, size)[:16]
    SAY
    talk(b"passed")
    talk(b"pass")
"""


@linux
@pytest.mark.parametrize(
    ("say", "verdict"),
    [
        ("pass", "forbidden"),
        ("talk(b'check\\n[0, 9]')", "pass"),
        ("talk(b'check\\n[0, 8]')", "fail"),
        ("for n in range(20): talk(b'check\\n[0, %d]' % n)", "fail"),
        ('talk(b\'check\\n[0, {"opaque": "E"}]\')', "fail"),
    ],
    ids=["says nothing", "knows", "does not know", "tries all", "hides it"],
)
def test_who_steals_the_token_must_still_know_the_value(
    say: str, verdict: str, sandbox: Sandbox
) -> None:
    """A signal's handler is handed frames; from that of the runner a program can go on in its
    place. `knows` shows that the forgery works."""
    solution = FORGER.replace("SAY", say)
    (found,) = sandbox.judge([Program("p", solution, ("assert f(3) == 9",), ("f",))])
    assert found.verdict == verdict, found


@linux
@pytest.mark.parametrize(
    "solution",
    [
        "import enum\nclass L(enum.IntEnum):\n    A = 3\ndef f(x): return L.A",
        "class N(int): pass\ndef f(x): return N(3)",
        "from fractions import Fraction\ndef f(x): return Fraction(3)",
        THREAD,
        "from multiprocessing.dummy import Pool\ndef f(x):\n"
        "    with Pool(2) as pool: return pool.map(lambda v: v, [3])[0]",
    ],
    ids=["IntEnum", "subclass", "Fraction", "thread", "pool"],
)
def test_honest_programs_pass(solution: str, sandbox: Sandbox) -> None:
    (verdict,) = sandbox.judge([Program("p", solution, ("assert f(1) == 3",), ("f",))])
    assert verdict.verdict == "pass", verdict


@linux
def test_a_thread_beside_a_test_without_a_literal_is_refused(sandbox: Sandbox) -> None:
    (verdict,) = sandbox.judge([Program("p", THREAD, ("assert f(1) == f(2)",), ("f",))])
    assert verdict.verdict == "forbidden"


@linux
def test_an_object_is_asked_what_it_holds(sandbox: Sandbox) -> None:
    """`in` an object that is no plain container: its own process must look."""
    setup = "from array import array\nfound = array('i', [f(1), 7])"
    for test, expected in (
        ("assert 3 in found", "pass"),
        ("assert 4 not in found", "pass"),
        ("assert 4 in found", "fail"),
    ):
        program = Program("p", "def f(x): return 3", (test,), ("f",), setup)
        (verdict,) = sandbox.judge([program])
        assert verdict.verdict == expected, verdict


@linux
@pytest.mark.parametrize(
    ("test", "verdict"),
    [
        ("assert (f() == [1, 3]).all()", "pass"),
        ("assert not (f() > 3).any() and (f() + 1).tolist() == [2, 4]", "pass"),
        ("assert (f() == [1, 4]).all()", "fail"),
        ("assert (f() == [[1, 3], [1, 3]]).any().all()", "pass"),
        ("assert (f() == f()).all()", "pass"),
    ],
)
def test_arrays_are_compared_element_by_element(test: str, verdict: str, sandbox: Sandbox) -> None:
    solution = "import numpy as np\ndef f(): return np.array([1, 3])"
    (found,) = sandbox.judge([Program("p", solution, (test,), ("f",))])
    assert found.verdict == verdict, found
    solution = (
        "class E:\n    def __eq__(self, other): return self\n    def all(self): return True\n"
    )
    solution += "    __gt__ = __add__ = __eq__\n    any = tolist = all\ndef f(): return E()"
    (found,) = sandbox.judge([Program("p", solution, (test,), ("f",))])
    assert found.verdict == "fail", found


@linux
@linux
@pytest.mark.parametrize(
    ("solution", "test", "verdict"),
    [
        # Hashes of strings decide the order, here and there.
        ("def f(s): return list(set(s))", "assert f('ab') == list(set('ab'))", "pass"),
        (
            "import numpy\ndef f(x): return numpy.float32([0.1])",
            "assert (f(0) == 0.1).all()",
            "pass",
        ),
        ("def f(x): return 1", "assert (f(0) == [1, 1]).all()", "error"),
        ("def f(x): return [1, 1]", "assert (f(0) == [1, 1]).all()", "error"),
        (
            "def f(x): return x",
            "def t(): assert f(1) == 1\nt()\ndef t(): assert f(2) == 2\nt()",
            "pass",
        ),
        ("class F:\n    def __add__(self, n): return n + 3", "assert F() + 1 == 4", "pass"),
        ("class F(int):\n    def __add__(self, n): return None", "assert F(3) + 1 == 4", "fail"),
    ],
)
def test_what_a_comparison_means_is_the_programs(
    solution: str, test: str, verdict: str, sandbox: Sandbox
) -> None:
    name = "F" if "class F" in solution else "f"
    (found,) = sandbox.judge([Program("p", solution, (test,), (name,))])
    assert found.verdict == verdict, found


def test_a_comparison_without_end_fails_its_program_alone() -> None:
    endless = Program("p", "def f(): return range(10**18)", ("assert 'x' not in f()",), ("f",))
    after = Program("p", "def f(): return range(9)", ("assert 8 in f()",), ("f",))
    with Sandbox(SandboxConfig(workers=1, cpu_seconds=0.5, wall_seconds=30)) as sandbox:
        first, second = sandbox.judge([endless, after])
    assert (first.verdict, second.verdict) == ("fail", "pass"), (first, second)
    assert first.message == (
        "test 1: assert 'x' not in f(): it takes too much time or memory to compare the value"
    )


@linux
def test_a_linked_list_is_walked(sandbox: Sandbox) -> None:
    solution = (
        "class N:\n    def __init__(self, v, n): self.v, self.n = v, n\n"
        "def f(values):\n    n = None\n    for v in reversed(values): n = N(v, n)\n    return n"
    )
    test = "n, found = f([1, 2]), []\nwhile n:\n    found.append(n.v)\n    n = n.n\n"
    test += "assert found == [1, 2]"
    (verdict,) = sandbox.judge([Program("p", solution, (test,), ("f",))])
    assert verdict.verdict == "pass", verdict
