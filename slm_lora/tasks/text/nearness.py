"""How near a written answer is to its reference.

    score("The cat sat.", "The cat sat down.")     {"exact_match": False, "rouge_l": 0.857…, …}

All three go from 0 to 1 (chrF is often given from 0 to 100).
"""

import re
from functools import cache
from typing import Any

from sacrebleu.metrics.chrf import CHRF

SCORES = ("exact_match", "rouge_l", "chrf")
WORD = re.compile(r"[^\W_]+")


class Words:
    """Runs of letters and digits, in small letters: what rouge-score takes for English, but in
    every script. (Where a script puts no spaces between words, go by chrF.)"""

    def tokenize(self, text: str) -> list[str]:
        return WORD.findall(text.lower())


def score(answer: str, reference: str) -> dict[str, Any]:
    """Blanks around both aside: `exact_match`; `rouge_l`, the F-measure of their longest common
    subsequence of words (Lin 2004); `chrf`, the F-measure (recall counts twice) of their common
    character n-grams, n from 1 to 6 (Popović 2015)."""
    answer, reference = answer.strip(), reference.strip()
    exact = answer == reference
    rouge = 1.0 if exact else _rouge().score(reference, answer)["rougeL"].fmeasure
    chrf = CHRF().sentence_score(answer, [reference]).score / 100
    return {"exact_match": exact, "rouge_l": float(rouge), "chrf": float(chrf)}


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # imports nltk, which takes seconds

    return RougeScorer(["rougeL"], tokenizer=Words())
