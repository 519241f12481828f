"""TAB in a shell: `eval "$(slm-lora -sc install=bash)"`.

Hydra prints the script and knows groups and keys; verbs, passed-on options and the choices of a key
are added here.
"""

import os
from contextlib import suppress

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from slm_lora.cli.hydra_program import complete
from slm_lora.config.keys import is_reserved, names, schema_keys
from slm_lora.config.options import PASSED_ON
from slm_lora.errors import UserError

SHELLS = ("bash", "zsh", "fish")
EXPECTED = [f"{what}={shell}" for what in ("install", "uninstall", "query") for shell in SHELLS]


def answer(questions: list[str], verbs: list[str]) -> None:
    """What the shell asks after `-sc`.

    Raises:
        UserError: the question is none that Hydra knows.
    """
    question = questions[0] if len(questions) == 1 else ""
    if question not in EXPECTED:
        raise UserError(
            f"-sc {' '.join(questions)}: not a question of a shell",
            'type eval "$(slm-lora -sc install=bash)"; also zsh and fish',
        )
    if not question.startswith("query="):
        complete(question)
        return
    before, word = _typed()
    if before and before[0] in verbs:
        before = before[1:]
        if before and "=" not in before[0]:  # a run folder or a file
            before = before[1:]
    elif not before and "=" not in word:
        print(*(verb for verb in verbs if verb.startswith(word)))
    print(*_more(word))
    os.environ["COMP_LINE"] = " ".join(["slm-lora", *before, word])
    # A line half typed may be wrong, and a shell waits for words, not for errors.
    with suppress(HydraException, OmegaConfBaseException):
        complete(question)


def _typed() -> tuple[list[str], str]:
    """The words before the cursor, and the one that it stands in."""
    line = os.environ.get("COMP_LINE", "")
    line = line[: int(os.environ.get("COMP_POINT") or len(line))]
    words = line.split()[1:]
    return (words, "") if line.endswith(" ") or not words else (words[:-1], words[-1])


def _more(word: str) -> list[str]:
    """Options of other libraries, and the choices of a key."""
    key, equals, begun = word.partition("=")
    if equals:
        choices = schema_keys()[key].choices if key in schema_keys() else ()
        return [f"{key}={choice}" for choice in choices if choice.startswith(begun)]
    inside = tuple(f"{prefix}." for prefix in PASSED_ON)
    if not word.startswith(inside):
        return []
    return [f"{name}=" for name in names() if name.startswith(word) and not is_reserved(name)]
