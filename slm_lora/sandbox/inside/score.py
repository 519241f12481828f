"""The zygote's side of one program: hands its tests over, keeps the score and the time.

A program passes only by as many reports as there are tests, each led by the token that went with
the test. Whatever else arrives on that channel is tampering.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import NotRequired, TypedDict

from .frames import framed
from .guard import FORBIDDEN_TOKEN
from .runner import BROKEN, TOKEN_BYTES
from .sample import Settings

TICK_MS = 50
MOST_BYTES = 1 << 16
MOST_SENT = 1 << 24
"""Bytes of the values that an assertion compares; the judge reads them into its own memory."""
Ask = Callable[[int, bytes], bytes | None]
"""Number of the test, values → the judge's answer for the program; None where they are wrong."""
TAMPERED = "wrote to the channel of the results"


class Outcome(TypedDict):
    """How a program fared; the verdict `wall` asks for one more run, alone."""

    verdict: str
    tests_passed: int
    test: int
    """Number of the test that it ended in, from 1; 0 for the program itself."""
    message: str
    early: NotRequired[bool]
    """Whether its process ended before the program had been imported."""


def converse(
    pid: int,
    control: int,
    report: int,
    token: bytes,
    steps: list[bytes],
    settings: Settings,
    ask: Ask,
) -> Outcome:
    """Answer the program's reports until there is a verdict.

    `steps` are the setup and the tests; the program's first report, "ready", asks for the setup,
    its second for the first test, each "passed" for the next one, and "check" has values of a test
    judged. An empty step ends it.
    """
    started = time.monotonic()
    poll = select.poll()
    poll.register(report, select.POLLIN)
    received, handed_over = bytearray(), 0

    def outcome(verdict: str, message: str) -> Outcome:
        test = max(handed_over - 1, 0)  # the setup was handed over first
        passed = len(steps) - 1 if verdict == "pass" else max(test - 1, 0)
        return {"verdict": verdict, "tests_passed": passed, "test": test, "message": message}

    while True:
        if not poll.poll(TICK_MS):
            if overrun := _overrun(pid, time.monotonic() - started, settings):
                return outcome(*overrun)
            continue
        chunk = os.read(report, MOST_BYTES)
        if not chunk:
            return {**outcome(*_ending(pid, started, settings)), "early": not handed_over}
        received += chunk
        size, given = int.from_bytes(received[:4], "big"), bytes(received[4 : 4 + TOKEN_BYTES])
        if given == FORBIDDEN_TOKEN:
            token = FORBIDDEN_TOKEN
        if not token.startswith(given) or len(received) > 4 + size:
            return outcome("forbidden", TAMPERED)
        if size > MOST_SENT:
            return outcome("fail", f"a value of more than {MOST_SENT >> 20} MB is compared")
        if len(received) < 4 + size:
            continue
        step, received = bytes(received[4 + TOKEN_BYTES :]), bytearray()
        word, _, rest = step.partition(b"\n")
        if word == b"check" and token != FORBIDDEN_TOKEN and 1 < handed_over <= len(steps):
            if overrun := _overrun(pid, time.monotonic() - started, settings):
                return outcome(*overrun)
            if (answer := ask(handed_over - 2, rest)) is None:
                return outcome("fail", "")
            token = os.urandom(TOKEN_BYTES)
            if not _hand_over(control, token + answer, settings["wall_seconds"]):
                return outcome("forbidden", "does not take its tests")
            continue
        verdict, message = word.decode(errors="replace"), rest.decode(errors="replace")
        if token == FORBIDDEN_TOKEN:
            accused = verdict == "forbidden"
            return outcome("forbidden", message if accused else TAMPERED)
        if verdict == ("ready" if handed_over < 2 else "passed") and handed_over <= len(steps):
            token = os.urandom(TOKEN_BYTES)
            following = steps[handed_over] if handed_over < len(steps) else b""
            handed_over += 1
            if not _hand_over(control, token + following, settings["wall_seconds"]):
                return outcome("forbidden", "does not take its tests")
        elif verdict == "pass" and handed_over != len(steps) + 1:
            return outcome("forbidden", "reported a pass before its last test")
        else:
            return outcome(verdict, message)


def _hand_over(control: int, message: bytes, seconds: float) -> bool:
    """Send a test; False where the program is gone or does not read, though it asked."""
    os.set_blocking(control, False)
    poll = select.poll()
    poll.register(control, select.POLLOUT)
    data = framed(message)
    while data and poll.poll(seconds * 1000):
        try:
            data = data[os.write(control, data) :]
        except BrokenPipeError:
            break
    return not data


def _overrun(pid: int, wall: float, settings: Settings) -> tuple[str, str] | None:
    """Verdict and message of a program that has used up a limit; None while it may go on."""
    if sys.platform == "linux":
        # The CPU clock of another process, as clock_getcpuclockid(3) makes it.
        cpu = time.clock_gettime(~pid << 3 | 2)
        if cpu > settings["cpu_seconds"]:
            return "timeout", f"more than {settings['cpu_seconds']:g} s of CPU time"
    if wall > settings["wall_seconds"]:
        return "wall", f"more than {settings['wall_seconds']:g} s"
    return None


def _ending(pid: int, started: float, settings: Settings) -> tuple[str, str]:
    """Verdict and message of a program that closed its channel without a report."""
    for _ in range(100):
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if ended is not None:
            break
        time.sleep(0.01)
    else:
        return "forbidden", "closed the channel of the results"
    if ended.si_code == os.CLD_EXITED:
        if ended.si_status == BROKEN:
            return "forbidden", "broke the runner of its tests"
        return "exit", f"the process ended itself with status {ended.si_status}"
    if ended.si_status == signal.SIGSYS:
        return "forbidden", "a system call that is denied: a new process, a socket, …"
    if ended.si_status == signal.SIGXCPU:
        return "timeout", f"more than {settings['cpu_seconds']:g} s of CPU time"
    return "crash", f"killed by {signal.Signals(ended.si_status).name}"
