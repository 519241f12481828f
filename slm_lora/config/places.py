"""Where conf/ and recipes/ lie, and what is in them."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
HOME = PACKAGE if (PACKAGE / "conf").is_dir() else PACKAGE.parent
"""conf/ and recipes/ lie beside the package in a checkout and inside it when installed."""
CONF = HOME / "conf"
RECIPES = HOME / "recipes"
