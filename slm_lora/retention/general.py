"""General texts: 300 short ones of our own in general.jsonl, of many subjects.

Half are sentences, lists, letters and pieces of code, half are instructions with their answers.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.data import round_trip
from slm_lora.errors import UserError
from slm_lora.progress import log
from slm_lora.records import Row
from slm_lora.retention.part import Part
from slm_lora.retention.texts import of_texts

FILE = Path(__file__).parent / "general.jsonl"
LEAST = 30
"""Rows below which their mean says little."""


def general_texts(config: Config, tokenizer: PreTrainedTokenizerBase) -> Part | None:
    """The first `retention.rows` rows; without those whose characters the tokenizer lacks, and none
    where that leaves too few: a model of proteins or of notes has no English to lose.

    Raises:
        UserError: the chat template cannot render them.
    """
    wanted = rows()[: config.retention.rows]
    if not wanted:
        return None
    try:
        encoded = rendering.encode(wanted, tokenizer)
    except UserError as error:
        raise UserError(
            f"general texts (retention.rows): {error.message}",
            f"{error.hint}; or type retention.rows=0",
        ) from error
    names = [row["id"] for row in wanted]
    lost = round_trip.measure(names, encoded, tokenizer, round_trip.Losses())
    kept = [r for r, share in zip(wanted, lost, strict=True) if share <= round_trip.GARBLED]
    if len(kept) < min(LEAST, len(wanted)):
        log.warning("the tokenizer cannot write general English: what was unlearnt is not measured")
        return None
    return of_texts("general", "general texts", kept, config)


def rows() -> list[Row]:
    """All of them."""
    return [_row(json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines()]


def _row(line: dict[str, str]) -> Row:
    asked = "prompt" in line
    return {
        "id": line["id"],
        "prompt": [{"role": "user", "content": line["prompt"]}] if asked else [],
        "completion": [{"role": "assistant", "content": line["completion" if asked else "text"]}],
    }
