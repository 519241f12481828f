"""Everything about rows that needs no tokenizer: read, clean, split, and look for test rows."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import cleaning, overlap, programs, shapes, splits, told
from slm_lora.data.labels import Labels, in_order
from slm_lora.data.question import question
from slm_lora.data.read import read
from slm_lora.data.shapes import Item
from slm_lora.data.source import Source, columns_of
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import Row, RowsReport


@dataclass(frozen=True)
class Loaded:
    """Rows of the three splits, and the report: sources, shape, counts, overlap, fingerprint.
    `config` says of these rows what was asked for, and what was taken from them (`prompt`)."""

    train: list[Row]
    validation: list[Row]
    test: list[Row]
    report: RowsReport
    config: DataConfig


def load_rows(config: DataConfig, test_format: str = "rows") -> Loaded:
    """Read, clean and split the rows that the config names.

    Test rows of their own source are never left out but for an empty text or no label; rows that
    repeat another are counted. Training rows with a test row's text are dropped. `test_format` is
    task.format.

    Raises:
        UserError: a source is not there or malformed, a shape or label is unknown, the test rows
            have labels of their own, no row is left.
    """
    train_source, test_source = read(config)
    if test_source is not None:
        programs.items_of(test_source.records, test_format)
    shape = _shape(config, train_source, test_source)
    labelled = shape == "text+label"
    labels = Labels(config, train_source if labelled else Source())
    if labelled:
        if test_source is not None:
            labels.check_test(test_source)
        config = replace(config, prompt=config.prompt or question(config, list(labels.counts)))

    pool, dropped = shapes.to_items(train_source, shape, config, labels)
    pool, repeated = cleaning.drop_repeated(pool)
    dropped += repeated
    test_dropped, test_repeated = Counter[str](), Counter[str]()
    if test_source is None:
        pool, test = splits.hold_out(pool, config.test_fraction, config.seed, "test")
    else:
        test, test_dropped = shapes.to_items(test_source, shape, config, labels)
        _, test_repeated = cleaning.drop_repeated(test)
    pool, exact = overlap.drop_exact(pool, test)
    pool, over = splits.limit(pool, config.train_limit, config.seed)
    test, test_over = splits.limit(test, config.test_limit, config.seed)
    dropped += Counter(in_test=exact, over_limit=over)
    test_dropped += Counter(over_limit=test_over)
    train, validation = splits.hold_out(pool, config.validation_fraction, config.seed, "validation")
    _refuse_empty(train, test, dropped, test_dropped)

    by_split = {"train": train, "validation": validation, "test": test}
    rows = {split: [item.row for item in items] for split, items in by_split.items()}
    report: RowsReport = {
        "sources": {
            "train": train_source.report,
            "test": test_source.report if test_source else "held out of the training rows",
        },
        "columns": columns_of(train_source),
        "shape": shape,
        "rows_read": {
            "train": len(train_source.records),
            "test": len(test_source.records) if test_source else 0,
        },
        "rows": {split: len(items) for split, items in rows.items()},
        "dropped": {"train": dict(dropped), "test": dict(test_dropped)},
        "kept_in_test": dict(test_repeated),
        "multi_turn_rows": sum(_answered(row) for items in rows.values() for row in items),
        "unanswered": {split: sum(item.cut for item in items) for split, items in by_split.items()},
        "overlap": {"exact": exact, **overlap.near(pool, test, config.near_duplicate)},
        "labels": {split: _label_counts(items) for split, items in rows.items()},
        "fingerprint": fingerprint(rows),
    }
    for line in told.lines(report):
        log.info("%s", line)
    return Loaded(rows["train"], rows["validation"], rows["test"], report, config)


def fingerprint(rows: dict[str, list[Row]]) -> str:
    """SHA-256 over all rows of all splits, in their order."""
    digest = hashlib.sha256()
    for split, items in rows.items():
        for row in items:
            digest.update(json.dumps([split, row], sort_keys=True).encode())
    return digest.hexdigest()


def _shape(config: DataConfig, train: Source, test: Source | None) -> str:
    found = []
    for source in (train, test):
        if source is not None:
            shapes.rename(source, config)
            found.append(shapes.recognise(source))
    if len(set(found)) > 1:
        raise UserError(
            f"the training rows are {found[0]}, the test rows {found[1]}",
            "expected the same columns in both; see data.columns",
        )
    return found[0]


def _label_counts(rows: list[Row]) -> dict[str, int]:
    counts = Counter(row["label"] for row in rows if "label" in row)
    return {name: counts[name] for name in in_order(counts)}


def _answered(row: Row) -> bool:
    return any(message["role"] == "assistant" for message in row["prompt"])


def _refuse_empty(
    train: list[Item], test: list[Item], dropped: Counter[str], test_dropped: Counter[str]
) -> None:
    for split, items, lost in (("train", train, dropped), ("test", test, test_dropped)):
        if not items:
            raise UserError(
                f"no {split} rows are left; dropped: {dict(lost) or 'none'}",
                "name more rows by data.train or data.test, or see data.test_fraction and "
                "data.validation_fraction",
            )
