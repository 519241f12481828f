"""The sandbox: workers that judge programs side by side.

A thread for each worker, a future for each program. A program whose wall time ran out is run once
more while nothing else runs, for then the machine, not the program, may have been slow.
"""

import os
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType

from slm_lora.config.sections.task import SandboxConfig
from slm_lora.errors import UserError
from slm_lora.progress import log

from . import selftest
from .records import Program, Verdict
from .worker import LostWorkerError, Worker

WALL = "wall"
"""What a worker says of a program whose wall time ran out; nobody else sees it."""


WORKERS_A_CORE = 4
"""At most: more would only wait for each other."""


class Sandbox:
    """Judges programs; a context manager.

    with Sandbox(SandboxConfig()) as sandbox:
        verdicts = sandbox.judge(programs)
    """

    def __init__(self, config: SandboxConfig) -> None:
        """Start a worker and prove that it holds (slm_lora/sandbox/selftest.py).

        Raises:
            UserError: this machine cannot judge programs, or not so many at once; says what to
                install, allow or type.
        """
        self._config = config
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
        count = config.workers or cores
        if count > WORKERS_A_CORE * cores:
            raise UserError(
                f"sandbox.workers={count} on a machine of {cores} cores",
                f"each is a process; type sandbox.workers={cores}, or leave it out",
            )
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="sandbox")
        self._own = threading.local()
        self._workers: set[Worker] = set()
        self._gate = _Gate()
        if not config.isolated:
            log.warning(
                "sandbox=process: programs run with limits only and can read, write and connect "
                "as you can; on Linux prefer sandbox=bubblewrap"
            )

        try:
            self._threads.submit(selftest.prove, self._run, config.isolated).result()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Finish what is running, drop what is waiting, end the workers."""
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def submit(self, program: Program) -> Future[Verdict]:
        """Judge a program when a worker is free.

        Raises:
            UserError: it has no tests; by the future: a worker was lost twice.
        """
        if not program.tests:
            raise UserError(
                f"program {program.id} has no tests", "expected at least one in its field tests"
            )
        return self._threads.submit(self._judge, program)

    def judge(self, programs: Iterable[Program]) -> list[Verdict]:
        """All verdicts, in the order of the programs."""
        futures = [self.submit(program) for program in programs]
        return [future.result() for future in futures]

    def _judge(self, program: Program) -> Verdict:
        if not program.solution.strip():
            return Verdict(program.id, "no_code", 0, len(program.tests), "nothing to run", 0.0)
        with self._gate.entered(alone=False):
            verdict = self._run(program)
        if verdict.verdict != WALL:
            return verdict
        with self._gate.entered(alone=True):
            verdict = self._run(program)
        return replace(verdict, verdict="timeout") if verdict.verdict == WALL else verdict

    def _run(self, program: Program) -> Verdict:
        """On this thread's worker; a lost one is replaced and the program run once more."""
        try:
            return self._run_once(program)
        except LostWorkerError:
            try:
                return self._run_once(program)
            except LostWorkerError as error:
                raise UserError(
                    f"a sandbox worker was lost twice on program {program.id}: {error}",
                    "nothing is said about the program; look for an out-of-memory kill (dmesg)",
                ) from error

    def _run_once(self, program: Program) -> Verdict:
        worker: Worker | None = getattr(self._own, "worker", None)
        if worker is None:
            worker = self._own.worker = Worker(self._config)
            self._workers.add(worker)
        good = False
        try:
            verdict, good = worker.run(program)
        finally:
            if not good:
                self._own.worker = None
                self._workers.remove(worker)
                worker.close()
        return verdict


class _Gate:
    """Many may be in at once, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._waiting_alone = 0

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        with self._changed:
            self._waiting_alone += alone
            self._changed.wait_for(lambda: not (self._inside if alone else self._waiting_alone))
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._waiting_alone -= alone
                self._changed.notify_all()
