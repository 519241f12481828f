"""Everything about rows that needs no tokenizer: read, clean, split, and look for test rows."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import (
    choices,
    cleaning,
    exclude,
    joining,
    mix,
    overlap,
    programs,
    splits,
    told,
    written_out,
)
from slm_lora.data.columns import label_like
from slm_lora.data.labels import Labels, in_order, name_classes
from slm_lora.data.question import question
from slm_lora.data.read import read
from slm_lora.data.shapes import Item
from slm_lora.data.source import Source, columns_of, joined
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

    Test rows of their own source are never left out but for an empty text, no label, a bad answer,
    or turns that cannot be told apart; rows that repeat another are counted. Training rows with a
    test row's text, or an item's of `data.exclude`, are dropped. `test_format` is task.format.

    Raises:
        UserError: a source is not there or malformed, a shape or label is unknown, the test rows
            have labels of their own, no row is left.
    """
    train_sources, test_sources = read(config)
    for source in test_sources or []:
        programs.items_of(source.records, test_format)
    for source in train_sources:  # in the words of the test rows, where they are of their kind
        if programs.layout_of(columns_of(source)) == test_format:
            programs.items_of(source.records, test_format)
    for sources in (train_sources, test_sources or []):
        joining.rename(sources, config)
    all_sources = train_sources + (test_sources or [])
    if config.prompt is None:
        written_out.read_back(all_sources)
    choices.write_below(all_sources, own_prompt=config.prompt is not None)
    shape = joining.one_shape(all_sources)
    labelled = shape == "text+label"
    name_classes(all_sources, config)
    read_to_train, read_to_test = joined(train_sources), joined(test_sources or [])
    labels = Labels(config, read_to_train if labelled else Source())
    if labelled:
        if test_sources is not None:
            labels.check_test(read_to_test)
        config = replace(config, prompt=config.prompt or question(config, list(labels.counts)))

    pool, dropped = joining.to_items(train_sources, config, labels)
    pool, repeated = cleaning.drop_repeated(pool)
    dropped += repeated
    test_dropped, test_repeated = Counter[str](), Counter[str]()
    if test_sources is None:
        pool, test = splits.hold_out(pool, config.test_fraction, config.seed, "test")
    else:
        test, test_dropped = joining.to_items(test_sources, config, labels)
        _, test_repeated = cleaning.drop_repeated(test)
    pool, exact = overlap.drop_exact(pool, test)
    pool, excluded = exclude.drop_excluded(pool, exclude.sets_of(config, shape))
    over_mix = 0
    if config.mix:
        pool, over_mix, over = mix.by_shares(pool, config.mix, config.train_limit, config.seed)
    else:
        pool, over = splits.limit(pool, config.train_limit, config.seed)
    test, test_over = splits.limit(test, config.test_limit, config.seed)
    dropped += Counter(excluded=sum(excluded.values()))
    dropped += Counter(in_test=exact, over_mix=over_mix, over_limit=over)
    test_dropped += Counter(over_limit=test_over)
    train, validation = splits.hold_out(pool, config.validation_fraction, config.seed, "validation")
    _refuse_empty(train, test, dropped + test_dropped)

    by_split = {"train": train, "validation": validation, "test": test}
    rows = {split: [item.row for item in items] for split, items in by_split.items()}
    report: RowsReport = {
        "sources": {
            "train": read_to_train.report,
            "test": read_to_test.report if test_sources else "held out of the training rows",
        },
        "columns": columns_of(read_to_train),
        "label_like": label_like(read_to_train),
        "shape": shape,
        "rows_read": {
            "train": len(read_to_train.records),
            "test": len(read_to_test.records),
        },
        "rows": {split: len(items) for split, items in rows.items()},
        "dropped": {"train": dict(dropped), "test": dict(test_dropped)},
        "kept_in_test": dict(test_repeated),
        "multi_turn_rows": sum(_answered(row) for items in rows.values() for row in items),
        "unanswered": {split: sum(item.cut for item in items) for split, items in by_split.items()},
        "overlap": {"exact": exact, **overlap.near(pool, test, config.near_duplicate)},
        "excluded": excluded,
        "labels": {split: _label_counts(items) for split, items in rows.items()},
        "fingerprint": fingerprint(rows),
    }
    if len(train_sources) > 1:
        own = {split: by_split[split] for split in by_split if split != "test" or not test_sources}
        report["by_source"] = joining.rows_of(train_sources, own)
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


def _label_counts(rows: list[Row]) -> dict[str, int]:
    counts = Counter(row["label"] for row in rows if "label" in row)
    return {name: counts[name] for name in in_order(counts)}


def _answered(row: Row) -> bool:
    return any(message["role"] == "assistant" for message in row["prompt"])


def _refuse_empty(train: list[Item], test: list[Item], dropped: Counter[str]) -> None:
    for split, items in (("train", train), ("test", test)):
        if not items:
            raise UserError(
                f"no {split} rows are left; {told.lost(dropped) or 'none was left out'}",
                "name more rows by data.train or data.test, or see data.test_fraction and "
                "data.validation_fraction; rows of one question stay together",
            )
