"""Scripts of a recipe's folder, which are no package, as modules.

from tests.helpers.scripts import load_scripts
"""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace


def load_scripts(folder: Path, *names: str) -> SimpleNamespace:
    """The scripts by name (`apps.rows` is `apps_rows`). Afterwards they are forgotten: another
    folder may use the same names."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        return SimpleNamespace(**{name.replace(".", "_"): import_module(name) for name in names})
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if folder in Path(getattr(sys.modules[name], "__file__", None) or "").parents:
                del sys.modules[name]
