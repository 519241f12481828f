"""llama2.c's two files, read and written: model.bin (weights.py) and tokenizer.bin (tokenizer.py).

    python -m slm_lora +recipe=sentiment model.name_or_path=stories260K.bin \
        model.tokenizer=tok512.bin

As a base model the files are turned into a transformers folder once, in the cache
(`llama2c/<hash of the content>`, slm_lora/cache.py).
"""

from pathlib import Path

from safetensors.numpy import save_file

from slm_lora.cache import cache_folder, cached, content_key, holds
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
    if not holds(folder):
        config, tensors = weights.read(file)
        with cached(folder) as beside:
            config.save_pretrained(beside)
            save_file(tensors, beside / "model.safetensors", metadata={"format": "pt"})
    return folder


def tokenizer_folder(file: Path) -> Path:
    """The transformers folder of a tokenizer.bin.

    Raises:
        UserError: as `model_folder`, or the pieces do not say how texts are split.
    """
    folder = _place(file)
    if not holds(folder):
        loaded = tokenizer.as_transformers(file)
        with cached(folder) as beside:
            loaded.save_pretrained(beside)
    return folder


def _place(file: Path) -> Path:
    if not file.is_file():
        raise UserError(f"{file}: no such file", "expected a .bin file of llama2.c, or a folder")
    return cache_folder() / "llama2c" / content_key(file, FORM)
