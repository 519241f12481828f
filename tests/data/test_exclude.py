"""Training rows that contain a test item's text, against a search of every run of words.

pytest tests/data/test_exclude.py
"""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from slm_lora.config import compose
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, load_rows, programs
from slm_lora.errors import UserError
from tests.helpers.rows import write_jsonl

TALE = "the old keeper of the lighthouse counts every ship that passes the rocks before the fog"
HUMANEVAL = {
    "task_id": "HumanEval/0",
    "prompt": 'def doubled(values):\n    """Each of the values twice as large, in the order that '
    'they have, and nothing for none."""\n',
    "canonical_solution": "    return [2 * value for value in values]\n",
    "test": "def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n",
    "entry_point": "doubled",
}
MBPP = {
    "task_id": 2,
    "prompt": "Write a function that tells how many of the given words begin with a capital letter "
    "and end without one.",
    "code": "def capitals(words):\n    return sum(w[0].isupper() for w in words)",
    "test_list": ["assert capitals(['A', 'b']) == 1"],
    "test_imports": [],
}


def words(text: str) -> list[str]:
    return "".join(
        sign if sign.isalnum() or sign == "_" else " " for sign in text.casefold()
    ).split()


def has_run(row: str, item: str) -> bool:
    """Whether 13 words of the item, or all of 8 to 12, are in the row: every place is tried."""
    row_words, item_words = f" {' '.join(words(row))} ", words(item)
    if len(item_words) < 8:
        return False
    size = min(13, len(item_words))
    runs = (item_words[n : n + size] for n in range(len(item_words) - size + 1))
    return any(f" {' '.join(run)} " in row_words for run in runs)


def pairs(texts: list[str]) -> list[dict[str, Any]]:
    return [{"prompt": f"{text}?", "completion": f"answer {n}"} for n, text in enumerate(texts)]


def load(
    folder: Path, rows: list[dict[str, Any]], exclude: list[str] | None, **more: Any
) -> Loaded:
    test = write_jsonl(folder / "test.jsonl", [{"prompt": TALE, "completion": "yes"}])
    files = {"train": str(write_jsonl(folder / "train.jsonl", rows)), "test": str(test)}
    return load_rows(
        DataConfig(**{**files, "validation_fraction": 0.0, "exclude": exclude, **more})
    )


def test_the_rows_are_those_that_a_search_of_every_place_finds(tmp_path: Path) -> None:
    draw = random.Random(3)
    some = [f"w{n}" for n in range(8)]  # few words, so that runs meet by chance too
    items = [" ".join(draw.choices(some, k=draw.randrange(5, 30))) for _ in range(15)]
    rows = []
    for _ in range(300):
        item = words(draw.choice(items))
        start = draw.randrange(len(item))
        part = item[start : start + draw.randrange(6, 16)]
        own = draw.choices(["x", "y", "z"], k=4)
        rows.append(
            " ".join([*own[:2], *part, *own[2:]]).upper().replace(" ", draw.choice([" ", ", "]))
        )
    rows = list(dict.fromkeys(rows))
    file = write_jsonl(tmp_path / "exam.jsonl", pairs(items))
    # The items' question marks and answers are no word of the texts.
    expected = [not any(has_run(row, item) for item in items) for row in rows]
    assert 20 < sum(expected) < len(rows) - 20
    loaded = load(tmp_path, pairs(rows), [str(file)])
    kept = {row["prompt"][0]["content"] for row in loaded.train}
    assert [f"{row}?" in kept for row in rows] == expected
    assert loaded.report["excluded"] == {str(file): expected.count(False)}
    assert loaded.report["dropped"]["train"]["excluded"] == expected.count(False)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"prompt": f"Read: {TALE.upper()}!", "completion": "yes"}, False),
        ({"prompt": "tell me a tale", "completion": f"Here: {TALE}"}, False),
        ({"prompt": "in part", "completion": " ".join(TALE.split()[1:14])}, False),
        ({"prompt": "in part", "completion": " ".join(TALE.split()[1:13])}, True),
        (
            {"prompt": "a short one", "completion": "What is,the sum-of the first nine   primes"},
            False,
        ),
        ({"prompt": "a short one", "completion": "what is the sum of the first nine"}, True),
        ({"prompt": "too short to look for", "completion": "who wrote this song"}, True),
        ({"prompt": "only the system turn", "completion": "of the set"}, True),
    ],
)
def test_what_counts_as_containing_an_item(tmp_path: Path, row: dict[str, Any], kept: bool) -> None:
    system = "you are a helper of few words who always says what is true and no more than that"
    turns = [
        {"role": "system", "content": system},
        {"role": "user", "content": TALE},
        {"role": "assistant", "content": "what is the sum of the first nine primes"},
    ]
    short = [{"role": "user", "content": "who wrote this song"}, turns[2] | {"content": "nobody"}]
    items = [{"messages": turns}, {"messages": short}]
    file = str(write_jsonl(tmp_path / "exam.jsonl", items))
    rows = [row, {"prompt": "another", "completion": "row"}]
    test = str(write_jsonl(tmp_path / "own.jsonl", [{"prompt": "own", "completion": "test"}]))
    loaded = load(tmp_path, rows, [file], test=test, system=system)
    assert len(loaded.train) == 1 + kept


