"""Bytes to text: a byte order mark decides, then the zeros of UTF-16, then `data.encoding`.

python -m slm_lora inspect +recipe=sentiment data.train=reviews.csv data.encoding=cp1251
"""

import codecs
from pathlib import Path

from slm_lora.errors import UserError

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order mark → encoding."""
SAMPLE = 4096
"""Bytes that are looked at for zeros."""


def decode(file: Path, data: bytes, encoding: str) -> str:
    """The text of a file's bytes, without a byte order mark.

    Raises:
        UserError: the encoding is not known, or not that of the bytes, with file and line.
    """
    try:
        asked = codecs.lookup(encoding).name
        "".encode(encoding)  # some codecs are not of texts
    except LookupError as error:
        raise UserError(
            f"data.encoding={encoding} is not known", "expected utf-8, latin-1, cp1252, utf-16 …"
        ) from error
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if marked and not asked.startswith(("utf-8", marked)):
        raise UserError(
            f"{file} begins with the byte order mark of {marked}, and data.encoding is {encoding}",
            f"type data.encoding={marked}",
        )
    used = marked or (asked == "utf-8" and _wide(data[:SAMPLE])) or encoding
    try:
        return data.decode(used).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(
            f"{file}:{line}: byte 0x{data[error.start]:02x} is not {used}", _other(data, asked)
        ) from error


def _wide(sample: bytes) -> str | None:
    """The byte order of UTF-16 without a mark: newlines, spaces and Latin letters leave zeros at
    every other place, UTF-8 leaves none."""
    high, low = sample[0::2].count(0), sample[1::2].count(0)
    if max(high, low) * 200 < len(sample) * 3 or max(high, low) < 10 * min(high, low):
        return None
    return "utf-16-le" if low > high else "utf-16-be"


def _other(data: bytes, asked: str) -> str:
    """What to type instead of an encoding that does not fit."""
    for name, where in (("utf-8", ""), ("cp1252", " (Western European)"), ("latin-1", "")):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        if codecs.lookup(name).name != asked:
            return f"type data.encoding={name}{where} or the encoding the file was written in"
    return "type data.encoding= with the encoding the file was written in"


def lines(text: str) -> list[tuple[int, str]]:
    """Lines by number. Only newlines end one: `splitlines` would cut at U+2028 inside JSON too."""
    found = text.removesuffix("\n").split("\n") if text else []
    return [(number, line.removesuffix("\r")) for number, line in enumerate(found, 1)]
