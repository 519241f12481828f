"""Cleaning, splits and limits: what is left out, counted, and which side a row is on.

pytest tests/data/test_load.py
"""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import load


def texts(count: int, label: str = "x") -> list[dict[str, Any]]:
    return [{"text": f"text number {n}", "label": label} for n in range(count)]


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {(row["prompt"] or row["completion"])[0]["content"] for row in rows}


def sides(loaded: Loaded) -> dict[str, str]:
    splits = {"train": loaded.train, "validation": loaded.validation, "test": loaded.test}
    return {text: split for split, rows in splits.items() for text in ids(rows)}


def test_empty_repeated_and_conflicting_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [
        {"text": "kept", "label": "x"},
        {"text": "kept", "label": "x"},
        {"text": "kept", "label": "x"},
        {"text": "both", "label": "x"},
        {"text": "both", "label": "y"},
        {"text": " ", "label": "y"},
        {"text": None, "label": "y"},
    ]
    loaded = load(tmp_path, rows, [{"text": "test", "label": "x"}])
    assert ids(loaded.train) == {"Text: kept\nAnswer with x or y.\nLabel:"}
    assert loaded.report["dropped"]["train"] == {
        "duplicate": 2,
        "conflicting_label": 2,
        "empty": 2,
    }


def test_the_same_prompt_may_have_several_answers(tmp_path: Path) -> None:
    rows = [{"prompt": "name a colour", "completion": c} for c in ("red", "blue", "red")]
    loaded = load(tmp_path, rows, [{"prompt": "name a town", "completion": "Rome"}])
    assert [row["completion"][0]["content"] for row in loaded.train] == ["red", "blue"]


