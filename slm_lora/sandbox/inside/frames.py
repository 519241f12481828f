"""Messages on a pipe: four bytes of length, then so many bytes."""

import builtins
from os import read, write

# Functions defined below look builtins up here, not in what a program may have patched.
globals()["__builtins__"] = dict(vars(builtins))

_length_of = int.from_bytes


def framed(message: bytes) -> memoryview:
    """A message as it goes over the pipe."""
    return memoryview(len(message).to_bytes(4, "big") + message)


def write_frame(fd: int, message: bytes) -> None:
    """Write all of a message. Raises OSError where the other end is gone."""
    data = framed(message)
    while data:
        data = data[write(fd, data) :]


def read_frame(fd: int) -> bytes | None:
    """The next message; None where the other end is gone."""
    header = _read_exactly(fd, 4)
    return None if header is None else _read_exactly(fd, _length_of(header, "big"))


def _read_exactly(fd: int, count: int) -> bytes | None:
    chunks = []
    while count:
        chunk = read(fd, min(count, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)
