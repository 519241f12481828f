"""Several sources as one: each is recognised for itself, and what they must agree in is looked at.

python -m slm_lora inspect +recipe=instruct 'data.train=[talks.jsonl,faq.csv]'
"""

from collections import Counter
from dataclasses import replace

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import flat, shapes
from slm_lora.data.labels import Labels
from slm_lora.data.shapes import Item
from slm_lora.data.source import Source, columns_of, named
from slm_lora.errors import UserError
from slm_lora.records import SourceRows


def rename(sources: list[Source], config: DataConfig) -> None:
    """Columns by our names, and the shape of each source. An entry of `data.columns` is for the
    sources that have its column.

    Raises:
        UserError: a mapped column is in none of them, or a source is of no known shape.
    """
    for source in sources:
        if not {*config.columns.values()} & {*columns_of(source)}:
            flat.put_together(source)
    known = [{*columns_of(source)} for source in sources]
    for source, own in zip(sources, known, strict=True):
        elsewhere = set().union(*known) - own
        here = {ours: name for ours, name in config.columns.items() if name not in elsewhere}
        shapes.rename(source, replace(config, columns=here))
        source.shape = shapes.recognise(source)


def one_shape(sources: list[Source]) -> str:
    """The shape of all; `messages` where some are conversations and others questions and answers.

    Raises:
        UserError: they cannot be taught together.
    """
    found = {source.shape for source in sources}
    if len(found) == 1:
        return found.pop()
    if found <= {*shapes.CONVERSATIONS}:
        return "messages"
    said = "; ".join(f"{named(source)}: {source.shape}" for source in sources)
    raise UserError(
        f"the sources have different shapes: {said}",
        f"expected one shape, or several of {', '.join(shapes.CONVERSATIONS)}; see data.columns",
    )


def to_items(
    sources: list[Source], config: DataConfig, labels: Labels
) -> tuple[list[Item], Counter[str]]:
    """As `shapes.to_items`, of all sources. Ids that two of them share get their names before."""
    items: list[Item] = []
    dropped = Counter[str]()
    for source in sources:
        found, lost = shapes.to_items(source, source.shape, config, labels)
        items += found if len(sources) == 1 else [replace(i, source=source.name) for i in found]
        dropped += lost
    if len(sources) > 1 and len({item.row["id"] for item in items}) < len(items):
        for item in items:
            item.row["id"] = f"{item.source}:{item.row['id']}"
    return items, dropped


def rows_of(sources: list[Source], by_split: dict[str, list[Item]]) -> dict[str, SourceRows]:
    """What each source gave to each split, by its name."""
    counts = {split: Counter(item.source for item in by_split[split]) for split in by_split}
    return {
        source.name: {
            "shape": source.shape,
            "read": len(source.records),
            "used": {split: found[source.name] for split, found in counts.items()},
        }
        for source in sources
    }
