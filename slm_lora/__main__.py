"""The program: environment, signals, errors and exit codes.

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
from contextlib import suppress
from io import TextIOWrapper
from types import FrameType
from typing import Any, NoReturn

from slm_lora.errors import UserError
from slm_lora.faults import explained

_signals: list[int] = []
"""Those that told this process to end. An import that is interrupted may raise what it likes."""


def main() -> None:
    """Entry point of `python -m slm_lora` and of `slm-lora`."""
    # Told to end, a job tidies up and says how to go on. Under nohup SIGHUP is ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    _set_environment()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal gets what it can
    words, verbs, rank = sys.argv[1:], dict[str, Any](), 0
    try:
        from slm_lora import ranks
        from slm_lora.cli import VERBS as verbs  # noqa: N811 - none before
        from slm_lora.cli.dispatch import dispatch

        rank = ranks.RANK
        ranks.hide_launcher()
        dispatch(words)
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()  # at the end of Python nobody would catch what it raises
    except UserError as error:
        _refuse(error, rank)
    except BrokenPipeError:  # `| head` has read enough
        _leave(128 + signal.SIGPIPE)
    except KeyboardInterrupt:
        _tell_interrupted(words, verbs)
    except Exception as error:
        if _signals:
            _tell_interrupted(words, verbs)
        fault = explained(error)
        if fault is None:
            raise
        _refuse(fault, rank)


def _set_environment() -> None:
    """What libraries read when they are imported."""
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
    os.environ["MPLBACKEND"] = "agg"  # plots go to files
    # Errors of Hydra reach us instead of being printed by it.
    os.environ["HYDRA_FULL_ERROR"] = "1"


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    _signals.append(number)
    raise KeyboardInterrupt


def _tell_interrupted(words: list[str], verbs: dict[str, Any]) -> NoReturn:
    """`verbs` is empty where they were not imported yet."""
    _say("interrupted")
    if words and words[0] in verbs and verbs[words[0]].repeatable:
        _say(f"to do it again, type: {shlex.join(['slm-lora', *words])}")
    _leave(130)


def _refuse(error: UserError, rank: int) -> NoReturn:
    _say(f"rank {rank}: error: {error.message}" if rank else f"error: {error.message}")
    if error.hint:
        _say(f"  {error.hint}")
    _leave(2)


def _say(line: str) -> None:
    with suppress(OSError):  # nobody reads it any more
        print(line, file=sys.stderr)


def _leave(code: int) -> NoReturn:
    """End with this code, whatever becomes of what the streams still hold."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
