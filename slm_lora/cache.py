"""The cache: what is costly to make and can be made again. Any folder in it may be deleted.

SLM_LORA_CACHE=/tmp/cache python -m slm_lora inspect +recipe=sentiment model=nano
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from slm_lora.errors import UserError


def cache_folder() -> Path:
    """$SLM_LORA_CACHE, or ~/.cache/slm_lora."""
    return Path(os.environ.get("SLM_LORA_CACHE", "~/.cache/slm_lora")).expanduser()


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


@contextmanager
def cached(folder: Path) -> Iterator[Path]:
    """A place to write a folder of the cache to, which then gets its name; another process may be
    faster.

    Raises:
        UserError: it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            place = Path(beside) / "folder"
            place.mkdir()
            yield place
            if not folder.exists():
                place.rename(folder)
    except OSError as error:
        raise UserError(
            f"the cache folder {folder} cannot be written: {error}",
            "type SLM_LORA_CACHE=FOLDER before the command, a folder with room",
        ) from error
