"""Figures on the dataset, for README.md: `python recipes/sentiment/make_dataset.py --stats`.

Plain classifiers (scikit-learn) are fitted on train and scored on test: on words and on word pairs,
which says how hard the task is, and on length, punctuation, domain and kind alone, which must know
nothing of the label.
"""

import re
import string
from collections.abc import Iterable
from itertools import compress

from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

Row = dict[str, str]
WORD = r"[\w'-]+"


def share(hits: Iterable[bool]) -> float:
    """Share of True."""
    known = list(hits)
    return sum(known) / len(known)


def surface(row: Row) -> dict[str, float | str]:
    """What can be known of a row without reading its words."""
    text = row["text"]
    marks: dict[str, float | str] = {mark: text.count(mark) for mark in string.punctuation}
    return marks | {
        "characters": len(text),
        "words": len(text.split()),
        "sentences": len(re.findall(r"[.!?]", text)),
        "domain": row["domain"],
        "kind": row["kind"],
    }


def word_model(longest: int) -> Pipeline:
    """Logistic regression on the counts of n-grams of 1 to `longest` words."""
    counts = CountVectorizer(ngram_range=(1, longest), token_pattern=WORD)
    return make_pipeline(counts, LogisticRegression(max_iter=2000))


def surface_model() -> Pipeline:
    """Random forest on what `surface` gives."""
    forest = RandomForestClassifier(200, min_samples_leaf=10, random_state=0)
    return make_pipeline(DictVectorizer(sparse=False), forest)


def word_hits(train: list[Row], test: list[Row], longest: int) -> list[bool]:
    """Per test row: is `word_model` right?"""
    model = word_model(longest)
    model.fit([row["text"] for row in train], [row["label"] for row in train])
    guesses = model.predict([row["text"] for row in test])
    return [bool(guess == row["label"]) for guess, row in zip(guesses, test, strict=True)]


def surface_hits(train: list[Row], test: list[Row]) -> list[bool]:
    """Per test row: is `surface_model` right?"""
    model = surface_model()
    model.fit([surface(row) for row in train], [row["label"] for row in train])
    guesses = model.predict([surface(row) for row in test])
    return [bool(guess == row["label"]) for guess, row in zip(guesses, test, strict=True)]


def ngrams(rows: list[Row], n: int) -> set[str]:
    """The distinct n-grams of words."""
    counter = CountVectorizer(ngram_range=(n, n), token_pattern=WORD)
    return set(counter.fit(row["text"] for row in rows).vocabulary_)


def sizes(train: list[Row], test: list[Row]) -> list[str]:
    """Counts and lengths, as the lines of a Markdown table."""
    columns = []
    for rows in (train, test):
        lengths = [len(row["text"].split()) for row in rows]
        column = {
            "rows": f"{len(rows):,}",
            "share of positive": f"{share(row['label'] == 'positive' for row in rows):.3f}",
            "words a row: mean": f"{sum(lengths) / len(lengths):.1f}",
            "words a row: least to most": f"{min(lengths)} to {max(lengths)}",
            "share of rows marked seen": f"{share(row['words'] == 'seen' for row in rows):.3f}",
            "different words": f"{len(ngrams(rows, 1)):,}",
        }
        columns.append(column)
    lines = [f"| {name} | {columns[0][name]} | {columns[1][name]} |" for name in columns[0]]
    return ["| | train | test |", "|---|---|---|", *lines]


def overlap(train: list[Row], test: list[Row]) -> list[str]:
    """How much of the wording of test is new, as the lines of a Markdown table."""
    lines = ["| distinct n-grams of test that train has too | share |", "|---|---|"]
    for n, name in ((1, "words"), (2, "word pairs"), (3, "word triples")):
        of_test = ngrams(test, n)
        lines.append(f"| {name} | {len(of_test & ngrams(train, n)) / len(of_test):.3f} |")
    return lines


def accuracies(train: list[Row], test: list[Row]) -> list[str]:
    """What the plain classifiers reach, by group of rows, as the lines of a Markdown table."""
    columns = [word_hits(train, test, 1), word_hits(train, test, 2), surface_hits(train, test)]
    groups = {"all": [True] * len(test)}
    for key in ("kind", "words"):
        for value in sorted({row[key] for row in test}):
            groups[f"{key}: {value}"] = [row[key] == value for row in test]
    known = {row["domain"] for row in train}
    groups["domain not in train"] = [row["domain"] not in known for row in test]
    lines = ["| accuracy on test | rows | words | words and pairs | surface alone |"]
    lines.append("|---|---|---|---|---|")
    for name, members in groups.items():
        cells = [f"{share(compress(column, members)):.3f}" for column in columns]
        lines.append(f"| {name} | {sum(members)} | {' | '.join(cells)} |")
    return lines


def report(train: list[Row], test: list[Row]) -> str:
    """All figures, as Markdown."""
    tables = (table(train, test) for table in (sizes, overlap, accuracies))
    return "\n\n".join("\n".join(lines) for lines in tables)
