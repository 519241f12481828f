"""Token ids, loss mask, over-long rows, what a tokenizer loses, and the cache.

pytest tests/data/test_tokens.py
"""

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from slm_lora import rendering
from slm_lora.config.schema import Config
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import Loaded, Prepared, prepare
from slm_lora.errors import UserError
from tests.helpers.rows import load
from tests.helpers.tiny import WITH_TOOLS, make_tokenizer

CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
ROWS = [{"text": f"text {n} é", "label": ("bad", "good")[n % 2]} for n in range(30)]
TEST = [{"text": "a test row", "label": "bad"}]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_LORA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tokens"


@pytest.fixture
def tokenizer(tmp_path: Path) -> PreTrainedTokenizerFast:
    return make_tokenizer(tmp_path / "tokenizer", CHAT_TEMPLATE)


def character_tokenizer(characters: str, lower: bool = False) -> PreTrainedTokenizerFast:
    """Knows these characters and drops all others, as a vocabulary without bytes does."""
    vocabulary = {token: n for n, token in enumerate(["<s>", "</s>", *characters])}
    backend = Tokenizer(models.BPE(vocabulary, []))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    backend.decoder = decoders.Fuse()
    if lower:
        backend.normalizer = normalizers.Lowercase()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>",
        chat_template=rendering.PLAIN_TEMPLATE,
    )  # fmt: skip


def config(max_length: int | None = 1024, overlong: str = "drop") -> Config:
    return Config(trainer={"max_length": max_length}, data=DataConfig(overlong=overlong))


def prepared_texts(
    folder: Path, texts: list[str], tokenizer: PreTrainedTokenizerFast, settings: Config
) -> Prepared:
    rows = [{"text": text, "id": str(n)} for n, text in enumerate(texts)]
    return prepare(load(folder, rows, [{"text": "qq"}]), tokenizer, settings)


