"""How a tokenizer is carried over to llama.cpp.

pytest tests/export/test_vocabulary.py
"""

import json

import pytest
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from slm_lora import nano
from slm_lora.errors import UserError
from slm_lora.export.vocabulary import vocabulary
from slm_lora.gguf.words import WORDS
from tests.helpers.export_models import TEXTS, byte_level, sentence_pieces


@pytest.mark.parametrize("pre", WORDS)
def test_the_way_to_split_is_found(pre: str) -> None:
    found = vocabulary(byte_level(pre), 400, TEXTS, TEXTS)
    assert (found.model, found.pre) == ("gpt2", pre)
    assert found.prompts_alike == found.rows_alike == len(TEXTS)
    assert found.merges[0].count(" ") == 1


@pytest.mark.parametrize(("unk_token", "alike"), [(None, 3), ("<unk>", 2)])
def test_bytes_without_a_token_are_left_out_by_llama_cpp(unk_token: str | None, alike: int) -> None:
    tokenizer = byte_level("smollm", without="ĀāĂ", unk_token=unk_token)  # bytes 0, 1 and 2
    texts = ["the cat", "a\x01 cat", "sat"]
    assert (0 in tokenizer(texts[1]).input_ids) == (unk_token == "<unk>")
    found = vocabulary(tokenizer, 400, TEXTS, texts)
    assert (found.model, found.prompts_alike, found.rows_alike) == ("gpt2", len(TEXTS), alike)
    assert not {"Ā", "ā", "Ă"} & set(found.tokens)


def test_sentence_pieces_get_scores() -> None:
    tokenizer = sentence_pieces(space_first=True)
    found = vocabulary(tokenizer, 290, TEXTS, TEXTS)
    assert (found.model, found.rows_alike) == ("llama", len(TEXTS))
    place = found.tokens.index
    scores = [found.scores[place(text)] for text in ("▁t", "he", "▁a", "▁the", "!!")]
    assert scores == sorted(scores, reverse=True)
    assert found.types[:4] == [2, 3, 3, 6]  # unknown, control, control, byte
    assert len(found.scores) == len(found.tokens) == 290


def test_nano_fits_long_runs_of_marks_too() -> None:
    tokenizer = AutoTokenizer.from_pretrained(nano.PATH)
    rows = [*TEXTS, 'return Div(P("story."))\n']
    found = vocabulary(tokenizer, len(tokenizer), TEXTS[:5], rows)
    assert found.pre == "superbpe"
    assert found.prompts_alike == 5
    assert found.rows_alike == len(rows)


def test_a_way_to_split_that_llama_cpp_lacks_is_refused() -> None:
    tokenizer = byte_level("superbpe")
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    spec["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {"Regex": "[aeiou]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(spec)))
    with pytest.raises(UserError, match="no way of llama"):
        vocabulary(tokenizer, 400, TEXTS, TEXTS)


def test_other_kinds_of_tokenizer_are_refused() -> None:
    words = Tokenizer(models.WordLevel({"<unk>": 0, "the": 1}, unk_token="<unk>"))
    with pytest.raises(UserError, match="WordLevel"):
        vocabulary(PreTrainedTokenizerFast(tokenizer_object=words), 2, TEXTS, TEXTS)


def test_merges_that_no_scores_can_say_are_refused() -> None:
    tokenizer = sentence_pieces(space_first=True)
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    spec["model"]["merges"].remove(["▁t", "he"])  # SentencePiece would join these too
    spec["model"]["merges"].append(["h", "a"])
    spec["model"]["vocab"]["ha"] = len(spec["model"]["vocab"])
    changed = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(spec)))
    with pytest.raises(UserError, match="not those of SentencePiece"):
        vocabulary(changed, 400, TEXTS, TEXTS)
