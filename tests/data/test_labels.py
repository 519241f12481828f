"""Labels: which values are one, which rows have none, and what is said of them.

pytest tests/data/test_labels.py
"""

import logging
from pathlib import Path
from typing import Any

import pytest

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, load_rows
from slm_lora.data.labels import in_order
from slm_lora.errors import UserError
from tests.helpers.rows import load


def rows(*labels: Any, column: str = "label") -> list[dict[str, Any]]:
    return [{"text": f"text number {n}", column: label} for n, label in enumerate(labels)]


def names(loaded: Loaded) -> list[str]:
    return [row["label"] for row in loaded.train]


def other(label: Any) -> list[dict[str, Any]]:
    return [{"text": "a test row", "label": label}]


@pytest.mark.parametrize("labels", [{}, {"0": "bad", "1": "good"}, {"0.0": "bad", "1.0": "good"}])
def test_a_number_is_one_label_however_it_is_written(
    tmp_path: Path, labels: dict[str, str]
) -> None:
    loaded = load(tmp_path, rows(1, 1.0, "1", " 1 ", "1.0", "1,0", 0), other(0.0), labels=labels)
    assert names(loaded) == ([*["good"] * 6, "bad"] if labels else [*["1"] * 6, "0"])
    assert loaded.test[0]["label"] == ("bad" if labels else "0")


@pytest.mark.parametrize("label", [1.5, "01", "1,000", "1.0.0", "v1.0"])
def test_what_is_no_whole_number_stays_as_it_is(tmp_path: Path, label: Any) -> None:
    assert names(load(tmp_path, rows(label, 1), other(1))) == [str(label), "1"]


def test_names_are_found_whatever_their_case(tmp_path: Path) -> None:
    labels = {"NEG": "negative", "1": "positive"}
    loaded = load(tmp_path, rows("Positive", "neg", "NEGATIVE", "1"), other("nEg"), labels=labels)
    assert names(loaded) == ["positive", "negative", "negative", "positive"]
    assert loaded.test[0]["label"] == "negative"


def test_without_names_the_most_frequent_way_to_write_a_label_is_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = load(tmp_path, rows("Joy", "joy", "joy", "fear"), other("JOY"))
    assert names(loaded) == ["joy", "joy", "joy", "fear"]
    assert loaded.test[0]["label"] == "joy"
    assert "differ only in their case are one: joy (2), Joy (1)" in caplog.text
    assert "type 'data.labels={Joy: Joy, fear: fear, joy: joy}'" in caplog.text


def test_names_of_the_user_that_differ_only_in_case_stay_two(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"a": "a", "A": "A"}
    assert names(load(tmp_path, rows("a", "A"), other("A"), labels=own)) == ["a", "A"]
    assert "differ only in their case" not in caplog.text


@pytest.mark.parametrize("missing", [None, "", "  ", float("nan")])
def test_rows_without_a_label_are_dropped_and_counted(tmp_path: Path, missing: Any) -> None:
    loaded = load(tmp_path, rows("x", missing, "y"), [*other("x"), *rows(missing)])
    assert names(loaded) == ["x", "y"]
    assert loaded.report["dropped"] == {"train": {"no_label": 1}, "test": {"no_label": 1}}


