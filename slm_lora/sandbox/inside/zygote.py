"""The process that forks: it imports the framework once and never runs a program itself.

Reads its settings and then programs from standard input, answers on standard output. For each
program it forks; the fork confines itself and runs the program (sample.py, runner.py), while this
process hands over the tests, keeps score and time, then kills what is left and empties the scratch.
"""

import gc
import importlib
import json
import marshal
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from types import ModuleType

from . import guard, integrity, runner, strict
from .frames import read_frame, write_frame
from .immortal import make_immortal
from .mounts import fasten
from .own import Sources
from .sample import PR_SET_DUMPABLE, Settings, add_filter, confine, prctl
from .score import converse
from .scratch import wipe

LINUX = sys.platform == "linux"
LINGER_SECONDS = 10.0
"""What a thread that was started while preloading may take to end."""
ABNORMAL = ("timeout", "wall", "memory", "crash", "forbidden")
STANDARD = (
    "abc array ast asyncio base64 bisect calendar cmath collections colorsys copy csv dataclasses "
    "datetime decimal difflib enum fractions functools hashlib heapq html inspect io itertools "
    "json linecache logging math numbers operator os pprint queue random re secrets shutil sqlite3 "
    "statistics string struct sys tempfile textwrap threading time traceback types typing "
    "unicodedata urllib.parse uuid warnings weakref zlib"
)
"""What programs import most of the standard library: here before the first fork, so that its types
are known to be no program's."""
THIRD_PARTY = ("typing_extensions",)
"""Imported where it is installed: half of all packages import it, and it patches `typing`."""


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = os.dup(0), os.dup(1)
    devnull = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(devnull, fd)
    settings: Settings = marshal.loads(read_frame(requests) or b"")
    if os.getpid() == 1:  # in namespaces of our own
        fasten(settings["as_root"])
    preload(settings)
    lock_up(settings)
    # There beforehand, for a new entry in sys.modules would mean that all of it is compared.
    module = sys.modules["solution"] = ModuleType("solution")
    known = strict.known_types()
    hook = guard.make_hook(guard.functions_before(), runner.REPORT_FD)
    changed = integrity.watch(runner.SPARE_FDS, known)
    gc.collect()
    make_immortal()
    gc.freeze()

    def ask(test: int, values: bytes) -> bytes | None:
        """The judge's answer; the literals never come here."""
        write_frame(replies, b"?%d\n" % test + values)
        answer = read_frame(requests) or b"-"
        return answer[1:] if answer[:1] == b"+" else None

    write_frame(replies, b"ready")
    own_bytes: int = marshal.loads(read_frame(requests) or b"")  # there is no /proc to see it in
    while (message := read_frame(requests)) is not None:
        source, entry_points, guarded = marshal.loads(message)
        control, control_end = os.pipe()
        report_end, report = os.pipe()
        token = os.urandom(runner.TOKEN_BYTES)
        pid = os.fork()
        if pid == 0:
            try:
                confine(control, report, devnull, own_bytes, settings)
            except (OSError, ValueError) as error:
                write_frame(report, token + f"broken\n{error}".encode())
                os._exit(runner.BROKEN)
            try:
                random.seed(0)  # the same program gets the same verdict
                sys.addaudithook(hook)
                runner.run(source, entry_points, token, known, module, changed, guarded)
            finally:
                os._exit(runner.BROKEN)
        os.close(control)
        os.close(report)
        steps: list[bytes] = marshal.loads(read_frame(requests) or b"")
        outcome = converse(pid, control_end, report_end, token, steps, settings, ask)
        del steps  # the next program's process begins as a copy of this one
        cpu_s = clear_up(pid)
        os.close(control_end)
        os.close(report_end)
        abnormal = outcome["verdict"] in ABNORMAL or outcome.get("early", False)
        answer = {**outcome, "cpu_s": cpu_s, "recycle": not wipe(".") or abnormal}
        write_frame(replies, json.dumps(answer).encode())


def preload(settings: Settings) -> None:
    """Import and run what programs shall find warm. Raises what that raises."""
    os.environ.clear()
    optional = [name for name in THIRD_PARTY if find_spec(name)]
    own = Sources(settings["own"])
    sys.meta_path.append(own)
    for name in [*STANDARD.split(), *optional, *settings["preload"], *own.sources]:
        importlib.import_module(name)
    sys.meta_path.remove(own)
    for module in map(sys.modules.__getitem__, own.sources):
        assert module.__spec__
        module.__loader__ = module.__spec__.loader = None  # code of this folder
    for thread in threading.enumerate()[1:]:
        thread.join(LINGER_SECONDS)
    if threading.active_count() > 1:
        raise RuntimeError(f"preloading left threads running: {threading.enumerate()[1:]}")
    wipe(".")


def lock_up(settings: Settings) -> None:
    """Out of the reach of programs: this process's memory, its signals, the modules of this folder.

    What is made here is inherited by each fork.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which process 1 does not get
    if LINUX:
        prctl(PR_SET_DUMPABLE, 0)  # nobody may open /proc/1/mem
    if settings["seccomp"] is not None:
        add_filter(settings["seccomp"][0])
    for end, fd in zip(os.pipe(), runner.SPARE_FDS, strict=True):
        os.dup2(end, fd)
        os.close(end)
    ours = ("inside", *guard.NATIVE, *guard.INTERPRETERS)
    for name in [name for name in sys.modules if name.split(".")[0] in ours]:
        del sys.modules[name]
    vars(sys.modules["__main__"]).clear()
    gc.collect()


def clear_up(pid: int) -> float:
    """Kill the program and, in a namespace of our own, everything but ourselves; CPU seconds."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if os.getpid() == 1:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    usage = os.wait4(pid, 0)[2]
    with suppress(ChildProcessError):
        while os.getpid() == 1 and os.waitpid(-1, 0)[0]:
            pass
    return usage.ru_utime + usage.ru_stime
