"""Prompts for a person: without the chat template's tokens.

readable = reader(run); readable("<|im_start|>user\\nHello<|im_end|>\\n")
"""

import re
from collections.abc import Callable
from pathlib import Path

from slm_lora.files import read_json
from slm_lora.run_folder import Run


def reader(run: Run) -> Callable[[str], str]:
    """Takes the special tokens of the run's tokenizer out of a text; leaves it as it is where the
    folder has no tokenizer."""
    # An evaluation lies in the folder of the run that has the adapter.
    folders = (run.adapter, run.path.absolute().parents[1] / run.adapter.name)
    files = [folder / "tokenizer.json" for folder in folders]
    file = next(filter(Path.is_file, files), None)
    if file is None:
        return str
    added = read_json(file).get("added_tokens") or []
    special = [re.escape(token["content"]) for token in added if token.get("special")]
    if not special:
        return str
    pattern = re.compile("|".join(sorted(special, key=len, reverse=True)))

    def readable(text: str) -> str:
        # Between turns that a template writes without a line's end there would be no gap.
        parts = [part.strip("\n") for part in pattern.split(text)]
        return "\n".join(part for part in parts if part.strip())

    return readable
