"""Where memory does not suffice: the errors that say so, and work that is then done in halves.

found = in_halves(score, batch)
"""

import ctypes
import gc
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch

from slm_lora import ranks
from slm_lora.faults import NO_MEMORY
from slm_lora.progress import log

Item = TypeVar("Item")
Found = TypeVar("Found")


def lacks_memory(error: BaseException) -> bool:
    """Whether it says that memory does not suffice, of a GPU, a CPU, numpy or Python."""
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or any(message in str(error) for message in NO_MEMORY)


def release() -> None:
    """Free what nobody uses any more, and give back what the allocators keep for later: a GPU's,
    and glibc's, which after quantizing a model is several times the model."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def in_halves(
    work: Callable[[list[Item]], Found], groups: Iterable[list[Item]], what: str
) -> Iterator[Found]:
    """What `work` makes of each group, or where memory does not suffice of its halves, and so on;
    no later group is tried with as many items. A rank that holds a part of the model only cannot
    go on by itself: the others wait.

    Raises:
        RuntimeError, MemoryError: also where it does not suffice for a single item.
    """
    most = sys.maxsize
    for group in groups:
        waiting = [group]
        while waiting:
            items = waiting.pop(0)
            half = (len(items) + 1) // 2
            if len(items) <= most:
                try:
                    found = work(items)
                except (RuntimeError, MemoryError) as error:
                    if len(items) == 1 or ranks.in_parts() or not lacks_memory(error):
                        raise
                else:
                    yield found
                    continue
                # Only now is the error gone, and with it the frames that hold the tensors.
                release()
                most = half
                log.warning("out of memory with %d %s: going on with %d", len(items), what, half)
            waiting[:0] = [items[:half], items[half:]]
