"""Rows to token ids, once: what does not fit is counted, what is made is cached by fingerprint.

The cache (slm_lora/cache.py) holds `tokens/<fingerprint>/{train,validation}.arrow` and
`report.json`. A changed row, tokenizer, chat template, limit or version of this code changes the
fingerprint.
"""

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.cache import cache_folder, cached
from slm_lora.config.schema import Config
from slm_lora.data import round_trip
from slm_lora.data.load import Loaded
from slm_lora.errors import UserError
from slm_lora.progress import track
from slm_lora.records import DataReport, Row
from slm_lora.rendering import Encoded

CHUNK = 1000
"""Rows tokenized at once."""
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "input_ids": pa.list_(pa.int32()),
        "labels": pa.list_(pa.int32()),
        "length": pa.int32(),
    }
)
NOT_TRAINED = -100


@dataclass(frozen=True)
class Prepared:
    """`train` and `validation` have the columns `id`, `input_ids`, `labels` (the token where it is
    trained, else -100) and `length` (tokens), in the order of the rows, which `train_rows` and
    `validation_rows` are as their source says them. `test` is left as rows."""

    train: Dataset
    validation: Dataset
    test: list[Row]
    report: DataReport
    train_rows: list[Row]
    validation_rows: list[Row]


@dataclass
class Tally:
    """What tokenizing one split found. `lengths` counts every row, the dropped ones too."""

    lengths: list[int] = field(default_factory=list)
    tokens: int = 0
    trained: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: int = 0
    terminators: Counter[tuple[int, ...]] = field(default_factory=Counter)
    losses: round_trip.Losses = field(default_factory=round_trip.Losses)


def prepare(loaded: Loaded, tokenizer: PreTrainedTokenizerBase, config: Config) -> Prepared:
    """Tokenize the training and validation rows, or load them from the cache.

    Test rows are only measured. Over-long rows follow `data.overlong`; rows that lose much of their
    text in the tokenizer are dropped (`garbled`).

    Raises:
        UserError: a prompt is no token prefix of its row, a row is over-long and `data.overlong` is
            `error`, no training row is left, or the cache cannot be written.
    """
    max_length = config.trainer.get("max_length", 1024)
    key = fingerprint(loaded, tokenizer, max_length, config.data.overlong)
    folder = cache_folder() / "tokens" / key
    if not folder.is_dir():
        with cached(folder) as beside:
            _write(beside, loaded, tokenizer, max_length, config.data.overlong)
    report = loaded.report | json.loads((folder / "report.json").read_text())
    report["dropped"] = _sum(loaded.report["dropped"], report.pop("dropped_tokens"))
    report["kept_in_test"] = {**loaded.report["kept_in_test"], **report["dropped"].pop("kept")}
    train, validation = (
        Dataset.from_file(str(folder / f"{split}.arrow")) for split in ("train", "validation")
    )
    report["rows"] = report["rows"] | {"train": len(train), "validation": len(validation)}
    if not len(train):
        raise UserError(
            f"no training row is left; dropped: {report['dropped']['train']}",
            f"see data.overlong={config.data.overlong} and trainer.max_length={max_length}, "
            "or type model.tokenizer=NAME for one that knows these characters",
        )
    return Prepared(
        train,
        validation,
        loaded.test,
        report,
        train_rows=_used(loaded.train, train),
        validation_rows=_used(loaded.validation, validation),
    )


def _used(rows: list[Row], table: Dataset) -> list[Row]:
    kept = set(table["id"])
    return [row for row in rows if row["id"] in kept]


def fingerprint(
    loaded: Loaded, tokenizer: PreTrainedTokenizerBase, max_length: int | None, overlong: str
) -> str:
    """SHA-256 over the rows, the tokenizer's files with its template, the limits and this code."""
    digest = hashlib.sha256(loaded.report["fingerprint"].encode())
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        code = [Path(str(module)) for module in (rendering.__file__, round_trip.__file__, __file__)]
        for file in sorted(Path(folder).rglob("*")) + code:
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    digest.update(f"{max_length} {overlong}".encode())
    return digest.hexdigest()


