"""Figures on the dataset, for README.md: python recipes/code_gen/stats.py

Counts, lengths in nano's tokens, and how near the test items are to training rows. `--families`
adds a table by family. Reads the files in train/ and test/.
"""

import argparse
import json
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from slm_lora import nano, rendering
from slm_lora.data import overlap
from slm_lora.data.shapes import Item

HERE = Path(__file__).resolve().parent
CONTEXT = 512
"""Tokens that nano reads and writes at most."""
THRESHOLDS = (0.9, 0.8, 0.7, 0.6, 0.5)

Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    """The rows of a file such as `train/apps`."""
    return [json.loads(line) for line in (HERE / f"{name}.jsonl").open(encoding="utf-8")]


def token_lengths(rows: Iterable[Row]) -> np.ndarray:
    """Tokens of each row as it is trained on, special ones included, shape (rows,)."""
    tokenizer = AutoTokenizer.from_pretrained(nano.PATH)
    texts = [
        rendering.full_text(
            {
                "prompt": [{"role": "user", "content": row["instruction"]}],
                "completion": [{"role": "assistant", "content": row["solution"]}],
            },
            tokenizer,
        )
        for row in rows
    ]
    return np.array([len(ids) for ids in rendering.tokenize(texts, tokenizer)])


def sizes(groups: dict[str, list[Row]]) -> list[str]:
    """Counts and lengths by group, as the lines of a Markdown table."""
    lines = ["| | " + " | ".join(groups) + " |", "|---" * (len(groups) + 1) + "|"]
    columns = []
    for rows in groups.values():
        tokens = token_lengths(rows)
        families = {name for row in rows for name in row["family"].split("+")}
        columns.append({
            "rows": f"{len(rows):,}",
            "of them with two families": f"{sum('+' in row['family'] for row in rows):,}",
            "families": f"{len(families)}",
            "tests a row": f"{np.mean([len(row.get('tests', ())) for row in rows]):.1f}",
            "tokens: mean": f"{tokens.mean():.0f}",
            "tokens: 97th percentile": f"{np.percentile(tokens, 97):.0f}",
            f"within {CONTEXT} tokens": f"{(tokens <= CONTEXT).mean():.3f}",
            "within 1,024 tokens": f"{(tokens <= 1024).mean():.3f}",
        })  # fmt: skip
    return lines + [
        f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]
    ]


def frozen(row: Row) -> frozenset[str]:
    """The families of a row, in no order."""
    return frozenset(row["family"].split("+"))


def nearness(train: list[Row], groups: dict[str, list[Row]]) -> list[str]:
    """Share of test items with a training row at least so similar, as a Markdown table."""
    lines = ["| similarity of | " + " | ".join(f"≥ {t}" for t in THRESHOLDS) + " |"]
    lines.append("|---" * (len(THRESHOLDS) + 1) + "|")
    for what, keys in (
        ("instruction and solution", ("instruction", "solution")),
        ("instruction alone", ("instruction",)),
    ):
        pool = items(train, keys)
        for name, rows in groups.items():
            shares = [
                overlap.near(pool, items(rows, keys), threshold)["near"] / len(rows)
                for threshold in THRESHOLDS
            ]
            lines.append(f"| {what}, {name} | " + " | ".join(f"{s:.3f}" for s in shares) + " |")
    return lines


def items(rows: Iterable[Row], keys: tuple[str, ...]) -> list[Item]:
    """The rows with the text that is compared."""
    return [Item(row, "\n".join(row[key] for key in keys)) for row in rows]


def by_family(train: list[Row], test: list[Row]) -> list[str]:
    """Rows and lengths of each family, as the lines of a Markdown table."""
    lines = ["| family | train | in train pairs | test | in test pairs | tokens: mean | most |"]
    lines.append("|---" * 7 + "|")
    tokens = token_lengths(train)
    for family in dict.fromkeys(row["family"] for row in test if "+" not in row["family"]):
        own = [length for row, length in zip(train, tokens, strict=True) if row["family"] == family]
        cells = [
            len(own),
            sum(family in frozen(row) for row in train) - len(own),
            sum(row["family"] == family for row in test),
            sum(family in frozen(row) and "+" in row["family"] for row in test),
            f"{np.mean(own):.0f}",
            max(own),
        ]
        lines.append(f"| {family} | {' | '.join(str(cell) for cell in cells)} |")
    return lines


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--families", action="store_true", help="print a table by family as well")
    options = parser.parse_args()
    train = {name: rows_of(f"train/{name}") for name in ("snippets", "scenes", "apps")}
    test = {name: rows_of(f"test/{name}") for name in ("snippets", "apps", "user_tasks")}
    splits: dict[str, list[Row]] = {}
    for row in chain(*test.values()):
        splits.setdefault(row["split"], []).append(row)
    print("\n".join(sizes({f"train: {name}": rows for name, rows in train.items()} | splits)))
    everything = [*chain(*train.values())]
    print("\n" + "\n".join(nearness(everything, splits)))
    if options.families:
        print("\n" + "\n".join(by_family(everything, test["snippets"] + test["apps"])))


if __name__ == "__main__":
    main()
