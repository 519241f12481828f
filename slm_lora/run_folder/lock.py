"""One process at a time writes to a run folder, and clears away what a killed one left there.

    with alone(run.path):
        ...

The lock is the system's (flock): it is free as soon as its holder has ended, however that came.
"""

import fnmatch
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from slm_lora.errors import UserError
from slm_lora.files import PARTS, discard, is_of
from slm_lora.progress import log

LOCK = ".lock"
HOLDER = ".in_use"
"""Who has the lock, for whoever comes second."""


class InUseError(UserError):
    """Another process writes to the folder."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this process is the only one that writes to a folder, which is made if it is not there.

    Raises:
        InUseError: another process does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / LOCK), folder / HOLDER
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "another process"
        raise InUseError(
            f"{folder} is in use by {who}", "wait until it has ended, or end it"
        ) from error
    try:
        _clear(folder)
        line = shlex.join(["slm-lora", *sys.argv[1:]])
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}: {line}", "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _clear(folder: Path) -> None:
    """Remove what killed processes have left half written in a folder, but not in those in it that
    have a lock of their own: evaluations, jobs of a sweep."""
    for at, folders, files in os.walk(folder):
        if Path(at) != folder and LOCK in files:
            folders.clear()
            continue
        for part in [Path(at, name) for name in fnmatch.filter([*folders, *files], PARTS)]:
            if not is_of(part, alive=True):
                log.info("removing %s, which was left half written", part)
                discard(part)
        folders[:] = [name for name in folders if not fnmatch.fnmatch(name, PARTS)]
