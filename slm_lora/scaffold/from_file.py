"""Rows of the user's own for a kit: read and split as a run does, in the kit's plain columns.

    python -m slm_lora init my_reviews --task classification --from reviews.csv

Nothing is written here, and a file that does not fit the task is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slm_lora.config.schema import Config
from slm_lora.config.sections.data import DataConfig
from slm_lora.config.sections.task import is_file
from slm_lora.data import joining, load_rows, shapes, written_out
from slm_lora.data.columns import OPTIONAL, to_type, usual_names
from slm_lora.data.programs import TESTED
from slm_lora.data.question import question
from slm_lora.data.read import read
from slm_lora.data.source import columns_of, named
from slm_lora.errors import UserError
from slm_lora.files import Json
from slm_lora.records import Message, Row
from slm_lora.scaffold import Rows
from slm_lora.scaffold.look import look

FITS = {
    "classification": ("text+label",),
    "instruct": ("prompt+completion", "messages", "instruction"),
    "code": ("code",),
}
"""Task → shapes of rows that it can be made of (slm_lora/data/shapes.py)."""
NEEDED = {
    "classification": ("text", "label"),
    "instruct": ("prompt", "completion"),
    "code": ("instruction", "solution"),
}
"""Task → a kit's columns, which are to be named where they were not recognised."""
TURNS = ("prompt", "completion")
"""The turns of a row."""


def read_rows(task: str, config: Config) -> Rows:
    """The rows that `config.data` names, split into train and test.

    Raises:
        UserError: they cannot be read or do not fit the task, or a module is not there.
    """
    for name in filter(is_file, config.sandbox.preload):
        if not (Path(name).is_file() or (Path(name) / "__init__.py").is_file()):
            raise UserError(
                f"sandbox.preload={name}: no such module",
                "expected a Python file, or a package with __init__.py",
            )
    data = replace(config.data, validation_fraction=0.0)  # the kit's run splits those off
    ((source,), _) = read(data)
    file, found = named(source), columns_of(source)
    guess = to_type(source) if source.records else ""
    joining.rename([source], data)
    by_columns = source.shape
    if data.prompt is None and data.test is None:
        written_out.read_back([source])
    shape = source.shape
    if shape not in FITS[task]:
        raise _unfit(task, shape, f"{file} has the columns {', '.join(found)}", found, guess)
    taken = _taken(found, by_columns, data)
    prompt = ""
    if shape == "text+label":
        loaded = load_rows(replace(data, prompt="{text}"))
        labels = loaded.report["labels"]["train"]
        _check_labels(labels, f"{file}: column {taken['label']}", found)
        prompt = question(replace(data, columns=taken), list(labels))
    else:
        loaded = load_rows(data)
    if shape == "code":
        _check_tested(loaded.test)
    rows = plain(task, [*loaded.train, *loaded.test])
    return Rows(
        rows[: len(loaded.train)],
        rows[len(loaded.train) :],
        file=file,
        prompt=prompt,
        preload=tuple(config.sandbox.preload),
        look=tuple(look(loaded, taken, source.unused, prompt)),
    )


def plain(task: str, rows: Sequence[Row]) -> list[Json]:
    """Rows in the columns of a kit. Those of instruct are all `messages` where one of them is more
    than a question and an answer: a file has one shape."""
    turns = [row["prompt"] + row["completion"] for row in rows]
    as_pairs = "messages" not in FITS[task] or all(map(_is_pair, rows, turns))
    asked, answered = NEEDED[task]
    made: list[Json] = []
    for row, each in zip(rows, turns, strict=True):
        columns: Json = {"messages": each}
        if as_pairs:
            columns = {asked: each[0]["content"], answered: each[1]["content"]}
        rest = {key: value for key, value in row.items() if key not in (*TURNS, *columns)}
        made.append({"id": row["id"], **columns, **rest})
    return made


def _is_pair(row: Row, turns: list[Message]) -> bool:
    """Whether all that a row has is the text of a question and of an answer."""
    plain_turns = all(turn.keys() == {"role", "content"} for turn in turns)
    roles = [turn["role"] for turn in turns]
    return plain_turns and roles == ["user", "assistant"] and row.keys() == {"id", *TURNS}


def _taken(found: list[str], shape: str, data: DataConfig) -> dict[str, str]:
    """Our name → the file's column, of those that rows of this shape are made of."""
    meant = usual_names([*found, *data.columns]) | data.columns
    needed = shapes.SHAPES[shape]
    ours = (*needed, *OPTIONAL.get(needed[0], ()), *(TESTED if shape == "code" else ()))
    return {name: column for name in ours for column in (name, meant.get(name)) if column in found}


def _unfit(task: str, shape: str, message: str, found: list[str], guess: str) -> UserError:
    others = [kit for kit, shapes_of in FITS.items() if shape in shapes_of]
    other = f", or --task {others[0]}" if others else ""
    if not ("label" in NEEDED[task] and "data.columns.label=" in guess):
        guess = " ".join(f"data.columns.{name}=NAME" for name in NEEDED[task])
        guess += f" with NAME of {', '.join(found)}"
    needed = " and ".join(NEEDED[task])
    return UserError(
        f"{message}, which is {shape}; --task {task} needs {needed}", f"type {guess}{other}"
    )


def _check_labels(labels: Mapping[str, int], column: str, found: Sequence[str]) -> None:
    """A value that nearly every row has to itself is no label."""
    rows = sum(labels.values())
    if not 2 <= len(labels) <= rows / 2:
        raise UserError(
            f"{column} has {len(labels):,} labels in {rows:,} training rows",
            "expected two labels or more, each of several rows; type data.columns.label=NAME with "
            f"NAME of {', '.join(found)}",
        )


def _check_tested(rows: Sequence[Row]) -> None:
    untested = [row["id"] for row in rows if "tests" not in row]
    if untested:
        raise UserError(
            f"{len(untested)} of {len(rows)} rows to test on have no tests, such as {untested[0]}",
            'give every row the columns "tests" and "entry_points", or name rows that have them by '
            "data.test=FILE",
        )