def test_test_rows_stay_whatever_is_excluded(tmp_path: Path) -> None:
    rows = pairs([f"{TALE} number {n}" for n in range(5)]) + pairs(["something else"])
    file = str(write_jsonl(tmp_path / "exam.jsonl", pairs([TALE])))
    loaded = load(tmp_path, rows, [file])
    assert [row["prompt"][0]["content"] for row in loaded.test] == [TALE]
    assert len(loaded.train) == 1


def test_what_many_items_share_is_their_form(tmp_path: Path) -> None:
    form = "answer the question below in one word and say nothing else at all please now"
    items = [f"{form} {TALE} {n}" if n == 0 else f"{form} item {n}" for n in range(11)]
    rows = pairs([f"{form}: is it so", f"so {TALE}"])
    file = str(write_jsonl(tmp_path / "exam.jsonl", pairs(items)))
    kept = load(tmp_path, rows, [file]).train
    assert [row["prompt"][0]["content"] for row in kept] == [f"{form}: is it so?"]
    ten = str(write_jsonl(tmp_path / "ten.jsonl", pairs(items[:10])))
    with pytest.raises(UserError, match=r"no train rows are left; 2 that contain an item"):
        load(tmp_path, rows, [ten])


def test_numbers_are_no_items_text(tmp_path: Path) -> None:
    count = ", ".join(str(n) for n in range(1, 21))
    file = str(write_jsonl(tmp_path / "exam.jsonl", pairs([f"add {count} and tell the sum"])))
    rows = pairs([f"count: {count}", f"please add {count}"])
    kept = load(tmp_path, rows, [file]).train
    assert [row["prompt"][0]["content"] for row in kept] == [f"count: {count}?"]


def test_texts_with_labels_are_looked_for_without_them(tmp_path: Path) -> None:
    rows = [{"text": text, "label": "x"} for text in (f"so {TALE}", "another")]
    items = [{"review": TALE, "label": "of another set"}]
    file = str(write_jsonl(tmp_path / "exam.jsonl", items))
    test = str(write_jsonl(tmp_path / "own.jsonl", [{"text": "own", "label": "x"}]))
    assert len(load(tmp_path, rows, [file], test=test).train) == 1


def programs_with(*texts: str) -> list[dict[str, Any]]:
    return [
        {"instruction": f"Task {n}: {text}", "solution": f"x = {n}"} for n, text in enumerate(texts)
    ]


@pytest.fixture
def _public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public sets in folders of the hub's layout, as a cache would have them."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    for name, item in (("humaneval", HUMANEVAL), ("mbpp", MBPP)):
        write_jsonl(tmp_path / name / "test.jsonl", [item])
        monkeypatch.setitem(programs.PUBLIC, name, DataConfig(name=str(tmp_path / name)))


@pytest.mark.usefixtures("_public")
def test_rows_of_code_are_compared_with_the_public_sets_by_default(tmp_path: Path) -> None:
    copied = re.sub(r"\s+", " ", str(HUMANEVAL["prompt"]))
    rows = programs_with("add", copied, str(MBPP["prompt"]), str(MBPP["prompt"]) + " Please.")
    test = str(write_jsonl(tmp_path / "own.jsonl", programs_with("own")))
    found = load(tmp_path, rows, None, test=test).report
    assert found["excluded"] == {"humaneval": 1, "mbpp": 2}
    assert found["rows"]["train"] == 1
    assert load(tmp_path, rows, [], test=test).report["excluded"] == {}
    assert load(tmp_path, rows, ["mbpp"], test=test).report["excluded"] == {"mbpp": 2}
    others = pairs(["add", copied])
    assert load(tmp_path, others, None).report["excluded"] == {}, "no rows of code"


def test_a_public_set_out_of_reach_is_told_and_an_error_only_where_it_was_typed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = programs_with("add", "subtract")
    test = str(write_jsonl(tmp_path / "own.jsonl", programs_with("own")))
    with caplog.at_level("INFO", logger="slm_lora"):
        assert load(tmp_path, rows, None, test=test).report["excluded"] == {}
    assert "were not compared with humaneval and mbpp" in caplog.text
    with pytest.raises(UserError, match=r"data\.exclude=\[mbpp\.jsonl\]"):
        load(tmp_path, rows, ["mbpp"], test=test)
    with pytest.raises(UserError, match=r"data\.exclude=.*no such file"):
        load(tmp_path, rows, [str(tmp_path / "exam.jsonl")], test=test)


def test_the_sets_of_a_recipe_count_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    write_jsonl(folder / "exam.jsonl", pairs([TALE]))
    (folder / "mine.yaml").write_text(json.dumps({"data": {"exclude": ["mbpp", "exam.jsonl"]}}))
    exclude = compose.load(["+recipe=mine"], tmp_path).data.exclude
    assert exclude == ["mbpp", str(folder / "exam.jsonl")]
