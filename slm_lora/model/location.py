"""Where the name of a model or tokenizer points: the hub, a folder, this package, or a file.

python -m slm_lora +recipe=sentiment model.name_or_path=FOLDER_OR_HUB_ID
"""

import re
from pathlib import Path

from slm_lora import gguf, llama2c, nano
from slm_lora.config.sections.model import ModelConfig
from slm_lora.errors import UserError

LOCAL = re.compile(r"(?:/|~|\.{1,2}/|[A-Za-z]:[\\/])\S")
"""How a path begins that is not relative to the folder of its reader."""


def place_of(name: str) -> str:
    """`hub`, `nano` (in this package), `folder` or `file` (llama2.c's, GGUF): where the model
    lies."""
    if name == "nano":
        return "nano"
    if name.endswith((".bin", ".gguf")):
        return "file"
    return "folder" if LOCAL.match(name) or Path(name).exists() else "hub"


def location(name: str) -> str:
    """Hub id or folder of a model name; a file is turned into a folder in the cache.

    Raises:
        UserError: it is not such a file, or only files like that lie in the folder.
    """
    place, path = place_of(name), Path(name)
    if place == "file":
        return str(gguf.model_folder(path) if _is_gguf(name) else llama2c.model_folder(path))
    files = sorted(file.name for file in path.glob("*.gguf")) if place == "folder" else []
    if files and not any((path / part).exists() for part in ("config.json", "tokenizer.json")):
        raise UserError(
            f"{name} has no config.json or tokenizer.json, but {', '.join(files)}",
            f"type model.name_or_path={path / files[0]}",
        )
    return str(nano.PATH) if place == "nano" else name


def tokenizer_location(config: ModelConfig) -> str:
    """Hub id or folder of the tokenizer; a llama2.c model has it in tokenizer.bin beside it."""
    name = config.tokenizer or config.name_or_path
    if place_of(name) != "file" or _is_gguf(name):
        return location(name)
    file = Path(name)
    if not config.tokenizer and not (file := file.with_name("tokenizer.bin")).is_file():
        raise UserError(
            f"{name} has no tokenizer, and there is no {file}",
            "name it by model.tokenizer=FILE.bin, or =FOLDER_OR_HUB_ID",
        )
    return str(llama2c.tokenizer_folder(file))


def _is_gguf(name: str) -> bool:
    return name.endswith(".gguf")


def not_loaded(what: str, name: str, error: Exception, key: str) -> UserError:
    folder = Path(name)
    if (folder.is_absolute() or name.startswith(".")) and not folder.exists():
        return UserError(
            f"there is no {what} {name}", f"type {key}= of the place where it lies now, or a hub id"
        )
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return UserError(
        f"cannot load the {what} {name}: {reason}",
        f"check {key} (a folder with safetensors weights, or a hub id), the network and, for a "
        "private or gated model, the HF_TOKEN variable; model=nano needs none of these",
    )
