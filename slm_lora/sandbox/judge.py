"""Judges what a program sent by what its tests say it should be.

The literals of a test never reach a program's process (testcode.py), and what a program sends is
not even parsed here: a process beside this one compares (inside/comparer.py), for it may take for
ever, and is ended then.
"""

import marshal
import re
import select
import signal
import subprocess
import sys
from collections.abc import Sequence

from .bubblewrap import INSIDE
from .inside.comparer import TOO_MUCH
from .inside.frames import read_frame, write_frame
from .testcode import Test

START = f"import sys; sys.path.insert(0, {str(INSIDE.parent)!r}); "
START += "from inside.comparer import main; main()"
OWN_MEMORY = 1 << 30
"""Bytes that Python and numpy may map beside the values."""
FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that no limit sends, and no comparison."""


class LostComparerError(Exception):
    """The process that compares is gone, which is no fault of the program."""


class Comparer:
    """The process that compares, from the first comparison on; a new one after it died. `close`
    it."""

    def __init__(self, cpu_seconds: float, wall_seconds: float, memory_bytes: int) -> None:
        """What an answer may take."""
        limits = [str(cpu_seconds), str(OWN_MEMORY + memory_bytes)]
        self._command = [sys.executable, "-s", "-P", "-B", "-X", "utf8", "-c", START, *limits]
        self._wall_seconds = wall_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def answer(self, request: bytes) -> bytes:
        """The reply, that of a failure where there is none within the limits.

        Raises:
            LostComparerError: somebody ended the process.
        """
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Hashes as in the program's process; numpy maps memory for each thread.
                env={"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"},
                cwd="/",
                start_new_session=True,  # Ctrl-C is the trainer's
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_frame(process.stdin.fileno(), request)
            if select.select([process.stdout], [], [], self._wall_seconds)[0]:
                reply = read_frame(process.stdout.fileno())
                if reply is not None:
                    return reply
                process.wait()
        except BrokenPipeError:
            process.wait()
        ended_by = -(process.poll() or 0)
        self.close()
        if ended_by in FROM_OUTSIDE:
            raise LostComparerError(f"it was ended by {signal.Signals(ended_by).name}")
        return b"fail\n" + TOO_MUCH.encode()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class Judge:
    """Of one program. `verdict` is empty as long as all comparisons held; `fail` or `error`, with a
    message, once one did not."""

    def __init__(self, tests: Sequence[Test], comparer: Comparer) -> None:
        self._tests, self._comparer = tests, comparer
        self._made: list[set[int]] = [set() for _ in tests]
        self.verdict = self.message = ""

    def answer(self, sent: bytes) -> bytes:
        """To `?TEST` and, on the next line, JSON of a comparison's number and the values sent: `+`
        where it holds, with a membership's name and literal where the program's process has to look
        itself; else `-`. What is no such thing does not hold."""
        test, _, values = sent[1:].partition(b"\n")
        checks, made = self._tests[int(test)].checks, self._made[int(test)]
        found = re.match(rb"\[(\d{1,6}),", values)
        number = int(found[1]) if found else len(checks)
        if number >= len(checks):
            self.verdict, self.message = "fail", "values that no comparison of the test asked for"
            return b"-"
        check = checks[number]
        reply = self._comparer.answer(
            marshal.dumps((check.expression, check.leaves, check.member, values))
        )
        if reply.startswith(b"+"):
            made.add(number)
            return reply
        verdict, _, why = reply.decode().partition("\n")
        self.verdict, self.message = verdict, f"{check.text}: {why}"
        return b"-"

    def skipped(self) -> int:
        """Number, from 1, of a test that passed without all the comparisons that it makes."""
        for number, (test, made) in enumerate(zip(self._tests, self._made, strict=True), 1):
            if not test.required <= made:
                return number
        return 0
