"""Small files of rows, and the data room called on them.

from tests.helpers.rows import load, write_jsonl
"""

import json
from pathlib import Path
from typing import Any

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, load_rows


def write_jsonl(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def load(
    folder: Path,
    train: list[dict[str, Any]],
    test: list[dict[str, Any]] | None = None,
    **config: Any,
) -> Loaded:
    """Rows written to train.jsonl and test.jsonl, and loaded; nothing is held out by default."""
    files = {"train": str(write_jsonl(folder / "train.jsonl", train))}
    if test is not None:
        files["test"] = str(write_jsonl(folder / "test.jsonl", test))
    return load_rows(DataConfig(**{"validation_fraction": 0.0, **files, **config}))
