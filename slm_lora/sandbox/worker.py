"""One worker: a zygote in its own sandbox, and the conversation with it.

A worker belongs to the thread that started it: bubblewrap dies with that thread.
"""

import json
import marshal
import os
import re
import select
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from slm_lora.config.sections.task import SandboxConfig, is_file
from slm_lora.errors import UserError
from slm_lora.files import scratch

from . import bubblewrap, seccomp
from .inside.frames import read_frame, write_frame
from .inside.own import Module
from .judge import Comparer, Judge, LostComparerError
from .records import Program, Verdict
from .testcode import compiled, compiled_setup

MEGABYTE = 1 << 20
START_SECONDS = 120.0
"""What importing the framework may take."""
GRACE_SECONDS = 30.0
"""What a zygote may take beyond a program's limits before it counts as lost."""


class LostWorkerError(Exception):
    """The zygote is gone or silent, which is no fault of the program it was given."""


class Worker:
    """A started zygote. `close` it, or let its thread end."""

    def __init__(self, config: SandboxConfig) -> None:
        """Start it and wait until the framework is imported.

        Raises:
            UserError: bubblewrap or seccomp is missing or not allowed, or a module cannot be
                imported inside.
        """
        self._config = config
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - until `close`
        self._folder = None if config.isolated else scratch()
        self._comparer = Comparer(
            config.cpu_seconds, config.wall_seconds, config.memory_mb * MEGABYTE
        )
        isolated = config.isolated
        home = bubblewrap.PREFIX if isolated else str(bubblewrap.INSIDE.parent)
        start = f"import sys; sys.path.insert(0, {home!r}); from inside.zygote import main; main()"
        command = [sys.executable, "-s", "-P", "-B", "-X", "utf8", "-c", start]
        environment: dict[str, str] = {}
        info, info_end = os.pipe()
        if isolated:
            command = bubblewrap.command(command, config.scratch_mb * MEGABYTE, info_end)
        else:
            environment = {"PYTHONHASHSEED": "0"}
        own = [name for name in config.preload if is_file(name)]
        settings = {
            "preload": [name for name in config.preload if name not in own],
            "own": [module for name in own for module in _modules(Path(name))],
            "cpu_seconds": config.cpu_seconds,
            "wall_seconds": config.wall_seconds,
            "memory_bytes": config.memory_mb * MEGABYTE,
            "scratch_bytes": config.scratch_mb * MEGABYTE,
            "as_root": os.geteuid() == 0,
            "seccomp": seccomp.filters() if isolated else None,
        }
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd=self._folder.name if self._folder else None,
            pass_fds=[info_end],
        )
        os.close(info_end)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin.fileno()
        self._replies = self._process.stdout.fileno()
        try:
            write_frame(self._requests, marshal.dumps(settings))
            started = self._reply(START_SECONDS)
            pid = self._process.pid
            if isolated:
                pid = json.loads(os.read(info, 4096))["child-pid"]
            own_bytes: int = psutil.Process(pid).memory_info().vms
            write_frame(self._requests, marshal.dumps(own_bytes))
        except (LostWorkerError, BrokenPipeError):
            started = None
        finally:
            os.close(info)
        if started != b"ready":
            raise self._did_not_start()

    def run(self, program: Program) -> tuple[Verdict, bool]:
        """The verdict (`wall`: its wall time ran out), and whether this worker is still good.

        Raises:
            LostWorkerError: the zygote died or fell silent.
        """
        total = len(program.tests)
        try:
            setup = compiled_setup(program.setup)
            names = tuple(program.entry_points)
            tests = [compiled(test, program.setup, names) for test in program.tests]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            message = f"the tests are no Python: {error}"
            return Verdict(program.id, "error", 0, total, message, 0.0), True
        judge = Judge(tests, self._comparer)
        try:
            guarded = not all(test.required for test in tests)
            write_frame(self._requests, marshal.dumps((program.solution, list(names), guarded)))
            write_frame(self._requests, marshal.dumps([setup, *(test.code for test in tests)]))
            reply = self._reply(self._config.wall_seconds + GRACE_SECONDS)
            while reply.startswith(b"?"):
                write_frame(self._requests, judge.answer(reply))
                reply = self._reply(self._config.wall_seconds + GRACE_SECONDS)
        except LostComparerError as error:
            raise LostWorkerError(str(error)) from error
        except BrokenPipeError as error:
            raise LostWorkerError(self._said()) from error
        answer: dict[str, Any] = json.loads(reply)
        if answer["verdict"] == "broken":
            raise UserError(
                f"the sandbox cannot set a limit: {answer['message']}",
                "allow it (ulimit -a shows hard limits of this shell), or lower sandbox.memory_mb "
                "and sandbox.scratch_mb",
            )
        word, message, number = answer["verdict"], answer["message"], answer["test"]
        if judge.verdict and word == "fail":
            word, message = judge.verdict, judge.message
        elif message and 0 < number <= total:
            message = _located(message, program.tests[number - 1])
        if message and 0 < number <= total:
            message = f"test {number}: {message}"
        if word == "pass" and (skipped := judge.skipped()):
            word, message = "forbidden", f"test {skipped}: its comparisons were never made"
        verdict = Verdict(
            program.id,
            word,
            total if word == "pass" else min(answer["tests_passed"], total - 1),
            total,
            message,
            round(answer["cpu_s"], 4),
        )
        return verdict, not (answer["recycle"] or word == "forbidden")

    def close(self) -> None:
        """Kill the zygote and all that runs in its namespaces."""
        self._process.kill()
        self._process.communicate()
        self._comparer.close()
        self._errors.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _reply(self, seconds: float) -> bytes:
        if select.select([self._replies], [], [], seconds)[0]:
            reply = read_frame(self._replies)
            if reply is not None:
                return reply
        raise LostWorkerError(self._said())

    def _said(self) -> str:
        """The last line of what bubblewrap or Python wrote to standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _did_not_start(self) -> UserError:
        self._process.kill()
        self._process.communicate()
        said = self._said()
        self.close()
        if said.startswith("bwrap:") or "remount /" in said:
            return UserError(
                f"bubblewrap cannot make a sandbox here: {said.removeprefix('bwrap: ')}",
                "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu also "
                "kernel.apparmor_restrict_unprivileged_userns=0 and aa-disable "
                "/etc/apparmor.d/bwrap-userns-restrict where that is there; in a container, run it "
                "with --security-opt seccomp=unconfined --security-opt apparmor=unconfined",
            )
        if hint := _outside(said):
            return UserError(f"the sandbox did not start: {said}", hint)
        return UserError(
            f"the sandbox did not start: {said}",
            f"sandbox.preload={self._config.preload} is imported inside; expected modules that are "
            "installed here (for code_gen: pip install 'slm-lora[code]')",
        )


def _outside(said: str) -> str:
    """What to do about a module that is there, but where no program may look; else nothing."""
    found = re.fullmatch(r"ModuleNotFoundError: No module named '([^'.]+).*'", said)
    spec = find_spec(found[1]) if found else None
    if spec is None:
        return ""
    place = Path([*(spec.submodule_search_locations or ()), str(spec.origin)][0]).resolve()
    if any(place.is_relative_to(folder.resolve()) for folder in bubblewrap.packages()):
        return ""
    return (
        f"{spec.name} lies in {place}, and programs see only the packages of this interpreter; "
        f"install it into {sys.prefix}, not with pip's --editable or --user"
    )


def _modules(path: Path) -> list[Module]:
    """A Python file, or the files of a package."""
    if path.stem in sys.stdlib_module_names:
        raise UserError(
            f"sandbox.preload names {path}, and {path.stem} is a module of Python's own",
            "give it another name",
        )
    files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    if path.suffix != ".py" and path / "__init__.py" not in files:
        raise UserError(
            f"sandbox.preload names {path}, which is no package", f"expected {path / '__init__.py'}"
        )
    try:
        return [(_dotted(path, file), str(file), file.read_text("utf-8")) for file in files]
    except (OSError, UnicodeError) as error:
        raise UserError(
            f"sandbox.preload names {path}, which cannot be read: {error}",
            "expected a module, or the path of a Python file or of a package",
        ) from error


def _dotted(path: Path, file: Path) -> str:
    """`shop/orders/__init__.py` of the package `shop` is `shop.orders`."""
    return ".".join(file.relative_to(path.parent).with_suffix("").parts).removesuffix(".__init__")


def _located(message: str, test: str) -> str:
    """`line 3: …` of a test becomes that line's text."""
    lead, _, rest = message.partition(": ")
    if not lead.startswith("line "):
        return message
    lines = test.splitlines()
    number = int(lead.removeprefix("line "))
    return f"{lines[number - 1].strip()}: {rest}" if 0 < number <= len(lines) else rest
