"""Conversations that were written out as text are read as what they are.

python -m pytest tests/data/test_written_out.py
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from jinja2 import Template

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import load_rows

SYSTEM, Q1, A1, Q2, A2 = "Be brief.", "Where is\nit?", "Here: 5 < 6.", "Why?", "It was\n\nlate."
TWO_TURNS = [
    {"role": "system", "content": SYSTEM},
    *({"role": "user", "content": Q1}, {"role": "assistant", "content": A1}),
    *({"role": "user", "content": Q2}, {"role": "assistant", "content": A2}),
]
# The templates that these models are published with, without what is for tools.
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
LLAMA_3 = (
    "<|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content }}<|eot_id|>{% endfor %}"
)
GEMMA = (
    "<bos>{% for m in messages %}<start_of_turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"
)
ZEPHYR = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}"
PHI_3 = "<s>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
LLAMA_2 = (
    "{% for m in messages %}"
    "{% if m.role == 'user' %}<s>[INST] "
    "{% if loop.index == 2 and messages[0].role == 'system' %}"
    "<<SYS>>\n{{ messages[0].content }}\n<</SYS>>\n\n{% endif %}"
    "{{ m.content }} [/INST]{% elif m.role == 'assistant' %} {{ m.content }} </s>{% endif %}"
    "{% endfor %}"
)
TEMPLATES = {
    "ChatML": CHATML,
    "Llama 3": LLAMA_3,
    "Gemma": GEMMA,
    "Zephyr": ZEPHYR,
    "Phi-3": PHI_3,
    "Llama 2": LLAMA_2,
}
GUANACO = f"### Human: {Q1}### Assistant: {A1}### Human: {Q2}### Assistant: {A2}"
QA = [{"role": "user", "content": Q1}, {"role": "assistant", "content": A1}]
WIDE = "\uff5c", "\u2581"
DEEPSEEK = (
    "<{0}begin{1}of{1}sentence{0}>"
    + SYSTEM
    + "<{0}User{0}>"
    + Q1
    + "<{0}Assistant{0}>"
    + A1
    + "<{0}end{1}of{1}sentence{0}><{0}User{0}>"
    + Q2
    + "<{0}Assistant{0}>"
    + A2
    + "<{0}end{1}of{1}sentence{0}>"
).format(*WIDE)
VICUNA = f"{SYSTEM} USER: {Q1} ASSISTANT: {A1}</s>USER: {Q2} ASSISTANT: {A2}</s>"
ALPACA = f"Do it.\n\n### Instruction:\n{Q1}\n\n### Input:\n{Q2}\n\n### Response:\n{A2}</s>"


def written_out(template: str, turns: Sequence[dict[str, str]] = TWO_TURNS) -> str:
    return Template(template).render(messages=turns)


def load(tmp_path: Path, rows: list[dict[str, object]], **options: object):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = DataConfig(train=str(path), test_fraction=0.3, validation_fraction=0, **options)
    return load_rows(config)


def turns_of(loaded) -> list[list[dict[str, str]]]:
    rows = sorted(loaded.train + loaded.test, key=lambda row: int(row["id"].split(":")[1]))
    return [[*row["prompt"], *row["completion"]] for row in rows]


@pytest.mark.parametrize("layout", TEMPLATES)
def test_a_template_is_taken_back(layout: str, tmp_path: Path, caplog) -> None:
    caplog.set_level("INFO", "slm_lora")
    expected = []
    for n in range(12):
        turns = [dict(turn) for turn in TWO_TURNS[: 3 if n % 3 else 5]]
        turns[1]["content"] += f" ({n})"
        expected.append(turns if n % 2 or layout == "Gemma" else turns[1:])
    texts = [written_out(TEMPLATES[layout], turns) for turns in expected]
    loaded = load(tmp_path, [{"text": text} for text in texts])
    assert loaded.report["shape"] == "messages"
    assert turns_of(loaded) == expected
    assert f"written out as {layout} already" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GUANACO, TWO_TURNS[1:]),
        (
            ALPACA,
            [
                {"role": "system", "content": "Do it."},
                {"role": "user", "content": f"{Q1}\n\n{Q2}"},
                {"role": "assistant", "content": A2},
            ],
        ),
        (written_out(CHATML).removesuffix("<|im_end|>\n"), TWO_TURNS),  # cut off, or left open
        (written_out(LLAMA_2).replace("<s>", ""), TWO_TURNS),
        (GUANACO + "</s>", TWO_TURNS[1:]),
        (f"### System:\n{SYSTEM}\n\n### User:\n{Q1}\n\n### Assistant:\n{A1}", [TWO_TURNS[0], *QA]),
        (f"\n\nHuman: {Q1}\n\nAssistant: {A1}", QA),
        (DEEPSEEK, TWO_TURNS),
        (VICUNA, TWO_TURNS),
        (f"[INST] {Q1} [/INST] {A1}", QA),
        (f"<|user|>{Q1}<|end|><|assistant|>{A1}<|end|>", QA),
        (
            f"<|im_start|>user<|im_sep|>{Q1}<|im_end|><|im_start|>assistant<|im_sep|>{A1}<|im_end|>",
            QA,
        ),
        (written_out(PHI_3) + "<|endoftext|>", TWO_TURNS),
        (
            f"GPT4 Correct User: {Q1}<|end_of_turn|>GPT4 Correct Assistant: {A1}<|end_of_turn|>",
            QA,
        ),
        (
            f"<BOS_TOKEN><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{SYSTEM}<|END_OF_TURN_TOKEN|>"
            f"<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{Q1}<|END_OF_TURN_TOKEN|>"
            f"<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{A1}<|END_OF_TURN_TOKEN|>",
            TWO_TURNS[:3],
        ),
        (f"### Question:\n{Q1}\n\n### Answer:\n{A1}", QA),
        (
            f"### Instruction:\n{Q1}\n\n### Response:\n{A1}</s>\n\n"
            f"### Instruction:\n{Q2}\n\n### Response:\n{A2}\n\n### End",
            TWO_TURNS[1:],
        ),
    ],
    ids=[
        *("guanaco", "alpaca", "open end", "without a begin of text"),
        *("end of text", "orca", "human", "deepseek", "vicuna", "mistral", "phi-3", "phi-4"),
        *("two ends", "openchat", "command r", "question", "alpaca, two turns"),
    ],
)
def test_layouts_of_their_own(text: str, expected: list[dict[str, str]], tmp_path: Path) -> None:
    loaded = load(tmp_path, [{"text": text.replace("Where", f"{n} where")} for n in range(12)])
    for n, turns in enumerate(turns_of(loaded)):
        told = [{**t, "content": t["content"].replace("Where", f"{n} where")} for t in expected]
        assert turns == told


def test_a_prompt_and_its_completion(tmp_path: Path) -> None:
    """Only the completion is trained, as of any other."""
    asked = written_out(CHATML, TWO_TURNS[:-1]) + "<|im_start|>assistant\n"
    rows = [
        {"prompt": asked.replace("Where", f"{n} where"), "completion": f"{A2}<|im_end|>"}
        for n in range(12)
    ]
    loaded = load(tmp_path, rows)
    assert loaded.report["shape"] == "prompt+completion"
    assert [turns[-1]["content"] for turns in turns_of(loaded)] == [A2] * 12
    assert turns_of(loaded)[4][2] == {"role": "assistant", "content": A1, "weight": 0}
    assert turns_of(loaded)[4][3] == {"role": "user", "content": Q2}


@pytest.mark.parametrize(
    "text",
    ["Human: hi {n}\nAI: hello", "Date: today\nUser: alice {n}\nAction: login", "USER: root {n}"],
)
def test_questions_alone_are_no_conversations(text: str, tmp_path: Path) -> None:
    texts = [text.format(n=n) for n in range(12)]
    loaded = load(tmp_path, [{"text": text} for text in texts])
    assert loaded.report["shape"] == "text"
    assert [turns[0]["content"] for turns in turns_of(loaded)] == texts


def test_a_completion_of_the_users_stays(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"<|im_start|>system\n{n}<|im_end|>\n<|im_start|>user\n", "completion": "why"}
        for n in range(12)
    ]
    assert "<|im_start|>user" in turns_of(load(tmp_path, rows))[3][0]["content"]


def test_tools_beside_a_text_are_written_out_in_it(tmp_path: Path) -> None:
    texts = [written_out(CHATML).replace("Where", f"{n} where") for n in range(12)]
    rows = [{"text": text, "tools": [{"name": "f"}], "system": "x"} for text in texts]
    loaded = load(tmp_path, [*rows, {"id": 7}])  # a row without the column
    assert loaded.report["shape"] == "messages"
    assert all("tools" not in row for row in loaded.train)
    assert turns_of(loaded)[0][0] == TWO_TURNS[0]


@pytest.mark.parametrize(
    "text",
    [
        "### Context:\nAs {n}.\n\n### Question:\nwhy\n\n### Answer:\nso",
        "# FAQ\n\n#### Question: why {n}\n\n#### Answer: so",
    ],
    ids=["context", "markdown"],
)
def test_what_fits_no_layout_stays_as_it_is(text: str, tmp_path: Path) -> None:
    texts = [text.format(n=n) for n in range(12)]
    loaded = load(tmp_path, [{"text": text} for text in texts])
    assert [turns[0]["content"] for turns in turns_of(loaded)] == texts


def test_what_stands_before_each_instruction_is_no_end_of_an_answer(tmp_path: Path) -> None:
    turn = "Do it.\n\n### Instruction:\n{}\n\n### Response:\n{}"
    text = "\n\n".join([turn.format(Q1, A1), turn.format(Q2, A2)])
    loaded = load(tmp_path, [{"text": text.replace("Where", f"{n} where")} for n in range(12)])
    for turns in turns_of(loaded):
        assert [one["content"] for one in turns[0::2]] == ["Do it.", A1, A2]


def test_a_system_turn_beside_a_text_without_one_is_its_own(tmp_path: Path) -> None:
    """As Glaive's calls of functions are published, with what these answer."""
    chat = (
        f"USER: {Q1}\n\n\nASSISTANT: <functioncall> {{}} <|endoftext|>\n\n\n"
        f"FUNCTION RESPONSE: 5\n\n\nASSISTANT: {A1} <|endoftext|>"
    )
    chats = [chat.replace("Where", f"{n} where") for n in range(12)]
    rows = [{"system": f"SYSTEM: {SYSTEM}", "chat": chat} for chat in chats]
    turns = turns_of(load(tmp_path, rows))[7]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "tool", "assistant"]
    assert [turns[0]["content"], turns[3]["content"]] == [SYSTEM, "5"]


