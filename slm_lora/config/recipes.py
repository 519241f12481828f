"""A recipe read from its file: it knows its name, and its paths count from where it lies."""

import os
from glob import glob
from pathlib import Path

from omegaconf import Container, DictConfig, ListConfig, OmegaConf

from slm_lora.config import yaml_file
from slm_lora.config.sections.task import is_file
from slm_lora.config.strangers import check, check_untyped
from slm_lora.errors import UserError

SCHEME = "slm-lora-own"
"""What marks a user's own folder in Hydra's search path."""

PATHS = ("data.train", "data.test", "model.chat_template", "baselines.context")
"""Keys that hold a path, or a pattern of paths; of data also a list of them."""


def check_group(config: Container, header: dict[str, str | None], file: Path) -> None:
    """Look at a choice of a group in the user's own folder, as Hydra has read it.

    Raises:
        UserError: it says what no file may.
    """
    group = file.parent.name
    if (header.get("package") or group) != group or "hydra" in file.parts[-3:-1]:
        raise UserError(
            f"{file}: settings of another group", f"it is a choice of {group}: leave @package out"
        )
    if isinstance(config, DictConfig):
        check(config, file)
        check_untyped(OmegaConf.create({group: config}), file)


def read(file: Path) -> DictConfig:
    """The recipe in this file, ready to be composed.

    Raises:
        UserError: it is no YAML with keys, names a file that is not there, or says what no file
            may (slm_lora/config/strangers.py).
    """
    recipe = yaml_file.read(file)
    check(recipe, file)
    check_untyped(recipe, file)
    if "defaults" in recipe and not isinstance(recipe.defaults, ListConfig):
        raise UserError(
            f"{file}: defaults is {recipe.defaults}", "expected a list, such as [/lora: dora]"
        )
    saved = "recipe" in recipe  # a run's config.yaml, whose paths count from where it was typed
    recipe["recipe"] = recipe.get("recipe") or file.stem
    if saved:
        return recipe
    for key in PATHS:
        value = _raw(recipe, key)
        if isinstance(value, str) and value != "plain":
            OmegaConf.update(recipe, key, _absolute(file, key, value))
        elif isinstance(value, list):
            paths = [_absolute(file, key, str(path)) for path in value]
            OmegaConf.update(recipe, key, paths)
    exclude = _raw(recipe, "data.exclude")
    for place, name in enumerate(exclude if isinstance(exclude, list) else []):
        if "." in str(name) or "/" in str(name):  # else a public set
            path = _absolute(file, "data.exclude", str(name))
            OmegaConf.update(recipe, f"data.exclude.{place}", path)
    preload = _raw(recipe, "sandbox.preload")
    for place, name in enumerate(preload if isinstance(preload, list) else []):
        if is_file(str(name)):
            path = _absolute(file, "sandbox.preload", name)
            OmegaConf.update(recipe, f"sandbox.preload.{place}", path)
    return recipe


def _raw(recipe: DictConfig, key: str) -> object:
    """The value as it is written, `${…}` unresolved; None when the recipe does not set it."""
    inside: object = OmegaConf.to_container(recipe, resolve=False)
    for part in key.split("."):
        inside = inside.get(part) if isinstance(inside, dict) else None
    return inside


def _absolute(file: Path, key: str, path: str) -> str:
    if path.startswith("${") or Path(path).is_absolute():
        return path
    found = os.path.normpath(file.parent.absolute() / path)
    if not glob(found) and glob(path):  # noqa: PTH207
        there = os.path.relpath(path, file.parent)
        raise UserError(
            f"{file}: {key} is {path}, and paths in a recipe count from the recipe's folder",
            f"write {there} there",
        )
    return found
