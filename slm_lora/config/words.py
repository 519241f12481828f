"""The words of a command line, held against keys, groups and choices before anything is composed.

Hydra's own message for a wrong key suggests `+key`, which composes and does nothing.
"""

import re
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from hydra.conf import HydraConf
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import OverrideParseException

from slm_lora.config.checks import nearest
from slm_lora.config.keys import FREE, is_free, names, schema_keys
from slm_lora.config.options import PASSED_ON
from slm_lora.config.places import groups, own_recipes, recipes
from slm_lora.config.quoting import config_text, quoted, shell_word
from slm_lora.config.suggest import is_taken, unknown_key
from slm_lora.errors import UserError

NUMBER = r"[-+]?\d*\.?\d+(?:e[-+]?\d+)?"
ROWS = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".gz", ".zst")


def check_words(
    words: list[str], config_dir: Path | None = None, sweep: bool = False
) -> list[Override]:
    """Refuse words that name no key, group or choice, and, but for a sweep, lists of values to try.

    Raises:
        UserError: with what to type instead.
    """
    parsed = []
    for word in words:
        try:
            (override,) = OverridesParser.create().parse_overrides([word])
        except OverrideParseException as error:
            raise _unreadable(word) from error
        _check_key(override, config_dir)
        if override.is_sweep_override() and not sweep:
            raise _several_values(override)
        _check_shape(override)
        parsed.append(override)
    chosen = [value_of(o) for o in parsed if o.key_or_group == "recipe"]
    if len(chosen) > 1:
        one = f"one of your own may build on others: defaults: [{', '.join(chosen)}]"
        raise UserError(f"{len(chosen)} recipes: {', '.join(chosen)}", f"type one; {one}")
    for key in FREE:
        _check_whole(key, [o for o in parsed if o.key_or_group == key])
    return parsed


def opened(words: list[str]) -> list[str]:
    """The same words, with `++` before keys of open sections: Hydra refuses `trainer.max_steps=9`
    as long as no file names that option, and `+trainer.max_steps=9` where one does."""
    sections = (*PASSED_ON, *FREE)
    prefixes = tuple(
        section + mark for section in sections for mark in ".=" if section + mark != "trainer="
    )
    plain = [word.lstrip("+") for word in words]
    pairs = zip(plain, words, strict=True)
    return [f"++{bare}" if bare.startswith(prefixes) else word for bare, word in pairs]


def value_of(override: Override) -> str:
    """The value as it was typed."""
    return str(override.input_line).partition("=")[2]


def _unreadable(word: str) -> UserError:
    key, equals, value = word.partition("=")
    message = f"cannot read '{word}'"
    if not equals:
        homes = [group for group, choices in groups().items() if word in choices]
        if word in recipes():
            homes.insert(0, "+recipe")
        meant = f"; did you mean {homes[0]}={word}?" if homes else ""
        return UserError(message, f"expected KEY=VALUE{meant}")
    quote = f"{key}={quoted(value)}"
    known = schema_keys().get(key.lstrip("+"))
    takes_text = known is None or (known.type.startswith("str") and "list" not in known.type)
    unclosed = not takes_text and value.startswith(("[", "{"))
    inside = re.fullmatch(r"""\[([^][{}"']+)]""", value)
    if inside and known and "list" in known.type:
        quote, unclosed = f"{key}={config_text(re.split(' *, *', inside[1].strip()))}", False
    if unclosed or key.lstrip("+") in groups() or not is_taken(quote):
        return UserError(
            message, "expected KEY=VALUE, with every bracket and quotation mark closed"
        )
    return UserError(message, f"it has signs of Hydra's own grammar; type {shell_word(quote)}")


def _several_values(override: Override) -> UserError:
    """The error for `a,b` where one value is expected: a list, a text, or a sweep?"""
    key, value = override.key_or_group, value_of(override)
    message = f"{key}={value} names several values to try, and this takes one"
    as_list, as_text = f"{key}=[{value}]", f"{key}={quoted(value)}"
    ways = [("a list", as_list), ("a text", as_text)]
    for way, word in ways[::-1] if Path(value).exists() else ways:
        if is_taken(word):
            return UserError(message, f"for {way} type {shell_word(word)}; for a sweep add -m")
    first = value.partition(",")[0]
    if not is_taken(f"{key}={first}"):
        return UserError(message, "for a sweep, one run for each value, add -m")
    return UserError(message, f"type one, such as {key}={first}; for a sweep, one run each, add -m")


def _check_shape(override: Override) -> None:
    """Refuse one text for a list, and `4:16`, which other programs read as a range."""
    key, typed = override.key_or_group, value_of(override)
    known = schema_keys().get(key)
    one = isinstance(override.value(), str | int | float)
    if one and known and known.type.startswith("list"):
        alone, several = f"{key}=[{typed}]", f"{key}=[{typed},…]"
        taken = f"type {shell_word(alone)}" if is_taken(alone) else f"expected {several}"
        raise UserError(f"{key}={typed} is not a list", taken)
    ends = None if key in FREE else re.fullmatch(rf"({NUMBER}):({NUMBER})", typed)
    if ends and not is_taken(f"{key}={typed}"):
        inside = f"{ends[1]},{ends[2]}"
        raise UserError(
            f"{key}={typed} is not a number",
            f"to try several with -m: '{key}=range({inside})' or '{key}=choice({inside})'; "
            f"with hydra/sweeper=optuna also '{key}=interval({inside})'",
        )