def test_the_completion_is_trained_and_the_prompt_is_not(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    loaded = load(tmp_path, ROWS, TEST, validation_fraction=0.2)
    prepared = prepare(loaded, tokenizer, config())
    assert prepared.train["id"] == [row["id"] for row in loaded.train]
    assert len(prepared.validation) == len(loaded.validation) > 0
    for row, made in zip(loaded.train, prepared.train, strict=True):
        prompt = f"<|user|>\n{row['prompt'][0]['content']}\n<|assistant|>\n".encode()
        # A byte is a token, </s> is token 1.
        completion = row["label"].encode()
        assert made["length"] == len(made["input_ids"]) == len(prompt + completion) + 2
        assert made["labels"][: len(prompt)] == [-100] * len(prompt)
        assert made["labels"][len(prompt) :] == made["input_ids"][len(prompt) :]
        assert made["input_ids"][-2] == 1
        assert tokenizer.decode(made["input_ids"]).encode() == prompt + completion + b"</s>\n"
    assert prepared.report["end_of_turn"] == "</s>\n"
    assert prepared.report["end_of_turn_trained"]


TALKS = [
    {
        "messages": [
            {"role": "user", "content": f"a{n}"}, {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"},
        ]
    }
    for n in range(3)
]  # fmt: skip


@pytest.mark.parametrize(("turns", "trained"), [("all", "b</s>\nd</s>\n"), ("last", "d</s>\n")])
def test_every_answer_of_a_conversation_is_trained_or_the_last(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, turns: str, trained: str
) -> None:
    loaded = load(tmp_path, TALKS, [TALKS[0]], validation_fraction=0)
    prepared = prepare(loaded, tokenizer, Config(data=DataConfig(turns=turns)))
    for row in prepared.train:
        assert tokenizer.decode([token for token in row["labels"] if token != -100]) == trained
    every = turns == "all"
    assert prepared.report["turns"] == {"trained": 4 if every else 2, "not_trained": 2 - 2 * every}


def test_of_a_prompt_and_its_completion_only_the_completion_is_trained(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    rows = [{"prompt": t["messages"][:3], "completion": t["messages"][3:]} for t in TALKS]
    prepared = prepare(load(tmp_path, rows, [rows[0]]), tokenizer, config())
    assert prepared.report["turns"] == {"trained": 2, "not_trained": 2}


def test_a_conversation_is_cut_where_something_is_left_to_train(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    loaded = load(tmp_path, TALKS, [TALKS[0]], validation_fraction=0)
    first = len("<|user|>\na1\n<|assistant|>\nb")
    assert prepare(loaded, tokenizer, config(first, "truncate")).report["truncated"]["train"] == 2
    with pytest.raises(UserError, match="no train row is left"):
        prepare(loaded, tokenizer, config(first - 1, "truncate"))


def test_rows_with_tools_that_the_template_cannot_write_are_dropped_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    call = {"function": {"name": "add", "arguments": {}}}
    calling = {"messages": [TALKS[0]["messages"][0], {"role": "assistant", "tool_calls": [call]}]}
    loaded = load(tmp_path, [*TALKS, calling], [TALKS[0], calling], validation_fraction=0)
    for template, left in ((CHAT_TEMPLATE, {"tool_calls": 1}), (WITH_TOOLS, {})):
        tokenizer = make_tokenizer(tmp_path / "tools", template)
        prepared = prepare(loaded, tokenizer, config())
        assert prepared.report["dropped"]["test"] == left
        assert prepared.report["rows"]["test"] == len(prepared.test) == 2 - len(left)
    assert caplog.text.count("left out of test: 1 with tools that the chat template does not") == 1
    tokenizer = make_tokenizer(tmp_path / "none", CHAT_TEMPLATE)
    with pytest.raises(UserError, match=r"no train row is left; dropped: {'tool_calls': 1}") as no:
        prepare(load(tmp_path, [calling], [TALKS[0]]), tokenizer, config())
    assert "model.chat_template=FILE" in no.value.hint


def test_plain_text_is_trained_from_its_first_token_to_the_end_of_text(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    row = prepared_texts(tmp_path, ["abc"], tokenizer, config()).train[0]
    assert row["input_ids"][0] == tokenizer.bos_token_id
    assert row["labels"][0] == -100
    assert row["labels"][1:] == row["input_ids"][1:]
    assert row["input_ids"][-1] == tokenizer.eos_token_id
    assert row["length"] == 5


def test_the_report_counts_tokens(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    report = prepared_texts(tmp_path, ["a" * n for n in range(1, 101)], tokenizer, config()).report
    # Two tokens more than letters; percentiles by nearest rank from above.
    assert report["lengths"]["train"] == {
        "min": 3, "p50": 53, "p90": 93, "p95": 98, "p99": 102, "max": 102,
    }  # fmt: skip
    # Of the n + 2 tokens of each row all but the first are trained.
    assert report["trained_token_share"] == pytest.approx((5050 + 100) / (5050 + 200))


def test_overlong_rows_are_dropped_cut_or_an_error(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    texts = ["a" * 8, "b" * 9]
    dropped = prepared_texts(tmp_path, texts, tokenizer, config(10))
    assert dropped.train["id"] == ["0"]
    assert dropped.report["dropped"]["train"] == {"overlong": 1}
    assert dropped.report["rows"]["train"] == 1
    assert dropped.report["lengths"]["train"]["max"] == 11

    cut = prepared_texts(tmp_path, texts, tokenizer, config(10, "truncate"))
    assert cut.train["length"] == [10, 10]
    assert cut.report["truncated"]["train"] == 1
    assert not cut.report["end_of_turn_trained"]

    with pytest.raises(UserError, match=r"row 1 has 11 tokens, trainer.max_length is 10"):
        prepared_texts(tmp_path, texts, tokenizer, config(10, "error"))
    assert len(prepared_texts(tmp_path, texts, tokenizer, config(None)).train) == 2


def test_a_prompt_that_fills_the_length_leaves_nothing_to_train(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    rows = [{"prompt": "p" * n, "completion": "c"} for n in (1, 90)]
    loaded = load(tmp_path, rows, [{"prompt": "long" * 90, "completion": "c"}])
    prepared = prepare(loaded, tokenizer, config(60, "truncate"))
    assert prepared.report["dropped"]["train"] == {"overlong": 1}
    assert len(prepared.test) == 1
    assert prepared.report["kept_in_test"] == {"overlong": 1}


def test_no_row_left_is_an_error(tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(UserError) as error:
        prepared_texts(tmp_path, ["abcdef"], tokenizer, config(3))
    assert "dropped: {'overlong': 1}" in error.value.message
    assert "trainer.max_length=3" in error.value.hint


def test_lost_characters_are_reported_and_rows_of_little_else_dropped(tmp_path: Path) -> None:
    texts = ["abcdefgh" * 3 + "é", "abc", "ééab", "a b"]
    prepared = prepared_texts(tmp_path, texts, character_tokenizer("abcdefghq "), config())
    found = prepared.report["round_trip"]
    assert prepared.report["dropped"]["train"] == {"garbled": 1}
    assert prepared.train["id"] == ["0", "1", "3"]
    assert (found["rows"], found["lossy"]) == (5, 2)
    assert found["lost_characters"] == {"é": 3}
    assert found["examples"][1] == {
        "id": "2", "text": "<s>ééab</s>", "read_back": "<s>ab</s>",
    }  # fmt: skip


def test_a_tokenizer_that_joins_all_words_loses_their_rows(tmp_path: Path) -> None:
    """As a SentencePiece model read by the wrong class does."""
    tokenizer = character_tokenizer("abdeknorsw ")
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(" ", "")
    prepared = prepared_texts(tmp_path, ["abode", "bad words", "so, so"], tokenizer, config())
    assert prepared.report["dropped"]["train"] == {"garbled": 1}
    assert prepared.report["round_trip"]["lost_characters"][" "] == 1


def test_lost_case_is_no_lost_character(tmp_path: Path) -> None:
    tokenizer = character_tokenizer("abcq", lower=True)
    found = prepared_texts(tmp_path, ["ABC", "abc"], tokenizer, config()).report["round_trip"]
    assert (found["changed_whitespace_or_case"], found["lossy"]) == (1, 0)


def test_a_prompt_that_is_no_token_prefix_keeps_its_own_tokens(tmp_path: Path) -> None:
    vocabulary = {token: n for n, token in enumerate(["<s>", "</s>", "a", "b", "ab", "."])}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE(vocabulary, [("a", "b")])),
        bos_token="<s>", eos_token="</s>",
        chat_template="{% for m in messages %}{{ m['content'] }}{% endfor %}",
    )  # fmt: skip
    rows = [{"prompt": "a", "completion": "a"}, {"prompt": "ba", "completion": "b"}]
    loaded = load(tmp_path, rows, [{"prompt": "bb", "completion": "a"}])
    trained = prepare(loaded, tokenizer, config()).train[1]
    assert trained["input_ids"] == [3, 2, 3], "b a | b, and not b ab"
    assert trained["labels"] == [-100, -100, 3]


def test_a_template_that_changes_the_answer_is_an_error(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    tokenizer.chat_template = CHAT_TEMPLATE.replace("['content']", "['content'] | upper")
    with pytest.raises(UserError, match="row train:1: the chat template changes the answer 'bad'"):
        prepare(load(tmp_path, ROWS, TEST), tokenizer, config())


def test_a_template_without_an_end_of_turn_is_reported(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    tokenizer.chat_template = CHAT_TEMPLATE.replace("{{ eos_token }}", "")
    report = prepare(load(tmp_path, ROWS, TEST), tokenizer, config()).report
    assert report["end_of_turn"] == "\n"
    assert not report["end_of_turn_trained"]


@pytest.mark.parametrize("answer", ["s", "</", "a", "two words", " spaced "])
@pytest.mark.parametrize("end", ["{{ eos_token }}", " {{ eos_token }}", ""])
def test_answer_and_terminator_are_told_apart(
    tokenizer: PreTrainedTokenizerFast, answer: str, end: str
) -> None:
    tokenizer.chat_template = CHAT_TEMPLATE.replace("{{ eos_token }}", end)
    row = {
        "id": "1",
        "prompt": [{"role": "user", "content": "a question"}],
        "completion": [{"role": "assistant", "content": answer}],
    }
    encoded = rendering.encode([row], tokenizer)[0]
    assert tokenizer.decode(encoded.answer) == answer.rstrip()
    tail = answer[len(answer.rstrip()) :] + end.replace("{{ eos_token }}", "</s>") + "\n"
    assert tokenizer.decode(encoded.terminator) == tail
    assert encoded.text == tokenizer.decode(encoded.ids)


def rows_of(prepared: Prepared) -> list[dict[str, Any]]:
    return [*prepared.train, *prepared.validation, *prepared.test]


def test_a_second_call_reads_the_cache(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, cache: Path
) -> None:
    loaded = load(tmp_path, ROWS, TEST, validation_fraction=0.2)
    first = prepare(loaded, tokenizer, config())
    (folder,) = cache.iterdir()
    assert {file.name for file in folder.iterdir()} == {
        "train.arrow", "validation.arrow", "report.json", "files.json",
    }  # fmt: skip
    again = prepare(loaded, tokenizer, config())
    assert rows_of(again) == rows_of(first)
    assert again.report == first.report
    # It does read it: a number changed there shows.
    kept = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(kept | {"end_of_turn": "changed"}))
    assert prepare(loaded, tokenizer, config()).report["end_of_turn"] == "changed"


def test_what_changes_the_tokens_changes_the_fingerprint(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, cache: Path
) -> None:
    loaded = load(tmp_path, ROWS, TEST)
    prepare(loaded, tokenizer, config())
    for number, change in enumerate(
        [
            lambda: prepare(load(tmp_path, ROWS[1:], TEST), tokenizer, config()),
            lambda: prepare(loaded, tokenizer, config(500)),
            lambda: prepare(loaded, tokenizer, config(1024, "truncate")),
            lambda: _with_template(tokenizer, loaded),
        ],
        2,
    ):
        change()
        assert len(list(cache.iterdir())) == number


def _with_template(tokenizer: PreTrainedTokenizerFast, loaded: Loaded) -> None:
    tokenizer.chat_template = rendering.PLAIN_TEMPLATE
    prepare(loaded, tokenizer, config())


def test_an_interrupted_call_leaves_nothing_in_the_cache(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, cache: Path
) -> None:
    with pytest.raises(UserError):
        prepare(load(tmp_path, ROWS, TEST), tokenizer, config(10, "error"))
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_an_error(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SLM_LORA_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot be written"):
        prepare(load(tmp_path, ROWS, TEST), tokenizer, config())
