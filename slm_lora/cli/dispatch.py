"""The verb that a command line names, and what is said when there is none.

python -m slm_lora report RUN
python -m slm_lora +recipe=sentiment model=nano     (of no verb: run)
"""

from pathlib import Path

from slm_lora import __version__, ranks
from slm_lora.cli import VERBS, completion, usage
from slm_lora.config.checks import nearest
from slm_lora.config.quoting import shell_word
from slm_lora.errors import UserError

OTHER_NAMES = {
    "train": "run",
    "finetune": "run",
    "fine-tune": "run",
    "sft": "run",
    "fit": "run",
    "eval": "evaluate",
    "test": "evaluate",
    "generate": "chat",
    "predict": "chat",
    "infer": "chat",
    "inference": "chat",
    "convert": "export",
    "upload": "publish",
    "push": "publish",
    "show": "inspect",
    "options": "keys",
    "config": "keys",
}
"""What other programs call a verb."""


def dispatch(words: list[str]) -> None:
    """Run the verb that the command line names; without one it is `run`.

    Raises:
        UserError: there is no such verb, or the verb refuses its words.
    """
    first = words[0] if words else "help"
    if first == "--version":
        print(f"slm_lora {__version__}")
    elif first in VERBS and {"-h", "--help"} & set(words):
        print(usage.of_verb(first, VERBS[first]))
    elif words[:2] == ["help", "--markdown"]:
        print(usage.markdown(VERBS))
    elif first == "help" and words[1:2] and words[1] in VERBS:
        print(usage.of_verb(words[1], VERBS[words[1]]))
    elif first == "help" or {"-h", "--help"} & set(words):
        print(usage.general(VERBS))
    elif first in ("-sc", "--shell-completion"):
        completion.answer(words[1:], list(VERBS))
    elif first in VERBS and (ranks.RANK == 0 or first == "run"):
        VERBS[first].main(words[1:])
    elif first in VERBS:
        pass  # of several processes, rank 0 does it alone
    elif "=" in first or first.startswith(("-", "+", "~")):
        VERBS["run"].main(words)
    else:
        raise unknown_verb(words)


def unknown_verb(words: list[str]) -> UserError:
    """Names the verb that was meant, in a line with the other words as they were typed."""
    first, rest = words[0], " ".join(map(shell_word, words[1:]))
    message = f"there is no verb '{first}'"
    if OTHER_NAMES.get(first) == "run":
        return UserError(message, f"a run needs none; type slm-lora {rest or '+recipe=NAME'}")
    if first in OTHER_NAMES:
        return UserError(message, f"type slm-lora {OTHER_NAMES[first]} {rest}".rstrip())
    if (Path(first) / "config.yaml").is_file():
        return UserError(message, f"it is a run folder; type slm-lora report {shell_word(first)}")
    return UserError(message, nearest(first, VERBS))
