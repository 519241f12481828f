"""The corpus of nano: Python's standard library and text of our own grammars, the same every time.

    python recipes/nano/corpus.py --out build/nano        writes train.txt.jsonl and val.txt.jsonl

One line is one document as a JSON string, chat turns rendered as nano's chat template renders them.
Document i depends on the seed and i alone (and on the Python version, for the standard library), so
the same command gives the same bytes.
"""

import argparse
import hashlib
import json
import random
import sysconfig
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pairs
import prose

BOS, END, PAD = "<|bos|>", "<|end|>", "<|pad|>"
SYSTEM, USER, ASSISTANT = "<|system|>", "<|user|>", "<|assistant|>"
SYSTEMS = ["You are a helpful assistant.", "Answer briefly.", "Write Python code.", "Be exact."]
SKIPPED = {"test", "tests", "idle_test", "site-packages", "dist-packages", "encodings"}


@cache
def library() -> list[list[str]]:
    """The standard library's modules as lists of lines, without tests and character tables."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(p for p in root.rglob("*.py") if not SKIPPED & set(p.relative_to(root).parts))
    texts = [p.read_text(encoding="utf-8", errors="ignore") for p in files]
    return [lines for text in texts if len(lines := text.splitlines()) > 20]


def source(rng: random.Random) -> str:
    """Up to 30 lines of one module of the standard library; long modules are drawn more often."""
    modules = library()
    lines = rng.choices(modules, weights=[len(m) for m in modules])[0]
    start = rng.randrange(len(lines) - 20)
    return "\n".join(line[:120] for line in lines[start : start + 30])


def chat(rng: random.Random, turn: Callable[[random.Random], tuple[str, str]]) -> str:
    """One to three exchanges of one kind, written as the chat template writes them."""
    text = f"{SYSTEM}{rng.choice(SYSTEMS)}{END}" if rng.random() < 0.1 else ""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        prompt, answer = turn(rng)
        text += f"{USER}{prompt}{END}{ASSISTANT}{answer}{END}"
    return text


KINDS: list[tuple[float, Callable[[random.Random], str]]] = [
    (0.14, prose.review),
    (0.04, prose.story),
    (0.05, prose.collection),
    (0.04, prose.dialogue),
    (0.14, prose.thesaurus),
    (0.14, prose.card),
    (0.29, lambda rng: chat(rng, prose.question)),
    (0.13, lambda rng: chat(rng, pairs.pair)),
    (0.03, source),
]  # share of documents, maker


def document(seed: str, index: int) -> str:
    """Document `index` of the corpus named by `seed`, with its first and last special token."""
    rng = random.Random(f"{seed}/{index}")
    weights, makers = zip(*KINDS, strict=True)
    text = rng.choices(makers, weights=weights)[0](rng)
    return BOS + text if text.endswith(END) else BOS + text + END


def documents(seed: str, count: int) -> Iterator[str]:
    """The first `count` documents of a corpus; seeds "train" and "val" are the ones in use."""
    return (document(seed, i) for i in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/nano"))
    parser.add_argument("--documents", type=int, default=100_000)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", args.documents), ("val", 1000)):
        path = args.out / f"{split}.txt.jsonl"
        lines = (json.dumps(doc, ensure_ascii=False) for doc in documents(split, count))
        text = "\n".join(lines) + "\n"
        path.write_text(text, encoding="utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        print(f"{path}: {count} documents, {len(text) / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
