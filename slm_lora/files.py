"""Files that appear whole or not at all: each is written beside its place and then renamed.

What is written beside is named PARTS and says whose process it is, so that what a killed one left
can be told and removed.
"""

import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from safetensors import SafetensorError, safe_open

from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import NEEDED

Json = dict[str, Any]
Sums = dict[str, dict[str, Any]]
"""Name in a folder → `bytes` and `sha256` of the file."""

PART = ".part"
PARTS = f".*@*@*@*{PART}"
"""Names of what is being written, as a pattern: the name it will have, host, process, random."""
FILES = "files.json"
"""In a sealed folder: what its files are."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside `path` to write a file or folder to; renamed to `path` when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{_lead(path.name)}{PART}")
    try:
        yield beside
        _to_disk(beside)
        beside.replace(path)
    except BaseException:
        _remove(beside)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A folder beside `path` to write to, which takes its name when all went well; else `path`
    stays as it was."""
    with scratch(path.parent, path.name) as beside:
        made = Path(beside, "made")
        made.mkdir()
        yield made
        put(made, path)


def put(made: Path, path: Path) -> None:
    """Give a folder of a scratch folder the name `path`; what had it goes to the scratch folder."""
    _to_disk(made)
    if path.exists():
        log.info("replacing %s", path)
        path.rename(made.with_name("earlier"))
    made.rename(path)


def scratch(folder: Path | None = None, name: str = "slm_lora") -> "TemporaryDirectory[str]":
    """A new folder in `folder`, or where the system has temporary files: a context manager. What
    killed processes of this machine have left there is removed."""
    # In a place for everybody, nothing is moved that somebody else may have put there.
    tidy, folder = (discard, folder) if folder else (_remove, Path(tempfile.gettempdir()))
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(PARTS):
        if is_of(path, alive=False):
            tidy(path)
    return TemporaryDirectory(PART, _lead(name), folder, ignore_cleanup_errors=True)


def is_of(part: Path, *, alive: bool) -> bool:
    """Whether a process of this machine writes it that still runs, or wrote it and ended."""
    host, process, _ = part.name.rsplit("@", 3)[1:]
    ours = host == socket.gethostname() and process.isdecimal()
    return ours and psutil.pid_exists(int(process)) == alive


def _lead(name: str) -> str:
    """How the names of what this process writes beside `name` begin."""
    return f".{name}@{socket.gethostname()}@{os.getpid()}@"


def _to_disk(path: Path) -> None:
    """Wait until the disk has a file, or all files of a folder: a rename may get there sooner than
    what it names."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())


def discard(part: Path) -> None:
    """Remove what was left half written, as far as that is allowed; what it was about to take the
    place of gets its name back."""
    place = part.with_name(part.name[1:].rsplit("@", 3)[0])
    if (part / "earlier").exists() and not place.exists():
        with suppress(OSError):  # another process may be faster
            (part / "earlier").rename(place)
    _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


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
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{path.name} not found in {path.parent}", "name the folder of a finished run"
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is broken: {error}", "put it back as it was") from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is broken: it holds no object", "put it back as it was")
    if missing := NEEDED.get(path.name, frozenset()) - found.keys():
        raise UserError(
            f"{path} is broken: {', '.join(sorted(missing))} missing", "put it back as it was"
        )
    return found


def read_jsonl(path: Path) -> list[Json]:
    """One JSON object a line.

    Raises:
        UserError: a line is broken.
    """
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            found.append(json.loads(line))
            reason = "" if isinstance(found[-1], dict) else "no object"
        except (ValueError, RecursionError) as error:
            reason = str(error)
        if reason:
            raise UserError(
                f"{path} is broken at line {number}: {reason}",
                "put it back as it was, or remove it: then the run makes it again",
            )
    return found


def sums(folder: Path) -> Sums:
    """Size and SHA-256 of every file in a folder, by its name there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {file.relative_to(folder).as_posix(): _sum(file) for file in files}


def _sum(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"bytes": file.stat().st_size, "sha256": digest}


def changed(folder: Path, known: Sums) -> str:
    """What about a folder's files differs from `known`: `NAME is missing`, `NAME has 3 of 9 bytes`
    or `NAME has other content`; empty where nothing does. Other files beside them do not count."""
    for name, said in known.items():
        file = folder / name
        if not file.is_file():
            return f"{name} is missing"
        if (size := file.stat().st_size) != said["bytes"]:
            return f"{name} has {size:,} of {said['bytes']:,} bytes"
    other = (name for name, said in known.items() if _sum(folder / name) != said)
    return next((f"{name} has other content" for name in other), "")


def seal(folder: Path) -> None:
    """Write down in files.json what the files of a folder are, for `broken`."""
    write_json(folder / FILES, sums(folder))


def broken(folder: Path) -> str:
    """What about a folder is not as it was sealed, as `changed` says it; empty where all is."""
    try:
        return changed(folder, read_json(folder / FILES))
    except UserError as error:
        return error.message


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
