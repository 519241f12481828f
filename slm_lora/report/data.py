"""The data section of the report in words, from data_report.json.

in_words(read_json(run.data_report))
"""

from typing import Any

from slm_lora.data import told
from slm_lora.records import DataReport


def in_words(report: DataReport) -> list[str]:
    """A sentence each on the rows, what was left out, overlap, lengths, and what is trained."""
    unknown: Any = {"excluded": {}, "unanswered": {}, "truncated": {}}  # in reports of old versions
    report = {**unknown, **report}
    said = [line[0].upper() + line[1:] for line in told.lines(report)]
    for split, reasons in report["dropped"].items():
        if reasons:
            counts = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for reason, n in reasons.items())
            said.append(f"Left out of the {split} rows: {counts}")
    overlap = report["overlap"]
    said.append(
        f"Training rows with the text of a test row, left out: {overlap['exact']:,}; test rows "
        f"that are {overlap['threshold']:.0%} or more like a training row: {overlap['near']:,}"
    )
    lengths, cut = report["lengths"]["train"], report["truncated"].get("train", 0)
    if lengths:
        said.append(
            f"Half of the training rows have up to {lengths['p50']:,} tokens, the longest "
            f"{lengths['max']:,}; {cut:,} were cut off"
        )
    said.append(
        f"{report['trained_token_share']:.1%} of the tokens are trained: the answers and their ends"
    )
    return [f"{sentence}." for sentence in said]
