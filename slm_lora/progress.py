"""Progress on stderr: a bar in a terminal, a line now and then elsewhere."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import Progress

from slm_lora.console import stderr

console = stderr()
log = logging.getLogger("slm_lora")
T = TypeVar("T")


def set_up_logging() -> None:
    """Our messages from INFO, everybody else's from WARNING, all on stderr."""
    handler = RichHandler(console=console, show_path=False, log_time_format="%H:%M:%S")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler], force=True)
    log.setLevel(logging.INFO)
    # Meant for us, not for the user: an optional kernel package, options renamed in years to come.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")


def track(items: Iterable[T], total: int, title: str) -> Iterator[T]:
    """The items, with a bar while they are worked on."""
    progress = Progress(console=console, transient=True, disable=not wants_bars())
    with shown(progress):
        yield from progress.track(items, total=total, description=escape(title))


def wants_bars() -> bool:
    """Whether somebody looks: a terminal, and a program that asked for our messages."""
    return console.is_terminal and log.isEnabledFor(logging.INFO)


def shown(bar: Progress) -> AbstractContextManager[object]:
    """The bar while it is worked on; nothing where none is wanted (rich before 14 ends even a bar
    that is switched off with an empty line)."""
    return bar if wants_bars() else nullcontext()
