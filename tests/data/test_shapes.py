"""The shapes of rows: how columns are recognised, renamed and turned into messages.

pytest tests/data/test_shapes.py
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slm_lora.data.shapes import normalise
from slm_lora.errors import UserError
from tests.helpers.rows import load

TEST = {
    "text+label": [{"text": "a test row", "label": "bad"}],
    "text": [{"text": "a test row"}],
    "instruction": [{"instruction": "a test row", "output": "yes"}],
    "code": [{"instruction": "a test row", "solution": "yes"}],
    "messages": [
        {"messages": [{"role": "user", "content": "test"}, {"role": "assistant", "content": "ok"}]}
    ],
    "prompt+completion": [{"prompt": "a test row", "completion": "yes"}],
}


def user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def assistant(content: str) -> dict[str, str]:
    return {"role": "assistant", "content": content}


SHAPES: list[tuple[str, dict[str, Any], list[dict[str, str]], str]] = [
    ("text+label", {"text": "dull", "label": "bad"}, [user("Text: dull\nLabel:")], "bad"),
    ("text", {"text": "once upon a time"}, [], "once upon a time"),
    ("instruction", {"instruction": "add", "input": "1 2", "output": 3}, [user("add\n\n1 2")], "3"),
    ("instruction", {"instruction": "hi", "input": "", "output": "ho"}, [user("hi")], "ho"),
    ("instruction", {"instruction": "hi", "input": 0, "output": "ho"}, [user("hi\n\n0")], "ho"),
    ("instruction", {"instruction": "a", "input": math.nan, "output": "b"}, [user("a")], "b"),
    ("prompt+completion", {"prompt": "why", "completion": "so"}, [user("why")], "so"),
    (
        "prompt+completion",
        {"prompt": [user("why")], "completion": [assistant("so")]},
        [user("why")],
        "so",
    ),
    (
        "messages",
        {"messages": [user("a"), assistant("b"), user("c"), assistant("d")]},
        [user("a"), assistant("b"), user("c")],
        "d",
    ),
]


ASKED = [user("why"), assistant("so")]
PARTS = [{"type": "text", "text": "why"}, {"type": "text", "text": "so"}]
ELSEWHERE: dict[str, tuple[dict[str, Any], str, list[dict[str, str]]]] = {
    "SQuAD": (
        {"question": "why", "context": "As", "answers": {"text": ["so", "as"], "answer_start": []}},
        "instruction",
        [user("why\n\nAs"), assistant("so")],
    ),
    "TriviaQA": (
        {"question": "why", "answer": {"value": "so", "aliases": ["as"]}},
        "instruction",
        ASKED,
    ),
    "older names first": (
        {"question": "why", "response": "so", "answers": ["as"], "correct_answer": "as"},
        "instruction",
        ASKED,
    ),
    "SQuAD, as objects": (
        {"question": "why", "answers": [{"text": "so", "answer_start": 1}]},
        "instruction",
        ASKED,
    ),
    "NQ": ({"question": "why", "answer": ["so", "as"]}, "instruction", ASKED),
    "WebQuestions": ({"url": "x", "question": "why", "answers": ["so"]}, "instruction", ASKED),
    "BoolQ": (
        {"question": "is it", "answer": False, "passage": "It is not."},
        "instruction",
        [user("is it\n\nIt is not."), assistant("False")],
    ),
    "SciQ": (
        {"question": "why", "distractor1": "no", "correct_answer": "so", "support": "As"},
        "instruction",
        [user("why\n\nAs"), assistant("so")],
    ),
    "Spider": ({"db_id": "d", "query": "so", "question": "why"}, "instruction", ASKED),
    "queries": ({"query": "why", "response": "so", "type": "x"}, "instruction", ASKED),
    "WikiSQL": ({"question": "why", "sql": "so", "table": "t"}, "instruction", ASKED),
    "MBPP": (
        {"task_id": 1, "text": "why", "code": "so = 1", "test_list": ["t"]},
        "code",
        [user("why"), assistant("so = 1")],
    ),
    "programs": (
        {"prompt": "why", "code": "so = 1"},
        "code",
        [user("why"), assistant("so = 1")],
    ),
    "a label before a query": (
        {"question": "why", "query": "so", "label": "bad"},
        "text+label",
        [user("why"), assistant("bad")],
    ),
    "a tree beside a query": (
        {"question": "why", "sql": {"from": 1}, "query": "so"},
        "instruction",
        ASKED,
    ),
    "answers before programs": (
        {"question": "why", "answer": "so", "query": "q", "code": "c"},
        "instruction",
        ASKED,
    ),
    "faq": ({"question": "why", "answer": "so"}, "instruction", ASKED),
    "any case": (
        {"Instruction": "add", "INPUT": "1 2", "Output": 3},
        "instruction",
        [user("add\n\n1 2"), assistant("3")],
    ),
    "dolly": (
        {"instruction": "add", "context": "1 2", "response": "3", "category": "sums"},
        "instruction",
        [user("add\n\n1 2"), assistant("3")],
    ),
    "input and output": ({"input": "why", "output": "so"}, "prompt+completion", ASKED),
    "xsum": ({"document": "why", "summary": "so", "id": "1"}, "prompt+completion", ASKED),
    "samsum": ({"dialogue": "why", "summary": "so", "topic": "x"}, "prompt+completion", ASKED),
    "billsum": ({"text": "why", "summary": "so", "title": "x"}, "prompt+completion", ASKED),
    "cnn": ({"article": "why", "highlights": "so"}, "prompt+completion", ASKED),
    "lima": ({"conversations": ["why", "so"], "source": "x"}, "messages", ASKED),
    "capybara": (
        {"conversation": [{"input": "a", "output": "b"}, {"input": "why", "output": "so"}]},
        "messages",
        [user("a"), assistant("b"), *ASKED],
    ),
    "orca": (
        {"id": 1, "system_prompt": "Be.", "question": "why", "response": "so"},
        "instruction",
        [{"role": "system", "content": "Be."}, *ASKED],
    ),
    "reviews": (
        {"review": "dull", "sentiment": "bad"},
        "text+label",
        [user("dull"), assistant("bad")],
    ),
    "our own names first": (
        {"prompt": "why", "completion": "so", "question": "a", "answer": "b"},
        "prompt+completion",
        ASKED,
    ),
    "nested answers": (
        {"instruction": "cut", "output": {"größe": 1, "of": ["a", None]}},
        "instruction",
        [user("cut"), assistant('{"größe": 1, "of": ["a", null]}')],
    ),
    "a list as an answer": (
        {"prompt": "cut", "completion": [{"name": "a"}, {"name": "b"}]},
        "prompt+completion",
        [user("cut"), assistant('[{"name": "a"}, {"name": "b"}]')],
    ),
    "sharegpt": (
        {
            "system": "Be.",
            "conversations": [
                {"from": "human", "value": "why"},
                {"from": "gpt", "value": "so"},
                {"from": "human", "value": "and?"},
                {"from": "tool", "value": "7"},
                {"from": "GPT", "value": "no"},
            ],
        },
        "messages",
        [
            {"role": "system", "content": "Be."},
            *ASKED,
            user("and?"),
            {"role": "tool", "content": "7"},
            assistant("no"),
        ],
    ),
    "parts and a developer": (
        {
            "messages": [
                {"role": "developer", "content": "Be."},
                {"role": "user", "content": PARTS},
                {"role": "assistant", "content": [{"type": "text", "text": "no"}]},
            ]
        },
        "messages",
        [{"role": "system", "content": "Be."}, user("why\nso"), assistant("no")],
    ),
}


@pytest.mark.parametrize("layout", ELSEWHERE)
def test_layouts_of_other_programs_are_read(tmp_path: Path, layout: str) -> None:
    row, shape, turns = ELSEWHERE[layout]
    template = {"prompt": "{text}"} if shape == "text+label" else {}
    loaded = load(tmp_path, [row], TEST[shape], **template)
    made = loaded.train[0]
    assert loaded.report["shape"] == shape
    assert made["prompt"] + made["completion"] == turns


@pytest.mark.parametrize("write", [json.dumps, repr], ids=["json", "python"])
def test_conversations_in_a_table_are_text(write: Callable[[Any], str], tmp_path: Path) -> None:
    talks = [[user(f"what's {n}"), assistant("so")] for n in range(4)]
    rows = [{"id": n, "conversations": write(talk)} for n, talk in enumerate(talks)]
    loaded = load(tmp_path, rows, TEST["messages"])
    assert [row["prompt"] + row["completion"] for row in loaded.train] == talks


TURNS = [
    *(("a", "system", "Be brief."), ("a", "prompter", "why"), ("b", "human", "and who")),
    *(("a", "assistant", "so"), ("b", "gpt", "me"), ("c", "user", "nobody answers")),
]


def test_rows_that_are_turns_are_put_together(tmp_path: Path) -> None:
    rows = [dict(zip(("conversation_id", "role", "text"), turn, strict=True)) for turn in TURNS]
    loaded = load(tmp_path, rows, TEST["messages"])
    assert [row["id"] for row in loaded.train] == ["a", "b"]
    assert [row["prompt"] + row["completion"] for row in loaded.train] == [
        [{"role": "system", "content": "Be brief."}, *ASKED],
        [user("and who"), assistant("me")],
    ]
    assert loaded.report["dropped"]["train"]["no_answer"] == 1


def test_turns_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    said = [("so", "assistant", 2), ("why", "user", 1), ("me", "assistant", 12), ("who", "user", 3)]
    rows = [{"chat": "a", "content": c, "role": r, "turn_id": n} for c, r, n in said]
    (made,) = load(tmp_path, rows, TEST["messages"]).train
    assert [turn["content"] for turn in made["prompt"]] == ["why", "so", "who"]


def test_what_stands_beside_a_turn_stays_with_it(tmp_path: Path) -> None:
    calls = [{"type": "function", "function": {"name": "f", "arguments": {}}}]
    turns = [
        *({"role": "user", "content": "why"}, {"role": "assistant", "tool_calls": calls}),
        *({"role": "tool", "content": "5"}, {"role": "assistant", "content": "no", "weight": 0}),
        *({"role": "user", "content": None}, {"role": "user", "content": "who"}),
        {"role": "assistant", "content": "me"},
    ]
    rows = [{"chat_id": 1, "system": "Be brief.", **turn} for turn in turns]
    (made,) = load(tmp_path, rows, TEST["messages"]).train
    found = made["prompt"] + made["completion"]
    assert [turn["role"] for turn in found] == [
        *("system", "user", "assistant", "tool", "assistant", "user", "assistant")
    ]
    assert found[2]["tool_calls"]
    assert found[4]["weight"] == 0


def test_a_turn_of_no_conversation_is_named(tmp_path: Path) -> None:
    rows = [
        {"conversation_id": n, "role": r, "text": "a"} for n in (1, None) for r in ("user", "gpt")
    ]
    with pytest.raises(UserError, match=r"train\.jsonl:3: a turn without|:3: the turn has no"):
        load(tmp_path, rows, TEST["messages"])


def test_turns_of_nobody_knows_which_conversation_are_refused(tmp_path: Path) -> None:
    rows = [dict(zip(("message_id", "role", "text"), turn, strict=True)) for turn in TURNS]
    with pytest.raises(UserError, match="each row is one turn") as error:
        load(tmp_path, rows, TEST["messages"])
    assert "a column conversation_id" in error.value.hint


@pytest.mark.parametrize("code", ["en", None, "E11.9", ["a"], 404], ids=str)
def test_a_code_that_is_no_program_is_not_learned(code: Any, tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "code": code} for n in range(3)]
    loaded = load(tmp_path, rows, TEST["text"])
    assert loaded.report["shape"] == "text"
    assert len(loaded.train) == 3


def test_choices_are_counted_alike_where_rows_are_trained_and_tested(tmp_path: Path) -> None:
    """From one, though no answer of the test is the last; one that nobody answered counts not."""

    def row(n: int, answer: Any) -> dict[str, Any]:
        return {"question": f"why {n}", "choices": ["as", "so"], "answer": answer}

    loaded = load(tmp_path, [row(0, 1), row(1, 2), row(2, None)], [row(3, 1)])
    assert loaded.test[0]["prompt"] == [user("why 3\n1. as\n2. so")]
    assert [made["prompt"] for made in loaded.train] == [
        [user("why 0\n1. as\n2. so")],
        [user("why 1\n1. as\n2. so")],
    ]


def test_choices_do_not_hide_a_question_that_is_tested(tmp_path: Path) -> None:
    rows = [{"question": f"why {n}", "choices": ["as", "so"], "answer": 1} for n in range(3)]
    tests = [{"question": "why 1", "answer": "so"}]
    assert load(tmp_path, rows, tests).report["overlap"]["exact"] == 1


@pytest.mark.parametrize(
    ("row", "shape", "columns"),
    [
        ({"text": "long", "summary": "short"}, "text", {"text": "text"}),
        ({"document": "long", "summary": "short", "label": "bad"}, "text+label", {}),
        ({"dialogue": ["why", "so"], "summary": "x"}, "messages", {}),
    ],
    ids=["named", "labelled", "turns"],
)
def test_a_summary_is_no_answer_where_something_else_is_meant(
    tmp_path: Path, row: dict[str, Any], shape: str, columns: dict[str, str]
) -> None:
    template = {"prompt": "{text}"} if shape == "text+label" else {}
    loaded = load(tmp_path, [row], TEST[shape], columns=columns, **template)
    assert loaded.report["shape"] == shape


def test_what_is_read_as_what_and_what_is_not_used_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{"Question": "why", "answer": "so", "url": "x"}]
    with caplog.at_level("INFO", "slm_lora"):
        load(tmp_path, rows, TEST["instruction"])
    said = "columns of train.jsonl: Question as instruction, answer as output, url not used"
    assert said in [record.message for record in caplog.records]


def test_what_stands_beside_texts_labels_and_code_is_said_or_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "slm_lora"):
        load(tmp_path, [{"text": "long", "note": "short"}], TEST["text"])
        load(tmp_path, [{"title": "a", "text": "b", "label": "bad"}], TEST["text+label"])
    said = [record.message for record in caplog.records if "not used" in record.message]
    assert said == [f"columns of train.jsonl: {name} not used" for name in ("note", "title")]
    code = {"instruction": "fix", "input": "retrun 0", "solution": "return 0", "system": "Be."}
    made = load(tmp_path, [code], [{**code, "instruction": "fix it"}]).train[0]
    assert made["prompt"] == [{"role": "system", "content": "Be."}, user("fix\n\nretrun 0")]


def test_questions_that_nobody_answered_are_left_out(tmp_path: Path) -> None:
    """SQuAD 2's, and one without a value; a column that the user names is read as it is."""
    rows = [
        {"question": f"why {n}", "context": "As", "answers": {"text": n * ["so"]}} for n in range(3)
    ]
    loaded = load(tmp_path, [*rows, {"question": "why 3", "answers": None}], TEST["instruction"])
    assert [row["prompt"] for row in loaded.train] == [[user(f"why {n}\n\nAs")] for n in (1, 2)]
    assert loaded.report["dropped"]["train"]["empty"] == 2
    own = load(tmp_path, rows, TEST["instruction"], columns={"output": "answers"}).train
    assert own[0]["completion"] == [assistant('{"text": []}')]


