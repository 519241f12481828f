"""Write train.jsonl and test.jsonl beside this file; the same bytes every time.

    python recipes/sentiment/make_dataset.py            write both files
    python recipes/sentiment/make_dataset.py --check    compare with what is there; exit 1: differs
    python recipes/sentiment/make_dataset.py --stats    print the figures of README.md
    python recipes/sentiment/make_dataset.py --validation FOLDER
        write train.jsonl and validation.jsonl there, to choose settings by: what the training rows
        are made of, divided once more as it is divided into train and test

Needs the standard library only; `--stats` needs scikit-learn.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

from grammar import (
    DOMAINS,
    NEGATIVE,
    POSITIVE,
    TEMPLATES,
    Domain,
    Sentence,
    Source,
    divide_train,
    pick,
    write,
)

HERE = Path(__file__).resolve().parent
SEED = 1
PAIRS = {  # one negative and one positive row each
    "train": {
        "plain": 880, "intensity": 600, "negation": 360, "contrast": 336, "expectation": 224,
    },
    "test": {"plain": 110, "intensity": 75, "negation": 45, "contrast": 42, "expectation": 28},
}  # fmt: skip
SEEN_SHARE = 0.68  # test pairs whose sentiment words occur in train, in other phrases
HELD_OUT_SHARE = 0.2  # test pairs about the domains that train does not have
TRIES = 200

Row = dict[str, str]


def plan(split: str, rng: Random) -> Iterator[tuple[str, str, Domain, Source]]:
    """(kind, template, domain, source) of each pair of rows."""
    old = [domain for domain in DOMAINS if not domain.held_out]
    new = [domain for domain in DOMAINS if domain.held_out]
    for kind, count in PAIRS[split].items():
        templates = TEMPLATES[kind][split]
        for number in range(count):
            template = templates[number % len(templates)]
            if split == "train":
                yield kind, template, pick(old, rng), "train"
            else:
                domain = pick(new if rng.random() < HELD_OUT_SHARE else old, rng)
                yield kind, template, domain, "seen" if rng.random() < SEEN_SHARE else "unseen"


def compose(split: str) -> Iterator[tuple[Row, str, Sentence]]:
    """The rows of a split, without id, each with its template and sentence; no text twice."""
    rng = Random(f"{SEED}-{split}")
    texts: set[str] = set()
    for kind, template, domain, source in plan(split, rng):
        pair = [_new(texts, template, domain, label, source, rng) for label in (NEGATIVE, POSITIVE)]
        if None in pair:  # short lists: all that the template can say about this domain is said
            continue
        for label, sentence in zip((NEGATIVE, POSITIVE), pair, strict=True):
            texts.add(sentence.text)
            row = {"text": sentence.text, "label": label, "domain": domain.name, "kind": kind}
            yield row | {"words": "unseen" if source == "unseen" else "seen"}, template, sentence


def _new(
    texts: set[str], template: str, domain: Domain, label: str, source: Source, rng: Random
) -> Sentence | None:
    """A sentence that is not among the texts, None where none is found."""
    for _ in range(TRIES):
        try:
            sentence = write(template, domain, label, source, rng)
        except IndexError:  # no word is left for the last slot
            continue
        if sentence.text not in texts:
            return sentence
    return None


def make_rows(split: str) -> list[Row]:
    """All rows of a split ("train" or "test"), shuffled, as they stand in the file."""
    rng = Random(f"{SEED}-{split}-order")
    rows = [row for row, _, _ in compose(split)]
    rows = [row for _, row in sorted(((rng.random(), row) for row in rows), key=lambda x: x[0])]
    return [{"id": f"{split}-{number:05}"} | row for number, row in enumerate(rows, start=1)]


def to_bytes(rows: list[Row]) -> bytes:
    """JSON Lines in UTF-8."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def check(contents: dict[Path, bytes]) -> int:
    """Exit status: 0 when the files hold `contents`, else 1."""
    stale = [p.name for p, new in contents.items() if not p.exists() or p.read_bytes() != new]
    if stale:
        print(f"not what this script makes: {', '.join(stale)}. To write: {sys.argv[0]}")
    return 1 if stale else 0


def main() -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    what.add_argument("--stats", action="store_true", help="print the figures of README.md")
    what.add_argument("--validation", type=Path, metavar="FOLDER", help="divide train once more")
    options = parser.parse_args()
    if options.validation:
        divide_train(4, ("appliances", "gyms"))
        PAIRS["test"] = {kind: 4 * count for kind, count in PAIRS["test"].items()}
        options.validation.mkdir(parents=True, exist_ok=True)
        for split, name in (("train", "train"), ("test", "validation")):
            (options.validation / f"{name}.jsonl").write_bytes(to_bytes(make_rows(split)))
        return 0
    splits = {split: make_rows(split) for split in ("train", "test")}
    if options.stats:
        from stats import report  # needs scikit-learn

        print(report(splits["train"], splits["test"]))
        return 0
    contents = {HERE / f"{split}.jsonl": to_bytes(rows) for split, rows in splits.items()}
    if options.check:
        return check(contents)
    for path, content in contents.items():
        beside = path.with_suffix(".jsonl.new")
        beside.write_bytes(content)
        beside.replace(path)
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
