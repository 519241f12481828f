"""Local files to records: JSONL, JSON, CSV, TSV, Parquet, Arrow and plain text, `.gz` too.

    python -m slm_lora inspect +recipe=instruct data.train='rows/*.jsonl.gz'

JSON and tables are read here rather than by a library so that an error can name its file and line.
"""

import csv
import gzip
import hashlib
import io
import json
import zlib
from glob import glob
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features

from slm_lora.data.source import Record, Source
from slm_lora.errors import UserError

TABLES = (".parquet", ".arrow")
TEXTS = (".jsonl", ".json", ".csv", ".tsv", ".txt")

Numbered = list[tuple[int, dict[str, Any]]]
"""Line (or row) number, counted from 1, and what stands there."""


def read_files(pattern: str, key: str, encoding: str) -> Source:
    """All records of the files that `pattern` (a path or a glob) names, sorted by name.

    Raises:
        UserError: no such file, an unknown kind of file, or one that is malformed, with its line.
    """
    files = find(pattern, key)
    stems = [stem(file) for file in files]
    source = Source()
    for file in files:
        name = stem(file) if stems.count(stem(file)) == 1 else str(file)
        numbered, unit, class_names = _read(file, key, encoding)
        source.class_names |= class_names
        source.records += [
            Record(columns, f"{file}{unit}{number}", f"{name}:{number}")
            for number, columns in numbered
        ]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        source.report.append({"file": str(file), "sha256": digest, "rows": len(numbered)})
    return source


def find(pattern: str, key: str) -> list[Path]:
    """The files of a path or glob.

    Raises:
        UserError: there are none.
    """
    path = Path(pattern).expanduser()
    if path.is_file():
        return [path]
    # Path.glob takes no absolute pattern.
    named = sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207
    files = [file for file in named if file.is_file()]
    if not files:
        raise UserError(
            f"{key}={pattern}: no such file, looked for from the folder {Path.cwd()}",
            f"expected a path or a glob, such as {key}=rows.jsonl or {key}='rows/*.parquet'",
        )
    return files


def stem(file: Path) -> str:
    """`train` for train.jsonl and train.jsonl.gz."""
    return file.name.removesuffix(".gz").rsplit(".", 1)[0]


def _read(file: Path, key: str, encoding: str) -> tuple[Numbered, str, dict[str, list[str]]]:
    """Numbered records, how a number is joined to the file's name, and class names by column."""
    suffix = Path(file.name.removesuffix(".gz")).suffix.lower()
    if suffix in TABLES and file.suffix != ".gz":
        table = _table(file, suffix)
        features = Features.from_arrow_schema(table.schema)
        classes = {name: f.names for name, f in features.items() if isinstance(f, ClassLabel)}
        return list(enumerate(table.to_pylist(), 1)), " row ", classes
    if suffix not in TEXTS:
        raise UserError(
            f"{key}: {file} is of no kind known here",
            f"expected {', '.join(TEXTS + TABLES)} (texts may end in .gz)",
        )
    text = _text(file, encoding)
    if suffix == ".txt":
        return [(n, {"text": line}) for n, line in _lines(text)], ":", {}
    if suffix == ".csv":
        return _csv(file, text), ":", {}
    if suffix == ".tsv":
        return _tsv(file, text), ":", {}
    if text.lstrip().startswith("["):
        return _json_list(file, text), " item ", {}
    return _json_lines(file, text), ":", {}


def _table(file: Path, suffix: str) -> pa.Table:
    try:
        if suffix == ".parquet":
            return pq.read_table(file)
        with pa.OSFile(str(file)) as stream:
            # Two formats share the suffix; `datasets` writes the one without this mark.
            mark = stream.read(6)
            stream.seek(0)
            open_arrow = pa.ipc.open_file if mark == b"ARROW1" else pa.ipc.open_stream
            return open_arrow(stream).read_all()
    except pa.ArrowException as error:
        raise UserError(f"{file} is no {suffix[1:]} file: {error}", "write it again") from error


def _text(file: Path, encoding: str) -> str:
    try:
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{file} cannot be read: {error}", "check that the file is whole"
        ) from error
    try:
        # A byte order mark, as Windows programs write it, is no part of the text.
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(
            f"{file}:{line}: byte 0x{data[error.start]:02x} is not {encoding}",
            "type data.encoding=latin-1 (Western European) or the encoding the file was written in",
        ) from error
    except LookupError as error:
        raise UserError(
            f"data.encoding={encoding} is not known", "expected utf-8, latin-1, cp1252, utf-16 …"
        ) from error


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines by number. Only newlines end one: `splitlines` would cut at U+2028 inside JSON too."""
    lines = text.removesuffix("\n").split("\n") if text else []
    return [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]


def _json_lines(file: Path, text: str) -> Numbered:
    rows = []
    for number, line in _lines(text):
        if line.strip():
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise UserError(
                    f"{file}:{number}: malformed JSON, {error.msg} (column {error.colno})",
                    "expected one object a line, or one list of objects",
                ) from error
            rows.append((number, _object(row, line, f"{file}:{number}")))
    return rows


def _json_list(file: Path, text: str) -> Numbered:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{file}:{error.lineno}: malformed JSON, {error.msg} (column {error.colno})",
            "expected one object a line, or one list of objects",
        ) from error
    return [(n, _object(row, text, f"{file} item {n}")) for n, row in enumerate(rows, 1)]


def _object(row: Any, text: str, origin: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise UserError(
            f"{origin}: a {type(row).__name__}, not an object", 'expected {"column": value, …}'
        )
    if "\\u" in text:
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise UserError(
                f"{origin}: half of a surrogate pair, which is no character",
                r"write the character itself, or both halves (\ud83d\ude00)",
            ) from error
    return row


def _csv(file: Path, text: str) -> Numbered:
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, header, start = [], None, 1
    try:
        for fields in reader:
            if header is None:
                header = fields
            elif fields:
                rows.append((start, _fields(header, fields, f"{file}:{start}")))
            start = reader.line_num + 1
    except csv.Error as error:
        raise UserError(
            f"{file}:{start}: malformed CSV, {error}",
            'expected fields in double quotes where they hold commas, quotes ("") or newlines',
        ) from error
    return rows


def _tsv(file: Path, text: str) -> Numbered:
    """Tab-separated values know no quoting (IANA text/tab-separated-values).

    Without a header: two columns, of which the second is an integer, are a text and its label.
    """
    rows = [(number, line.split("\t")) for number, line in _lines(text) if line]
    if not rows:
        return []
    first = rows[0][1]
    if len(first) == 2 and first[1].strip().isdecimal():
        header = ["text", "label"]
    else:
        header = rows.pop(0)[1]
    return [(number, _fields(header, fields, f"{file}:{number}")) for number, fields in rows]


def _fields(header: list[str], fields: list[str], origin: str) -> dict[str, Any]:
    if len(fields) != len(header):
        raise UserError(
            f"{origin}: {len(fields)} fields", f"expected {len(header)}: {', '.join(header)}"
        )
    return dict(zip(header, fields, strict=True))
