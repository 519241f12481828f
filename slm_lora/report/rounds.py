"""Rounds of learning from the model's own answers, as metrics.json → `rounds` has them.

console.print(rounds_table(metrics))
"""

from dataclasses import dataclass
from typing import Any

from rich.table import Table

from slm_lora import formatting
from slm_lora.formatting import evidence
from slm_lora.records import Comparison, Metrics, Round
from slm_lora.report.baselines import Cell, cell
from slm_lora.tasks import TASKS

ALL = "all test items"


@dataclass(frozen=True)
class RoundLine:
    """A round on one split, ready to be shown; round 0 has no difference."""

    round: int
    split: str
    cell: Cell


def round_lines(metrics: Metrics) -> list[RoundLine]:
    """A line for each split and round, all items first; none without rounds."""
    found, primary = metrics.get("rounds", []), metrics["primary"]
    lines = []
    for split in _splits(found):
        for entry in found:
            figures, change = _figures(entry, split), _change(entry, split)
            lines.append(
                RoundLine(
                    round=entry["round"],
                    split=split.replace("_", " "),
                    cell=cell(figures, change, primary),
                )
            )
    return lines


def rounds_said(metrics: Metrics) -> list[str]:
    """What each round was trained on, and where it did not help, a sentence each."""
    return [*_drawn(metrics), *_without_gain(metrics)]


def rounds_table(metrics: Metrics) -> Table | None:
    """Splits and rounds for the terminal; None without rounds."""
    lines = round_lines(metrics)
    if not lines:
        return None
    table = Table(
        title="Rounds, with the difference to the round before",
        title_justify="left",
        caption="\n".join(rounds_said(metrics)),
        caption_justify="left",
    )
    for column in ("split", "round"):
        table.add_column(column)
    for column in (metrics["primary"], "difference", "95 % interval"):
        table.add_column(column, justify="right")
    for line in lines:
        figures = (line.cell.figure, line.cell.difference, line.cell.difference_interval)
        table.add_row(line.split, str(line.round), *figures)
    return table


def _drawn(metrics: Metrics) -> list[str]:
    return [
        f"Round {entry['round']}: {entry['drawn']:,} answers to {entry['items']:,} training items, "
        f"{entry['right']:,} right, {entry['kept']:,} of them new and kept, in "
        f"{entry['seconds']:,.0f} s."
        + ("" if entry["kept"] else " Nothing was new: the adapter stayed as it was.")
        for entry in metrics.get("rounds", [])[1:]
    ]


def _without_gain(metrics: Metrics) -> list[str]:
    """Of each split by its own paired test.

    "Round 1 did not help on apps: -0.010, 95 % interval -0.040 to 0.020, McNemar p = 0.5."
    """
    found = metrics.get("rounds", [])
    higher = TASKS[metrics["task"]].higher_is_better
    said = []
    for entry in found[1:]:
        for split in _splits(found):
            change = _change(entry, split)
            assert change, "only round 0 has none"
            outcome = formatting.outcome(change, higher)
            gain = change["difference"] if higher else -change["difference"]
            if outcome != "better":
                unclear = "is not shown to help" if gain > 0 else "did not help"
                did = "made it worse" if outcome == "worse" else unclear
                where = split.replace("_", " ")
                said.append(f"Round {entry['round']} {did} on {where}: {evidence(change)}.")
    return said


def _splits(rounds: list[Round]) -> list[str]:
    return [ALL, *rounds[0]["tuned"].get("splits", {})] if rounds else []


def _figures(entry: Round, split: str) -> dict[str, Any]:
    whole = entry["tuned"]
    found: dict[str, Any] = whole if split == ALL else whole["splits"][split]
    return found


def _change(entry: Round, split: str) -> Comparison | None:
    whole = entry.get("comparison")
    if whole is None or split == ALL:
        return whole
    return whole["splits"][split]
