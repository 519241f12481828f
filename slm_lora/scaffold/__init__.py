"""A recipe of your own to begin from, outside the package.

python -m slm_lora init my_framework --task code
"""

from pathlib import Path

from slm_lora.errors import UserError
from slm_lora.files import write_text

CODE = Path(__file__).parent / "code"


def make_recipe(folder: Path) -> None:
    """Write recipe, example rows and README into a new folder, and print what to type next.

    Raises:
        UserError: the folder holds files, cannot be made, or its name cannot be that of a recipe.
    """
    name = folder.name
    if not name.isidentifier():
        raise UserError(
            f"'{name}' cannot be the name of a recipe", "expected letters, digits and underscores"
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UserError(f"{folder} exists already", "name a new folder")
    try:
        for source in sorted(CODE.iterdir()):
            text = source.read_text(encoding="utf-8")
            if source.suffix != ".jsonl":  # rows hold braces of their own
                text = text.format(name=name, folder=folder)
            is_recipe = source.name == "recipe.yaml"
            write_text(folder / (f"recipe/{name}.yaml" if is_recipe else source.name), text)
    except OSError as error:
        raise UserError(
            f"{folder}: {error.strerror}", "name a folder that can be created"
        ) from error
    print(f"{folder}: recipe/{name}.yaml, train.jsonl, test.jsonl, README.md")
    print(f"try it: python -m slm_lora --config-dir {folder} +recipe={name} model=nano")
