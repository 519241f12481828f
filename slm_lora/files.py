"""Files that appear whole or not at all: each is written beside its place and then renamed."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from slm_lora.errors import UserError
from slm_lora.progress import log

Json = dict[str, Any]


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside `path` to write a file or folder to; renamed to `path` when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    yield beside
    beside.replace(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A folder beside `path` to write to, which takes its name when all went well; else `path`
    stays as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        yield made
        if path.exists():
            log.info("replacing %s", path)
            path.rename(Path(scratch) / "earlier")
        made.rename(path)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_jsonl(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, whole or not at all."""
    write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def read_json(path: Path) -> Any:
    """A JSON object; slm_lora/records.py says what each file holds.

    Raises:
        UserError: the file is missing or broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} not found in {path.parent}", "name the folder of a finished run"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is broken: {error}", "put it back as it was") from error


def read_jsonl(path: Path) -> list[Json]:
    """One JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def check_weights(folder: Path, stem: str) -> None:
    """Look whether the files of weights, `stem`.safetensors or its shards, are all there and whole.

    Raises:
        UserError: one is missing or cut short.
    """
    index = folder / f"{stem}.safetensors.index.json"
    names = {f"{stem}.safetensors"}
    if index.exists():
        names = set(read_json(index)["weight_map"].values())
    for file in (folder / name for name in sorted(names)):
        if not file.is_file():
            raise UserError(
                f"{file.name} not found in {folder}", "let the run finish, or merge again"
            )
        try:
            with safe_open(file, "np"):
                pass
        except SafetensorError as error:
            raise UserError(
                f"{file} is broken: {error}", "put it back as it was, or make it again"
            ) from error
