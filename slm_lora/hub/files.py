"""What goes up of a run: named files only, so that no checkpoint and no data can slip in."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from slm_lora.card import (
    last_parts,
    render_card,
    shared_config,
    to_yaml_text,
    with_own_text,
)
from slm_lora.card.base_model import recorded_place
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.files import Json, read_json
from slm_lora.run_folder import Run

TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "spiece.model",
)
ADAPTER = ("adapter_model.safetensors", *TOKENIZER)
MERGED = (
    "model*.safetensors",
    "model.safetensors.index.json",
    "config.json",
    "generation_config.json",
    *TOKENIZER,
)
PLOTS = (
    "loss",
    *("confusion_base", "confusion_tuned", "reliability"),
    *("verdicts", "families"),
    *("item_loss", "item_rouge_l"),
)
"""All that a report draws."""
OURS = (
    "adapter_config.json",
    "adapter_model.safetensors",
    *MERGED,
    *(f"merged/{name}" for name in MERGED),
    *(f"plots/{name}.png" for name in PLOTS),
    "metrics.json",
    "combination.json",
    "config.yaml",
)
"""Patterns of what a publication may have put up; what is no longer part of it is removed. A star
stands for no slash."""


@dataclass(frozen=True)
class File:
    """One file of a publication: its path in the repository and its content, or where that lies."""

    path: str
    content: Path | bytes

    @property
    def size(self) -> int:
        """In bytes."""
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    @property
    def text(self) -> str:
        """What can be read in it; of weights their header, where all but numbers stands."""
        if isinstance(self.content, Path) and self.path.endswith(".safetensors"):
            with self.content.open("rb") as file:  # github.com/huggingface/safetensors#format
                return file.read(int.from_bytes(file.read(8), "little")).decode(errors="replace")
        return self._bytes().decode("utf-8", errors="replace")

    @cached_property
    def sha256(self) -> str:
        """What the hub calls a large file."""
        if isinstance(self.content, bytes):
            return hashlib.sha256(self.content).hexdigest()
        with self.content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @cached_property
    def git_sha1(self) -> str:
        """What git, and so the hub, calls a file that is not large."""
        data = self._bytes()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    def _bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


def files_of(config: Config, run: Run, download: bool) -> list[File]:
    """The files of a publication, in the order of their paths.

    Args:
        download: ask for the base model's card, for the licence in ours.
    """
    what, repo_id = config.hub.what, config.hub.repo_id
    metrics = read_json(run.metrics) if run.metrics.exists() else None
    card = render_card(run, config, metrics, repo_id, what, download)
    if run.card.exists():
        card = with_own_text(card, run.card.read_text(encoding="utf-8"))
    files = [_text("README.md", card), _text("config.yaml", to_yaml_text(shared_config(config)))]
    if metrics is not None:
        files.append(_json("metrics.json", _metrics(metrics)))
    if run.combination.exists():
        files.append(_json("combination.json", last_parts(read_json(run.combination))))
    files += [File(f"plots/{f.name}", f) for f in run.plots.glob("*.png")]
    if what != "merged":
        files.append(_json("adapter_config.json", _adapter_config(config, run)))
        files += _named(run.adapter, ADAPTER, "")
    if what != "adapter":
        files += _named(run.merged, MERGED, "merged/" if what == "both" else "")
    return sorted(files, key=lambda file: file.path)


def refuse_links(run: Run) -> None:
    """Refuse to send what lies elsewhere on this machine: the folder may be somebody else's.

    Raises:
        UserError: a link in the run folder leads out of it.
    """
    inside = run.path.resolve()
    for path in sorted(run.path.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            raise UserError(
                f"not published: {path} is a link to {path.resolve()}, out of the run folder",
                "put a copy of the file there, or take the link out",
            )


def _metrics(metrics: Json) -> Json:
    """Without the messages of failed programs, whoever wrote them: they quote test rows."""
    shared: Json = last_parts(_without_messages(metrics))
    return shared


def _without_messages(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_without_messages(part) for part in tree]
    if isinstance(tree, dict):
        return {k: _without_messages(part) for k, part in tree.items() if k != "messages"}
    return tree


def _adapter_config(config: Config, run: Run) -> Json:
    """PEFT's config with the base model's hub id, or none: a stranger's model could bear the name
    of a folder."""
    named = read_json(run.adapter / "adapter_config.json")
    place = recorded_place(config.model, read_json(run.provenance))
    hub_id = config.model.name_or_path if place == "hub" else None
    shared: Json = last_parts({**named, "base_model_name_or_path": hub_id})
    return shared


def _named(folder: Path, patterns: tuple[str, ...], prefix: str) -> list[File]:
    return [
        File(f"{prefix}{file.name}", file)
        for pattern in patterns
        for file in folder.glob(pattern)
        if file.is_file()
    ]


def _text(path: str, text: str) -> File:
    return File(path, text.encode())


def _json(path: str, content: Json) -> File:
    return _text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
