"""What the model will see: rendered rows, the loss mask, lengths, padding and what was lost.

python -m slm_lora inspect +recipe=sentiment model=nano
python -m slm_lora inspect +recipe=sentiment model=nano --json
"""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from transformers import PreTrainedTokenizerBase

from slm_lora.console import stdout
from slm_lora.data import Prepared
from slm_lora.data.fitting import NOT_TRAINED
from slm_lora.data.labels import in_order
from slm_lora.preflight import Plan
from slm_lora.training import filling, sft_config

SHOWN = 3
Json = dict[str, Any]


def show(plan: Plan, as_json: bool) -> None:
    """Prints the data report, some rows and how well batches are filled."""
    prepared, tokenizer = plan.data, plan.tokenizer
    lengths = list(prepared.train["length"])
    args = sft_config(plan.config, plan.device, Path("checkpoints"), lengths)
    found = prepared.report | {
        "examples": examples(prepared, tokenizer),
        "batches": filling.padding(lengths, args),
        "packing": filling.packing(prepared, args),
    }
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        show_tables(found)


def examples(prepared: Prepared, tokenizer: PreTrainedTokenizerBase) -> list[Json]:
    """The first training rows, in `parts` of text that are trained or not; the last of them is
    `trained`, what stands before it the `prompt`."""
    rows = []
    for row in prepared.train.select(range(min(SHOWN, len(prepared.train)))):
        parts = _parts(row, tokenizer)
        texts = [part["text"] for part in parts]
        whole = {"prompt": "".join(texts[:-1]), "trained": texts[-1], "parts": parts}
        rows.append({"id": row["id"], "length": row["length"], **whole})
    return rows


def _parts(row: Json, tokenizer: PreTrainedTokenizerBase) -> list[Json]:
    parts: list[Json] = []
    end, shown = 0, ""
    for trained, labels in groupby(row["labels"], key=lambda label: label != NOT_TRAINED):
        end += len(list(labels))
        # A tokenizer may drop the space that a piece begins with, so all before is decoded too.
        before, shown = shown, tokenizer.decode(row["input_ids"][:end])
        parts.append({"text": shown.removeprefix(before), "trained": trained})
    return parts


def show_tables(found: Json) -> None:
    """Tables and coloured rows for a person."""
    console = stdout()
    left, right = ("", "") if console.color_system else ("«", "»")
    for row in found["examples"]:
        title = f"row {row['id']}, {row['length']} tokens, the trained ones marked:"
        console.print(title, style="bold")
        text = Text()
        for part in row["parts"]:
            if part["trained"]:
                text.append(left + part["text"] + right, style="green reverse")
            else:
                text.append(part["text"])
        console.print(Padding(text, (0, 0, 1, 2)))
    console.print(f"Shape: {found['shape']}{_answers(found)}")
    if "by_source" in found:
        console.print(_sources_table(found["by_source"]))
    console.print(_rows_table(found))
    console.print(_lengths_table(found))
    for line in _facts(found):
        console.print(line, highlight=False)


def _answers(found: Json) -> str:
    """What is trained of conversations."""
    if not found["multi_turn_rows"]:
        return ""
    trained, left = found["turns"]["trained"], found["turns"]["not_trained"]
    return f"; {trained:,} of {trained + left:,} answers in the training rows are trained"


def _sources_table(sources: Json) -> Table:
    splits = list(next(iter(sources.values()))["used"])
    table = Table("Source", "shape", "read", *splits, title="Sources", title_justify="left")
    for name, given in sources.items():
        counts = (given["read"], *(given["used"][split] for split in splits))
        table.add_row(Text(name), given["shape"], *map(_cell, counts))
    return table


def _rows_table(found: Json) -> Table:
    splits = ("train", "validation", "test")
    table = Table("Rows", *splits, title="Rows and what became of them", title_justify="left")
    counts = {
        "read": found["rows_read"],
        **{
            f"dropped: {reason}": {
                split: lost.get(reason) for split, lost in found["dropped"].items()
            }
            for reason in sorted({name for lost in found["dropped"].values() for name in lost})
        },
        **{f"kept in test: {name}": {"test": n} for name, n in found["kept_in_test"].items()},
        "truncated": found["truncated"],
        **(
            {"last turns without an answer left off": found["unanswered"]}
            if any(found["unanswered"].values())
            else {}
        ),
        "used": found["rows"],
        **{
            f"label {label}": {split: found["labels"][split].get(label, 0) for split in splits}
            for label in in_order({name for labels in found["labels"].values() for name in labels})
        },
    }
    for name, by_split in counts.items():
        table.add_row(name, *(_cell(by_split.get(split)) for split in splits))
    return table


def _lengths_table(found: Json) -> Table:
    rows = dict(found["lengths"])
    if found["packing"]:
        rows["train, packed"] = found["packing"]["lengths"]
    places = list(rows["train"])
    title = "Lengths of all rows, over-long ones too"
    table = Table("Tokens", *places, title=title, title_justify="left")
    for name, lengths in rows.items():
        table.add_row(name, *(_cell(lengths.get(place)) for place in places))
    return table


def _facts(found: Json) -> list[str]:
    overlap, losses, used = found["overlap"], found["round_trip"], found["batches"]
    orders = ", ".join(f"{name} {share:.1%}" for name, share in used["efficiency"].items())
    trained = "trained" if found["end_of_turn_trained"] else "NOT trained in every row"
    lines = [
        f"Tokens that are trained: {found['trained_token_share']:.1%}",
        f"End of turn {found['end_of_turn']!r}: {trained}",
        f"Tokens that are not padding, {used['micro_batch_size']} rows a pass: {orders}",
        f"In use for training: {used['in_use']}",
        f"Training rows with a test row's text (dropped): {overlap['exact']}",
        f"Test rows {overlap['threshold']:.0%} or more like a training row: {overlap['near']}",
        f"Rows with characters lost: {losses['lossy']} ({losses['lossy_share']:.1%})",
        f"Fingerprint: {found['fingerprint']}",
    ]
    if packed := found["packing"]:
        lines.insert(
            3,
            f"Packed into {packed['max_length']}: {packed['sequences']} sequences of "
            f"{packed['rows_per_sequence']:.1f} rows, {packed['efficiency']:.1%} full",
        )
    if excluded := ", ".join(f"{name} {n:,}" for name, n in found["excluded"].items()):
        lines.insert(-2, f"Training rows that contain an item of a set (dropped): {excluded}")
    if losses["lost_characters"]:
        lines.append(f"Lost characters: {losses['lost_characters']}")
    lines += [
        f"Near: test {pair['test']} and train {pair['train']} ({pair['similarity']}): "
        f"{pair['test_text']}"
        for pair in overlap["examples"]
    ]
    return lines


def _cell(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
