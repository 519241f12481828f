"""Talk to the models of a run: `slm-lora chat RUN "A long wait and cold soup." --json`."""

import re

from slm_lora.cli.finished import open_adapted
from slm_lora.cli.verb import Verb
from slm_lora.config.keys import names
from slm_lora.config.quoting import shell_word
from slm_lora.errors import UserError
from slm_lora.hardware import check_without_torch


def main(words: list[str]) -> None:
    """One answer to a text, or a conversation in the terminal."""
    as_json, words = "--json" in words, [word for word in words if word != "--json"]
    texts = [at for at, word in enumerate(words) if at and is_text(word)]
    if len(texts) > 1:
        whole = " ".join(words[at] for at in texts)
        line = f"slm-lora chat {shell_word(words[0])} {shell_word(whole)}"
        raise UserError(f"chat takes one text, not also '{words[texts[1]]}'", f"type {line}")
    text = words.pop(texts[0]) if texts else None
    finished = open_adapted("chat", VERB, words)
    check_without_torch(finished.config)
    from slm_lora.chat import terminal

    terminal.start(finished.config, finished.folder, text, as_json=as_json)


def is_text(word: str) -> bool:
    """Whether it is not a setting: `x=1 is true` may be what a user says in a chat."""
    key, equals, _ = word.partition("=")
    setting = equals and (key in names() or re.fullmatch(r"\w+(\.\w+)+", key))
    return not setting and not word.startswith("--")


VERB = Verb(
    summary="talk to the base and the tuned model",
    usage='RUN ["text"] [--json] [key=value …]',
    about=(
        "Asks both models as training did: the recipe's prompt is applied to what is typed. With "
        "a text, which may come from stdin, it answers once; else it is a conversation (/help "
        "lists its commands)."
    ),
    examples=("chat RUN", 'chat RUN "A long wait and cold soup." --json', "chat RUN < letter.txt"),
    main=main,
    options=(("--json", "one JSON object an answer"),),
    may_change=("chat", "model.name_or_path", "quantization", "device", "precision"),
)
