"""Which of the drawn answers are trained: the rules, as pure functions.

    select(drawn, kept_before, form, most=2, rows=None)

An answer is kept if it is right, differs in its form from the row's own answer and from all kept
ones, and the item has room. Items that fewer answers solve come first.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from slm_lora.records import Message, Row


@dataclass(frozen=True)
class Drawn:
    """One training item: its row, how many answers were drawn, and those that are right."""

    row: Row
    answers: int
    right: list[str]


def chosen(items: Sequence[Row], most: int | None, seed: int) -> list[Row]:
    """At most `most` of the items, by seed, in their order."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[n] for n in sorted(Random(seed).sample(range(len(items)), most))]


def select(
    drawn: Sequence[Drawn],
    kept_before: Iterable[Row],
    form: Callable[[Row, str], str],
    *,
    most: int,
    rows: int | None,
) -> list[Row]:
    """The rows to add, hardest items first: at most `most` an item, those kept in earlier rounds
    among them, and `rows` in all. Of one item the first drawn are kept."""
    before = defaultdict(list)
    for row in kept_before:
        before[row["id"].rpartition("/drawn-")[0]].append(row)
    added: list[Row] = []
    for item in sorted(drawn, key=lambda item: len(item.right) / item.answers):
        row, earlier = item.row, before[item.row["id"]]
        known = {form(row, one["completion"][0]["content"]) for one in (row, *earlier)}
        kept = len(earlier)
        for text in item.right:
            if kept < most and (said := form(row, text)) not in known:
                known.add(said)
                kept += 1
                added.append(_as_row(row, text, kept))
    return added[:rows]


def _as_row(row: Row, answer: str, number: int) -> Row:
    completion: list[Message] = [{**row["completion"][0], "content": answer}]
    return {**row, "id": f"{row['id']}/drawn-{number}", "completion": completion}
