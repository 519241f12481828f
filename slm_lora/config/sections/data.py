"""Configuration keys of the rows."""

from dataclasses import dataclass, field
from typing import Any

from slm_lora.config.checks import check_fields, number, one_of
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
    train: str | None = None
    """File, glob or folder with training rows: jsonl, json, csv, tsv, parquet, arrow, txt; `.gz`
    too. A folder is one that `datasets` saved, or laid out as on the hub. Files win over `name`."""
    test: str | None = None
    """File, glob or folder with test rows, whose labels must be among those of the training rows;
    null splits them off the training rows."""
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
    seed: int = 42
    """Seed of splits and limits, apart from `seed`: runs that differ in that one only are trained
    and tested on the same rows."""
    train_limit: int | None = field(default=None, metadata=number(least=1))
    """Use at most this many training rows, validation rows included, taken by data.seed."""
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
    """Of a conversation's answers `all` are trained, or the `last` one only. Of a prompt with its
    completion only the completion is."""
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
        if self.test is not None and self.train is None:
            raise UserError(
                "data.test names files but data.train does not", "type data.train=FILE too"
            )


def _sign(delimiter: str) -> str:
    sign = DELIMITERS.get(delimiter, "\t" if delimiter == "\\t" else delimiter)
    if len(sign) != 1 or sign in '"\r\n':
        raise UserError(
            f"data.delimiter is {delimiter!r}",
            f"expected {', '.join(DELIMITERS)} or one sign, such as data.delimiter=semicolon",
        )
    return sign
