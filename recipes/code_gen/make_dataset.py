"""Write the rows of training and test into train/ and test/; the same bytes every time.

    python recipes/code_gen/make_dataset.py               write the files
    python recipes/code_gen/make_dataset.py --out FOLDER  write them elsewhere
    python recipes/code_gen/make_dataset.py --check       compare with what is there; 1: differs

Needs the standard library only. `check.py` runs what is written, `stats.py` measures it.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import user_items
from apps import rows as apps
from snippets import rows as snippets
from snippets import scenes

HERE = Path(__file__).resolve().parent

Row = dict[str, Any]


def files() -> dict[str, list[Row]]:
    """File → its rows."""
    return {
        "train/snippets.jsonl": numbered("train", snippets.train_rows()),
        "train/scenes.jsonl": numbered("scene", scenes.train_rows()),
        "train/apps.jsonl": numbered("app", apps.train_rows()),
        "test/snippets.jsonl": numbered("test", snippets.test_rows()),
        "test/apps.jsonl": numbered("test-app", apps.test_rows()),
        "test/user_tasks.jsonl": user_items.test_rows(),
    }


def numbered(name: str, rows: list[Row]) -> list[Row]:
    """The rows, each with an id."""
    return [{"id": f"{name}-{number:05}"} | row for number, row in enumerate(rows, start=1)]


def to_bytes(rows: list[Row]) -> bytes:
    """JSON Lines in UTF-8."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    parser.add_argument(
        "--check", action="store_true", help="compare with the files, write nothing"
    )
    options = parser.parse_args()
    contents = {name: to_bytes(rows) for name, rows in files().items()}
    if options.check:
        stale = [n for n, new in contents.items() if not is_there(options.out / n, new)]
        if stale:
            print(f"not what this script makes: {', '.join(stale)}. To write: {sys.argv[0]}")
        return 1 if stale else 0
    for name, content in contents.items():
        place = options.out / name
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f"{place.name}.new")
        beside.write_bytes(content)
        beside.replace(place)
        print(place)
    return 0


def is_there(path: Path, content: bytes) -> bool:
    """Has the file this content?"""
    return path.exists() and path.read_bytes() == content


if __name__ == "__main__":
    sys.exit(main())
