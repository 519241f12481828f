"""What a tokenizer loses: characters that its vocabulary lacks vanish without a word, and one of
the wrong class joins all words into one."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from transformers import PreTrainedTokenizerBase

from slm_lora.rendering import Encoded

GARBLED = 0.1
"""Share of lost characters, or of spaces between words, above which a training row is dropped."""
BETWEEN_WORDS = re.compile(r"(?<=\w)\s+(?=\w)")
EXAMPLES = 3


@dataclass
class Losses:
    """Rows read back from their tokens. `changed`: only the kind of whitespace, case or compatible
    forms of a character differ, as some tokenizers do by design; `lossy`: characters are gone, or
    the space between words."""

    rows: int = 0
    changed: int = 0
    lossy: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, other: "Losses") -> None:
        """Counts another split's rows too."""
        self.rows += other.rows
        self.changed += other.changed
        self.lossy += other.lossy
        self.characters += other.characters
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    def report(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "changed_whitespace_or_case": self.changed,
            "lossy": self.lossy,
            "lossy_share": self.lossy / max(self.rows, 1),
            "lost_characters": dict(self.characters.most_common(20)),
            "examples": self.examples,
        }


def measure(
    ids: list[str], encoded: list[Encoded], tokenizer: PreTrainedTokenizerBase, losses: Losses
) -> list[float]:
    """The share of its characters, or of its spaces between words, that each row loses; counts it
    in `losses`."""
    texts = tokenizer.batch_decode([row.ids for row in encoded], clean_up_tokenization_spaces=False)
    special = "|".join(map(re.escape, sorted(tokenizer.all_special_tokens, key=len, reverse=True)))
    around = re.compile(rf"\s*({special})\s*" if special else r"(?!)")
    shares = []
    for name, row, back in zip(ids, encoded, texts, strict=True):
        losses.rows += 1
        share = 0.0
        # Space round a special token comes and goes; it means nothing.
        if around.sub(r"\1", back).strip() != around.sub(r"\1", row.text).strip():
            lost = lost_characters(row.text, back, tokenizer.unk_token)
            share = lost.total() / max(len(_bare(row.text)), 1)
            spaces, kept = (len(BETWEEN_WORDS.findall(text)) for text in (row.text, back))
            if kept < spaces:
                lost[" "] = spaces - kept
                share = max(share, 1 - kept / spaces)
            losses.characters += lost
            losses.changed += not lost
            losses.lossy += bool(lost)
            if lost and len(losses.examples) < EXAMPLES:
                losses.examples.append({"id": name, "text": row.text, "read_back": back})
        shares.append(share)
    return shares


def lost_characters(text: str, back: str, unknown: str | None) -> Counter[str]:
    """The characters of `text` that `back` lacks, whitespace, case and compatible forms aside."""
    if unknown:
        back = back.replace(unknown, "")
    return Counter(_bare(text)) - Counter(_bare(back))


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