def _write(
    folder: Path,
    loaded: Loaded,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    overlong: str,
) -> None:
    tallies = {}
    for split in ("train", "validation"):
        tallies[split] = Tally()
        rows = loaded.train if split == "train" else loaded.validation
        chunks = _tokenize(rows, tokenizer, max_length, overlong, tallies[split], split)
        with (
            pa.OSFile(str(folder / f"{split}.arrow"), "wb") as file,
            pa.ipc.new_stream(file, SCHEMA) as stream,
        ):
            for chunk in chunks:
                stream.write_table(pa.Table.from_pylist(chunk, SCHEMA))
    tallies["test"] = Tally()
    for _ in _tokenize(loaded.test, tokenizer, max_length, "drop", tallies["test"], "test"):
        pass
    report = _report(tallies, tokenizer)
    (folder / "report.json").write_text(json.dumps(report))


def _tokenize(
    rows: list[Row],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    overlong: str,
    tally: Tally,
    split: str,
) -> Iterator[list[dict[str, Any]]]:
    """Chunks of the table's rows."""
    starts = range(0, len(rows), CHUNK)
    for start in track(starts, len(starts), f"tokenizing {split}"):
        chunk = rows[start : start + CHUNK]
        encoded = rendering.encode(chunk, tokenizer)
        names = [row["id"] for row in chunk]
        shares = round_trip.measure(names, encoded, tokenizer, tally.losses)
        yield [
            fitted
            for name, item, share in zip(names, encoded, shares, strict=True)
            if (fitted := _fit(name, item, share, max_length, overlong, tally))
        ]


def _fit(
    name: str, item: Encoded, lost: float, max_length: int | None, overlong: str, tally: Tally
) -> dict[str, Any] | None:
    """The table's row, or None when the row is dropped."""
    ids, prompt = item.ids, len(item.prompt)
    tally.lengths.append(len(ids))
    if lost > round_trip.GARBLED:
        tally.dropped["garbled"] += 1
        return None
    if max_length is None or len(ids) <= max_length:
        tally.terminators[tuple(item.terminator)] += 1
    elif overlong == "error":
        raise UserError(
            f"row {name} has {len(ids)} tokens, trainer.max_length is {max_length}",
            f"type trainer.max_length={len(ids)}, data.overlong=drop or data.overlong=truncate",
        )
    elif overlong == "drop" or prompt >= max_length:
        tally.dropped["overlong"] += 1
        return None
    else:
        ids = ids[:max_length]
        tally.truncated += 1
    tally.tokens += len(ids)
    tally.trained += len(ids) - prompt
    labels = [NOT_TRAINED] * prompt + ids[prompt:]
    return {"id": name, "input_ids": ids, "labels": labels, "length": len(ids)}


def _report(tallies: dict[str, Tally], tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    losses = round_trip.Losses()
    for tally in tallies.values():
        losses.add(tally.losses)
    train = tallies["train"]
    ends = rendering.stop_ids(tokenizer)
    ended = bool(train.terminators) and all(ends & set(ids) for ids in train.terminators)
    usual = train.terminators.most_common(1)[0][0] if train.terminators else ()
    return {
        "dropped_tokens": {
            **{split: dict(tallies[split].dropped) for split in ("train", "validation")},
            "kept": dict(tallies["test"].dropped),
        },
        "lengths": {split: percentiles(tally.lengths) for split, tally in tallies.items()},
        "truncated": {split: tallies[split].truncated for split in ("train", "validation")},
        "trained_token_share": train.trained / max(train.tokens, 1),
        "end_of_turn": tokenizer.decode(list(usual)),
        "end_of_turn_trained": ended and not train.truncated,
        "round_trip": losses.report(),
    }


def percentiles(lengths: list[int]) -> dict[str, int]:
    """Lengths in tokens at the places that tell a distribution."""
    if not lengths:
        return {}
    places = {"min": 0, "p50": 50, "p90": 90, "p95": 95, "p99": 99, "max": 100}
    return {
        name: int(np.percentile(lengths, place, method="higher")) for name, place in places.items()
    }


def _sum(
    first: dict[str, dict[str, int]], second: dict[str, dict[str, int]]
) -> dict[str, dict[str, int]]:
    """Counts by split and reason, of both stages."""
    return {
        split: dict(Counter(first.get(split, {})) + Counter(second.get(split, {})))
        for split in first | second
    }
