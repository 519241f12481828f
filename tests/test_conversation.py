"""Earlier answers of a conversation among its tokens, and tools in the template's words.

pytest tests/test_conversation.py
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from slm_lora import rendering
from slm_lora.errors import UserError
from slm_lora.records import Row
from slm_lora.rendering import conversation
from tests.helpers.tiny import WITH_TOOLS, make_tokenizer
from tests.test_rendering import STRICT, TURNS, byte_level, row, sentence_pieces, with_turns

TALK = row(
    ("system", "Be brief."), ("user", "a: who?"), ("assistant", "I am."), ("user", "user"),
    ("assistant", "assistant"), ("user", "b"), ("assistant", "mild"),
)  # fmt: skip
# As Qwen3's: the last answer has a block of thoughts, earlier ones have not.
THINKS_LAST = (
    "{% for m in messages %}<turn>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] }}</turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
ENDS_ONCE = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% else %}{{ eos_token }}{% endif %}"
)
ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
CALL = {"type": "function", "function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
CALLED = '<call>add {"a": 1, "b": 2}</call>'


def earlier(item: Row, tokenizer: PreTrainedTokenizerFast) -> list[str]:
    """The text of the tokens that are trained before the last answer."""
    (encoded,) = rendering.encode([item], tokenizer)
    (spans,) = conversation.earlier_answers([item], [encoded], tokenizer)
    return [tokenizer.decode(encoded.prompt[first:last]) for first, last in spans]


def calling(*after: tuple[str, str]) -> Row:
    """A question, a call, what it gives, and the turns after it."""
    item = row(("user", "1 + 2?"), ("assistant", ""), ("tool", "3"), *after)
    item["prompt"][1]["tool_calls"] = [CALL]
    item["tools"] = [ADD]
    return item


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        (TURNS, "</turn>\n"),
        (STRICT, "</turn>\n"),
        (THINKS_LAST, "</turn>\n"),
        (ENDS_ONCE, "\n"),
        (rendering.PLAIN_TEMPLATE, "</s>"),
    ],
)
@pytest.mark.parametrize("make", [with_turns, sentence_pieces, byte_level])
def test_earlier_answers_and_their_ends_are_found(
    tmp_path: Path, template: str, ends: str, make: Callable[[Path, str], PreTrainedTokenizerFast]
) -> None:
    tokenizer = make(tmp_path, template)
    known = [text.replace(" ", "") for text in earlier(TALK, tokenizer)]
    wanted = [f"Iam.{ends}", f"assistant{ends}"]
    if make is sentence_pieces:  # it knows few letters: what it writes of the texts itself
        wanted = [
            tokenizer.decode(rendering.tokenize([text], tokenizer)[0]).replace(" ", "")
            for text in (f"I am.{ends}", f"assistant{ends}")
        ]
    assert known == wanted


@pytest.mark.parametrize("trims", [True, False])
def test_spaces_around_an_answer_are_as_the_template_writes_them(
    tmp_path: Path, trims: bool
) -> None:
    template = TURNS if trims else TURNS.replace(" | trim", "")
    tokenizer = with_turns(tmp_path, template)
    texts = ["first", " lead", "\nline", "trail\n "]
    turns = [turn for text in texts for turn in (("user", "a"), ("assistant", text))]
    known = earlier(row(*turns, ("user", "b"), ("assistant", "c")), tokenizer)
    assert known == [f"{text.strip() if trims else text}</turn>\n" for text in texts]


def test_an_answer_of_no_weight_is_not_trained(tmp_path: Path) -> None:
    item = row(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    item["prompt"][1]["weight"] = 0
    assert earlier(item, with_turns(tmp_path, TURNS)) == []
    assert conversation.answered(item) == 0


def test_an_answer_before_any_question_and_an_empty_one_are_not_trained(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, TURNS)
    turns = (("assistant", "Hello!"), ("user", "x"), ("assistant", " "), ("user", "y"))
    assert earlier(row(*turns, ("assistant", "z")), tokenizer) == []
    assert conversation.answered(row(*turns, ("assistant", "z"))) == 2


def test_an_answer_that_the_template_rewrites_is_not_trained(tmp_path: Path) -> None:
    """Of earlier turns only the first word is left."""
    short = TURNS.replace(
        "{{ m['content'] | trim }}",
        "{{ m['content'] if loop.last else m['content'].split()[0] }}",
    )
    assert earlier(TALK, with_turns(tmp_path, short)) == ["assistant</turn>\n"]


def test_calls_are_answers_in_the_templates_words(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, WITH_TOOLS)
    item = calling(("assistant", "It is 3."))
    assert conversation.shows_tools(item, tokenizer)
    assert earlier(item, tokenizer) == [f"{CALLED}</turn>\n"]
    whole = rendering.full_text(item, tokenizer)
    assert whole.startswith(f"<turn>tools\n{json.dumps(ADD)}</turn>\n<turn>user\n1 + 2?")
    assert "<turn>tool\n3</turn>" in whole


def test_a_call_may_be_the_last_answer(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, WITH_TOOLS)
    item = row(("user", "1 + 2?"), ("assistant", "Well."))
    item["completion"][0]["tool_calls"] = [CALL]
    (encoded,) = rendering.encode([item], tokenizer)
    assert tokenizer.decode(encoded.answer) == f"Well.{CALLED}"
    assert tokenizer.decode(encoded.terminator) == "</turn>\n"
    assert rendering.reference(item, tokenizer) == f"Well.{CALLED}"


@pytest.mark.parametrize(
    "template",
    [
        TURNS,  # writes neither
        WITH_TOOLS.replace("tools %}", "nothing %}"),  # no tools
        WITH_TOOLS.replace("m.tool_calls", "m.nothing"),  # no calls
        STRICT,  # refuses the role
    ],
)
def test_a_template_without_words_for_tools_is_known(tmp_path: Path, template: str) -> None:
    tokenizer = with_turns(tmp_path, template)
    assert not conversation.shows_tools(calling(("assistant", "It is 3.")), tokenizer)
    assert conversation.shows_tools(row(("user", "a"), ("assistant", "b")), tokenizer)


def test_a_tokenizer_without_places_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = make_tokenizer(tmp_path, TURNS)
    monkeypatch.setattr(PreTrainedTokenizerFast, "is_fast", False)
    rows = [row(("user", "a"), ("assistant", "b")), TALK]
    encoded = rendering.encode(rows, tokenizer)
    with pytest.raises(UserError, match=r"data\.turns=all") as error:
        conversation.earlier_answers(rows, encoded, tokenizer)
    assert error.value.hint == "type data.turns=last"
    assert conversation.earlier_answers(rows[:1], encoded[:1], tokenizer) == [[]]
