"""Prompts for a person: without the chat template's tokens.

readable = reader(run); readable("<|im_start|>user\\nHello<|im_end|>\\n")
"""

import json
import re
from collections.abc import Callable

from slm_lora.run_folder import Run


def reader(run: Run) -> Callable[[str], str]:
    """Takes the special tokens of the run's tokenizer out of a text; leaves it as it is where the
    folder has no tokenizer."""
    file = run.adapter / "tokenizer.json"
    if not file.is_file():
        return str
    added = json.loads(file.read_text(encoding="utf-8"))["added_tokens"]
    special = [re.escape(token["content"]) for token in added if token["special"]]
    if not special:
        return str
    pattern = re.compile("|".join(sorted(special, key=len, reverse=True)))

    def readable(text: str) -> str:
        # Between turns that a template writes without a line's end there would be no gap.
        parts = [part.strip("\n") for part in pattern.split(text)]
        return "\n".join(part for part in parts if part.strip())

    return readable