CHOOSING: dict[str, tuple[dict[str, Any], str]] = {
    "MMLU": ({"question": "why", "choices": ["as", "so"], "answer": 1}, "why\n0. as\n1. so"),
    "floats": ({"question": "why", "choices": ["as", "so"], "answer": "1.0"}, "why\n0. as\n1. so"),
    "signs of its own": (
        {"question": "why", "options": ["A. as", "B. so"], "answer": "B"},
        "why\nA. as\nB. so",
    ),
    "letters of other rows": (
        {"question": "why", "options": {"A": "as", "B": "so", "C": None}, "answer": "so"},
        "why\nA. as\nB. so",
    ),
    "settings": ({"question": "why", "options": {"temperature": 1, "n": 2}, "answer": "so"}, "why"),
    "of an API": (
        {"prompt": "why", "completion": "so", "choices": [{"text": "so"}, {"text": "as"}]},
        "why",
    ),
    "none of them": ({"question": "why", "options": ["-O2", "-g"], "answer": "so"}, "why"),
    "a table's, by NumPy": ({"question": "why", "choices": "['as' 'so']", "answer": 1}, "why"),
    "from one": ({"question": "why", "choices": ["as", "so"], "answer": 2}, "why\n1. as\n2. so"),
    "ARC": (
        {
            "question": "why",
            "choices": {"text": ["as", "so"], "label": ["P", "Q"]},
            "answerKey": "Q",
        },
        "why\nP. as\nQ. so",
    ),
    "MedQA": (
        {"question": "A why", "options": {"A": "as", "B": "so"}, "answer": "so", "x": "as"},
        "A why\nA. as\nB. so",
    ),
    "with a passage": (
        {"passage": "As.", "question": "why", "options": ["as", "so"], "answer": "B"},
        "why\n\nAs.\nA. as\nB. so",
    ),
    "numbers": ({"question": "2+2", "choices": ["2", "4"], "answer": "4"}, "2+2\nA. 2\nB. 4"),
    "a table's": (
        {"question": "why", "Choices": "['as', 'so']", "answer": "B"},
        "why\nA. as\nB. so",
    ),
    "seen": (
        {"question": "why: as or so", "options": ["as", "so"], "answer": "so"},
        "why: as or so",
    ),
    "no list": ({"question": "why", "options": "-O2", "answer": "so"}, "why"),
}


