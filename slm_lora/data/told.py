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
    dropped = ", ".join(f"{n:,} of {name}" for name, n in report["excluded"].items())
    excluded = [f"training rows that contain a test item, left out: {dropped}"] if dropped else []
    cut = sum(report["unanswered"].values())
    left_off = [f"{cut:,} conversations end with turns that nobody answered: these are left off"]
    labels = Counter(report["labels"]["train"]) + Counter(report["labels"]["validation"])
    return [said, *excluded, *(left_off if cut else []), *([_balance(labels)] if labels else [])]


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
