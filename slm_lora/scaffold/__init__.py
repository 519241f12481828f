"""Starter kits: recipe, rows, a test of the rows and a README, in a new folder.

    python -m slm_lora init my_framework --task code
    python -m slm_lora init my_reviews --task classification --from reviews.csv

A folder here is a kit; from_file.py reads rows of the user's own for one.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from slm_lora.config.places import recipes
from slm_lora.config.quoting import config_text, shell_word
from slm_lora.config.sections.task import is_file
from slm_lora.errors import UserError
from slm_lora.files import Json, read_jsonl, replacing, write_jsonl, write_text

HERE = Path(__file__).parent
KITS = ("classification", "instruct", "code")
EXAMPLE_PROMPT = "Message: {text}\nAnswer with account, billing or delivery.\nTeam:"
"""How the example rows of the classification are asked."""


@dataclass(frozen=True)
class Rows:
    """What a kit is filled with."""

    train: list[Json]
    test: list[Json]
    file: str | None = None
    """Where they were read from; None: they are the kit's examples."""
    prompt: str = EXAMPLE_PROMPT
    """Of a classification."""
    preload: tuple[str, ...] = ()
    """`sandbox.preload`; files and packages among them are copied into the kit."""
    look: tuple[str, ...] = ()
    """Lines on what was read."""


def examples(task: str) -> Rows:
    """The kit's own rows."""
    train, test = (read_jsonl(HERE / task / f"{split}.jsonl") for split in ("train", "test"))
    return Rows(train, test, preload=tuple(map(str, (HERE / task).glob("brio.py"))))


def check_new(folder: Path) -> None:
    """
    Raises:
        UserError: the folder has files, or its name cannot be that of a recipe of one's own.
    """
    if not (folder.name.isidentifier() and folder.name.isascii()):
        raise UserError(
            f"'{folder.name}' cannot be the name of a recipe",
            "expected letters (a to z), digits and underscores, and no digit first",
        )
    if folder.name in recipes():
        raise UserError(
            f"a recipe {folder.name} ships with slm_lora", f"name the folder my_{folder.name}, say"
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UserError(f"{folder} exists already", "name a new folder")


def make_kit(folder: Path, task: str, rows: Rows) -> None:
    """Write a kit into a new folder, whole or not at all; print a look at it and what to type next.

    Raises:
        UserError: the folder is not new or cannot be made.
    """
    check_new(folder)
    modules = [Path(name) for name in filter(is_file, rows.preload)]
    templates = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    values = _values(folder, task, rows, modules)
    try:
        with replacing(folder) as made:
            for name in ("README.md", "recipe.yaml"):
                text = templates.get_template(f"{task}/{name}.jinja").render(values)
                place = f"recipe/{folder.name}.yaml" if name == "recipe.yaml" else name
                write_text(made / place, text)
            write_jsonl(made / "train.jsonl", rows.train)
            write_jsonl(made / "test.jsonl", rows.test)
            shutil.copy(HERE / task / "test_data.py", made)
            for module in modules:
                _copy(module, made / module.name)
    except OSError as error:
        raise UserError(
            f"{folder}: {error.strerror}", "name a folder that can be created"
        ) from error
    for line in rows.look:
        print(line)
    print(f"new in {folder}: {', '.join(sorted(entry.name for entry in folder.iterdir()))}")
    print(f"test the rows:    python -m pytest {values['folder']}")
    print(f"look at the rows: {values['slm_lora']} inspect {values['recipe']} model=nano")
    print(f"try it:           {values['slm_lora']} {values['recipe']} model=nano")


def _copy(module: Path, place: Path) -> None:
    if module.is_dir():
        shutil.copytree(module, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(module, place)


def _values(folder: Path, task: str, rows: Rows, modules: list[Path]) -> dict[str, Any]:
    """What the templates name; paths and texts are quoted for the place where they stand."""
    copied = {module: f"../{module.name}" for module in modules}
    asked = min((_asked(row) for row in rows.test), key=len)

    def setting(key: str, inside: str) -> str:
        return shell_word(f"{key}={config_text(f'{folder}/{inside}')}")

    def path(inside: str) -> str:
        return shell_word(f"{folder}/{inside}")

    return {
        "name": folder.name,
        "task": task,
        "folder": shell_word(str(folder)),
        "file": rows.file,
        "prompt": _yaml(rows.prompt),
        "preload": _yaml([copied.get(Path(name), name) for name in rows.preload]),
        "modules": [module.name for module in modules],
        "conversations": "messages" in rows.train[0],
        "example": shell_word(asked),
        "slm_lora": "python -m slm_lora",
        "recipe": f"--config-dir {shell_word(str(folder))} +recipe={folder.name}",
        "path": path,
        "setting": setting,
    }


def _asked(row: Json) -> str:
    """The first question of a row, in one line."""
    text = row.get("text") or row.get("prompt") or row.get("instruction")
    if text is None:
        text = next(turn["content"] for turn in row["messages"] if turn["role"] == "user")
    return " ".join(text.split())


def _yaml(value: str | list[str]) -> str:
    """Any text as YAML reads it, and OmegaConf, which takes ${…} for a reference."""
    return json.dumps(value, ensure_ascii=False).replace("${", r"\\${")
