"""Tools and their calls, in the layouts in which they are published.

pytest tests/data/test_tool_use.py
"""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import load

ARGUMENTS = {"a": 1, "b": [2]}
FUNCTION = {"name": "add", "arguments": ARGUMENTS}
CALL = {"type": "function", "function": FUNCTION}
SCHEMA = {"name": "add", "description": "a sum", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": SCHEMA}
ASKED = {"role": "user", "content": "1 + 2?"}
OTHER = [{"messages": [{"role": "user", "content": "z"}, {"role": "assistant", "content": "y"}]}]
TEXT = json.dumps(FUNCTION)
FILES = {"train": "rows.parquet", "test": "test.jsonl"}

CALLS: dict[str, dict[str, Any]] = {
    "OpenAI": {"role": "assistant", "content": None, "tool_calls": [CALL]},
    "arguments as text": {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"function": {**FUNCTION, "arguments": json.dumps(ARGUMENTS)}}],
    },
    "bare": {"role": "assistant", "tool_calls": [FUNCTION]},
    "all of it as text": {"role": "assistant", "tool_calls": json.dumps([CALL])},
    "OpenAI, old": {"role": "assistant", "content": None, "function_call": FUNCTION},
    "ShareGPT": {"from": "function_call", "value": TEXT},
}


@pytest.mark.parametrize("layout", CALLS)
def test_calls_of_every_layout_are_one(tmp_path: Path, layout: str) -> None:
    (row,) = load(tmp_path, [{"messages": [ASKED, CALLS[layout]]}], OTHER).train
    assert row["completion"] == [{"role": "assistant", "content": "", "tool_calls": [CALL]}]


@pytest.mark.parametrize(
    "offered",
    [
        {"tools": [TOOL]},
        {"tools": [SCHEMA]},
        {"tools": json.dumps([TOOL])},
        {"tools": [json.dumps(TOOL)]},
        {"functions": [SCHEMA]},
    ],
)
def test_what_may_be_called_stands_in_the_row(tmp_path: Path, offered: dict[str, Any]) -> None:
    (row,) = load(tmp_path, [{"messages": [ASKED, CALLS["OpenAI"]], **offered}], OTHER).train
    assert row["tools"] == [TOOL]


def test_what_a_tool_gave_keeps_its_name_and_call(tmp_path: Path) -> None:
    gave = {"role": "tool", "content": "3", "name": "add", "tool_call_id": "c1"}
    called = {"role": "assistant", "tool_calls": [{**CALL, "id": "c1"}]}
    said = {"role": "assistant", "content": "It is 3."}
    (row,) = load(tmp_path, [{"messages": [ASKED, called, gave, said]}], OTHER).train
    assert row["prompt"][1]["tool_calls"] == [{"id": "c1", **CALL}]
    assert row["prompt"][2] == gave


def test_a_call_in_words_of_its_own_is_text(tmp_path: Path) -> None:
    turns = [{"from": "human", "value": "1 + 2?"}, {"from": "function_call", "value": "add(1, 2)"}]
    (row,) = load(tmp_path, [{"conversations": turns}], OTHER).train
    assert row["completion"] == [{"role": "assistant", "content": "add(1, 2)"}]


def test_a_tables_keys_with_nothing_in_them_are_left_out(tmp_path: Path) -> None:
    """Arrow gives each call the arguments of all others."""
    turns = [
        [
            {**ASKED, "content": n},
            {"role": "assistant", "tool_calls": [{"function": {"name": n, "arguments": a}}]},
        ]
        for n, a in (("add", {"a": 1}), ("cut", {"of": "x"}))
    ]
    table = pa.table({"messages": turns})
    assert table.to_pylist()[0]["messages"][1]["tool_calls"][0]["function"]["arguments"] == {
        "a": 1, "of": None,
    }  # fmt: skip
    pq.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "test.jsonl").write_text(json.dumps(OTHER[0]) + "\n")
    files = {split: str(tmp_path / name) for split, name in FILES.items()}
    rows = load_rows(DataConfig(**files, validation_fraction=0)).train
    calls = [row["completion"][0]["tool_calls"][0]["function"] for row in rows]
    assert calls == [
        {"name": "add", "arguments": {"a": 1}}, {"name": "cut", "arguments": {"of": "x"}},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"messages": [ASKED, {"role": "assistant", "tool_calls": ["add"]}]}, "a tool call is add"),
        ({"messages": [ASKED, CALLS["OpenAI"]], "tools": ["add"]}, "tools is"),
    ],
)
def test_what_is_no_call_or_tool_is_an_error_with_its_place(
    tmp_path: Path, row: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError, match=rf"train\.jsonl:1: {said}"):
        load(tmp_path, [row], OTHER)
