"""A GGUF file, of llama.cpp's and Ollama's users, as a base model.

    python -m slm_lora +recipe=sentiment model.name_or_path=SmolLM2-135M-Instruct.Q4_1.gguf

It is turned into a transformers folder once, in the cache (`gguf/<hash of the content>`,
slm_lora/cache.py), by convert.py; how llama.cpp splits texts is in words.py.
"""

import re
from pathlib import Path

from slm_lora.cache import cache_folder, cached, content_key, holds
from slm_lora.errors import UserError
from slm_lora.gguf import convert
from slm_lora.progress import log

FORM = "1"
"""Changes with what this module writes to the cache."""
PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")


def model_folder(file: Path) -> Path:
    """The transformers folder of a GGUF file: model and tokenizer.

    Raises:
        UserError: there is no such file, it is not a whole one or of a kind that transformers
            cannot read, or the cache cannot be written.
    """
    if not file.is_file():
        raise UserError(
            f"{file}: no such file",
            "expected a GGUF file's path; hf download REPO FILE.gguf --local-dir FOLDER gets one",
        )
    if part := PART.fullmatch(file.name):
        name, _, count = part.groups()
        raise UserError(
            f"{file} is one of {int(count)} parts of a model",
            f"join them: llama-gguf-split --merge {name}-00001-of-{count}.gguf {name}.gguf",
        )
    folder = cache_folder() / "gguf" / content_key(file, FORM)
    if not holds(folder):
        log.info("reading %s, once, into %s", file, folder)
        with cached(folder) as beside:
            convert.to_folder(file, beside)
    return folder
