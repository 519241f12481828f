"""Progress on stderr: a bar in a terminal, a line now and then elsewhere."""

import logging
import warnings
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import Progress

console = Console(stderr=True)
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
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(items, total=total, description=title)
