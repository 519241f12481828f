"""Configuration keys of the rows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slm_lora.config.checks import (
    Range,
    check_fields,
    check_number,
    check_texts,
    number,
    one_of,
    one_or_several,
)
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.errors import UserError

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
"""Word, which needs no quoting in a shell → the sign between columns."""


@dataclass(frozen=True)
class DataConfig:
    """Where rows come from and how they are cleaned. Rows that you name (`train`, `name`) are also
    tested on rows of yours: of what a shipped recipe brings, no test rows, labels, columns, prompt
    are left. Those of a group that you choose, such as data=sst2, stay, but for its test rows."""

    name: str | None = None
    """Hub id of a dataset; null when `train` names files."""
    config_name: str | None = None
    """The dataset's configuration on the hub, where it has several."""
    revision: str | None = None
    """The dataset's branch, tag or commit on the hub."""
    train_split: str = "train"
    """Name of the split to train on, of a hub dataset or of a folder."""
    test_split: str | None = None
    """Name of the split to evaluate on; null splits it off the training rows."""
    train: Any = field(default=None, metadata=one_or_several())
    """File, glob or folder with training rows: jsonl, json, csv, tsv, parquet, arrow, txt; `.gz`
    too. A folder is one that `datasets` saved, or laid out as on the hub. Several sources are a
    list, such as [a.jsonl,b/*.csv]; each may have a shape of its own, where all are conversations
    or questions with answers. Files win over `name`."""
    test: Any = field(default=None, metadata=one_or_several())
    """File, glob or folder with test rows, or a list of them, whose labels must be among those of
    the training rows; null splits them off the training rows, of all sources."""
    mix: dict[Any, float] = field(default_factory=dict)
    """Source of `train` → its weight in the training rows, such as {a: 0.7, b: 0.3}: a file's name
    without its ending, or the source as typed. As many rows are used as these shares allow without
    any twice, so one source is used up; of the others data.seed chooses, and the rest is counted.
    Empty: all rows of all sources. Test rows that are split off are taken before."""
    columns: dict[str, str] = field(default_factory=dict)
    """Our column name → the file's, such as {text: review, label: stars}. Ours: id, text, label,
    prompt, completion, messages, instruction, input, output, solution, system. Usual names of other
    programs, such as question and answer, need no entry."""
    labels: dict[Any, str] = field(default_factory=dict)
    """Value in the label column → label name, which is also the answer the model learns to write.
    Empty: the values are the names. 1, 1.0 and "1" are one value, and case does not matter. Rows
    without a label are dropped and counted."""
    prompt: str | None = None
    """Template of the user's turn, with {column} fields; null takes the shape's own
    (slm_lora/data/shapes.py), for text and label a question that names the columns and, up to 20,
    the labels."""
    system: str | None = None
    """System turn put before every prompt that has none of its own."""
    encoding: str = "utf-8"
    """Text encoding of the files; a byte that does not fit is an error with file and line. UTF-16
    and byte order marks are recognised."""
    delimiter: str | None = None
    """Sign between the columns of csv, tsv and txt files: comma, semicolon, tab, pipe or any other
    sign. null takes the one that fits; a txt file is then a text a line unless each line is a text
    and its label."""
    header: bool | None = None
    """Whether the first line of a csv, tsv or txt table names the columns. null looks; two columns
    without names are a text and its label, more are called 1, 2, 3 …"""
    exclude: list[str] | None = None
    """Test sets that must not be trained on: `humaneval`, `mbpp` (from the hub), or files. Training
    rows that have 13 words in a row of an item's text are dropped and counted. null: of rows of
    code, humaneval and mbpp, where the hub or its cache has them; []: none."""
    seed: int = 42
    """Seed of splits and limits, apart from `seed`: runs that differ in that one only are trained
    and tested on the same rows."""
    train_limit: int | None = field(default=None, metadata=number(least=1))
    """Use at most this many training rows, validation rows included, taken by data.seed; with
    `mix` in its shares."""
    test_limit: int | None = field(default=None, metadata=number(least=1))
    """Use at most this many test rows, taken by data.seed."""
    validation_fraction: float = field(default=0.1, metadata=number(least=0, below=1))
    """Share of the training rows held out to choose the best checkpoint by, and the best job of a
    sweep; of each label, by content hash."""
    test_fraction: float = field(default=0.1, metadata=number(least=0, below=1))
    """Share of the rows held out as test set when there is no test source; of each label, by
    content hash."""
    overlong: str = field(default="drop", metadata=one_of("drop", "error", "truncate"))
    """Rows longer than trainer.max_length: `drop`, `error` or `truncate` (cuts the completion)."""
    turns: str = field(default="all", metadata=one_of("all", "last"))
    """Of a conversation's answers `all` are trained, or the `last` one only; test rows are judged
    by their last. Of a prompt with its completion only the completion is trained."""
    near_duplicate: float = field(default=0.8, metadata=number(above=0, most=1))
    """Test rows with a training row of at least this Jaccard similarity (of words and pairs of
    words) are reported."""

    def __post_init__(self) -> None:
        # {0: no, 1: yes} and {false: no, true: yes} on the command line have keys of other types.
        named = {
            str(value).lower() if isinstance(value, bool) else str(value): name
            for value, name in self.labels.items()
        }
        object.__setattr__(self, "labels", named)
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _sign(self.delimiter))
        check_fields("data", self)
        for name in ("train", "test"):
            texts = check_texts(f"data.{name}", getattr(self, name))
            object.__setattr__(self, name, texts)
        object.__setattr__(self, "mix", _mix(self.mix, self.train))
        if self.test is not None and self.train is None and self.name is None:
            raise UserError(
                "data.test names files but data.train does not",
                "type data.train=FILE, or data.name=HUB_ID, too",
            )


