"""Templates and tokenizers of other families' kinds: what is rendered, masked, and where it ends.

python -m pytest tests/test_rendering.py
"""

from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from slm_lora import rendering
from slm_lora.errors import UserError
from slm_lora.records import Row
from tests.helpers.tiny import CHAT_TEMPLATE, make_tokenizer

TURNS = (
    "{% for m in messages %}<turn>{{ m['role'] }}\n{{ m['content'] | trim }}</turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
STRICT = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('turns must alternate') }}{% endif %}{% endfor %}" + TURNS
)
SILENT = TURNS.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
THINKS = (
    "{% for m in messages %}<turn>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m['content'] }}</turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
OPENS = TURNS.replace("<turn>assistant\n{% endif %}", "<turn>assistant\n<think>\n{% endif %}")


def row(*turns: tuple[str, str], name: str = "rows.jsonl:7") -> Row:
    messages = [{"role": role, "content": text} for role, text in turns]
    return {"id": name, "prompt": messages[:-1], "completion": messages[-1:]}  # type: ignore


def with_turns(folder: Path, template: str) -> PreTrainedTokenizerFast:
    """Bytes; `<turn>` and `</turn>` are special, but not among `all_special_ids`; eos is </s>."""
    tokenizer = make_tokenizer(folder, template)
    tokenizer.add_tokens([AddedToken(text, special=True) for text in ("<turn>", "</turn>")])
    tokenizer.save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def sentence_pieces(folder: Path, template: str) -> PreTrainedTokenizerFast:
    """As SentencePiece with byte fallback: a space becomes ▁, and one more stands before a text."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{n:02X}>" for n in range(256)), "▁", *"abcdehilmostu:"]
    merges = [("▁", "a"), (":", "▁"), ("▁", "b")]
    vocabulary = {piece: n for n, piece in enumerate([*pieces, *map("".join, merges)])}
    backend = Tokenizer(
        models.BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True)
    )
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def byte_level(folder: Path, template: str) -> PreTrainedTokenizerFast:
    """Byte-level BPE that joins newlines with each other and a colon with a space."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ċ", "Ċ"), (":", "Ġ")]
    tokens = ["<s>", "</s>", *alphabet, *map("".join, merges)]
    backend = Tokenizer(models.BPE({token: n for n, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", chat_template=template
    )
    tokenizer.save_pretrained(folder)
    return tokenizer


# ---------------------------------------------------------------- where a turn ends


def test_the_end_of_a_turn_is_what_the_template_writes(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, TURNS)
    end = tokenizer.convert_tokens_to_ids("</turn>")
    assert end not in tokenizer.all_special_ids
    assert rendering.turn_end(tokenizer) == end
    assert rendering.stop_ids(tokenizer) == {end, tokenizer.eos_token_id}


@pytest.mark.parametrize("template", [CHAT_TEMPLATE, rendering.PLAIN_TEMPLATE])
def test_the_end_of_text_may_end_a_turn(tmp_path: Path, template: str) -> None:
    tokenizer = make_tokenizer(tmp_path, template)
    assert rendering.stop_ids(tokenizer) == {tokenizer.eos_token_id}


def test_a_newline_ends_nothing(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path, CHAT_TEMPLATE.replace("{{ eos_token }}", ""))
    tokenizer.add_tokens([AddedToken("\n", special=False, normalized=False)])
    assert rendering.stop_ids(tokenizer) == {tokenizer.eos_token_id}


def test_the_end_of_the_text_after_a_turn_does_not_end_the_turn(tmp_path: Path) -> None:
    at_the_end = "{% if not add_generation_prompt %}{{ eos_token }}{% endif %}"
    tokenizer = with_turns(tmp_path, TURNS + at_the_end)
    (item,) = rendering.encode([row(("user", "Why?"), ("assistant", "No."))], tokenizer)
    assert tokenizer.decode(item.terminator) == "</turn>\n</s>"
    assert rendering.turn_end(tokenizer) == tokenizer.convert_tokens_to_ids("</turn>")


def test_what_the_makers_name_ends_an_answer_unless_it_is_a_word(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, CHAT_TEMPLATE)
    ours, theirs = tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("</turn>")
    word = tokenizer.convert_tokens_to_ids("a")
    assert rendering.stop_ids(tokenizer, [theirs, word]) == {ours, theirs}
    assert rendering.stop_ids(tokenizer, word) == rendering.stop_ids(tokenizer, None) == {ours}


# ---------------------------------------------------------------- templates that refuse


@pytest.mark.parametrize("template", [STRICT, SILENT])
def test_a_system_text_begins_the_first_user_turn_where_there_is_no_system(
    tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = with_turns(tmp_path, template)
    turns = (("system", "Be brief."), ("user", "Why?"), ("assistant", "No."))
    with caplog.at_level("INFO", logger="slm_lora"):
        encoded = rendering.encode([row(*turns), row(*turns)], tokenizer)
    wanted = "<turn>user\nBe brief.\n\nWhy?</turn>\n<turn>assistant\n"
    for item in encoded:
        assert tokenizer.decode(item.prompt) == wanted
        assert tokenizer.decode(item.answer) == "No."
    assert caplog.text.count("has no system turn") == 1


def test_a_system_turn_stays_where_the_template_has_one(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, TURNS)
    text = rendering.prompt_text(
        row(("system", "Be brief."), ("user", "Why?"), ("assistant", "No.")), tokenizer
    )
    assert text == "<turn>system\nBe brief.</turn>\n<turn>user\nWhy?</turn>\n<turn>assistant\n"


def test_a_system_text_without_a_question_becomes_a_user_turn(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, SILENT)
    turns = (("system", "Be brief."), ("assistant", "Yes?"), ("user", "Why?"), ("assistant", "No."))
    assert rendering.prompt_text(row(*turns), tokenizer) == (
        "<turn>user\nBe brief.</turn>\n<turn>assistant\nYes?</turn>\n<turn>user\nWhy?</turn>\n"
        "<turn>assistant\n"
    )


def test_a_row_that_the_template_refuses_is_named_with_its_words(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, STRICT)
    twice = row(("user", "One?"), ("user", "Two?"), ("assistant", "No."))
    with pytest.raises(UserError, match=r"row rows.jsonl:7: .*turns must alternate") as error:
        rendering.encode([twice], tokenizer)
    assert "user, user" in str(error.value.args) + str(error.value.hint)


# ---------------------------------------------------------------- thoughts


def test_an_empty_block_of_thoughts_belongs_to_the_prompt(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, THINKS)
    (item,) = rendering.encode([row(("user", "Why?"), ("assistant", "No."))], tokenizer)
    assert tokenizer.decode(item.prompt) == (
        "<turn>user\nWhy?</turn>\n<turn>assistant\n<think>\n\n</think>\n\n"
    )
    assert tokenizer.decode(item.answer) == "No."
    assert rendering.lead(tokenizer) == ""


def test_a_block_of_thoughts_that_only_a_question_opens_is_left_out(tmp_path: Path) -> None:
    tokenizer = with_turns(tmp_path, OPENS)
    (item,) = rendering.encode([row(("user", "Why?"), ("assistant", "No."))], tokenizer)
    assert tokenizer.decode(item.prompt) == "<turn>user\nWhy?</turn>\n<turn>assistant\n"
    assert tokenizer.decode(item.answer) == "No."


@pytest.mark.parametrize(
    ("written", "lead", "answer"),
    [
        ("<think>\nnot negative?\n</think>\n\npositive", "", "positive"),
        (" positive", " ", "positive"),
        ("  x = '</think>'", "", "  x = '</think>'"),
        ("<think>\ncut off", "", "<think>\ncut off"),
    ],
)
def test_thoughts_are_no_part_of_an_answer(written: str, lead: str, answer: str) -> None:
    assert rendering.answer_in(written, lead) == answer


# ---------------------------------------------------------------- answers that begin with blanks

COLON = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}:"
    "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize("make", [sentence_pieces, byte_level])
@pytest.mark.parametrize("answer", [" b a", "\n\nb", "  b", "b a"])
def test_an_answer_that_begins_with_blanks_is_what_generation_would_write(
    tmp_path: Path, make: type, answer: str
) -> None:
    tokenizer = make(tmp_path, COLON)
    (item,) = rendering.encode([row(("user", "to"), ("assistant", answer))], tokenizer)
    asked = tokenizer("to:", add_special_tokens=False).input_ids
    assert item.prompt == asked, "the model reads the prompt's own tokens"
    whole = tokenizer.decode([*asked, *item.completion], skip_special_tokens=True)
    assert whole.strip(" ") == f"to:{answer}".strip(" ")
    assert item.terminator == [tokenizer.eos_token_id]
    assert tokenizer.decode(item.ids[len(asked) : -1]).strip(" ") == answer.strip(" ")


def test_rows_whose_prompt_ends_at_a_token_are_tokenized_as_a_whole(tmp_path: Path) -> None:
    tokenizer = byte_level(tmp_path, CHAT_TEMPLATE)
    rows = [row(("user", f"What is {n}?"), ("assistant", f"  {n}: \n\n")) for n in range(5)]
    for one, item in zip(rows, rendering.encode(rows, tokenizer), strict=True):
        text = tokenizer.apply_chat_template(one["prompt"] + one["completion"], tokenize=False)
        assert item.ids == tokenizer(text, add_special_tokens=False).input_ids
