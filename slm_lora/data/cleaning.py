"""Leaves out rows that say nothing new, with counts by reason."""

import json
from collections import Counter, defaultdict

from slm_lora.data.shapes import Item


def drop_repeated(items: list[Item]) -> tuple[list[Item], Counter[str]]:
    """Without rows that repeat an earlier one (`duplicate`), and without all rows of a prompt that
    comes with different labels (`conflicting_label`): no one can tell which of them is right."""
    labels: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if "label" in item.row:
            labels[_prompt(item)].add(item.row["label"])
    kept, dropped = [], Counter[str]()
    seen: set[tuple[str, str]] = set()
    for item in items:
        prompt = _prompt(item)
        whole = (prompt, json.dumps(item.row["completion"]))
        if len(labels.get(prompt, ())) > 1:
            dropped["conflicting_label"] += 1
        elif whole in seen:
            dropped["duplicate"] += 1
        else:
            seen.add(whole)
            kept.append(item)
    return kept, dropped


def _prompt(item: Item) -> str:
    return json.dumps([item.row["prompt"], item.row.get("tools")])