def sources(named: str | list[str] | None) -> list[str]:
    """What `data.train` or `data.test` names, one by one."""
    return [named] if isinstance(named, str) else list(named or [])


def short_names(named: str | list[str] | None) -> dict[str, str]:
    """Source → the name it is called by: a file's or folder's without its ending; the source as
    typed where that is a pattern or another one's name too."""
    stems = [Path(one).name.removesuffix(".gz").rsplit(".", 1)[0] for one in sources(named)]
    return {
        one: one if not stem or set(stem) & set("*?[") or stems.count(stem) > 1 else stem
        for one, stem in zip(sources(named), stems, strict=True)
    }


def _meant(typed: str, names: dict[str, str]) -> str:
    """The short name of the source that is meant. A recipe's paths are absolute by now."""
    found = [short for one, short in names.items() if typed in (one, short)]
    found = found or [short for one, short in names.items() if one.endswith(f"/{typed}")]
    return found[0] if len(found) == 1 else typed


def _mix(weights: dict[Any, float], train: str | list[str] | None) -> dict[str, float]:
    """Short name of each source → its weight."""
    if not weights:
        return {}
    names = short_names(train)
    if len(names) < 2:
        raise UserError("data.mix needs several sources", "type data.train=[FILE,FILE]")
    mix = {_meant(str(name), names): weight for name, weight in weights.items()}
    if mix.keys() != set(names.values()):
        strange = [name for name in mix if name not in names.values()]
        wrong = f"has the source {strange[0]}" if strange else "lacks a source"
        line = config_text({name: mix.get(name, 1.0) for name in names.values()})
        raise UserError(
            f"data.mix {wrong}; those of data.train are {', '.join(names.values())}",
            f"give each a weight, such as {shell_word(f'data.mix={line}')}",
        )
    for name, weight in mix.items():
        check_number(f"data.mix.{name}", weight, Range(above=0), 1)
    return mix


def _sign(delimiter: str) -> str:
    sign = DELIMITERS.get(delimiter, "\t" if delimiter == "\\t" else delimiter)
    if len(sign) != 1 or sign in '"\r\n':
        raise UserError(
            f"data.delimiter is {delimiter!r}",
            f"expected {', '.join(DELIMITERS)} or one sign, such as data.delimiter=semicolon",
        )
    return sign
