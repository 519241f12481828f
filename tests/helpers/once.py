"""A folder that takes long to make, made once for all of pytest's processes.

with made_once(tmp_path_factory, "name") as (folder, made):
    if not made: ...
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def made_once(factory, name: str) -> Iterator[tuple[Path, bool]]:
    """The folder, and whether another process has made what is in it; the others wait meanwhile."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"once-{name}"
    with FileLock(f"{folder}.lock"):
        folder.mkdir(exist_ok=True)
        made = folder / "made"
        yield folder, made.exists()
        made.touch()
