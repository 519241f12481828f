"""The run folder: where each file of a run lies, and how it gets there whole.

    python -m slm_lora +recipe=sentiment run_dir=outputs/mine     (again: goes on where it stopped)

A stage is done when its file is there: every file is written beside its place and then renamed.
"""

import json
import os
import platform
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from safetensors import SafetensorError, safe_open

from slm_lora.config.compose import from_file, to_yaml
from slm_lora.config.schema import Config
from slm_lora.errors import UserError

PACKAGES = (
    "slm-lora",
    "torch",
    "transformers",
    "trl",
    "peft",
    "bitsandbytes",
    "datasets",
    "accelerate",
)
Json = dict[str, Any]


class Run:
    """Paths of one run folder."""

    def __init__(
        self, path: Path, words: list[str] | None = None, adapter: Path | None = None
    ) -> None:
        """`words` are those of the command line that made the config; `adapter` is that of another
        run, which an evaluation borrows."""
        self.path = path
        self.words = words or []
        self.config = path / "config.yaml"
        self.provenance = path / "provenance.json"
        self.data_report = path / "data_report.json"
        self.checkpoints = path / "checkpoints"
        self.adapter = adapter or path / "adapter"
        self.merged = path / "merged"
        self.merge_proof = path / "merge.json"
        self.combination = path / "combination.json"
        self.exports = path / "exports"
        self.train = path / "train.json"
        self.metrics = path / "metrics.json"
        self.base_predictions = path / "predictions" / "base.jsonl"
        self.tuned_predictions = path / "predictions" / "tuned.jsonl"
        self.failure = path / "failure.json"


def open_run(config: Config, words: list[str]) -> Run:
    """A new run folder, or the interrupted one that `run_dir` names.

    Raises:
        UserError: the folder holds another config, or files that are no run.
    """
    if config.run_dir is None:
        stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
        path = new_folder(Path("outputs") / (config.recipe or "run") / stamp)
    else:
        path = Path(config.run_dir)
    run = Run(path, words)
    config.run_dir = str(path)
    # Before its provenance is known a run has done nothing, and its config may be mended.
    if run.config.exists() and run.provenance.exists():
        _check_same(config, from_file(run.config), path)
        run.failure.unlink(missing_ok=True)
        return run
    _check_free(path)
    run.failure.unlink(missing_ok=True)
    try:
        write_text(run.config, to_yaml(config))
    except OSError as error:
        raise UserError(
            f"run_dir={path}: {error.strerror}", "name a folder that can be written"
        ) from error
    return run


def _check_free(path: Path) -> None:
    ours = {"config.yaml", "failure.json"}
    if path.is_file() or (path.is_dir() and {file.name for file in path.iterdir()} - ours):
        raise UserError(
            f"{path} holds files but no run", "type run_dir= of a new or an empty folder"
        )


def new_folder(path: Path) -> Path:
    """Makes the folder, or the first of path_2, path_3 … that nobody has made yet."""
    candidate, number = path, 2
    while True:
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            candidate, number = path.with_name(f"{path.name}_{number}"), number + 1
        else:
            return candidate


def _check_same(config: Config, saved: Config, path: Path) -> None:
    now, then = flat(yaml.safe_load(to_yaml(config))), flat(yaml.safe_load(to_yaml(saved)))
    differing = [key for key in sorted(now | then) if now.get(key) != then.get(key)]
    after = ("run_dir", "recipe", "merge.", "export.", "chat.", "serve.", "hub.")
    differing = [key for key in differing if not key.startswith(after)]
    if differing:
        shown = ", ".join(f"{k}={now.get(k)} (there {then.get(k)})" for k in differing[:5])
        raise UserError(
            f"{path} holds a run with another config: {shown}",
            "type the same values to resume it, or another run_dir",
        )


def flat(tree: Json, prefix: str = "") -> Json:
    """A nested dict as one with dotted keys."""
    found: Json = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside `path` to write a file or folder to; renamed to `path` when all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    yield beside
    beside.replace(path)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Json) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_jsonl(path: Path, lines: list[Json]) -> None:
    """Write one JSON object a line, whole or not at all."""
    write_text(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def read_json(path: Path) -> Json:
    """A JSON object.

    Raises:
        UserError: the file is missing or broken.
    """
    try:
        content: Json = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{path.parent} holds no {path.name}", "name the folder of a finished run"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is broken: {error}", "put it back as it was") from error
    return content


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
            raise UserError(f"{folder} holds no {file.name}", "let the run finish, or merge again")
        try:
            with safe_open(file, "np"):
                pass
        except SafetensorError as error:
            raise UserError(
                f"{file} is broken: {error}", "put it back as it was, or make it anew"
            ) from error


def write_provenance(run: Run, config: Config, device: Json, data_fingerprint: str) -> None:
    """Record what a repetition of this run needs to know.

    Raises:
        UserError: the run began with other data.
    """
    if run.provenance.exists():
        if read_json(run.provenance)["data_fingerprint"] != data_fingerprint:
            raise UserError(
                f"the data changed since {run.path} began", "type another run_dir to start anew"
            )
        return
    content = {
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", "slm_lora", *run.words]),
        "words": run.words,
        "versions": versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "git_revision": git_revision(),
        "seed": config.seed,
        "data_fingerprint": data_fingerprint,
    }
    write_json(run.provenance, content)


def record_base(run: Run, fingerprint: str, kind: str) -> None:
    """Record which weights the run is about, and the kind of place that they came from.

    Raises:
        UserError: the run began with others.
    """
    known = read_json(run.provenance)
    if known.setdefault("base_fingerprint", fingerprint) != fingerprint:
        raise UserError(
            f"the base model's weights changed since {run.path} began",
            "type another run_dir to start anew",
        )
    write_json(run.provenance, known | {"base_kind": kind})


def versions() -> dict[str, str]:
    """Version of each package that decides what a run computes."""
    return {package: version(package) for package in PACKAGES}


def git_revision() -> str | None:
    """Commit of the current folder, with `-dirty` when tracked files differ; None outside git."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
