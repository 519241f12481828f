"""Verbs on a run folder: its saved config, with the words of the command line applied."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from slm_lora.cli.verb import Verb
from slm_lora.config import compose
from slm_lora.config.quoting import setting, shell_word
from slm_lora.config.schema import AFTER_TRAINING, Config
from slm_lora.config.strangers import TYPED, only_typed
from slm_lora.config.words import check_words
from slm_lora.errors import UserError
from slm_lora.progress import log, set_up_logging
from slm_lora.run_folder import Run, check_adapter


@dataclass(frozen=True)
class Finished:
    """A run folder, its config with the settings of the command line, and those as typed."""

    folder: Run
    config: Config
    settings: list[str]


def open_finished(name: str, verb: Verb, words: list[str]) -> Finished:
    """The run folder that the first word names.

    Raises:
        UserError: there is none, or a setting is wrong or not the verb's.
    """
    if not words or words[0].startswith("-") or _is_setting(words[0]):
        line = ["slm-lora", name, "outputs/RECIPE/DATE_TIME", *map(shell_word, words)]
        raise UserError(f"{name} needs a run folder", f"type {' '.join(line)}")
    path, settings = Path(words[0]), words[1:]
    folder = Run(path)
    if path.parent.name == "evaluations" and not folder.adapter.exists():
        of = path.parents[1]
        if name not in ("report", "evaluate"):
            raise UserError(
                f"{path} is an evaluation of {of}",
                f"type slm-lora {name} {shell_word(str(of))}",
            )
        folder = Run(path, adapter=Run(of).adapter)
    for word in settings:
        if "=" not in word:
            usage = f"slm-lora {name} {verb.usage}"
            raise UserError(f"{name} does not take '{word}'", f"type {usage}")
    typed = [override.key_or_group for override in check_words(settings)]
    for key, word in zip(typed, settings, strict=True):
        if not verb.changes(key) and key not in TYPED:
            raise _not_changeable(name, verb, key, word)
    saved = compose.from_file(path / "config.yaml", settings)
    set_up_logging()
    log.info("opening %s", path)  # what follows imports torch: seconds
    config, untyped = only_typed(replace(saved, run_dir=words[0]), typed)
    if untyped:
        log.warning(
            "%s says %s, which counts only where you type it",
            path / "config.yaml",
            " ".join(untyped),
        )
    return Finished(folder, config, settings)


def open_adapted(name: str, verb: Verb, words: list[str]) -> Finished:
    """The same for a verb that needs the trained adapter.

    Raises:
        UserError: also when there is no whole adapter in the folder.
    """
    finished = open_finished(name, verb, words)
    folder = finished.folder
    if not (folder.adapter / "adapter_config.json").is_file():
        raise UserError(
            f"no adapter found in {folder.path}",
            f"finish the run first: its command again with {setting('run_dir', str(folder.path))}",
        )
    check_adapter(folder)
    return finished


def _is_setting(word: str) -> bool:
    return bool(re.match(r"[\w.]+=", word)) and not Path(word).exists()


def _not_changeable(name: str, verb: Verb, key: str, word: str) -> UserError:
    if not verb.may_change:
        return UserError(f"{name} does not take '{word}'", f"type slm-lora {name} {verb.usage}")
    if key.partition(".")[0] in AFTER_TRAINING:
        message = f"{word} would change nothing in what {name} does"
    else:
        message = f"{word} says how to train or evaluate, and this run is done"
    return UserError(message, f"{name} may change {', '.join(verb.may_change)}")
