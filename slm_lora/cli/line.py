"""A command line of Hydra's kind: settings, and the few options that Hydra and we have."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from hydra._internal.utils import get_args_parser

from slm_lora.config.keys import names
from slm_lora.config.places import groups
from slm_lora.config.quoting import shell_word
from slm_lora.config.suggest import SYNONYMS
from slm_lora.errors import UserError


def parse(words: list[str], *flags: str) -> argparse.Namespace:
    """Hydra's own parser, with more flags. Settings are its `overrides`.

    Raises:
        UserError: an option that neither has, or a folder of recipes that is not there.
    """
    parser = get_args_parser()
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    known = {option for action in parser._actions for option in action.option_strings}
    _refuse_foreign(words, known)
    parser.error = refuse_by("--help")
    args: argparse.Namespace = parser.parse_intermixed_args(words)
    if args.config_path or args.config_name:
        raise UserError(
            "--config-path and --config-name are not for users",
            "your own recipe: --config-dir DIR +recipe=NAME with DIR/recipe/NAME.yaml",
        )
    if args.config_dir is not None:
        args.config_dir = Path(args.config_dir)
        if not args.config_dir.is_dir():
            raise UserError(
                f"--config-dir {args.config_dir}: no such folder",
                "expected DIR with DIR/recipe/NAME.yaml",
            )
    return args


def refuse_by(page: str) -> Callable[[str], NoReturn]:
    """What argparse is to do instead of printing a page of its own and ending the program."""

    def refuse(message: str) -> NoReturn:
        raise UserError(message, f"see slm-lora {page}")

    return refuse


def _refuse_foreign(words: list[str], known: set[str]) -> None:
    """`--recipe x` and `--lr=1e-3` are how other programs are told."""
    foreign = [at for at, w in enumerate(words) if w.startswith("--") and _flag(w) not in known]
    if not foreign:
        return
    meant = []
    for at in foreign:
        _, equals, value = words[at].partition("=")
        following = words[at + 1] if at + 1 < len(words) else ""
        if not equals and following and not following.startswith("-") and "=" not in following:
            value = following
        if name := _flag(words[at]).removeprefix("--").replace("-", "_"):
            meant.append(shell_word(f"{_key(name)}={value or 'true'}"))
    instead = f"type {' '.join(meant)}" if meant else "leave it out"
    raise UserError(
        f"{_flag(words[foreign[0]])} is not an option",
        f"settings are key=value, without dashes; {instead}",
    )


def _flag(word: str) -> str:
    return word.partition("=")[0]


def _key(name: str) -> str:
    """The key that an option was meant to be, with a plus for a recipe."""
    if name == "recipe":
        return "+recipe"
    if name in groups():
        return name
    if name in SYNONYMS and "=" not in SYNONYMS[name]:
        return SYNONYMS[name]
    homes = [key for key in names() if key.rpartition(".")[2] == name]
    return homes[0] if homes else name
