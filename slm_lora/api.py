"""The package for Python programs.

import slm_lora
config = slm_lora.load("sentiment", "model=nano", "lora.r=8")
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slm_lora.config.schema import Config


def load(
    recipe: str | None = None, *settings: str, config_dir: str | Path | None = None
) -> "Config":
    """The checked, frozen config of a recipe; `settings` are those of a command line, such as
    `lora.r=8` or `model=nano`. A recipe of your own lies in `config_dir`/recipe.

    Raises:
        UserError: a recipe, key, value, choice or combination is wrong.
    """
    from slm_lora.config import compose

    named = [] if recipe is None else [f"+recipe={recipe}"]
    return compose.load([*named, *settings], Path(config_dir) if config_dir else None)
