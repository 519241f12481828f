"""Local files to records: JSONL, JSON, CSV, TSV, Parquet, Arrow and plain text, `.gz` too.

    python -m slm_lora inspect +recipe=instruct data.train='rows/*.jsonl.gz'

JSON and tables are read here rather than by a library so that an error can name its file and line.
"""

import gzip
import hashlib
import zlib
from difflib import get_close_matches
from glob import glob
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features

from slm_lora.config.places import expanded
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.sections.data import DataConfig
from slm_lora.data.decoding import decode, lines
from slm_lora.data.delimited import is_labelled, read_delimited
from slm_lora.data.json_rows import read_json
from slm_lora.data.labels import name_classes
from slm_lora.data.source import Record, Source, joined
from slm_lora.errors import UserError

TABLES = (".parquet", ".arrow")
DELIMITED = (".csv", ".tsv", ".txt")
TEXTS = (".jsonl", ".ndjson", ".json", *DELIMITED)

Numbered = list[tuple[int, dict[str, Any]]]
"""Line (or row) number, counted from 1, and what stands there."""


def read_files(pattern: str, key: str, config: DataConfig) -> Source:
    """All records of the files that `pattern` (a path or a glob) names, sorted by name.

    Raises:
        UserError: no such file, an unknown kind of file, or one that is malformed, with its line.
    """
    return read_paths(find(pattern, key), key, config)


def read_paths(files: list[Path], key: str, config: DataConfig) -> Source:
    """All records of these files, as `read_files`."""
    stems = [stem(file) for file in files]
    sources = []
    for file in files:
        name = stem(file) if stems.count(stem(file)) == 1 else str(file)
        numbered, unit, class_names = _read(file, key, config)
        records = [
            Record(columns, f"{file}{unit}{number}", f"{name}:{number}")
            for number, columns in numbered
        ]
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entry = {"file": str(file), "sha256": digest, "rows": len(numbered)}
        sources.append(Source(records, class_names, [entry]))
    name_classes(sources, config)
    return joined(sources)


def find(pattern: str, key: str) -> list[Path]:
    """The files of a path or glob.

    Raises:
        UserError: there are none.
    """
    path = Path(expanded(pattern))
    if path.is_file():
        return [path]
    # Path.glob takes no absolute pattern.
    named = sorted(map(Path, glob(str(path), recursive=True)))  # noqa: PTH207
    files = [file for file in named if file.is_file()]
    if files:
        return files
    folders = [folder for folder in named if folder.is_dir()]
    if named and not folders:
        raise UserError(
            f"{key}={pattern} is no file", "name a file, not a pipe, device or broken link"
        )
    if named:
        inside = sorted(
            {f.suffix for folder in folders for f in folder.iterdir()} & {*TEXTS, *TABLES}
        )
        raise UserError(
            f"{key}={pattern} is a folder, and files are expected",
            f"type {_word(key, f'{path}/*{inside[0]}' if inside else f'{path}/FILE')}",
        )
    beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, beside, 1)
    raise UserError(
        f"{key}={pattern}: no such file, looked for from the folder {Path.cwd()}",
        f"did you mean {_word(key, str(path.parent / close[0]))}?"
        if close
        else f"expected a path or a glob, such as {key}=rows.jsonl or {key}='rows/*.parquet'",
    )


def _word(key: str, path: str) -> str:
    return shell_word(f"{key}={config_text(path)}" if "." in key else path)


def stem(file: Path) -> str:
    """`train` for train.jsonl and train.jsonl.gz."""
    return file.name.removesuffix(".gz").rsplit(".", 1)[0]


def _read(file: Path, key: str, config: DataConfig) -> tuple[Numbered, str, dict[str, list[str]]]:
    """Numbered records, how a number is joined to the file's name, and class names by column."""
    suffix = Path(file.name.removesuffix(".gz")).suffix.lower()
    if suffix in TABLES and file.suffix != ".gz":
        table = _table(file, suffix)
        # `datasets` knows not every type of a table, but all of those that it wrote itself.
        own = b"huggingface" in (table.schema.metadata or {})
        features = Features.from_arrow_schema(table.schema) if own else {}
        classes = {name: f.names for name, f in features.items() if isinstance(f, ClassLabel)}
        try:
            return list(enumerate(table.to_pylist(), 1)), " row ", classes
        except (OverflowError, ValueError) as error:  # a date that Python does not have
            raise UserError(f"{file}: {error}", "write that column as text") from error
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
    return *read_json(file, text, config), {}


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
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file} is no {suffix[1:]} file: {error}", "write it again") from error


def _bytes(file: Path) -> bytes:
    try:
        return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        reason = str(error) or "it does not fit into the memory"
        raise UserError(
            f"{file} cannot be read: {reason}", "check that the file is whole"
        ) from error
