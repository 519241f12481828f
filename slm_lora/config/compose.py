"""From a command line to a checked `Config`: Hydra composes, the schema judges.

    python -m slm_lora +recipe=sentiment lora.r=8 --cfg job

Hydra's own message for a wrong key suggests `+key`, which composes and does nothing. So keys are
checked against the schema before composing, and the composed tree is merged onto it once more.
"""

import dataclasses
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from slm_lora.config.checks import nearest
from slm_lora.config.options import check_options, lora_options, trainer_options
from slm_lora.config.places import CONF, RECIPES
from slm_lora.config.schema import Config
from slm_lora.errors import UserError

PASSED_ON = {"trainer": trainer_options, "lora.extra": lora_options}
"""Keys under which another library's options stand → that library's options."""
FREE = ("data.columns", "data.labels", "sweep.space")
"""Keys under which the user chooses the names."""


def register() -> None:
    """Tell Hydra the schema, the shipped recipes and where they are."""
    store = ConfigStore.instance()
    store.store(name="schema", node=open_schema())
    for file in sorted(RECIPES.glob("*.yaml")):
        recipe = cast(DictConfig, OmegaConf.load(file))
        recipe["recipe"] = file.stem
        store.store(group="recipe", name=file.stem, node=recipe, package="_global_")
    OmegaConf.register_new_resolver("recipes_dir", lambda: str(RECIPES), replace=True)


def open_schema(of: type[Config] | Config = Config) -> DictConfig:
    """The schema as a tree that can be merged into: OmegaConf locks what is a frozen dataclass."""
    tree = cast(DictConfig, OmegaConf.structured(of))
    sections = [tree]
    for section in sections:
        OmegaConf.set_readonly(section, None)
        inner = (section._get_node(key) for key in section)
        sections += [node for node in inner if isinstance(node, DictConfig)]
    return tree


def recipes() -> list[str]:
    """Names of the shipped recipes."""
    return sorted(file.stem for file in RECIPES.glob("*.yaml"))


def groups() -> dict[str, list[str]]:
    """Config group → its choices."""
    folders = sorted(folder for folder in CONF.iterdir() if folder.is_dir())
    return {f.name: sorted(file.stem for file in f.glob("*.yaml")) for f in folders}


def load(overrides: list[str], config_dir: Path | None = None) -> Config:
    """Compose and check a config as the command line would, without running anything.

    Raises:
        UserError: a key, value, choice or combination is wrong.
    """
    check_overrides(overrides, config_dir)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            search_path = [f"hydra.searchpath=[{config_dir.resolve()}]"] if config_dir else []
            return to_config(compose("config", overrides=[*opened(overrides), *search_path]))
        except (HydraException, OmegaConfBaseException) as error:
            raise explain(error) from error


def from_file(file: Path, overrides: list[str] | None = None) -> Config:
    """The config saved in a run folder, with overrides applied.

    Raises:
        UserError: the file is not there, or it or an override does not fit the schema.
    """
    if not file.is_file():
        raise UserError(
            f"{file.parent} is no run folder", "it holds no config.yaml; name one that does"
        )
    parsed = check_overrides(overrides or [])
    if group := next((o.key_or_group for o in parsed if o.key_or_group in groups()), None):
        raise UserError(
            f"{group} is a group", f"on a saved run override single keys, such as {group}.KEY=…"
        )
    try:
        try:
            saved = OmegaConf.load(file)
        except YAMLError as error:
            where = " ".join(str(error).split())
            raise UserError(f"{file} is broken: {where}", "put it back as it was") from error
        changes = [f"{o.key_or_group}={o.get_value_element_as_str()}" for o in parsed]
        return to_config(cast(DictConfig, OmegaConf.merge(saved, OmegaConf.from_dotlist(changes))))
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error) from error


def to_config(composed: DictConfig) -> Config:
    """The composed tree as typed, checked dataclasses.

    Raises:
        UserError: a key, value or combination is wrong.
    """
    try:
        tree = cast(DictConfig, OmegaConf.merge(open_schema(), composed))
        for prefix, options in PASSED_ON.items():
            values = OmegaConf.to_container(OmegaConf.select(tree, prefix), resolve=True)
            check_options(prefix, cast(dict[str, Any], values), options())
        return cast(Config, OmegaConf.to_object(tree))
    except OmegaConfBaseException as error:
        raise explain(error) from error


