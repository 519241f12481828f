"""A starter kit: `slm-lora init my_reviews --task classification --from reviews.csv`."""

import argparse
from pathlib import Path

from slm_lora.cli.line import refuse_by
from slm_lora.cli.verb import Verb
from slm_lora.config.quoting import config_text
from slm_lora.config.schema import Config
from slm_lora.errors import UserError

READING = (
    "data.columns",
    "data.labels",
    "data.delimiter",
    "data.header",
    "data.encoding",
    "data.test",
    "data.test_fraction",
    "data.seed",
    "data.train_limit",
    "data.test_limit",
    "data.train_split",
    "data.test_split",
    "data.config_name",
)
"""Keys that say how rows are read; how they are asked says the recipe."""
ALSO = {"code": ("sandbox.preload",)}
"""Kit → further keys that it takes."""


def main(words: list[str]) -> None:
    """Write recipe, rows, their test and a README into a new folder."""
    from slm_lora.scaffold import KITS, check_new, examples, make_kit

    parser = argparse.ArgumentParser(prog="slm-lora init")
    parser.error = refuse_by("init --help")  # type: ignore[method-assign, assignment]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", choices=KITS, default="code")
    parser.add_argument("--from", dest="file")
    parser.add_argument("settings", nargs="*")
    args = parser.parse_intermixed_args(words)
    check_new(args.folder)
    if args.file:
        config = _config(args.task, args.file, args.settings)
        from slm_lora.scaffold.from_file import read_rows

        rows = read_rows(args.task, config)
    elif args.settings:
        raise UserError(
            f"init does not take '{args.settings[0]}' without rows to read", "type --from FILE too"
        )
    else:
        rows = examples(args.task)
    make_kit(args.folder, args.task, rows)


def _config(task: str, file: str, settings: list[str]) -> Config:
    from slm_lora.config import compose
    from slm_lora.config.words import check_words

    allowed = (*READING, *ALSO.get(task, ()))
    for override in check_words(settings):
        key = str(override.key_or_group)
        if not any(key == one or key.startswith(f"{one}.") for one in allowed):
            raise UserError(
                f"init --task {task} does not take {override.input_line}",
                f"it takes {', '.join(allowed)}; all else belongs into the recipe that it makes",
            )
    return compose.load([f"data.train={config_text(file)}", *settings])


VERB = Verb(
    summary="a starter kit: recipe, rows, README",
    usage="FOLDER [--task KIND] [--from FILE [key=value …]]",
    about=(
        "Writes a recipe, rows, a test of the rows and a README that leads to a published adapter "
        "into a new folder, which may lie anywhere and be moved. Without --from the rows are small "
        "examples. With it they are read from a file of yours as a run reads them, cleaned, and "
        "split into train and test; nothing is written when they do not fit."
    ),
    examples=(
        "init my_framework --task code",
        "init my_reviews --task classification --from reviews.csv",
        "init my_reviews --task classification --from reviews.csv data.columns.label=stars "
        "'data.labels={1: bad, 2: bad, 3: fair, 4: good, 5: good}'",
        "init my_helper --task instruct --from tickets.jsonl",
        "init my_framework --task code --from rows.jsonl 'sandbox.preload=[./my_framework.py]'",
    ),
    main=main,
    options=(
        (
            "--task KIND",
            "classification, instruct, or code (programs judged by tests; the default)",
        ),
        ("--from FILE", "rows of yours: whatever data.train can be"),
    ),
    may_change=(*READING, *ALSO["code"]),
)