@pytest.mark.parametrize(
    "odd",
    [
        "<|im_start|>user\ntwo<|im_end|>\n<|im_start|>user\nquestions<|im_end|>\n",
        "<|im_start|>narrator\nhm<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n",
        "a preface " + written_out(CHATML),
        written_out(ZEPHYR),
        "plain text",
    ],
    ids=["two questions", "role", "preface", "another layout", "plain"],
)
def test_rows_of_another_layout(odd: str, tmp_path: Path, caplog) -> None:
    """A few are left out; with more of them all stays as it is."""
    rows = [{"text": written_out(CHATML).replace("Where", f"{n} where")} for n in range(12)]
    loaded = load(tmp_path, [*rows, {"text": odd}])
    assert loaded.report["shape"] == "messages"
    assert loaded.report["dropped"]["train"]["no_answer"] == 1
    assert "left out 1 rows not in this layout" in caplog.text
    assert "rows.jsonl:13 first" in caplog.text
    loaded = load(tmp_path, [*rows, {"text": odd}, {"text": f"{odd} {odd}"}])
    assert loaded.report["shape"] == "text"
    assert "rows have signs of a chat template in them" in caplog.text
    assert "of rows.jsonl not 90 %" in caplog.text
    assert odd in {row["completion"][0]["content"] for row in loaded.train + loaded.test}


