"""Every program of attacks.py gets its verdict, and the honest one judged after it passes."""

import sys
from collections.abc import Iterator

import pytest

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import VERDICTS, Program, Sandbox
from tests.sandbox.attacks import ATTACKS, HONEST, TESTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[Sandbox, Sandbox]]:
    """One for those that shall be stopped by time, which get little of it; one for the others, with
    more than a slow machine needs."""
    hurried = SandboxConfig(workers=1, cpu_seconds=1, wall_seconds=3, memory_mb=256)
    patient = SandboxConfig(workers=1, cpu_seconds=6, wall_seconds=20, memory_mb=256)
    with Sandbox(hurried) as short, Sandbox(patient) as long:
        yield short, long


@pytest.mark.parametrize(("name", "expected", "solution"), ATTACKS, ids=[a[0] for a in ATTACKS])
def test_verdict(
    name: str, expected: str, solution: str, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    """Its own, and that of the honest program which follows on the same worker."""
    sandbox = sandboxes[0 if expected == "timeout" else 1]
    attack = sandbox.submit(Program(name, solution, TESTS, ("f",)))
    honest = sandbox.submit(Program(f"after {name}", HONEST, TESTS, ("f",)))
    assert attack.result().verdict in expected.split("|"), attack.result()
    assert honest.result().verdict == "pass", honest.result()


def test_names_are_unique_and_every_verdict_occurs() -> None:
    names = [name for name, _, _ in ATTACKS]
    assert len(set(names)) == len(names) >= 60
    assert {word for _, verdict, _ in ATTACKS for word in verdict.split("|")} == set(VERDICTS)