def _check_whole(key: str, typed: list[Override]) -> None:
    """Refuse what a shell makes of `data.labels={1:bad,5:good}`: a word for each pair."""
    pairs = [value_of(o).partition(":") for o in typed if isinstance(o.value(), str)]
    if pairs:
        whole = ", ".join(f"{name}: {value.strip() or 'NAME'}" for name, _, value in pairs)
        raise UserError(
            f"{key}={''.join(pairs[0])} is not a mapping",
            f"the shell takes braces apart; type {shell_word(f'{key}={{{whole}}}')}",
        )


def _check_key(override: Override, config_dir: Path | None) -> None:
    key, typed = override.key_or_group, value_of(override)
    if not key:
        raise UserError(f"'{override.input_line}' names no key", "expected KEY=VALUE")
    if key.split("@")[0].split("/")[0].split(".")[0] == "hydra":
        _check_hydra(key, typed)
        return
    if is_free(key):
        _check_name(override)
        return
    if key not in groups() and key not in names():
        raise unknown_key(key, typed)
    if override.is_delete():
        null = f"{key}=null"
        instead = f"type {null}" if key != "recipe" and is_taken(null) else "leave it out"
        raise UserError(f"~{key} removes a key", f"every key has a default; {instead}")
    if key == "recipe":
        _check_recipe(override, config_dir)
    elif key in groups():
        _check_choice(override, config_dir)
    elif override.is_add() and not key.startswith((*PASSED_ON, *FREE)):
        raise UserError(f"+{key} is there already", f"type {shell_word(f'{key}={typed}')}")


def _check_hydra(key: str, typed: str) -> None:
    """Refuse what is none of Hydra's own keys, and its name for our `run_dir`."""
    section = re.match(r"hydra\.(\w+)", key)
    known = [field.name for field in fields(HydraConf)]
    if section and section[1] not in known:
        raise UserError(f"{key} is not a key", nearest(section[1], known))
    if section and section[1] == "run":
        words = [shell_word(f"{ours}={typed}") for ours in ("run_dir", "hydra.sweep.dir")]
        raise UserError(f"{key} changes nothing", f"type {words[0]}; of a sweep {words[1]}")


def _check_name(override: Override) -> None:
    """Refuse a dot in a name that the user chose: Hydra would read a section."""
    key, typed = override.key_or_group, value_of(override)
    section = next(one for one in FREE if key.startswith(f"{one}."))
    name = key.removeprefix(f"{section}.")
    if "." in name and not override.is_delete():
        value = quoted(typed) if override.is_sweep_override() else typed
        word = f"{section}={{{config_text(name)}: {value}}}"
        raise UserError(f"{key}: {name} has a dot in it", f"type {shell_word(word)}")


def _check_recipe(override: Override, config_dir: Path | None) -> None:
    if override.is_sweep_override():
        return
    name = str(override.value())
    own = own_recipes(config_dir)
    known = [*recipes(), *own]
    if name not in known:
        file = Path(name if name.endswith(".yaml") else f"{name}.yaml")
        if file.is_file() and file.absolute().parent.name == "recipe":
            folder = shell_word(str(file.parent.parent))
            hint = f"type --config-dir {folder} +recipe={file.stem}"
        else:
            close = get_close_matches(name, known, n=1)
            meant = f"did you mean +recipe={close[0]}?" if close else f"known: {', '.join(known)};"
            hint = f"{meant} Your own: --config-dir DIR +recipe=NAME with DIR/recipe/NAME.yaml"
        raise UserError(f"there is no recipe '{name}'", hint)
    if name in own and name in recipes():
        raise UserError(f"{own[name]} has the name of a shipped recipe", "rename the file")
    if not override.is_add():
        wrong = "has a plus too many" if override.is_force_add() else "lacks a plus"
        raise UserError(f"{override.input_line} {wrong}", f"type +recipe={name}")


def _check_choice(override: Override, config_dir: Path | None) -> None:
    group, typed = override.key_or_group, value_of(override)
    if override.is_add() or override.is_force_add():
        raise UserError(f"{group} is already chosen", f"type {group}={typed}")
    if override.is_sweep_override():
        return
    value, choices = override.value(), groups(config_dir)[group]
    if not isinstance(value, str) or value not in choices:
        key = _key_meant(group, str(value))
        word = shell_word(f"{key}={typed}")
        close = get_close_matches(str(value).lower(), choices, n=1)
        meant = f"; did you mean {group}={close[0]}?" if close else ""
        hint = f"type {word}" if key else f"expected one of {', '.join(choices)}{meant}"
        name = value if isinstance(value, str) else typed
        raise UserError(f"{group} has no choice '{name}'", hint)


def _key_meant(group: str, value: str) -> str | None:
    """The key that a folder, a file or a hub id belongs to, which was given to its group."""
    there = value and Path(value).exists()
    if group == "model" and (there or "/" in value):
        return "model.name_or_path"
    if group == "data" and (there or value.lower().endswith(ROWS) or "*" in value):
        return "data.train"
    if group == "data" and value.count("/") == 1:
        return "data.name"
    return None
