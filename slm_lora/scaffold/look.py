"""A look at the rows that a kit was made of, for a person."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from slm_lora.data import Loaded, told
from slm_lora.data.labels import counted

SHOWN = 600
"""Characters of a turn that are shown."""


def look(
    loaded: Loaded, taken: Mapping[str, str], unused: Sequence[str], prompt: str
) -> Iterator[str]:
    """Lines: which columns were taken for what, counts, what was dropped and why, the first row.

    `taken`: our name → the file's column. `unused`: columns that no row is made of. `prompt`: of a
    classification, how its texts are asked.
    """
    report = loaded.report
    columns = [
        ours if ours == theirs else f"{ours} from {theirs}" for ours, theirs in taken.items()
    ]
    yield f"columns: {', '.join(columns)}" + (f"; not used: {', '.join(unused)}" if unused else "")
    yield from told.lines(report)
    if report["multi_turn_rows"]:
        yield f"rows of several turns: {report['multi_turn_rows']:,}"
    dropped = Counter[str]()
    for lost in report["dropped"].values():
        dropped.update(lost)
    yield f"dropped: {counted({why.replace('_', ' '): n for why, n in dropped.items()}) or 'none'}"
    if near := report["overlap"]["near"]:
        share = report["overlap"]["threshold"]
        yield f"test rows that are {share:.0%} or more like a training row: {near:,}"
    yield "the first row, as it will be asked and answered:"
    row = loaded.train[0]
    turns = row["prompt"] + row["completion"]
    if prompt:
        turns = [{"role": "user", "content": prompt.format(text=turns[0]["content"])}, *turns[1:]]
    for turn in turns:
        text = turn.get("content") or ""
        yield f"  {turn['role']}:"
        yield textwrap.indent(text if len(text) <= SHOWN else f"{text[:SHOWN]} …", "    ")