def to_yaml(config: Config) -> str:
    """The whole config as YAML that `from_file` reads back."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def check_overrides(overrides: list[str], config_dir: Path | None = None) -> list[Override]:
    """Refuse words of the command line that name no key, group or choice.

    Raises:
        UserError: with the nearest right name.
    """
    try:
        parsed: list[Override] = OverridesParser.create().parse_overrides(overrides)
    except OverrideParseException as error:
        raise UserError(
            f"cannot read '{error.override}'",
            "expected KEY=VALUE; quote the word if it holds spaces",
        ) from error
    for override in parsed:
        _check_key(override, config_dir)
    return parsed


def _check_key(override: Override, config_dir: Path | None) -> None:
    key, plus = override.key_or_group, override.is_add()
    if key.split("@")[0].split("/")[0].split(".")[0] == "hydra":
        return
    if key == "recipe":
        _check_recipe(override, config_dir)
    elif key in groups():
        _check_choice(override, plus, config_dir)
    elif key in PASSED_ON or not key.startswith(tuple(f"{prefix}." for prefix in FREE)):
        known = keys()
        if key not in known:
            raise unknown_key(key)
        if override.is_delete():
            raise UserError(f"~{key} removes a key", f"every key has a default; type {key}=null")


def _check_recipe(override: Override, config_dir: Path | None) -> None:
    name = str(override.value())
    own = sorted(f.stem for f in config_dir.glob("recipe/*.yaml")) if config_dir else []
    if override.is_sweep_override():
        return
    if name not in recipes() + own:
        raise UserError(
            f"there is no recipe '{name}'",
            f"{nearest(name, recipes() + own)}; your own: --config-dir DIR +recipe=NAME "
            "with DIR/recipe/NAME.yaml",
        )
    if not override.is_add():
        raise UserError(f"recipe={name} lacks a plus", f"type +recipe={name}")


def _check_choice(override: Override, plus: bool, config_dir: Path | None) -> None:
    group = override.key_or_group
    if plus:
        raise UserError(
            f"+{group} is already chosen", f"type {group}={override.get_value_element_as_str()}"
        )
    if override.is_sweep_override():
        return
    value = override.value()
    own = sorted(f.stem for f in config_dir.glob(f"{group}/*.yaml")) if config_dir else []
    if not isinstance(value, str) or value not in groups()[group] + own:
        raise UserError(
            f"{group} has no choice '{override.get_value_element_as_str()}'",
            nearest(str(value), groups()[group] + own),
        )


def opened(words: list[str]) -> list[str]:
    """The same words, with `++` before keys of open sections: Hydra refuses `trainer.max_steps=9`
    as long as no file names that option."""
    sections = (*PASSED_ON, *FREE)
    prefixes = tuple(
        section + mark for section in sections for mark in ".=" if section + mark != "trainer="
    )
    return [f"++{word}" if word.startswith(prefixes) else word for word in words]


def keys() -> list[str]:
    """Every key that can be set, dotted, passed-on options included."""
    found = [*_schema_keys(Config)]
    for prefix, options in PASSED_ON.items():
        found += [f"{prefix}.{option}" for option in options()]
    return found


def _schema_keys(schema: Any, prefix: str = "") -> list[str]:
    found = []
    for field in dataclasses.fields(schema):
        found.append(prefix + field.name)
        if dataclasses.is_dataclass(field.type):
            found += _schema_keys(field.type, f"{prefix}{field.name}.")
    return found


def unknown_key(key: str) -> UserError:
    """Names the nearest key, looked for in the section that the wrong one names if there is one."""
    section = key.rpartition(".")[0] + "."
    inside = [k for k in keys() if k.startswith(section)] or [k for k in keys() if "." not in k]
    close = get_close_matches(key.lower(), keys(), n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'?" if close else f"known here: {', '.join(inside[:40])}"
    return UserError(f"{key} is not a key", hint)


def explain(error: BaseException) -> UserError:
    """An error of Hydra or OmegaConf in our words: what was wrong, what was expected."""
    first_line = str(error).splitlines()[0]
    if "Cannot convert sweep" in first_line:
        return UserError(
            "a value with a comma is a list of values to try, and this command takes one",
            "put the value in quotes of its own: \"chat.system='be brief, please'\"",
        )
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    if cause is None or not cause.full_key:
        return UserError(first_line, "see --help for the groups and their choices")
    if cause.full_key.startswith("recipe"):
        return UserError(
            f"{first_line.partition(':')[0]}: its keys landed under 'recipe'",
            "begin the recipe's file with the line: # @package _global_",
        )
    if isinstance(cause, ConfigKeyError):
        return unknown_key(cause.full_key)
    return UserError(
        f"{cause.full_key}: {str(cause.msg).splitlines()[0]}", "see --cfg job for its type"
    )
