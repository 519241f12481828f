"""A recipe read from its file: it knows its name, and its paths count from where it lies."""

import os
from glob import glob
from pathlib import Path

from omegaconf import Container, DictConfig, OmegaConf

from slm_lora.config import yaml_file
from slm_lora.config.keys import sections
from slm_lora.config.places import groups
from slm_lora.config.quoting import config_text
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
    _check_sections(recipe, file)
    _check_defaults(_raw(recipe, "defaults"), file)
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


def _check_sections(recipe: DictConfig, file: Path) -> None:
    """Refuse a section that is no mapping, of which Hydra would name neither key nor file."""
    for section in {*sections(), "trainer"} & set(recipe):
        value = _raw(recipe, section)
        if not isinstance(value, dict):
            raise UserError(
                f"{file}: {section} is {config_text(value)}",
                f"expected keys of it, such as {{{section}: {{KEY: VALUE}}}}, or leave it out",
            )


def _check_defaults(defaults: object, file: Path) -> None:
    """Refuse a choice of a group that would not replace the one that is made already."""
    if defaults is not None and not isinstance(defaults, list):
        raise UserError(
            f"{file}: defaults is {defaults}", "expected a list, such as [override /lora: dora]"
        )
    for entry in defaults or []:
        for typed, choice in entry.items() if isinstance(entry, dict) else ():
            group = str(typed).rpartition(" ")[2].lstrip("/")
            if group in groups() and not str(typed).endswith(f"override /{group}"):
                raise UserError(
                    f"{file}: defaults has {typed}: {choice}", f"write override /{group}: {choice}"
                )


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