@pytest.mark.parametrize("case", CHOOSING)
def test_what_an_answer_is_chosen_from_stands_below_the_question(tmp_path: Path, case: str) -> None:
    row, question = CHOOSING[case]
    loaded = load(tmp_path, [row], TEST["instruction"])
    assert loaded.train[0]["prompt"] == [user(question)]


def test_choices_that_the_users_question_does_not_show_are_said(tmp_path: Path, caplog) -> None:
    rows = [{"question": "why", "choices": ["as", "so"], "answer": 0}]
    tests = [{"question": "a test row", "answer": "yes"}]
    load(tmp_path, rows, tests, prompt="{question}")
    assert "does not see the column choices" in caplog.text


def test_of_several_texts_with_a_label_all_are_shown(tmp_path: Path) -> None:
    rows = [
        {"premise": f"it rains {n}", "hypothesis": f"it is wet {n}", "label": n % 2, "idx": n}
        for n in range(8)
    ]
    with pytest.raises(UserError) as caught:
        load(tmp_path, rows)
    template = "Premise: {premise} Hypothesis: {hypothesis} Label:"
    words = f"data.columns.text=hypothesis data.columns.label=label \"data.prompt='{template}'\""
    assert words in str(caught.value)
    columns = {"text": "hypothesis", "label": "label"}
    test = [{"premise": "it snows", "hypothesis": "it is cold", "label": 0}]
    made = load(tmp_path, rows, test, columns=columns, prompt=template).train[0]
    assert made["prompt"] == [user("Premise: it rains 0 Hypothesis: it is wet 0 Label:")]