def test_a_conversation_without_an_answer_is_dropped_and_counted(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    rows = [{"messages": talk}, {"messages": talk[:1]}, {"messages": []}]
    other = [{"messages": [{"role": "user", "content": "z"}, *talk]}]
    assert load(tmp_path, rows, other).report["dropped"]["train"] == {"no_answer": 2}


def test_turns_at_the_end_that_nobody_answered_are_left_off_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    other = [{"messages": [{"role": "user", "content": "z"}, *talk]}]
    with caplog.at_level("INFO", "slm_lora"):
        loaded = load(tmp_path, [{"messages": [*talk, *talk[:1]]}], other)
    assert "1 conversations end with turns that nobody answered" in caplog.text
    assert loaded.train[0]["prompt"] + loaded.train[0]["completion"] == talk
    assert loaded.report["unanswered"] == {"train": 1, "validation": 0, "test": 0}


def test_the_same_question_may_call_different_tools(tmp_path: Path) -> None:
    def asked(number: int) -> dict[str, Any]:
        call = {"function": {"name": "add", "arguments": {"a": number}}}
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": [call]}]
        return {"messages": turns}

    other = [
        {"messages": [{"role": "user", "content": "z"}, {"role": "assistant", "content": "y"}]}
    ]
    loaded = load(tmp_path, [asked(1), asked(2), asked(1)], other)
    assert len(loaded.train) == 2
    assert loaded.report["dropped"]["train"] == {"duplicate": 1}


def test_test_rows_of_their_own_file_all_stay_but_empty_ones(tmp_path: Path) -> None:
    repeated = [
        {"text": "a", "label": "x"},
        {"text": "a", "label": "x"},
        {"text": "", "label": "x"},
    ]
    loaded = load(tmp_path, texts(3), repeated)
    assert len(loaded.test) == 2
    assert loaded.report["dropped"]["test"] == {"empty": 1}
    assert loaded.report["kept_in_test"] == {"duplicate": 1}


def test_training_rows_with_a_test_rows_text_are_dropped(tmp_path: Path) -> None:
    rows = [{"text": "A film, truly!", "label": "x"}, {"text": "another film", "label": "x"}]
    loaded = load(tmp_path, rows, [{"text": "a film truly", "label": "x"}])
    assert ids(loaded.train) == {"Text: another film\nLabel:"}
    assert loaded.report["overlap"]["exact"] == 1
    assert loaded.report["dropped"]["train"] == {"in_test": 1}


def test_every_row_read_is_used_or_counted(tmp_path: Path) -> None:
    rows = [*texts(50), *texts(5), {"text": "", "label": "x"}, {"text": "Test!", "label": "x"}]
    test = [{"text": "test", "label": "x"}, *({"text": f"t{n}", "label": "x"} for n in range(9))]
    report = load(
        tmp_path, rows, test, train_limit=30, test_limit=4, validation_fraction=0.2
    ).report
    used, dropped = report["rows"], report["dropped"]
    assert used["train"] + used["validation"] == 30
    assert used["test"] == 4
    for split, in_use in (("train", 30), ("test", 4)):
        assert in_use + sum(dropped[split].values()) == report["rows_read"][split]


def test_shares_without_labels_are_about_those_asked_for(tmp_path: Path) -> None:
    rows = [{"text": f"text number {n}"} for n in range(2000)]
    loaded = load(tmp_path, rows, test_fraction=0.2, validation_fraction=0.1)
    # Binomial, four standard deviations: 400 ± 72 and 160 ± 48.
    assert abs(len(loaded.test) - 400) < 72
    assert abs(len(loaded.validation) - 160) < 48
    assert len(loaded.train + loaded.validation + loaded.test) == 2000


def test_the_share_is_taken_of_each_label(tmp_path: Path) -> None:
    rows = [*texts(1000), *({"text": f"rare {n}", "label": "y"} for n in range(20))]
    rows += [{"text": f"two {n}", "label": "z"} for n in range(2)]
    rows += [{"text": "one", "label": "w"}]
    report = load(tmp_path, rows, test_fraction=0.2, validation_fraction=0.1).report
    assert report["labels"]["test"] == {"x": 200, "y": 4, "z": 1}
    assert report["labels"]["validation"] == {"x": 80, "y": 2}
    assert report["labels"]["train"] == {"w": 1, "x": 720, "y": 14, "z": 1}


def test_a_row_keeps_its_side_when_rows_are_added(tmp_path: Path) -> None:
    """Without labels every row; with labels all but a few at the border."""
    config = {"test_fraction": 0.2, "validation_fraction": 0.2}
    for label in ({}, {"label": "x"}):
        rows = [{"text": f"text number {n}", **label} for n in range(600)]
        few = sides(load(tmp_path, rows[:300], **config))
        more = sides(load(tmp_path, [*rows[300:], *rows[:300]], **config))
        moved = len(few.items() - more.items())
        assert moved <= (0.1 * len(few) if label else 0)
        assert Counter(few.values()).keys() == {"train", "validation", "test"}


def test_rows_of_one_text_with_different_labels_share_a_side(tmp_path: Path) -> None:
    rows = [{"text": f"Text {n}{'.' * m}", "label": "xy"[m]} for n in range(40) for m in (0, 1)]
    loaded = load(tmp_path, rows, test_fraction=0.3, validation_fraction=0.3)
    places = [
        {text.split("\n")[0].rstrip(".") for text in ids(part)}
        for part in (loaded.train, loaded.validation, loaded.test)
    ]
    assert sum(map(len, places)) == 40


def test_another_seed_splits_otherwise(tmp_path: Path) -> None:
    one, two = (sides(load(tmp_path, texts(300), seed=seed)) for seed in (1, 2))
    assert one != two


def test_rows_with_the_same_text_share_a_side(tmp_path: Path) -> None:
    rows = [{"prompt": f"Question {n}?", "completion": f"{m}"} for n in range(99) for m in "ab"]
    loaded = load(tmp_path, rows, test_fraction=0.3, validation_fraction=0.3)
    places = [ids(part) for part in (loaded.train, loaded.validation, loaded.test)]
    assert sum(map(len, places)) == 99


def test_of_two_rows_one_is_held_out_and_no_fraction_holds_out_none(tmp_path: Path) -> None:
    loaded = load(tmp_path, texts(2), test_fraction=0.01)
    assert (len(loaded.train), len(loaded.test)) == (1, 1)
    assert load(tmp_path, texts(9), texts(3)[:1]).validation == []


def test_a_smaller_limit_takes_a_part_of_a_larger_ones_rows(tmp_path: Path) -> None:
    test = [{"text": "test", "label": "x"}]
    small, large = (load(tmp_path, texts(100), test, train_limit=n) for n in (10, 20))
    assert len(small.train) == 10
    assert ids(small.train) < ids(large.train)
    order = [row["id"] for row in large.train]
    assert order == sorted(order, key=lambda name: int(name.split(":")[1]))


@pytest.mark.parametrize(
    ("rows", "test", "message"),
    [
        ([{"text": "", "label": "x"}], texts(1), "no train rows are left; 1 without a question"),
        (texts(1), texts(1), "no train rows are left; 1 that are among the test rows"),
        (texts(1), None, "no test rows are left; none was left out"),
    ],
)
def test_a_split_without_rows_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]], test: list[dict[str, Any]] | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, rows, test, labels={"x": "x"})


def test_the_fingerprint_is_of_the_rows(tmp_path: Path) -> None:
    first = load(tmp_path, texts(5), texts(9)[8:]).report["fingerprint"]
    assert first == load(tmp_path / "elsewhere", texts(5), texts(9)[8:]).report["fingerprint"]
    assert first != load(tmp_path, texts(6), texts(9)[8:]).report["fingerprint"]
    assert len(bytes.fromhex(first)) == hashlib.sha256().digest_size


def test_no_data_is_an_error_that_says_what_to_type() -> None:
    with pytest.raises(UserError) as error:
        load_rows(DataConfig())
    assert "data.train=FILE" in error.value.hint


def test_reading_rows_imports_no_torch(tmp_path: Path) -> None:
    load(tmp_path, texts(9), texts(10)[9:])
    code = (
        "import sys\n"
        "from slm_lora.config.schema import DataConfig\n"
        "from slm_lora.data import load_rows\n"
        f"load_rows(DataConfig(train={str(tmp_path / 'train.jsonl')!r}))\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