def test_what_a_tool_says_is_a_turn(tmp_path: Path) -> None:
    called = {"role": "assistant", "content": '<tool_call>\n{"name": "f"}\n</tool_call>'}
    turns = [TWO_TURNS[1], called, {"role": "tool", "content": "42"}, TWO_TURNS[2]]
    texts = [written_out(CHATML, turns).replace("Where", f"{n} where") for n in range(12)]
    assert turns_of(load(tmp_path, [{"text": text} for text in texts]))[0][1:] == turns[1:]


def test_signs_of_another_layout_in_an_answer_are_its_text(tmp_path: Path) -> None:
    turns = [TWO_TURNS[1], {"role": "assistant", "content": "<s>old</s> and ### Response: new"}]
    texts = [written_out(CHATML, turns).replace("Where", f"{n} where") for n in range(12)]
    assert turns_of(load(tmp_path, [{"text": text} for text in texts]))[0][1] == turns[1]


def test_a_question_that_nobody_answered_is_left_off(tmp_path: Path) -> None:
    texts = [GUANACO.replace("Where", f"{n} where") for n in range(12)]
    texts = [f"{text}### Human: thanks" if n % 2 else text for n, text in enumerate(texts)]
    loaded = load(tmp_path, [{"text": text} for text in [*texts, "### Human: anyone?"]])
    assert {turns[-1]["role"] for turns in turns_of(loaded)} == {"assistant"}
    assert sum(loaded.report["unanswered"].values()) == 6
    assert loaded.report["dropped"]["train"]["no_answer"] == 1


