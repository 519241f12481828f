"""The cache: what is costly to make and can be made again. Any folder in it may be deleted.

SLM_LORA_CACHE=/tmp/cache python -m slm_lora inspect +recipe=sentiment model=nano
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slm_lora.errors import UserError


def cache_folder() -> Path:
    """$SLM_LORA_CACHE, or ~/.cache/slm_lora."""
    return Path(os.environ.get("SLM_LORA_CACHE", "~/.cache/slm_lora")).expanduser()


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
