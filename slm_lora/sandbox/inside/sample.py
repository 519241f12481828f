"""Turn a fresh fork of the zygote into a process with limits and nothing else in hand."""

import builtins
import ctypes
import os
import resource
import signal
import sys
from typing import TypedDict

from .mounts import libc, must
from .own import Module
from .runner import CONTROL_FD, REPORT_FD, SPARE_FDS

# Functions defined below look builtins up here, not in what a program may have patched.
globals()["__builtins__"] = dict(vars(builtins))

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2
"""linux/prctl.h and linux/seccomp.h."""

OPEN_FILES = 256


class _Filter(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


class Settings(TypedDict):
    """What the zygote is told when it starts."""

    preload: list[str]
    """Modules to import."""
    own: list[Module]
    """The user's own modules to import."""
    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    """For a program, beyond what the zygote has mapped."""
    scratch_bytes: int
    as_root: bool
    """Whether the user who trains is root."""
    seccomp: tuple[bytes, bytes] | None
    """Filters of the zygote and of each fork (seccomp.py); None where there are none (process)."""


def prctl(option: int, value: int, pointer: object = None) -> None:
    """prctl(2). Raises OSError where the kernel refuses."""
    must(libc.prctl(option, ctypes.c_ulong(value), pointer, None, None), f"prctl({option})")


def confine(control: int, report: int, devnull: int, own_bytes: int, settings: Settings) -> None:
    """Take the two pipes of this program to their places, close all else, set every limit.

    Raises OSError or ValueError where a limit cannot be set.
    """
    os.setsid()
    os.dup2(control, CONTROL_FD)
    os.dup2(report, REPORT_FD)
    for end, fd in zip(os.pipe(), SPARE_FDS, strict=True):
        os.dup2(end, fd)
    for fd in (0, 1, 2):
        os.dup2(devnull, fd)
    os.closerange(3, CONTROL_FD)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file too large is an OSError
    for kind, limit in (
        (resource.RLIMIT_CPU, int(settings["cpu_seconds"]) + 2),
        (resource.RLIMIT_AS, own_bytes + settings["memory_bytes"]),
        (resource.RLIMIT_FSIZE, settings["scratch_bytes"]),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if settings["seccomp"] is not None:
        add_filter(settings["seccomp"][1])


def add_filter(instructions: bytes) -> None:
    """Take system calls from this process and its forks (seccomp(2)), on top of those taken."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    program = _Filter(len(instructions) // 8, instructions)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program))