def test_blank_rows_are_no_reason(tmp_path: Path) -> None:
    rows = [{"text": written_out(CHATML).replace("Where", f"{n} where")} for n in range(12)]
    loaded = load(tmp_path, [*rows, {"text": ""}, {"text": None}])
    assert loaded.report["shape"] == "messages"
    assert loaded.report["dropped"]["train"]["no_answer"] == 2


@pytest.mark.parametrize("odd", [False, True], ids=["test rows too", "odd test rows"])
def test_what_is_tested_is_read_as_what_is_trained(odd: bool, tmp_path: Path, caplog) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        asked = written_out(CHATML, TWO_TURNS[:2]) + "<|im_start|>assistant\n"
        return [
            {"prompt": asked.replace("Where", f"{name} {n} where"), "completion": "a<|im_end|>"}
            for n in range(12)
        ]

    other = [{"prompt": f"<|im_start|>user\nq {n}", "completion": "a"} for n in range(3 * odd)]
    (tmp_path / "test.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in [*rows("test"), *other])
    )
    loaded = load(tmp_path, rows("train"), test=str(tmp_path / "test.jsonl"))
    asked = [row["prompt"][-1]["content"] for row in (loaded.train[0], loaded.test[0])]
    signs = ["<|im_start|>" in content for content in asked]
    assert signs == [odd, odd]
    assert caplog.text.count("rows have signs") == 2 * odd


def test_a_template_of_the_users_own_takes_the_columns_as_they_are(tmp_path: Path) -> None:
    asked = written_out(CHATML, TWO_TURNS[:2])
    rows = [{"prompt": f"{asked} {n}", "completion": "a"} for n in range(12)]
    loaded = load(tmp_path, rows, prompt="Q: {prompt}")
    assert turns_of(loaded)[2][0]["content"] == f"Q: {asked} 2"


def test_an_answer_in_the_prompt_is_not_the_completion(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"### Human: hi {n}### Assistant: hello", "completion": "rude"}
        for n in range(12)
    ]
    assert turns_of(load(tmp_path, rows))[0][1]["content"] == "rude"


def test_blanks_of_an_answer_stay(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "go on"}, {"role": "assistant", "content": "    return x"}]
    texts = [written_out(CHATML, turns).replace("go", f"go {n}") for n in range(12)]
    assert turns_of(load(tmp_path, [{"text": text} for text in texts]))[0][1] == turns[1]


@pytest.mark.parametrize("as_text", [True, False], ids=["text", "completion"])
def test_the_first_line_of_a_program_stays_indented(as_text: bool, tmp_path: Path) -> None:
    code = "    if x:\n        return y"
    asked = "### Instruction:\n    go on {n}\n\n### Response:\n"
    rows = [{"prompt": asked.format(n=n), "completion": f"{code}\n"} for n in range(12)]
    if as_text:
        rows = [{"text": row["prompt"] + row["completion"]} for row in rows]
    assert [turn["content"] for turn in turns_of(load(tmp_path, rows))[2]] == ["    go on 2", code]


def test_dates_that_the_template_writes_itself_are_not_kept(tmp_path: Path) -> None:
    dates = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
    rows = []
    for n in range(12):
        system = {"role": "system", "content": dates + ("Be brief." if n else "")}
        question = {"role": "user", "content": f"{Q1} {n}"}
        rows.append({"text": written_out(LLAMA_3, [system, question, TWO_TURNS[2]])})
    first, second, *_ = turns_of(load(tmp_path, rows))
    assert [turn["role"] for turn in first] == ["user", "assistant"]
    assert second[0] == {"role": "system", "content": "Be brief."}


def test_signs_in_a_text_of_its_own_stay(tmp_path: Path, caplog) -> None:
    rows = [{"prompt": f"[INST] Say {n} [/INST]", "completion": f"{n} [/red]"} for n in range(12)]
    loaded = load(tmp_path, rows)
    assert turns_of(loaded)[3][0]["content"] == "[INST] Say 3 [/INST]"
    caplog.clear()
    load(tmp_path, [{"text": f"### Results of {n}\nA table <|x|>."} for n in range(12)])
    assert "signs" not in caplog.text