def test_a_column_without_any_label_is_answered_with_the_columns(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no row of .*train\.jsonl has a label") as error:
        load(tmp_path, [{**row, "mood": "x"} for row in rows(None, "")])
    assert "data.columns.label=NAME, one of text, label, mood" in error.value.hint


@pytest.mark.parametrize("several", [[0, 1], [1], {"joy": 1}, "[0, 1]", "['joy', 'fear']", "[]"])
def test_several_labels_in_a_row_are_refused(tmp_path: Path, several: Any) -> None:
    with pytest.raises(UserError, match=r"train\.jsonl:2: several labels in one row") as error:
        load(tmp_path, rows("x", several), other("x"))
    assert "data.columns.label=COLUMN" in error.value.hint


def test_a_name_in_brackets_is_a_name(tmp_path: Path) -> None:
    assert names(load(tmp_path, rows("[joy]", "[/fear]"), other("[joy]"))) == ["[joy]", "[/fear]"]


def test_a_column_of_lists_is_no_matter_where_it_is_no_label(tmp_path: Path) -> None:
    talk = [{"prompt": "Why?", "completion": "So.", "label": ["a", "b"]}]
    asked = [{"prompt": "How?", "completion": "So.", "label": []}]
    assert not any(load(tmp_path, talk, asked).report["labels"].values())


def test_a_value_without_a_name_is_answered_with_all_of_them(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        load(tmp_path, rows(1, 5, 3, 3, 10), None, labels={"1": "bad", "5": "good"})
    assert "labels without a name: 3 (2), 10 (1); first in " in error.value.message
    assert "train.jsonl:3" in error.value.message
    assert error.value.hint.endswith("type 'data.labels={1: bad, 5: good, 3: 3, 10: 10}'")


def test_a_column_of_texts_taken_for_labels_is_answered_with_the_columns(tmp_path: Path) -> None:
    lines = [{"text": f"t{n}", "label": f"a sentence {n}", "mood": "x"} for n in range(30)]
    with pytest.raises(UserError) as error:
        load(tmp_path, lines, None, labels={"x": "X"})
    assert "data.columns.label=NAME, one of text, label, mood" in error.value.hint


def test_test_rows_with_labels_of_their_own_are_refused(tmp_path: Path) -> None:
    files = load(tmp_path, rows(1, 5, 5), other(1))
    assert files.test
    with pytest.raises(UserError) as error:
        load(tmp_path, rows(1, 5, 5), [*other("negative"), *other("positive"), *other(5)])
    assert str(tmp_path / "test.jsonl") in error.value.message
    assert "labels that no training row has: negative (1), positive (1)" in error.value.message
    assert "1 (1), 5 (2)" in error.value.hint
    assert "type data.test=null" in error.value.hint
    named = {"1": "bad", "2": "fair", "5": "good"}
    with pytest.raises(UserError, match=r"no training row has: fair \(1\)"):
        load(tmp_path, rows(1, 5), other(2), labels=named)


def test_labels_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    assert in_order(["10", "9", "-1", "2.5", "no", "Yes"]) == ["-1", "2.5", "9", "10", "Yes", "no"]
    loaded = load(tmp_path, rows(10, 9, 2), other(10))
    assert list(loaded.report["labels"]["train"]) == ["2", "9", "10"]


TWENTY = ", ".join(map(str, range(19))) + " or 19"
SPAM = {"columns": {"label": "is_spam"}}
NAMED = {"labels": {"1": "good", "0": "bad"}}
QUESTIONS: list[tuple[list[Any], dict[str, Any], str]] = [
    ([2, 10, 9], {}, "Text: {text}\nAnswer with 2, 9 or 10.\nLabel:"),
    (["no", "yes"], SPAM, "Text: {text}\nAnswer with no or yes.\nIs spam:"),
    ([1, 0], NAMED, "Text: {text}\nAnswer with good or bad.\nLabel:"),
    (["{a}", "b"], {}, "Text: {text}\nAnswer with b or {{a}}.\nLabel:"),
    (list(range(20)), {}, f"Text: {{text}}\nAnswer with {TWENTY}.\nLabel:"),
    (list(range(21)), {}, "Text: {text}\nLabel:"),
    ([1, 0], {"prompt": "{text}?"}, "{text}?"),
]


@pytest.mark.parametrize(("labels", "config", "question"), QUESTIONS)
def test_the_question_names_the_columns_and_the_labels(
    tmp_path: Path, labels: list[Any], config: dict[str, Any], question: str
) -> None:
    column = config.get("columns", {}).get("label", "label")
    test_row = [{"text": "test", column: labels[0]}]
    loaded = load(tmp_path, rows(*labels, column=column), test_row, **config)
    assert loaded.config.prompt == question
    assert loaded.test[0]["prompt"][0]["content"] == question.format(text="test")
    assert load_rows(loaded.config).report["fingerprint"] == loaded.report["fingerprint"]


def test_the_log_names_every_source_with_its_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="slm_lora")
    tested = [{"text": f"test {n}", "label": n % 2} for n in range(3)]
    load(tmp_path, rows(*[1] * 30, *[0] * 6), tested, validation_fraction=0.5)
    train, test_file = tmp_path / "train.jsonl", tmp_path / "test.jsonl"
    sources, labels = caplog.messages
    assert sources == (
        f"rows: 18 to train on, 18 for validation from {train} (36 read); "
        f"3 to test on from {test_file} (3 read)"
    )
    assert labels == (
        "labels of the rows for training and validation: 0 (6), 1 (30); unbalanced: '1' is 83% of "
        "them, so read f1_macro beside accuracy"
    )
    caplog.clear()
    load_rows(DataConfig(train=str(train), validation_fraction=0, test_fraction=0.5))
    assert (
        caplog.messages[0]
        == f"rows: 18 to train on, 18 split off to test on, all from {train} (36 read)"
    )
