"""Rows to token ids, once: what does not fit is counted, what is made is cached by fingerprint.

The cache (slm_lora/cache.py) holds `tokens/<fingerprint>/{train,validation}.arrow` and
`report.json`. A changed row, tokenizer, chat template, limit or version of this code changes the
fingerprint.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.cache import cache_folder, cached, holds
from slm_lora.config.schema import Config
from slm_lora.data import fitting, round_trip, told
from slm_lora.data.fitting import Fit, Tally, fitted_rows
from slm_lora.data.load import Loaded
from slm_lora.data.load import fingerprint as rows_fingerprint
from slm_lora.errors import UserError
from slm_lora.files import scratch
from slm_lora.progress import log
from slm_lora.records import DataReport, Row
from slm_lora.rendering import conversation

TOOLS = "tool_calls"
HINTS = {
    TOOLS: "type model.chat_template=FILE with one that writes tools and their calls",
    "garbled": "type model.tokenizer=NAME for one that knows these characters, spaces too",
    "overlong": "type data.overlong=truncate, or more than trainer.max_length={}; where that is "
    "all that the model reads, expected shorter prompts, or another model",
}
"""Reason for which no row is left → what to do."""
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "input_ids": pa.list_(pa.int32()),
        "labels": pa.list_(pa.int32()),
        "length": pa.int32(),
    }
)


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


def prepare(loaded: Loaded, tokenizer: PreTrainedTokenizerBase, config: Config) -> Prepared:
    """Tokenize the training and validation rows, or load them from the cache.

    Rows with tools that the chat template cannot write are dropped (`tool_calls`). Test rows are
    else only measured. Over-long rows follow `data.overlong`; rows that lose much of their text in
    the tokenizer are dropped (`garbled`). Of conversations `data.turns` says what is trained.

    Raises:
        UserError: a prompt is no token prefix of its row, a row is over-long and `data.overlong` is
            `error`, no training or test row is left, or the cache cannot be written.
    """
    max_length = config.trainer.get("max_length", 1024)
    # Who names a prompt and its completion says what is trained: the completion.
    every = config.data.turns == "all" and "messages" in loaded.report["shape"]
    fit = Fit(max_length, config.data.overlong, every)
    key = fingerprint(loaded, tokenizer, fit)
    folder = cache_folder() / "tokens" / key
    if not holds(folder):
        with cached(folder) as beside:
            _write(beside, loaded, tokenizer, fit)
    report = loaded.report | json.loads((folder / "report.json").read_text())
    dropped = report.pop("dropped_tokens")
    report["kept_in_test"] = {**loaded.report["kept_in_test"], **dropped.pop("kept")}
    report["dropped"] = _sum(loaded.report["dropped"], dropped)
    test = [row for row in loaded.test if conversation.shows_tools(row, tokenizer)]
    train, validation = (
        Dataset.from_file(str(folder / f"{split}.arrow")) for split in ("train", "validation")
    )
    report["rows"] = {"train": len(train), "validation": len(validation), "test": len(test)}
    for line in told.dropped_lines(dropped):
        log.warning("%s", line)
    if every and report["turns"]["not_trained"]:
        log.warning(
            "%d earlier answers are not trained: nothing is asked before them, or the template "
            "writes them otherwise later",
            report["turns"]["not_trained"],
        )
    for split, rows in (("train", train), ("test", test)):
        if not len(rows):
            lost = Counter(report["dropped"][split])
            hint = HINTS[
                next((reason for reason, _ in lost.most_common() if reason in HINTS), TOOLS)
            ]
            raise UserError(
                f"no {split} row is left; dropped: {dict(lost)}", hint.format(max_length)
            )
    return Prepared(
        train,
        validation,
        test,
        report,
        train_rows=_used(loaded.train, train),
        validation_rows=_used(loaded.validation, validation),
    )


def with_more(
    data: Prepared, more: list[Row], tokenizer: PreTrainedTokenizerBase, config: Config
) -> Prepared:
    """The same with these training rows too, which follow the same rules."""
    train, validation, test = data.train_rows + more, data.validation_rows, data.test
    rows = {"train": train, "validation": validation, "test": test}
    report = data.report | {"fingerprint": rows_fingerprint(rows)}
    return prepare(Loaded(train, validation, test, report, config.data), tokenizer, config)


def _used(rows: list[Row], table: Dataset) -> list[Row]:
    kept = set(table["id"])
    return [row for row in rows if row["id"] in kept]


def fingerprint(loaded: Loaded, tokenizer: PreTrainedTokenizerBase, fit: Fit) -> str:
    """SHA-256 over the rows, the tokenizer's files with its template, the limits and this code."""
    digest = hashlib.sha256(loaded.report["fingerprint"].encode())
    with scratch() as folder:
        tokenizer.save_pretrained(folder)
        code = [Path(str(module.__file__)) for module in (round_trip, fitting)] + [Path(__file__)]
        code += sorted(Path(str(rendering.__file__)).parent.glob("*.py"))
        for file in sorted(Path(folder).rglob("*")) + code:
            if file.is_file():
                digest.update(file.name.encode() + file.read_bytes())
    digest.update(repr(fit).encode())
    return digest.hexdigest()


def _write(folder: Path, loaded: Loaded, tokenizer: PreTrainedTokenizerBase, fit: Fit) -> None:
    tallies = {}
    for split in ("train", "validation"):
        tallies[split] = Tally()
        rows = loaded.train if split == "train" else loaded.validation
        chunks = fitted_rows(rows, tokenizer, fit, tallies[split], split)
        with (
            pa.OSFile(str(folder / f"{split}.arrow"), "wb") as file,
            pa.ipc.new_stream(file, SCHEMA) as stream,
        ):
            for chunk in chunks:
                stream.write_table(pa.Table.from_pylist(chunk, SCHEMA))
    tallies["test"] = Tally()
    measured = replace(fit, overlong="drop")
    for _ in fitted_rows(loaded.test, tokenizer, measured, tallies["test"], "test"):
        pass
    report = _report(tallies, tokenizer)
    (folder / "report.json").write_text(json.dumps(report))


def _report(tallies: dict[str, Tally], tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    losses = round_trip.Losses()
    for tally in tallies.values():
        losses.add(tally.losses)
    train = tallies["train"]
    ends = rendering.stop_ids(tokenizer)
    ended = bool(train.terminators) and all(ends & set(ids) for ids in train.terminators)
    usual = train.terminators.most_common(1)[0][0] if train.terminators else ()
    dropped = {split: dict(tally.dropped) for split, tally in tallies.items()}
    kept = dropped.pop("test")
    for split, tally in tallies.items():
        if tally.untold:
            dropped.setdefault(split, {})[TOOLS] = tally.untold
    return {
        "dropped_tokens": {**dropped, "kept": kept},
        "lengths": {split: percentiles(tally.lengths) for split, tally in tallies.items()},
        "truncated": {split: tallies[split].truncated for split in ("train", "validation")},
        "turns": {name: train.turns[name] for name in ("trained", "not_trained")},
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
