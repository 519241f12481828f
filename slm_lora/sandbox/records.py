"""What goes into the sandbox and what comes out of it."""

from dataclasses import dataclass

VERDICTS = (
    "pass",
    "fail",
    "error",
    "syntax",
    "timeout",
    "memory",
    "crash",
    "exit",
    "forbidden",
    "no_code",
)
"""In the order in which tables show them; docs/sandbox.md says what each means."""


@dataclass(frozen=True)
class Program:
    """A program and the tests that judge it."""

    id: str
    solution: str
    """Source of the whole program, run as the module `solution`."""
    tests: tuple[str, ...]
    """Python statements, or the source of one function without arguments, which is then called."""
    entry_points: tuple[str, ...]
    """Names of the solution that the tests use. A class named here answers for itself when it is
    compared with its like; no other type of the solution's takes part in a comparison."""
    setup: str = ""
    """Imports and helpers of the tests, run in each test's own namespace before it."""


@dataclass(frozen=True)
class Verdict:
    """How a program fared."""

    id: str
    verdict: str
    """One of VERDICTS."""
    tests_passed: int
    tests_total: int
    message: str
    """The failing assertion or the error, and where; empty on a pass."""
    cpu_s: float
    """CPU seconds of the program with its tests."""