def test_answers_that_are_not_to_be_learned_are_known(tmp_path: Path) -> None:
    """OpenAI's `weight`, and TRL's unpaired preferences."""
    turns = [user("a"), assistant("b") | {"weight": 0}, user("c"), assistant("d")]
    rows = [{"messages": turns}, {"messages": [*turns, user("e"), assistant("f") | {"weight": 0}]}]
    for made in load(tmp_path, rows, TEST["messages"]).train:
        assert made["completion"] == [assistant("d")]
        assert made["prompt"][1]["weight"] == 0
    rows = [{"prompt": f"why {n}", "completion": "so", "label": str(n == 0)} for n in range(3)]
    loaded = load(tmp_path, rows, TEST["prompt+completion"])
    assert [row["prompt"] for row in loaded.train] == [[user("why 0")]]
    assert loaded.report["dropped"]["train"]["rejected"] == 2


def test_columns_whose_values_repeat_may_be_labels(tmp_path: Path) -> None:
    rows = [{"nr": n, "text": f"text {n}", "price": n % 4, "grade": n % 2} for n in range(8)]
    assert load(tmp_path, rows, TEST["text"]).report["label_like"] == ["grade", "price"]


def test_of_two_columns_that_could_be_meant_none_is_taken(tmp_path: Path) -> None:
    rows = [{"review": "dull", "stars": n, "category": n} for n in (1, 2, 1, 2)]
    with pytest.raises(UserError, match="review, stars, category, which are no known shape"):
        load(tmp_path, rows)


