"""A recipe of your own to begin from: `slm-lora init my_framework --task code`."""

import argparse
from pathlib import Path

from slm_lora.cli.line import refuse
from slm_lora.cli.verb import Verb


def main(words: list[str]) -> None:
    """Write recipe, example rows and README into a new folder."""
    parser = argparse.ArgumentParser(prog="slm-lora init")
    parser.error = refuse  # type: ignore[method-assign]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--task", choices=["code"], default="code")
    folder = parser.parse_args(words).folder
    from slm_lora.scaffold import make_recipe

    make_recipe(folder)


VERB = Verb(
    summary="a recipe of your own, with example rows",
    usage="FOLDER [--task code]",
    about=(
        "Writes a recipe, example rows with tests and a README into a new folder, which may lie "
        "anywhere and be moved."
    ),
    examples=("init my_framework",),
    main=main,
    options=(("--task code", "programs judged by hidden tests; the only kind so far"),),
)
