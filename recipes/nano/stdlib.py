"""CPython's standard library as text: its modules, and the plain words that it is written with.

Read by corpus.py (source files) and names.py (words to copy). Both depend on the Python release.
"""

import re
import sysconfig
from collections import Counter
from functools import cache
from pathlib import Path

SKIPPED = {"test", "tests", "idle_test", "site-packages", "dist-packages", "encodings"}
# Never words of the corpus' answers: labels of tasks that the model is to learn later.
KEPT_OUT = {"positive", "negative", "neutral", "sentiment"}


@cache
def modules() -> list[list[str]]:
    """The modules as lists of lines, without tests and character tables, in a fixed order."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(p for p in root.rglob("*.py") if not SKIPPED & set(p.relative_to(root).parts))
    texts = [p.read_text(encoding="utf-8", errors="ignore") for p in files]
    return [lines for text in texts if len(lines := text.splitlines()) > 20]


@cache
def vocabulary() -> list[str]:
    """Words of 3 to 10 small letters that occur at least five times, in alphabetical order."""
    counts: Counter[str] = Counter()
    for lines in modules():
        for line in lines:
            counts.update(re.findall(r"(?<![\w.])[a-z]{3,10}(?!\w)", line))
    return sorted(w for w, n in counts.items() if n >= 5 and w not in KEPT_OUT)
