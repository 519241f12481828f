"""Every program of attacks.py gets its verdict, and the honest one judged after it passes."""

import sys

import pytest

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.sandbox import VERDICTS, Program, Sandbox, Verdict
from tests.sandbox.attacks import ATTACKS, HONEST, TESTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")


@pytest.fixture(scope="module")
def verdicts() -> dict[str, tuple[Verdict, Verdict]]:
    """Name → verdicts of the program and of the honest one that followed it, on the same worker.

    Those that shall be stopped by time get little of it, the others more than a slow machine needs.
    """
    hurried = SandboxConfig(workers=1, cpu_seconds=1, wall_seconds=3, memory_mb=256)
    patient = SandboxConfig(workers=1, cpu_seconds=6, wall_seconds=20, memory_mb=256)
    with Sandbox(hurried) as short, Sandbox(patient) as long:
        futures = {}
        for name, expected, solution in ATTACKS:
            sandbox = short if expected == "timeout" else long
            futures[name] = (
                sandbox.submit(Program(name, solution, TESTS, ("f",))),
                sandbox.submit(Program(f"after {name}", HONEST, TESTS, ("f",))),
            )
        return {name: (one.result(), two.result()) for name, (one, two) in futures.items()}


@pytest.mark.parametrize(("name", "expected"), [attack[:2] for attack in ATTACKS])
def test_verdict(name: str, expected: str, verdicts: dict[str, tuple[Verdict, Verdict]]) -> None:
    attack, honest = verdicts[name]
    assert attack.verdict == expected, attack
    assert honest.verdict == "pass", honest


def test_names_are_unique_and_every_verdict_occurs() -> None:
    names = [name for name, _, _ in ATTACKS]
    assert len(set(names)) == len(names) >= 60
    assert {verdict for _, verdict, _ in ATTACKS} == set(VERDICTS)
