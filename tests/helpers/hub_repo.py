"""A repository of the local Hub: its commits, and how the Hub speaks of them.

repo = Repo(private=True)
repo.commit("main", {"README.md": b"…"})
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from huggingface_hub import ModelCardData

LARGE = (".safetensors", ".parquet", ".bin", ".model")
CREATED = "2026-01-01T00:00:00.000Z"
Files = dict[str, bytes]


class RefusedError(Exception):
    """An answer of the Hub that is no success."""

    def __init__(
        self, status: int, message: str, code: str | None = None, errors: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.errors = [{"message": error} for error in errors or []]


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Repo:
    """`commits`: id → files; `branches`: name → ids of its commits, the last one is its head."""

    private: bool
    commits: dict[str, Files] = field(default_factory=dict)
    branches: dict[str, list[str]] = field(default_factory=lambda: {"main": []})
    requests: list[str] = field(default_factory=list)

    def commit(self, branch: str, files: Files) -> str:
        history = self.branches.setdefault(branch, [])
        listed = "".join(f"{path} {git_sha1(content)}\n" for path, content in files.items())
        name = hashlib.sha1(f"{branch} {len(history)}\n{listed}".encode()).hexdigest()
        self.commits[name] = files
        history.append(name)
        return name

    def head(self, revision: str) -> str:
        if revision in self.commits:
            return revision
        if revision not in self.branches:
            raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.branches[revision][-1]

    def files(self, revision: str = "main") -> Files:
        return self.commits[self.head(revision)]


def info(repo: Repo, name: str, revision: str) -> dict[str, Any]:
    files = repo.files(revision)
    card = metadata(repo.files("main").get("README.md", b"").decode())
    return {
        "_id": "0",
        "id": name,
        "modelId": name,
        "author": name.split("/")[0],
        "sha": repo.head(revision),
        "private": repo.private,
        "disabled": False,
        "gated": False,
        "downloads": 0,
        "likes": 0,
        "lastModified": CREATED,
        "createdAt": CREATED,
        "tags": card.get("tags") or [],
        "cardData": card,
        "siblings": [{"rfilename": path} for path in files],
    }


def metadata(text: str) -> dict[str, Any]:
    block = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    return (yaml.safe_load(block[1]) or {}) if block else {}


def _entry(path: str, content: bytes) -> dict[str, Any]:
    entry = {"type": "file", "path": path, "size": len(content), "oid": git_sha1(content)}
    if path.endswith(LARGE):
        pointer = f"oid sha256:{sha256(content)}\nsize {len(content)}\n".encode()
        entry |= {"oid": git_sha1(pointer)}
        entry |= {"lfs": {"oid": sha256(content), "size": len(content), "pointerSize": 134}}
    return entry


def tree(files: Files, folder: str, recursive: str) -> list[dict[str, Any]]:
    inside = {p: c for p, c in files.items() if not folder or p.startswith(f"{folder}/")}
    if folder and not inside:
        raise RefusedError(404, f"{folder} does not exist", "EntryNotFound")
    depth = folder.count("/") + 1 if folder else 0
    folders = {"/".join(p.split("/")[: depth + 1]) for p in inside if p.count("/") > depth}
    listed = [
        {"type": "directory", "path": name, "size": 0, "oid": "0"} for name in sorted(folders)
    ]
    whole = recursive.lower() in ("true", "1")
    return listed + [_entry(p, c) for p, c in inside.items() if whole or p.count("/") == depth]


def upload_mode(repo: Repo, revision: str, file: dict[str, Any]) -> dict[str, Any]:
    there = repo.files(revision).get(file["path"])
    large = file["path"].endswith(LARGE)
    oid = None if there is None else sha256(there) if large else git_sha1(there)
    return {
        "path": file["path"],
        "uploadMode": "lfs" if large else "regular",
        "shouldIgnore": False,
        "oid": oid,
    }


def check_card(text: str) -> dict[str, Any]:
    """The Hub's rules for the metadata of a model card, as far as they are documented
    (https://huggingface.co/docs/hub/model-cards)."""
    errors, card = [], metadata(text)
    try:
        ModelCardData(**card)  # parses the model-index
    except (TypeError, ValueError) as error:
        errors.append(str(error))
    for key, rule in (
        ("license", r"[a-z0-9][a-z0-9.+-]*"),
        ("base_model", r"[\w.-]+/[\w.-]+"),
        ("base_model_relation", r"adapter|merge|quantized|finetune"),
        ("language", r"[a-z]{2,3}|code|multilingual"),
    ):
        values = card.get(key, [])
        for value in values if isinstance(values, list) else [values]:
            if not isinstance(value, str) or not re.fullmatch(rule, value):
                errors.append(f'"{key}" must not be {value!r}')
    for entry in card.get("model-index", []):
        for result in entry["results"]:
            if not {"type", "name"} <= result["dataset"].keys() or "type" not in result["task"]:
                errors.append('"model-index" lacks a task or a dataset')
    if errors:
        raise RefusedError(400, "Invalid metadata in README.md", errors=errors)
    warned = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return {"errors": [], "warnings": warned}
