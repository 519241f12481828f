"""The program: environment, signals, verb → function, errors and exit codes.

    python -m slm_lora +recipe=sentiment model=nano
    python -m slm_lora --help

Exit codes: 0 done, 1 our bug (with a traceback), 2 user error, 130 interrupted.
Nothing here imports torch before the config is known to be right.
"""

import os
import platform
import shlex
import signal
import sys
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


def main() -> None:
    """Entry point of `python -m slm_lora` and of `slm-lora`."""
    # A busy-waiting OpenMP can slow a shared machine to a crawl; read once, when it starts.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # oneDNN keeps kernels for 1,024 shapes; rows of every length make that 300 MB, for no speed.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "16")
    os.environ.setdefault("LRU_CACHE_CAPACITY", "16")
    # Rows of every length leave a GPU's memory in pieces that nothing fits. The driver cannot in
    # WSL (pytorch/pytorch#192330), nor on boards with an ARM processor.
    native = platform.machine() == "x86_64" and "microsoft" not in platform.release().lower()
    if native and not {"PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"} & os.environ.keys():
        os.environ["PYTORCH_ALLOC_CONF"] = "expandable_segments:True"
    # Errors of Hydra reach us instead of being printed by it.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # A job that is told to end tidies up and says how to go on, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ranks.hide_launcher()
    words = sys.argv[1:]
    try:
        dispatch(words)
    except UserError as error:
        who = f"rank {ranks.RANK}: " if ranks.RANK else ""
        print(f"{who}error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        if words and words[0] in VERBS and VERBS[words[0]].repeatable:
            print(f"to do it again, type: {shlex.join(['slm-lora', *words])}", file=sys.stderr)
        sys.exit(130)


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
    elif "=" in first or first[0] in "-+~":
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


if __name__ == "__main__":
    main()
