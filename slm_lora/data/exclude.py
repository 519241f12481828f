"""Training rows that contain an item of a benchmark, or of any other test set (`data.exclude`).

    python -m slm_lora +recipe=code_gen 'data.exclude=[humaneval,mbpp,exam.jsonl]'

The rule of GPT-3 (arXiv:2005.14165, appendix C): a row that has 13 words in a row of an item is
dropped, whatever their case and the signs between them. A shorter text of an item, down to 8 words,
the least that the paper looks for, has to be there as a whole. What more than 10 items of a set
share is their form, such as the head of a test, and numbers without a word are no one's text.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from huggingface_hub import HfApi, is_offline_mode

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import programs, shapes
from slm_lora.data.labels import Labels
from slm_lora.data.read import read_hub, read_local
from slm_lora.data.shapes import Item
from slm_lora.data.source import Source, columns_of
from slm_lora.errors import UserError
from slm_lora.network import HTTPError
from slm_lora.progress import log
from slm_lora.records import Row

WORDS = 13
FEWEST = 8
SHARED = 10
PATIENCE_S = 3
"""Seconds that the hub has to answer when nobody asked for its sets."""

Sets = dict[str, list[Item]]
"""Name of a set → its items."""


def sets_of(config: DataConfig, shape: str) -> Sets:
    """The sets of `data.exclude`; of training rows of code the public ones by default.

    Raises:
        UserError: a set that was asked for is not there, malformed or of no known shape.
    """
    if config.exclude is not None:
        return {name: _items(name, config) for name in config.exclude}
    found, lost = Sets(), []
    public = programs.PUBLIC if shape == "code" else {}
    for name, where in public.items():
        try:
            if not is_offline_mode():  # else the hub's reader takes the copy in its cache
                HfApi().dataset_info(str(where.name), timeout=PATIENCE_S)
            found[name] = _items(name, config)
        except (OSError, HTTPError, UserError):
            lost.append(name)
    if lost:
        log.info(
            "the training rows were not compared with %s, which cannot be had from the hub; type "
            "'data.exclude=[FILE]' for a file of test items, or 'data.exclude=[]'",
            " and ".join(lost),
        )
    return found


def drop_excluded(train: list[Item], sets: Sets) -> tuple[list[Item], dict[str, int]]:
    """The rows that contain no item, and set → rows that contain one of its items."""
    index = _index(sets)
    kept, dropped = [], dict.fromkeys(sets, 0)
    for item in train:
        name = index.found_in(item.row) if sets else None
        if name is None:
            kept.append(item)
        else:
            dropped[name] += 1
    return kept, dropped


@dataclass
class Index:
    """Hashes of runs of words: `runs` → the set they are of, `heads` of their first words."""

    runs: dict[int, str] = field(default_factory=dict)
    heads: set[int] = field(default_factory=set)
    sizes: set[int] = field(default_factory=set)

    def found_in(self, row: Row) -> str | None:
        """The set that a row has an item's text of."""
        for words in _texts(row):
            # Most rows end here, without a step in Python for each word.
            heads = zip(*(words[n:] for n in range(FEWEST)), strict=False)
            if self.heads.isdisjoint(map(hash, heads)):
                continue
            for start in range(len(words) - FEWEST + 1):
                for size in self.sizes:
                    if name := self.runs.get(hash(tuple(words[start : start + size]))):
                        return name
        return None


def _index(sets: Sets) -> Index:
    index = Index()
    for name, items in sets.items():
        runs_of = [_runs(item.row) for item in items]
        items_with = Counter(hash(run) for runs in runs_of for run in runs)
        short = sum(not runs for runs in runs_of)
        for runs in runs_of:
            for run in runs:
                if items_with[hash(run)] <= SHARED:
                    index.runs.setdefault(hash(run), name)
                    index.heads.add(hash(run[:FEWEST]))
                    index.sizes.add(len(run))
        if short:
            log.info(
                "data.exclude: %d of %d items of %s are too short to be looked for (fewer "
                "than %d words)",
                short,
                len(items),
                name,
                FEWEST,
            )
    return index


def _runs(row: Row) -> set[tuple[str, ...]]:
    """What an item is found by: every run of 13 words, or a shorter text as a whole. Numbers are
    no item's text: whoever counts to 13 has a run of HumanEval's tests."""
    runs = {
        tuple(words[start : start + WORDS])
        for words in _texts(row)
        if len(words) >= FEWEST
        for start in range(max(len(words) - WORDS, 0) + 1)
    }
    return {run for run in runs if not "".join(run).isdigit()}


def _texts(row: Row) -> list[list[str]]:
    """The words of each turn and test; a system turn is no row's own."""
    turns = [turn for turn in row["prompt"] + row["completion"] if turn["role"] != "system"]
    texts = [turn["content"] for turn in turns] + row.get("tests", [])
    return [re.findall(r"\w+", text.casefold()) for text in texts]


def _items(name: str, config: DataConfig) -> list[Item]:
    source = _read(name, config)
    found = columns_of(source)
    programs.items_of(source.records, programs.layout_of(found))
    mapped = {ours: theirs for ours, theirs in config.columns.items() if theirs in found}
    shapes.rename(source, DataConfig(columns=mapped))
    shape = shapes.recognise(source)
    shape = "text" if shape == "text+label" else shape  # whatever its label
    items, _ = shapes.to_items(source, shape, DataConfig(), Labels(DataConfig(), Source()))
    return items


def _read(name: str, config: DataConfig) -> Source:
    if name not in programs.PUBLIC:
        return read_local(name, "data.exclude", "test", config)
    try:
        return read_hub(programs.PUBLIC[name], "test")
    except UserError as error:
        raise UserError(
            f"data.exclude={name}: {error.message}",
            f"name a file that has it: data.exclude=[{name}.jsonl]",
        ) from error