def test_a_turn_that_is_more_than_text_leaves_the_row_out(tmp_path: Path) -> None:
    picture = [{"type": "image_url", "image_url": {"url": "x"}}, *PARTS]
    rows = [
        {"messages": ASKED},
        {"messages": [{"role": "user", "content": picture}, assistant("no")]},
    ]
    loaded = load(tmp_path, rows, TEST["messages"])
    assert loaded.report["dropped"]["train"] == {"no_text": 1}


@pytest.mark.parametrize(("shape", "row", "prompt", "completion"), SHAPES)
def test_each_shape_becomes_prompt_and_completion(
    tmp_path: Path, shape: str, row: dict[str, Any], prompt: list[Any], completion: str
) -> None:
    loaded = load(tmp_path, [row], TEST[shape])
    made = loaded.train[0]
    assert loaded.report["shape"] == shape
    assert made["prompt"] == prompt
    assert made["completion"] == [assistant(completion)]
    assert made.get("label") == ("bad" if shape == "text+label" else None)
    assert loaded.report["multi_turn_rows"] == (len(prompt) == 3)


def test_columns_are_mapped_and_the_template_may_use_any_column(tmp_path: Path) -> None:
    row = {"review": "dull", "stars": 1, "place": "Rome"}
    loaded = load(
        tmp_path,
        [row, {**row, "review": "good", "stars": 2}],
        [{**row, "review": "fine", "stars": 2}],
        columns={"text": "review", "label": "stars"},
        labels={"1": "bad", "2": "good"},
        prompt="{place}: {text} {{1-2}}",
        system="Judge.",
    )
    system = {"role": "system", "content": "Judge."}
    assert loaded.train[0]["prompt"] == [system, user("Rome: dull {1-2}")]
    assert loaded.train[0]["label"] == "bad"
    assert loaded.test[0]["label"] == "good"


