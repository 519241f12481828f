"""Empty the scratch folder between programs."""

import shutil
from pathlib import Path


def wipe(folder: str) -> bool:
    """Remove what a program left in a folder, following no link; False where something stays.

    The caller then throws the whole sandbox away.
    """
    try:
        for path in Path(folder).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    except (OSError, RecursionError):
        return False
    return True
