"""From a command line to a checked `Config`: Hydra composes, the schema judges.

    python -m slm_lora +recipe=sentiment lora.r=8 --cfg job

The words are checked before composing, and the composed tree is merged onto the schema once more.
"""

from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException

from slm_lora.config import places, recipes, strangers, yaml_file
from slm_lora.config.checks import nearest
from slm_lora.config.options import PASSED_ON, check_options
from slm_lora.config.own_rows import words_that_follow
from slm_lora.config.places import CONF, RECIPES, expanded, groups
from slm_lora.config.quoting import quoted
from slm_lora.config.schema import Config, open_schema
from slm_lora.config.suggest import unknown_key
from slm_lora.config.words import check_words, opened
from slm_lora.errors import UserError


def register() -> None:
    """Tell Hydra the schema, the shipped recipes and where they are."""
    store = ConfigStore.instance()
    store.store(name="schema", node=open_schema())
    OmegaConf.register_new_resolver("recipes_dir", lambda: str(RECIPES), replace=True)
    for file in sorted(RECIPES.glob("*.yaml")):
        store.store(group="recipe", name=file.stem, node=recipes.read(file), package="_global_")


def for_hydra(words: list[str], config_dir: Path | None) -> list[str]:
    """The words of a command line as Hydra is to be told them, with those that follow from them.

    Raises:
        UserError: a recipe of the user's own is broken.
    """
    return [*opened(words), *words_that_follow(words, config_dir), *_search_path(config_dir)]


def _search_path(config_dir: Path | None) -> list[str]:
    """The word that makes the user's own folder known to Hydra (hydra_plugins/slm_lora_recipes.py);
    its `--config-dir` would read the recipes in it as any other file."""
    if config_dir is None:
        return []
    folder = quoted(f"{recipes.SCHEME}://{config_dir.absolute()}")
    return [f"hydra.searchpath=[{folder}]"]


def load(words: list[str], config_dir: Path | None = None) -> Config:
    """Compose and check a config as the command line would, without running anything.

    Raises:
        UserError: a key, value, choice or combination is wrong.
    """
    check_words(words, config_dir)
    return to_config(_composed(words, config_dir))


def sweep_folder(words: list[str], config_dir: Path | None = None) -> Path:
    """Where Hydra puts a sweep that is started now. `words` without lists of values to try.

    Raises:
        UserError: a word is wrong.
    """
    composed = _composed(words, config_dir, return_hydra_config=True)
    return Path(expanded(composed.hydra.sweep.dir))


def _composed(words: list[str], config_dir: Path | None, **how: bool) -> DictConfig:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            return cast(DictConfig, compose("config", for_hydra(words, config_dir), **how))
        except (HydraException, OmegaConfBaseException) as error:
            raise explain(error) from error


def from_file(file: Path, words: list[str] | None = None) -> Config:
    """The config saved in a run folder, with the settings of `words` applied.

    Raises:
        UserError: the file is not there, it or a word does not fit the schema, or it says what no
            file may (slm_lora/config/strangers.py).
    """
    if not file.is_file():
        run, adapter = file.parent.parent, (file.parent / "adapter_config.json").is_file()
        is_in_run = adapter and (run / file.name).is_file()
        example = str(run) if is_in_run else "a folder such as outputs/RECIPE/DATE_TIME"
        raise UserError(
            f"{file.parent} is {'an adapter, ' if adapter else ''}not a run folder",
            f"there is no config.yaml in it; name {example}",
        )
    parsed = check_words(words or [])
    if group := next((o.key_or_group for o in parsed if o.key_or_group in groups()), None):
        raise UserError(
            f"{group} is a group", f"on a saved run set single keys, such as {group}.KEY=…"
        )
    saved = yaml_file.read(file)
    strangers.check(saved, file)
    try:
        config = to_config(saved)
    except UserError as error:
        raise UserError(f"{file}: {error.message}", error.hint) from error
    if not parsed:
        return config
    try:
        for override in parsed:
            OmegaConf.update(saved, override.key_or_group, override.value(), force_add=True)
        return to_config(saved)
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error) from error


def without_words(file: Path) -> Config:
    """The config saved in a run folder, but for what counts only where it is typed; raises as
    `from_file` does."""
    config, _ = strangers.only_typed(from_file(file), ())
    return config


def to_config(composed: DictConfig) -> Config:
    """The composed tree as typed, checked dataclasses.

    Raises:
        UserError: a key, value or combination is wrong.
    """
    try:
        tree = cast(DictConfig, OmegaConf.merge(open_schema(), composed))
        for prefix, (options, _, _) in PASSED_ON.items():
            values = OmegaConf.to_container(OmegaConf.select(tree, prefix), resolve=True)
            check_options(prefix, cast(dict[str, Any], values), options())
        return cast(Config, OmegaConf.to_object(tree))
    except OmegaConfBaseException as error:
        raise explain(error) from error


def to_yaml(config: Config) -> str:
    """The whole config as YAML that `from_file` reads back."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def explain(error: BaseException) -> UserError:
    """An error of Hydra or OmegaConf in our words: what was wrong, what was expected."""
    first_line = str(error).rstrip(":\n").replace(":\n", ": ").splitlines()[0]
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, choice = str(error.missing_cfg_file).rpartition("/")
        choices = error.options or (places.recipes() if group == "recipe" else [])
        return UserError(first_line, nearest(choice, choices))
    if cause is None or not cause.full_key:
        return UserError(first_line, "see --help for the groups and their choices")
    key = str(cause.full_key)
    if isinstance(cause, ConfigKeyError):
        return unknown_key(key)
    section = key.partition("[")[0]
    return UserError(
        f"{key}: {str(cause.msg).splitlines()[0]}", f"type slm-lora keys {section} for its type"
    )
