"""What counts only where the user types it: a recipe or a run folder may be somebody else's.

    python -m slm_lora chat RUN model.trust_remote_code=true

A file says what to train. That code which comes with a model is run, that programs are run without
walls, that a port is opened to others, what Hydra starts, and what is read from the environment, is
for the one at the keyboard to say.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from slm_lora.config.quoting import quoted
from slm_lora.config.schema import Config
from slm_lora.errors import UserError

TYPED = {
    "model.trust_remote_code": False,
    "sandbox.kind": "bubblewrap",
    "serve.host": "127.0.0.1",
}
"""Key → its value unless it is typed."""
HARMLESS = re.compile(r"\$\{[\w.]+\}|\$\{recipes_dir:\}")
"""Another key's value, and where the shipped recipes lie (compose.py)."""


def check(tree: DictConfig, file: Path) -> None:
    """Refuse what no file may say.

    Raises:
        UserError: it starts something of Hydra's, or names a resolver.
    """
    for key, value in _leaves(OmegaConf.to_container(tree, resolve=False)):
        chosen = key.startswith("defaults") and re.search("hydra|sandbox|@", f"{key} {value}")
        if chosen or key.startswith("hydra.") or "_target_" in key.split("."):
            raise UserError(
                f"{file}: {key} would have Hydra run something, or programs without walls",
                "leave it out; that is for the command line to say",
            )
        asked = HARMLESS.sub("", value) if isinstance(value, str) else ""
        if "${" in asked:
            raise UserError(
                f"{file}: {key} asks for {asked[asked.index('${') :]}, which counts only where you "
                "type it",
                f"leave it out there, and if you want it type {key}={quoted(str(value))}",
            )


def check_untyped(tree: DictConfig, file: Path) -> None:
    """Refuse what counts only where it is typed.

    Raises:
        UserError: it sets one of `TYPED` to another value.
    """
    for key, value in _leaves(OmegaConf.to_container(tree, resolve=False)):
        if key in TYPED and value != TYPED[key]:
            raise UserError(
                f"{file}: {key} counts only where you type it",
                f"leave it out there, and if you want it type {key}={str(value).lower()}",
            )


def only_typed(config: Config, typed: Collection[str]) -> tuple[Config, list[str]]:
    """The config of a run folder with the values of `TYPED` that were not typed as if nothing had
    been said, and the words to type for those that differ."""
    words = []
    for key, value in TYPED.items():
        section, _, name = key.partition(".")
        part = getattr(config, section)
        if key not in typed and getattr(part, name) != value:
            words.append(f"{key}={str(getattr(part, name)).lower()}")
            config = replace(config, **{section: replace(part, **{name: value})})
    return config, words


def _leaves(tree: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    elif isinstance(tree, list):
        for value in tree:
            yield from _leaves(value, key)
    else:
        yield key, tree
