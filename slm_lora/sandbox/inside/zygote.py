"""The process that forks: it imports the framework once and never runs a program itself.

    python -m slm_lora check programs.jsonl

Reads its settings and then programs from standard input, answers on standard output. For each
program it forks; the fork confines itself and runs the program (sample.py, runner.py), while this
process hands over the tests, keeps score and time, then kills what is left and empties the scratch.
"""

import gc
import importlib
import json
import marshal
import os
import resource
import signal
import sys
from contextlib import suppress

from . import runner, strict
from .frames import read_frame, write_frame
from .sample import PR_SET_DUMPABLE, Settings, confine, prctl
from .score import Outcome, converse
from .scratch import wipe

LINUX = sys.platform == "linux"
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


def main() -> None:
    """Serve until standard input ends."""
    requests, replies = os.dup(0), os.dup(1)
    devnull = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(devnull, fd)
    settings: Settings = marshal.loads(read_frame(requests) or b"")
    for name in [*STANDARD.split(), *settings["preload"]]:
        importlib.import_module(name)
    os.environ.clear()
    if LINUX:
        prctl(PR_SET_DUMPABLE, 0)  # no program may open /proc/1/mem
    gc.collect()
    known = strict.known_types()
    own_bytes = address_space()
    gc.freeze()
    write_frame(replies, b"ready")
    while (message := read_frame(requests)) is not None:
        source, entry_points = marshal.loads(message)
        control, control_end = os.pipe()
        report_end, report = os.pipe()
        token = os.urandom(runner.TOKEN_BYTES)
        pid = os.fork()
        if pid == 0:
            try:
                confine(control, report, devnull, own_bytes, settings)
                forget_ourselves()
                runner.run(source, entry_points, token, known)
            finally:
                os._exit(runner.BROKEN)
        os.close(control)
        os.close(report)
        steps: list[bytes] = marshal.loads(read_frame(requests) or b"")
        outcome = converse(pid, control_end, report_end, token, steps, settings)
        cpu_s = clear_up(pid)
        os.close(control_end)
        os.close(report_end)
        clean = wipe(".")
        answer = {**outcome, "cpu_s": cpu_s, "recycle": outcome["verdict"] in ABNORMAL or not clean}
        write_frame(replies, json.dumps(answer).encode())


def forget_ourselves() -> None:
    """Take the modules of this folder out of a program's reach."""
    for name in [name for name in sys.modules if name.split(".")[0] == "inside"]:
        del sys.modules[name]
    vars(sys.modules["__main__"]).clear()


def address_space() -> int:
    """Bytes that this process has mapped."""
    if not LINUX:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


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
