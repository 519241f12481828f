"""What the log says of the rows: every source with its rows, what became of them, the labels."""

from collections import Counter
from typing import Any

from slm_lora.data.labels import counted
from slm_lora.data.source import place
from slm_lora.records import RowsReport, SourceRows

NAMED = 6
"""Most files that are named."""
UNBALANCED = 3
"""The most frequent label has so many times the rows of the rarest."""


def lines(report: RowsReport) -> list[str]:
    """A line on the sources, and where there are any one each on excluded rows, turns left off and
    labels."""
    rows, (train, test) = report["rows"], (report["sources"][s] for s in ("train", "test"))
    said = f"rows: {rows['train']:,} to train on"
    said += f", {rows['validation']:,} for validation" if rows["validation"] else ""
    several = report.get("by_source")
    trained = _shares(several) if several else _sources(train)
    if isinstance(test, list):
        said += f" from {trained}; {rows['test']:,} to test on from {_sources(test)}"
    else:
        said += f", {rows['test']:,} split off to test on, all from {trained}"
    items = ", ".join(f"{n:,} of {name}" for name, n in report["excluded"].items())
    excluded = [f"training rows that contain a test item, left out: {items}"] if items else []
    cut = sum(report["unanswered"].values())
    left_off = [f"{cut:,} conversations end with turns that nobody answered: these are left off"]
    labels = Counter(report["labels"]["train"]) + Counter(report["labels"]["validation"])
    balance = [_balance(labels)] if labels else []
    dropped = dropped_lines(
        {
            split: {why: n for why, n in reasons.items() if why != "excluded"}
            for split, reasons in report["dropped"].items()
        }
    )
    return [said, *excluded, *dropped, *(left_off if cut else []), *balance]


REASONS = {
    "empty": "without a question or an answer",
    "no_label": "without a label",
    "no_answer": "without an answer to learn",
    "no_text": "with pictures or sound",
    "rejected": "labelled as bad answers",
    "duplicate": "that repeat another",
    "conflicting_label": "of a text that comes with several labels",
    "in_test": "that are among the test rows",
    "excluded": "that contain an item of data.exclude",
    "trained_on": "that the run was trained on",
    "garbled": "that the tokenizer cannot write",
    "overlong": "longer than trainer.max_length",
    "tool_calls": "with tools that the chat template does not write",
}
"""Reason for which a row is left out → what to say of it; what the user asked for is not there."""


def dropped_lines(dropped: dict[str, dict[str, int]]) -> list[str]:
    """A line for each split that rows were left out of."""
    return [
        f"rows left out of {'training' if split == 'train' else split}: {said}"
        for split, reasons in dropped.items()
        if (said := lost(Counter(reasons)))
    ]


def lost(dropped: Counter[str]) -> str:
    """`12 without a label, 3 that repeat another`."""
    told = [f"{n:,} {REASONS[why]}" for why, n in dropped.most_common() if n and why in REASONS]
    return ", ".join(told)


def _sources(entries: list[dict[str, Any]]) -> str:
    some = [f"{place(entry)} ({entry['rows']:,} read)" for entry in entries[:NAMED]]
    more = sum(entry["rows"] for entry in entries[NAMED:])
    return ", ".join([*some, *([f"others ({more:,} read)"] if more else [])])


def _shares(several: dict[str, SourceRows]) -> str:
    return ", ".join(
        f"{name} ({found['read']:,} read, {sum(found['used'].values()):,} used)"
        for name, found in several.items()
    )


def _balance(labels: Counter[str]) -> str:
    (top, most), least = labels.most_common(1)[0], min(labels.values())
    said = f"labels of the rows for training and validation: {counted(labels)}"
    if most < UNBALANCED * least:
        return said
    share = most / labels.total()
    return f"{said}; unbalanced: '{top}' is {share:.0%} of them, so read f1_macro beside accuracy"
