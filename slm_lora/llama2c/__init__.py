"""llama2.c's two files, read and written: model.bin (weights.py) and tokenizer.bin (tokenizer.py).

    python -m slm_lora +recipe=sentiment model.name_or_path=stories260K.bin \
        model.tokenizer=tok512.bin

As a base model the files are turned into a transformers folder once, in the cache
(`$SLM_LORA_CACHE/llama2c/<hash of the content>`, ~/.cache/slm_lora unless the variable is set).
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors.numpy import save_file

from slm_lora.errors import UserError
from slm_lora.llama2c import tokenizer, weights

FORM = "1"
"""Changes with what this module writes to the cache."""


def model_folder(file: Path) -> Path:
    """The transformers folder of a model.bin.

    Raises:
        UserError: there is no such file, it is not llama2.c's, or the cache cannot be written.
    """
    folder = _place(file)
    if not folder.exists():
        config, tensors = weights.read(file)
        with _written(folder) as beside:
            config.save_pretrained(beside)
            save_file(tensors, beside / "model.safetensors", metadata={"format": "pt"})
    return folder


def tokenizer_folder(file: Path) -> Path:
    """The transformers folder of a tokenizer.bin.

    Raises:
        UserError: as `model_folder`, or the pieces do not say how texts are split.
    """
    folder = _place(file)
    if not folder.exists():
        loaded = tokenizer.as_transformers(file)
        with _written(folder) as beside:
            loaded.save_pretrained(beside)
    return folder


def _place(file: Path) -> Path:
    if not file.is_file():
        raise UserError(f"{file}: no such file", "expected a .bin file of llama2.c, or a folder")
    key = hashlib.sha256(FORM.encode() + file.read_bytes()).hexdigest()
    cache = Path(os.environ.get("SLM_LORA_CACHE", "~/.cache/slm_lora")).expanduser()
    return cache / "llama2c" / key


@contextmanager
def _written(folder: Path) -> Iterator[Path]:
    """A place to write the folder to, which then gets its name; another process may be faster."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            place = Path(beside) / "folder"
            place.mkdir()
            yield place
            if not folder.exists():
                place.rename(folder)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written: {error}",
            "type SLM_LORA_CACHE=FOLDER before the command, a folder with room",
        ) from error
