"""Where memory does not suffice: the errors that say so, and work that is then done in halves.

found = in_halves(score, batch)
"""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from slm_lora.progress import log

Item = TypeVar("Item")
Found = TypeVar("Found")


def lacks_memory(error: BaseException) -> bool:
    """Whether it says that memory does not suffice: a GPU's allocator raises an error of its own, a
    CPU's a RuntimeError that names it (c10/core/impl/alloc_cpu.cpp), numpy and Python MemoryError.
    """
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or "DefaultCPUAllocator" in str(error)


def release() -> None:
    """Free what nobody uses any more, on a GPU also what its allocator keeps for later."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def in_halves(work: Callable[[list[Item]], Found], items: list[Item], what: str) -> list[Found]:
    """What `work` makes of all items, or where memory does not suffice of each half, and so on.

    Raises:
        RuntimeError, MemoryError: also where it does not suffice for a single item.
    """
    try:
        return [work(items)]
    except (RuntimeError, MemoryError) as error:
        if len(items) == 1 or not lacks_memory(error):
            raise
    # Only now is the error gone, and with it the frames that hold the tensors.
    release()
    half = (len(items) + 1) // 2
    log.warning("out of memory with %d %s at once: going on with %d", len(items), what, half)
    return [*in_halves(work, items[:half], what), *in_halves(work, items[half:], what)]
