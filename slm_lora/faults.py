"""What the system refuses (no room, no permission, no memory …), in our words.

    fault = explained(error)   # None: it is a bug

Libraries wrap the system's errors in their own, so the whole chain is looked at, by number where
there is one, else by the system's words for it.
"""

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from slm_lora.errors import UserError

HINTS = {
    errno.ENOSPC: "free some room there, or name another place: run_dir=FOLDER, or the variables "
    "SLM_LORA_CACHE and TMPDIR",
    errno.EDQUOT: "free some room, or name another place by run_dir=FOLDER",
    errno.EROFS: "name a place that can be written: run_dir=FOLDER, or the variables "
    "SLM_LORA_CACHE and TMPDIR",
    errno.EACCES: "change its permissions, or name another place by run_dir=FOLDER",
    errno.EPERM: "change its permissions, or name another place by run_dir=FOLDER",
    errno.EMFILE: "type ulimit -n 4096 before",
    errno.ENFILE: "end programs that hold files open",
    errno.EFBIG: "type ulimit -f unlimited before, or take a file system for larger files",
    errno.EIO: "look at the disk (dmesg)",
    errno.ESTALE: "mount the network's file system again",
    errno.ENAMETOOLONG: "type a shorter name",
    errno.ELOOP: "remove the link that leads to itself",
    errno.ENOTDIR: "remove the file that stands where a folder is expected",
    errno.EEXIST: "remove the file that stands where a folder is expected",
    errno.EISDIR: "name a file, not a folder",
    errno.ENOENT: "put it back, or name another place",
    errno.ENXIO: "name a file, not a socket or a pipe",
    errno.EAGAIN: "type ulimit -u 4096 before, or end other programs",
}
"""Error of the system → what to do. Others are taken for bugs."""
SAID = {
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EROFS,
    "unable to open database file": errno.EACCES,
    "disk I/O error": errno.EIO,
    "file write failed": errno.ENOSPC,  # torch.save: it does not say why
    "can't start new thread": errno.EAGAIN,
}
"""Words → error: of libraries that pass no number on. Those written in Rust name it."""
NUMBER = re.compile(r"\((?:os error|errno) (\d+)\)|\[Errno (\d+)\]", re.IGNORECASE)
FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
"""Errors that make what handles another error fail too."""
NO_MEMORY = (
    "DefaultCPUAllocator",
    "Cannot allocate memory",
    "CUDA out of memory",
    "MPS backend out of memory",
    "Invalid buffer size",
    "failed to map segment from shared object",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
"""What a CPU's allocator (c10/core/impl/alloc_cpu.cpp), the system, the driver and cuBLAS say, in
errors that are RuntimeErrors as others are."""
OURS = Path(__file__).parent


def explained(error: BaseException) -> UserError | None:
    """The error of the system that this one is, or came of; None where there is none."""
    if isinstance(error, UserError):
        return None
    for link in _chain(error):
        if isinstance(link, MemoryError) or any(words in str(link) for words in NO_MEMORY):
            return UserError(
                "out of memory", "close other programs, or take a smaller model or smaller batches"
            )
        number = _number(link)
        if not (link is error or link is error.__cause__ or number in FATAL):
            continue  # handled, and then there was a bug
        if number == errno.ENOENT and not _has_folder():
            return UserError("the working folder was removed", "type cd to go to another one")
        if number == errno.ENOENT and (link is not error or _is_ours(link)):
            return None
        if number is not None:
            return _named(link, number)
    return None


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:  # to wait is no fault
        return error.errno if error.errno in HINTS and error.errno != errno.EAGAIN else None
    if found := NUMBER.search(str(error)):
        number = int(found[1] or found[2])
        return number if number in HINTS else None
    return next((number for words, number in SAID.items() if words in str(error)), None)


def _has_folder() -> bool:
    try:
        return bool(Path.cwd())
    except FileNotFoundError:
        return False


def _is_ours(error: BaseException) -> bool:
    """Whether the file that is missing is one that we should have brought."""
    name = _filename(error)
    return name is None or Path(name).is_relative_to(OURS)


def _filename(error: BaseException) -> str | None:
    name = error.filename if isinstance(error, OSError) else None
    return os.fsdecode(name) if isinstance(name, str | bytes | Path) else None


def _named(error: BaseException, number: int) -> UserError:
    name, said = _filename(error), os.strerror(number)
    if name is None:
        first = next(iter(str(error).splitlines()), "")
        return UserError(said if said in first or not first else f"{said}: {first}", HINTS[number])
    return UserError(f"{name}: {said}", HINTS[number])


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        shown = None if link.__suppress_context__ else link.__context__
        link = link.__cause__ or shown
