"""Where conf/ and recipes/ lie, and what is in them."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
HOME = PACKAGE if (PACKAGE / "conf").is_dir() else PACKAGE.parent
"""conf/ and recipes/ lie beside the package in a checkout and inside it when installed."""
CONF = HOME / "conf"
RECIPES = HOME / "recipes"


def expanded(path: str) -> str:
    """With the home of `~` in place of it, which no shell puts into `KEY=~/PATH`."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path's raises where there is no such user


def recipes() -> list[str]:
    """Names of the shipped recipes."""
    return sorted(file.stem for file in RECIPES.glob("*.yaml"))


def own_recipes(config_dir: Path | None) -> dict[str, Path]:
    """Name → file of the user's recipes, those in `config_dir`."""
    files = sorted(config_dir.glob("recipe/*.yaml")) if config_dir else []
    return {file.stem: file for file in files}


def groups(config_dir: Path | None = None) -> dict[str, list[str]]:
    """Config group → its choices, those of the user's own folder among them."""
    found: dict[str, set[str]] = {}
    for file in CONF.glob("*/**/*.yaml"):
        found.setdefault(file.parent.relative_to(CONF).as_posix(), set()).add(file.stem)
    for group, choices in found.items():
        own = config_dir.glob(f"{group}/*.yaml") if config_dir else ()
        choices |= {file.stem for file in own}
    return {group: sorted(choices) for group, choices in sorted(found.items())}
