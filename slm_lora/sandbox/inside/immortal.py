"""Objects whose references nobody counts, so that a fork reads them without copying their pages.

A fork shares memory with the zygote until one of the two writes, and counting a reference writes.
Since Python 3.12 an object may be immortal (PEP 683): its count says so and stays. CPython makes
None, small numbers and its own types immortal; here all that was imported is. That ends nothing
early and keeps nothing longer: the zygote keeps all of it, and its forks end before they free it.
"""

import ctypes
import gc
import sys
from types import CodeType

COUNT_BYTES = 4
"""Of ob_refcnt, the first field of an object: its lower half, all ones, means immortal
(_Py_IMMORTAL_REFCNT in cpython/Include/object.h of 3.12 and 3.13)."""
KNOWN = (
    sys.implementation.name == "cpython"
    and (3, 12) <= sys.version_info < (3, 14)
    and sys.byteorder == "little"
    and object.__basicsize__ == 16  # a count and a type, of 8 bytes each: no debug build
)


def make_immortal() -> None:
    """All objects there are, on the Pythons that this is known of; elsewhere nothing."""
    if not KNOWN:
        return
    objects = gc.get_objects()
    seen: set[int] = set()  # made after, so that it can go
    while objects:
        new = {id(one): one for one in objects if id(one) not in seen}
        seen.update(new)
        objects = gc.get_referents(*new.values())
        for one in new.values():
            if type(one) is CodeType:  # whose referents gc does not tell
                objects += one.co_consts, one.co_names, one.co_name, one.co_qualname
    for address in seen:
        ctypes.memset(address, 0xFF, COUNT_BYTES)