def test_columns_can_change_places(tmp_path: Path) -> None:
    swapped = {"text": "label", "label": "text"}
    loaded = load(
        tmp_path, [{"text": "bad", "label": "dull"}], [{"text": "bad", "label": "x"}],
        columns=swapped,
    )  # fmt: skip
    assert loaded.train[0]["prompt"] == [user("Label: dull\nText:")]
    assert loaded.train[0]["label"] == "bad"


def test_a_mapping_for_the_hub_does_not_hinder_a_file_with_our_names(tmp_path: Path) -> None:
    loaded = load(tmp_path, [{"text": "x"}], TEST["text"], columns={"text": "sentence"})
    assert loaded.train[0]["completion"] == [assistant("x")]


def test_a_row_keeps_its_own_system_turn(tmp_path: Path) -> None:
    own = {"role": "system", "content": "Be brief."}
    row = {"messages": [own, user("a"), assistant("b")]}
    loaded = load(tmp_path, [row], TEST["messages"], system="Be long.")
    assert loaded.train[0]["prompt"] == [own, user("a")]
    assert loaded.test[0]["prompt"][0]["content"] == "Be long."


LABELS: list[tuple[Any, dict[str, str], str]] = [
    (0, {"0": "no", "1": "yes"}, "no"),
    (1.0, {"0": "no", "1": "yes"}, "yes"),
    ("1", {"0": "no", "1": "yes"}, "yes"),
    (True, {"0": "no", "1": "yes"}, "yes"),
    (True, {"false": "no", "true": "yes"}, "yes"),
    ("yes", {"0": "no", "1": "yes"}, "yes"),
    (" yes ", {}, "yes"),
    (False, {}, "false"),
    (2, {}, "2"),
]


