"""Rows of code: our own columns, and HumanEval's and MBPP's fields."""

import json

import pytest

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import load_rows
from slm_lora.data.programs import stub
from slm_lora.errors import UserError
from tests.helpers.rows import load, write_jsonl

TRAIN = [{"instruction": f"Write number {n}.", "solution": f"x = {n}"} for n in range(4)]
HUMANEVAL = {
    "task_id": "Mine/7",
    "prompt": 'def half(n):\n    """n / 2, by twice."""\n',
    "entry_point": "half",
    "canonical_solution": "    return n / 2\n",
    "test": "def check(candidate):\n    assert candidate(4) == 2\n",
}
MBPP = {
    "task_id": 3,
    "prompt": "Write a function that adds.",
    "code": "import sys\ndef helper(a):\n    return a\n\ndef add(a, b):\n    return helper(a) + b",
    "test_imports": ["import math"],
    "test_list": ["assert add(1, 2) == 3", "assert add(0, math.floor(1.5)) == 1"],
}


def test_row_keeps_what_judges_it(tmp_path) -> None:
    tested = {"tests": ["assert x == 9"], "entry_points": ["x"], "setup": "import math"}
    test = {"instruction": "Write nine.", "solution": "x = 9", "family": "n", "split": "new"}
    found = load(tmp_path, TRAIN, [test | tested])
    assert found.report["shape"] == "code"
    assert found.train[0]["completion"][0]["content"] == "x = 0"
    assert "tests" not in found.train[0]
    (row,) = found.test
    assert row["prompt"] == [{"role": "user", "content": "Write nine."}]
    assert {key: row[key] for key in tested} == tested
    assert (row["family"], row["split"]) == ("n", "new")


def public(tmp_path, item: dict, layout: str) -> dict:
    train = write_jsonl(tmp_path / "train.jsonl", TRAIN)
    test = tmp_path / "test.json"
    test.write_text(json.dumps([item]))
    config = DataConfig(train=str(train), test=str(test), validation_fraction=0)
    (row,) = load_rows(config, layout).test
    return row


def test_humaneval_is_read_as_it_is(tmp_path) -> None:
    row = public(tmp_path, HUMANEVAL, "humaneval")
    assert row["id"] == "Mine/7"
    assert row["prefix"] == HUMANEVAL["prompt"]
    assert row["entry_points"] == ["half"]
    # Both a body that goes on and a function written again must define it.
    for answer in ("    return n / 2\n", "def half(n):\n    return n / 2\n"):
        names: dict = {}
        exec(row["prefix"] + answer, names)
        exec(row["tests"][0], names)
        assert names["half"](4) == 2


def test_mbpp_is_read_as_it_is(tmp_path) -> None:
    row = public(tmp_path, MBPP, "mbpp")
    assert row["id"] == "MBPP/3"
    assert row["entry_points"] == ["add"]  # the helper is the solution's own affair
    assert row["tests"] == MBPP["test_list"]
    assert row["setup"] == "import math\nimport sys"


def test_mbpp_as_a_whole_calls_two_fields_otherwise(tmp_path) -> None:
    whole = {key: value for key, value in MBPP.items() if key not in ("prompt", "test_imports")}
    whole |= {"text": MBPP["prompt"], "test_setup_code": "import math", "challenge_test_list": []}
    assert public(tmp_path, whole, "mbpp") == public(tmp_path, MBPP, "mbpp")


def test_other_fields_name_the_format(tmp_path) -> None:
    with pytest.raises(UserError, match="item 1: no field 'test' of humaneval"):
        public(tmp_path, {"question": "?"}, "humaneval")


@pytest.mark.parametrize("empty", [{"test_list": None}, {"test_list": []}, {"code": None}])
def test_an_empty_field_of_a_public_file_is_named(tmp_path, empty) -> None:
    with pytest.raises(UserError, match="item 1: a field of mbpp is empty"):
        public(tmp_path, MBPP | empty, "mbpp")


def test_stub_defines_every_name_and_returns_none() -> None:
    names: dict = {}
    exec(stub(["f", "g"]), names)
    assert names["f"](1, b=2) is None
    assert names["g"]() is None
