"""The cache: what is costly to make and can be made again. Any folder in it may be deleted.

SLM_LORA_CACHE=/tmp/cache python -m slm_lora inspect +recipe=sentiment model=nano
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from slm_lora.errors import UserError
from slm_lora.files import broken, put, scratch, seal
from slm_lora.progress import log

_whole: set[Path] = set()
"""Folders that this process has looked at: of a large model that takes seconds."""


def cache_folder() -> Path:
    """$SLM_LORA_CACHE, or ~/.cache/slm_lora."""
    return Path(os.environ.get("SLM_LORA_CACHE") or "~/.cache/slm_lora").expanduser()


def content_key(file: Path, form: str) -> str:
    """Name of the cache folder of what is made from a file: a hash of its content and of `form`,
    which changes with what is written. A file of known size and time is not read again."""
    stat = file.stat()
    return _content_key(file.resolve(), form, stat.st_size, stat.st_mtime_ns)


@cache
def _content_key(file: Path, form: str, size: int, mtime: int) -> str:
    with file.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return hashlib.sha256(f"{form} {content}".encode()).hexdigest()


def holds(folder: Path) -> bool:
    """Whether a folder of the cache is there, and as it was written."""
    if folder in _whole or not folder.exists():
        return folder.exists()
    if what := broken(folder):
        log.warning("%s is made again: %s", folder, what)
        return False
    _whole.add(folder)
    return True


@contextmanager
def cached(folder: Path) -> Iterator[Path]:
    """A place to write a folder of the cache to, which then gets its name; another process may be
    faster.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with scratch(folder.parent, folder.name) as beside:
            place = Path(beside, "made")
            place.mkdir()
            yield place
            seal(place)
            if broken(folder):
                put(place, folder)
    except OSError as error:
        raise UserError(
            f"the cache folder {folder} cannot be written: {error}",
            "type SLM_LORA_CACHE=FOLDER before the command, a folder with room",
        ) from error
