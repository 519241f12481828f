"""The sentiment recipe's dataset: pytest tests/recipes/test_sentiment_dataset.py."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from tests.helpers.scripts import load_scripts

FOLDER = Path(__file__).resolve().parents[2] / "recipes" / "sentiment"
HELD_OUT_DOMAINS = {"museums", "trains"}

Row = dict[str, str]
Splits = dict[str, list[Row]]
Modules = tuple[ModuleType, ModuleType, ModuleType]


def script(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run make_dataset.py of `folder`; -S: with no installed package in reach."""
    command = [sys.executable, "-B", "-S", str(folder / "make_dataset.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def splits() -> Splits:
    """The rows as they stand in the files."""
    return {
        split: [json.loads(line) for line in (FOLDER / f"{split}.jsonl").open(encoding="utf-8")]
        for split in ("train", "test")
    }


@pytest.fixture(scope="module")
def modules() -> Modules:
    """make_dataset, grammar and stats."""
    scripts = load_scripts(FOLDER, "make_dataset", "grammar", "stats")
    return scripts.make_dataset, scripts.grammar, scripts.stats


def plain(text: str) -> str:
    return " ".join(re.findall(r"[\w'-]+", text.lower()))


def test_files_are_what_the_script_makes() -> None:
    result = script(FOLDER, "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_script_rewrites_the_same_bytes_and_check_sees_a_change(tmp_path: Path) -> None:
    copy = tmp_path / "sentiment"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("*.jsonl", "__pycache__"))
    assert script(copy, "--check").returncode == 1
    assert script(copy).returncode == 0
    for name in ("train.jsonl", "test.jsonl"):
        assert (copy / name).read_bytes() == (FOLDER / name).read_bytes()
    assert not list(copy.glob("*.new"))
    with (copy / "test.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    changed = script(copy, "--check")
    assert changed.returncode == 1
    assert "test.jsonl" in changed.stdout
    assert "train.jsonl" not in changed.stdout


def test_counts_fields_and_balance(splits: Splits) -> None:
    assert len(splits["train"]) >= 4000
    assert len(splits["test"]) >= 500
    for split, rows in splits.items():
        for number, row in enumerate(rows, start=1):
            assert list(row) == ["id", "text", "label", "domain", "kind", "words"]
            assert row["id"] == f"{split}-{number:05}"
        labels = Counter(row["label"] for row in rows)
        assert labels["positive"] == labels["negative"] == len(rows) / 2
        for key in ("domain", "kind", "words"):
            by_label = Counter((row[key], row["label"]) for row in rows)
            for value in {row[key] for row in rows}:
                assert by_label[value, "positive"] == by_label[value, "negative"], value


def test_lengths(splits: Splits) -> None:
    lengths = [len(row["text"].split()) for rows in splits.values() for row in rows]
    assert min(lengths) >= 5
    assert max(lengths) <= 40
    assert sum(length <= 30 for length in lengths) / len(lengths) > 0.95


def test_texts_are_well_formed(splits: Splits) -> None:
    for row in (row for rows in splits.values() for row in rows):
        text = row["text"]
        assert text[0].isupper(), text
        assert text[-1] in ".!", text
        assert not re.search(r"[{}*+_]|a\(n\)|  |\b(\w+) \1\b", text), text
        assert not re.search(r"\ba [aeiou]|\ban (?!hour)[^aeiou]", text, re.IGNORECASE), text
        assert not re.search(r"[.?!] [a-z]| [,.;:!?]", text), text


def test_no_text_twice_and_none_in_both_files(splits: Splits) -> None:
    texts = {split: [plain(row["text"]) for row in rows] for split, rows in splits.items()}
    for of_split in texts.values():
        assert len(set(of_split)) == len(of_split)
    assert not set(texts["train"]) & set(texts["test"])


def test_held_out_domains_are_in_test_only(splits: Splits) -> None:
    train, test = ({row["domain"] for row in splits[split]} for split in ("train", "test"))
    assert test - train == HELD_OUT_DOMAINS
    assert len(train) >= 8
    held_out = sum(row["domain"] in HELD_OUT_DOMAINS for row in splits["test"])
    assert held_out >= 60


def test_templates_and_phrases_are_disjoint(modules: Modules) -> None:
    make_dataset, *_ = modules
    templates, phrases, labels = {}, {}, Counter()
    for split in ("train", "test"):
        made = list(make_dataset.compose(split))
        templates[split] = {template for _, template, _ in made}
        phrases[split] = {p for _, _, sentence in made for p in sentence.phrases}
        labels.update((template, row["label"]) for row, template, _ in made)
    assert len(templates["train"]) >= 40
    assert len(templates["test"]) >= 30
    assert not templates["train"] & templates["test"]
    assert len(phrases["test"]) >= 100
    assert not phrases["train"] & phrases["test"]
    for template in templates["train"] | templates["test"]:
        assert labels[template, "positive"] == labels[template, "negative"], template


def test_no_phrase_of_one_side_stands_in_a_text_of_the_other(
    splits: Splits, modules: Modules
) -> None:
    make_dataset, *_ = modules
    for split, other in (("train", "test"), ("test", "train")):
        texts = " | ".join(plain(row["text"]) for row in splits[other])
        phrases = {p for _, _, sentence in make_dataset.compose(split) for p in sentence.phrases}
        assert not [phrase for phrase in phrases if f" {plain(phrase)} " in f"{texts} "]


def test_words_field(splits: Splits, modules: Modules) -> None:
    make_dataset, grammar, _ = modules
    used = {word for _, _, sentence in make_dataset.compose("train") for word in sentence.words}
    assert used == grammar.TRAIN_WORDS
    in_train = set(re.findall(r"[\w'-]+", " ".join(r["text"].lower() for r in splits["train"])))
    for row, _, sentence in make_dataset.compose("test"):
        assert sentence.words, row
        if row["words"] == "unseen":
            assert not sentence.words & in_train, row
        else:
            assert sentence.words & used, row
    seen = sum(row["words"] == "seen" for row in splits["test"]) / len(splits["test"])
    assert 0.6 <= seen <= 0.7


def test_no_sentiment_word_has_two_minds(modules: Modules) -> None:
    """A word may not be held out in one list and in train in another, nor serve both labels."""
    _, grammar, _ = modules
    sides: dict[str, set[tuple[str, str]]] = {}
    tables = [*grammar.WORDS["adjectives"].values(), grammar.WORDS["noun"]]
    for table in tables:
        for label, lists in table.items():
            for split, words in lists.items():
                for word in words:
                    sides.setdefault(word.rstrip("!"), set()).add((label, split))
    assert not {word: where for word, where in sides.items() if len(where) > 1}


def surface(row: Row) -> dict[str, float | str]:
    """Length, punctuation, domain and kind: all but the words."""
    text = row["text"]
    return {f"mark {mark}": text.count(mark) for mark in ".,;:!?'-"} | {
        "characters": len(text),
        "words": len(text.split()),
        "domain": row["domain"],
        "kind": row["kind"],
    }


def test_surface_does_not_tell_the_label(splits: Splits, modules: Modules) -> None:
    forest = make_pipeline(
        DictVectorizer(sparse=False),
        RandomForestClassifier(100, min_samples_leaf=10, random_state=0),
    )
    make_dataset, *_ = modules
    train = [(row, template) for row, template, _ in make_dataset.compose("train")]
    features = [surface(row) | {"template": template} for row, template in train]
    labels = [row["label"] for row, _ in train]
    # The two rows of a pair stay on one side: apart, each would give the other away by contrast.
    pairs = [number // 2 for number in range(len(train))]
    within = cross_val_score(forest, features, labels, groups=pairs, cv=GroupKFold(4)).mean()
    assert 0.45 <= within <= 0.55
    forest.fit([surface(row) for row in splits["train"]], [r["label"] for r in splits["train"]])
    test = splits["test"]
    across = forest.score([surface(row) for row in test], [row["label"] for row in test])
    assert 0.45 <= across <= 0.55


def test_bag_of_words_solves_part_of_it(splits: Splits) -> None:
    model = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=2000))
    texts = {split: [row["text"] for row in rows] for split, rows in splits.items()}
    labels = {split: [row["label"] for row in rows] for split, rows in splits.items()}
    model.fit(texts["train"], labels["train"])
    assert 0.70 <= model.score(texts["test"], labels["test"]) <= 0.92


def test_readme_shows_todays_figures(splits: Splits, modules: Modules) -> None:
    """Counts and overlaps; the accuracies may vary with the version of scikit-learn."""
    *_, stats = modules
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for table in (stats.sizes, stats.overlap):
        assert "\n".join(table(splits["train"], splits["test"])) in readme
    sizes = stats.sizes(splits["train"], splits["test"])
    assert f"| rows | {len(splits['train']):,} | {len(splits['test']):,} |" in sizes


def test_stats_prints_the_accuracies(splits: Splits) -> None:
    command = [sys.executable, "-B", str(FOLDER / "make_dataset.py"), "--stats"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    every = re.search(r"\| all \| 600 \| (\S+) \| (\S+) \| (\S+) \|", printed)
    assert every, printed
    words, pairs, surface_alone = map(float, every.groups())
    assert 0.70 <= words <= 0.92
    assert 0.70 <= pairs <= 0.92
    assert 0.45 <= surface_alone <= 0.55