@pytest.mark.parametrize(("value", "labels", "name"), LABELS)
def test_labels_of_every_type_get_their_name(
    tmp_path: Path, value: Any, labels: dict[str, str], name: str
) -> None:
    row = {"text": "a", "label": value}
    assert load(tmp_path, [row], [{**row, "text": "b"}], labels=labels).train[0]["label"] == name


def test_ids_are_the_files_own_when_unique_else_stem_and_line(tmp_path: Path) -> None:
    rows = [{"id": 7, "text": "a"}, {"id": 8, "text": "b"}]
    assert [row["id"] for row in load(tmp_path, rows, TEST["text"]).train] == ["7", "8"]
    rows[1]["id"] = 7
    assert [row["id"] for row in load(tmp_path, rows, TEST["text"]).train] == ["train:1", "train:2"]


GOOD = {"text": "a", "label": "x"}
ERRORS: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str, str]] = {
    "no shape": (
        [{"film plot": f"plot {n}", "won it": n % 2} for n in range(4)],
        {},
        "train.jsonl has the columns film plot, won it, which are no known shape",
        """such as "data.columns.text='film plot'" "data.columns.label='won it'\"""",
    ),
    "no shape, no labels": (
        [{"frage": f"was {n}", "antwort": f"das hier {n}"} for n in range(4)],
        {},
        "frage, antwort, which are no known shape",
        "such as data.columns.prompt=frage data.columns.completion=antwort",
    ),
    "preferences": (
        [{"prompt": f"was {n}", "chosen": "das", "rejected": f"dies hier {n}"} for n in range(4)],
        {},
        "prompt, chosen, rejected, which are no known shape",
        "such as data.columns.prompt=prompt data.columns.completion=chosen",
    ),
    "preferences between conversations": (
        [
            {"prompt": f"was {n}", "chosen": [user(f"was {n}"), assistant("das")], "rejected": []}
            for n in range(4)
        ],
        {},
        "prompt, chosen, rejected, which are no known shape",
        "such as data.columns.messages=chosen",
    ),
    "translations": (
        [{"id": str(n), "translation": {"en": "a", "de": "b"}} for n in range(4)],
        {},
        "id, translation, which are no known shape",
        "expected text+label, text, prompt+completion, messages or instruction+output",
    ),
    "a conversation of another name": (
        [{"dlg": [user(f"was {n}"), assistant("das")], "k": n} for n in range(4)],
        {},
        "dlg, k, which are no known shape",
        "such as data.columns.messages=dlg",
    ),
    "a question and an answer of another name": (
        [{"question": f"was {n}", "true_answer": f"das hier {n}"} for n in range(4)],
        {},
        "question, true_answer, which are no known shape",
        "such as data.columns.prompt=question data.columns.completion=true_answer",
    ),
    "a public set": (
        [{"task_id": 1, "prompt": "p", "canonical_solution": "c", "test": "", "entry_point": "f"}],
        {},
        "which are no known shape",
        "type task.format=humaneval",
    ),
    "no rows": ([], {}, "no rows found in", "expected at least one"),
    "no rows to rename": ([], {"columns": {"text": "a"}}, "no rows found in", "at least one"),
    "no such column": (
        [GOOD],
        {"columns": {"prompt": "question"}},
        "data.columns.prompt=question: ",
        "its columns are text, label; type data.columns.prompt=text",
    ),
    "no such name": ([GOOD], {"columns": {"txt": "text"}}, "data.columns.txt", "'text'"),
    "unknown field": ([GOOD], {"prompt": "{txt}"}, "no column {txt}", "'text'"),
    "the answer asked": ([GOOD], {"prompt": "{text} {label}"}, "answer in the question", "{label}"),
    "the answer asked by its other name": (
        [{"text": "a", "topic": "x"}, {"text": "b", "topic": "y"}],
        {"prompt": "{topic}: {text}", "columns": {"label": "topic"}},
        "answer in the question, {topic}",
        "{topic}",
    ),
    "a number's format": ([GOOD], {"prompt": "{text:d}"}, "Unknown format code", "{column}"),
    "open brace": ([GOOD], {"prompt": "{text"}, "data.prompt='{text'", "{{ or }}"),
    "unknown label": (
        [GOOD, {"text": "b", "label": 3}],
        {"labels": {"x": "good"}},
        "labels without a name: 3 (1); first in ",
        "type 'data.labels={x: good, 3: 3}'",
    ),
    "several labels": (
        [GOOD, {"text": "b", "label": [0, 1]}],
        {},
        "train.jsonl:2: several labels in one row, [0, 1]",
        "data.columns.label=COLUMN",
    ),
    "text of a list": (
        [{"text": ["a"], "label": "x"}],
        {},
        "train.jsonl:1: column text is a list",
        "expected text",
    ),
    "template for text": ([{"text": "a"}], {"prompt": "{text}"}, "data.prompt is set", "null"),
    "system for text": ([{"text": "a"}], {"system": "Be."}, "data.system is set", "null"),
    "messages of text": ([{"messages": "hi"}], {}, "train.jsonl:1: messages is a str", "role"),
    "message without text": (
        [{"messages": [{"role": "user", "content": None}]}],
        {},
        "train.jsonl:1: a message is",
        "text as content",
    ),
    "unknown role": (
        [{"messages": [{"role": "narrator", "content": "hi"}]}],
        {},
        "train.jsonl:1: a message has the role 'narrator'",
        "assistant",
    ),
    "two completions": (
        [{"prompt": [user("a")], "completion": [assistant("b"), assistant("c")]}],
        {},
        "train.jsonl:1: the completion is ['assistant', 'assistant']",
        "one message of the assistant",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_does_not_fit_is_an_error_with_its_origin(tmp_path: Path, case: str) -> None:
    rows, config, message, hint = ERRORS[case]
    with pytest.raises(UserError) as error:
        load(tmp_path, rows, None, test_fraction=0.5, **config)
    assert message in error.value.message
    assert hint in error.value.hint


def test_training_and_test_rows_of_unlike_shapes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"train\.jsonl: text\+label; .*test\.jsonl: text"):
        load(tmp_path, [GOOD], TEST["text"])


def test_normalise_drops_case_spaces_and_sentence_signs_but_no_meaning() -> None:
    assert normalise("  Wo n't\n“YOU”, stay ?!") == normalise("wo n t you stay")
    assert normalise("3*4") != normalise("3/4")
    assert normalise("...") != normalise("?!")
