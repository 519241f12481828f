"""Empty the scratch folder between programs.

python -m slm_lora check programs.jsonl
"""

import os
import shutil


def wipe(folder: str) -> bool:
    """Remove what a program left in a folder, following no link; False where something stays.

    The caller then throws the whole sandbox away.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
    except (OSError, RecursionError):
        return False
    return True
