"""Local files to records: JSONL, JSON, CSV, TSV, Parquet, Arrow and plain text, `.gz` too.

    python -m slm_lora inspect +recipe=instruct data.train='rows/*.jsonl.gz'

JSON and tables are read here rather than by a library so that an error can name its file and line.
"""

import gzip
import hashlib
import json
import zlib
from glob import glob
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features

from slm_lora.config.sections.data import DataConfig
from slm_lora.data.decoding import decode, lines
from slm_lora.data.delimited import is_labelled, read_delimited
from slm_lora.data.source import Record, Source
from slm_lora.errors import UserError

TABLES = (".parquet", ".arrow")
DELIMITED = (".csv", ".tsv", ".txt")
TEXTS = (".jsonl", ".json", *DELIMITED)

Numbered = list[tuple[int, dict[str, Any]]]
"""Line (or row) number, counted from 1, and what stands there."""


def read_files(pattern: str, key: str, config: DataConfig) -> Source:
    """All records of the files that `pattern` (a path or a glob) names, sorted by name.

    Raises:
        UserError: no such file, an unknown kind of file, or one that is malformed, with its line.
    """
    files = find(pattern, key)
    stems = [stem(file) for file in files]
    source = Source()
    for file in files:
        name = stem(file) if stems.count(stem(file)) == 1 else str(file)
        numbered, unit, class_names = _read(file, key, config)
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


def _read(file: Path, key: str, config: DataConfig) -> tuple[Numbered, str, dict[str, list[str]]]:
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
    text = decode(file, _bytes(file), config.encoding)
    if suffix == ".txt" and not config.delimiter and not is_labelled(text):
        return [(n, {"text": line}) for n, line in lines(text)], ":", {}
    if suffix in DELIMITED:
        return read_delimited(file, suffix, text, config), ":", {}
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


def _bytes(file: Path) -> bytes:
    try:
        return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{file} cannot be read: {error}", "check that the file is whole"
        ) from error


def _json_lines(file: Path, text: str) -> Numbered:
    rows = []
    for number, line in lines(text):
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
