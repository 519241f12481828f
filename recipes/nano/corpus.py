"""The corpus of nano: Python's standard library and text of our own grammars, the same every time.

    python recipes/nano/corpus.py --out build/nano     writes train, val, copying, late, last.jsonl

One line is one document, its kind and its text, chat turns written as nano's chat template writes
them. Document i depends on the seed and i alone (and on the Python version, for the standard
library), so the same command gives the same bytes.
"""

import argparse
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import names
import opinions
import pairs
import programs
import prose
import stdlib
import wordings

BOS, END, PAD = "<|bos|>", "<|end|>", "<|pad|>"
SYSTEM, USER, ASSISTANT = "<|system|>", "<|user|>", "<|assistant|>"
SYSTEMS = ["You are a helpful assistant.", "Answer briefly.", "Write Python code.", "Be exact."]


def source(rng: random.Random) -> str:
    """Up to 30 lines of one module of the standard library; long modules are drawn more often."""
    modules = stdlib.modules()
    lines = rng.choices(modules, weights=[len(m) for m in modules])[0]
    start = rng.randrange(len(lines) - 20)
    return "\n".join(line[:120] for line in lines[start : start + 30])


def repeat(rng: random.Random) -> str:
    """Words in a row, and the same row again: the plainest thing to copy."""
    row = " ".join(names.word(rng) for _ in range(rng.randint(4, 24)))
    return rng.choice(["\n", " | ", " "]).join([row] * rng.choice([2, 2, 3]))


def render(system: str, turns: list[tuple[str, str]]) -> str:
    """A conversation as the chat template writes it; no system turn for ""."""
    text = f"{SYSTEM}{system}{END}" if system else ""
    return text + "".join(f"{USER}{ask}{END}{ASSISTANT}{answer}{END}" for ask, answer in turns)


def chat(rng: random.Random, turn: Callable[[random.Random], tuple[str, str]]) -> str:
    """One to three exchanges of one kind, one in ten under a system turn."""
    system = rng.choice(SYSTEMS) if rng.random() < 0.1 else ""
    return render(system, [turn(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))])


KINDS: dict[str, tuple[float, Callable[[random.Random], str]]] = {
    "review": (0.12, prose.review),
    "story": (0.05, prose.story),
    "collection": (0.05, prose.collection),
    "dialogue": (0.05, prose.dialogue),
    "thesaurus": (0.10, prose.thesaurus),
    "card": (0.12, prose.card),
    "question": (0.25, lambda rng: chat(rng, prose.question)),
    "pair": (0.16, lambda rng: chat(rng, pairs.pair)),
    "program": (0.09, lambda rng: render(*programs.conversation(rng))),
    "source": (0.01, source),
}  # kind: share of documents, maker
COPYING: dict[str, tuple[float, Callable[[random.Random], str]]] = {
    "repeat": (0.60, repeat),
    "pair": (0.25, KINDS["pair"][1]),
    "program": (0.15, KINDS["program"][1]),
}  # the spell of pre-training in which copying is learned
LATE: dict[str, tuple[float, Callable[[random.Random], str]]] = {
    "request": (0.17, lambda rng: render("", wordings.conversation(rng))),
    "pair": (0.20, KINDS["pair"][1]),
    "program": (0.06, KINDS["program"][1]),
    "question": (0.20, KINDS["question"][1]),
    "opinion": (0.17, lambda rng: chat(rng, opinions.question)),
    "notes": (0.04, opinions.notes),
    "card": (0.05, prose.card),
    "thesaurus": (0.04, lambda rng: prose.thesaurus(rng, opinions.WORDS)),
    "review": (0.04, prose.review),
    "story": (0.01, prose.story),
    "dialogue": (0.01, prose.dialogue),
    "source": (0.01, source),
}  # the last spell and the longest: freer instructions, and what people say of things
MIXES = {"copying": COPYING, "late": LATE, "last": LATE}  # by seed; the others read KINDS


def document(seed: str, index: int) -> tuple[str, str]:
    """(kind, text) of document `index` of the corpus `seed`, with its first and last token."""
    rng = random.Random(f"{seed}/{index}")
    names.everyday = names.WIDE if seed == "last" else names.PLAIN
    kinds = MIXES.get(seed, KINDS)
    kind = rng.choices(list(kinds), weights=[share for share, _ in kinds.values()])[0]
    text = kinds[kind][1](rng)
    return kind, BOS + text if text.endswith(END) else BOS + text + END


def documents(seed: str, count: int) -> Iterator[tuple[str, str]]:
    """The first `count` documents of "train", "val", "copying", "late" or "last"."""
    return (document(seed, i) for i in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/nano"))
    parser.add_argument("--documents", type=int, default=120_000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    counts = {"train": args.documents, "val": 2000, "copying": 20_000, "late": 240_000,
              "last": 360_000}  # fmt: skip
    for split, count in counts.items():
        path = args.out / f"{split}.jsonl"
        lines = (
            json.dumps({"kind": kind, "text": text}, ensure_ascii=False)
            for kind, text in documents(split, count)
        )
        text = "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        print(f"{path}: {count} documents, {len(text) / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
