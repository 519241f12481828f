"""The embedded model and the corpus that it was made from.

pytest tests/test_nano.py
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from slm_lora import nano

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "recipes" / "nano"))

import corpus  # noqa: E402
import gates  # noqa: E402
import pretrain  # noqa: E402

PROMPT = [{"role": "user", "content": "The soup was lovely.\nMood:"}]
CONVERSATIONS = [
    PROMPT,
    [{"role": "system", "content": "Be exact."}, *PROMPT],
    [{"role": "user", "content": "  two  spaces \n\n"}],
    [*PROMPT, {"role": "assistant", "content": "happy"}, {"role": "user", "content": "Sure?"}],
]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(nano.PATH)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(nano.PATH).eval()


def test_is_a_plain_small_llama(model):
    config = json.loads((nano.PATH / "config.json").read_text())
    assert type(model) is LlamaForCausalLM
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert "auto_map" not in config
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert sum(p.numel() for p in model.parameters()) < 4_100_000
    assert not [p for p in nano.PATH.rglob("*") if p.suffix in {".bin", ".pt", ".pickle"}]


def test_every_linear_layer_suits_blocks_of_64(model):
    shapes = [m.weight.shape for m in model.model.modules() if isinstance(m, torch.nn.Linear)]
    assert shapes
    assert all(size % 64 == 0 for shape in shapes for size in shape)


def test_size():
    files = [p for p in nano.PATH.rglob("*") if p.is_file()]
    assert (nano.PATH / "model.safetensors").stat().st_size <= 8_000_000
    assert sum(p.stat().st_size for p in files) <= 12_000_000


def test_card_states_how_it_was_made_and_its_licence():
    card = (nano.PATH / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "recipes/nano" in card


def test_vocabulary_and_special_tokens_agree_with_the_model(tokenizer, model):
    assert len(tokenizer) == model.config.vocab_size
    special = [tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id]
    assert len({*special, *tokenizer.convert_tokens_to_ids(["<|user|>", "<|assistant|>"])}) == 5
    for config in (model.config, model.generation_config):
        assert [config.pad_token_id, config.bos_token_id, config.eos_token_id] == special
    assert tokenizer.model_max_length == model.config.max_position_embeddings


@pytest.mark.parametrize(
    "text",
    [
        "plain words",
        "  leading and trailing  ",
        "tabs\tand\r\nlines\n\n\n",
        "don't 'quote' \"me\" , 3.14 n't",
        "Grüße, 你好, שלום, नमस्ते, 🙂👩‍👩‍👧",
        "e\u0301 \u00a0 \u200b \ufeff \x00 \x7f",
        'def f(x):\n    return {"a": [1, 2]}\n',
        "".join(map(chr, range(1, 0x3000))),
    ],
)
def test_any_text_survives_the_round_trip(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


def test_a_word_has_the_same_pieces_wherever_it_stands(tokenizer):
    word = tokenizer.tokenize("changelog")
    for text in (" changelog", "'changelog", '"changelog', "\nchangelog", "(changelog"):
        assert tokenizer.tokenize(text)[1:] == word


@pytest.mark.parametrize("label", ["negative", "positive", "bad", "good"])
def test_label_words_are_one_token(tokenizer, label):
    assert len(tokenizer(label).input_ids) == 1
    assert tokenizer(f" {label}").input_ids[1:] == tokenizer(label).input_ids


@pytest.mark.parametrize("prompt", CONVERSATIONS)
@pytest.mark.parametrize("answer", ["positive", " leading space", "\n```python\nx = 1\n```", ""])
def test_prompt_is_a_token_prefix_and_every_turn_ends_with_eos(tokenizer, prompt, answer):
    whole_messages = [*prompt, {"role": "assistant", "content": answer}]
    start = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(whole_messages, tokenize=False)
    start_ids = tokenizer(start, add_special_tokens=False).input_ids
    ids = tokenizer(whole, add_special_tokens=False).input_ids
    assert ids[: len(start_ids)] == start_ids
    assert ids == tokenizer.apply_chat_template(whole_messages, return_dict=False)
    assert ids[-1] == tokenizer.eos_token_id
    assert ids.count(tokenizer.eos_token_id) == len(whole_messages)
    assert ids.count(tokenizer.bos_token_id) == 1


def test_an_unknown_role_is_refused(tokenizer):
    with pytest.raises(Exception, match="Unknown role: tool"):
        tokenizer.apply_chat_template([{"role": "tool", "content": "x"}])


def test_corpus_writes_turns_as_the_chat_template_does(tokenizer):
    chats = [doc for doc in corpus.documents("val", 40) if corpus.USER in doc]
    assert chats
    for doc in chats:
        turns = re.findall(r"<\|(system|user|assistant)\|>(.*?)<\|end\|>", doc, flags=re.DOTALL)
        messages = [{"role": role, "content": content} for role, content in turns]
        assert tokenizer.apply_chat_template(messages, tokenize=False) == doc


def test_corpus_is_the_same_every_time():
    first = [hashlib.sha256("".join(corpus.documents("train", 200)).encode()) for _ in range(2)]
    assert first[0].digest() == first[1].digest()
    assert corpus.document("train", 150) == list(corpus.documents("train", 151))[150]
    assert corpus.document("train", 0) != corpus.document("val", 0)


def sentences(text: str) -> set[str]:
    """The text's sentences in small letters, those of three words and more."""
    parts = re.split(r"(?<=[.!?])\s+|\n|<\|\w+\|>", text.lower())
    return {part.strip() for part in parts if len(part.split()) > 2}


def test_corpus_and_recipes_share_no_sentence():
    rows = [
        json.loads(line)
        for path in sorted((ROOT / "recipes").glob("*/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert len(rows) > 5000
    recipe = set().union(*(sentences(row["text"]) for row in rows if "text" in row))
    own = set().union(*map(sentences, corpus.documents("train", 8000)))
    assert len(own) > 10_000
    assert not recipe & own


def test_corpus_holds_neither_label_words_as_answers_nor_fasthtml():
    text = "".join(corpus.documents("train", 8000))
    assert "<|assistant|>" in text
    assert not re.search(r"<\|assistant\|>\W*(positive|negative)\b", text, re.IGNORECASE)
    assert not re.search(r"fasthtml|sentiment", text, re.IGNORECASE)


def test_model_reads_the_mood_of_its_own_held_out_texts(model, tokenizer):
    assert gates.polarity(model, tokenizer, items=100) > 0.65  # 0.77 so far; chance is 0.5


def test_training_shards_are_shifted_rows_of_one_stream(tokenizer, tmp_path):
    docs = list(corpus.documents("val", 30))
    (tmp_path / "val.txt.jsonl").write_text("\n".join(map(json.dumps, docs)), encoding="utf-8")
    rows = pretrain.encode(tmp_path, "val", tokenizer, context=64)
    stream = tokenizer("".join(docs), add_special_tokens=False).input_ids
    assert rows.shape == ((len(stream) - 1) // 64, 65)
    assert rows[:, :-1].flatten().tolist() == stream[: rows.shape[0] * 64]
    assert (rows[1:, 0] == rows[:-1, -1]).all()


def test_learning_rate_warms_up_holds_and_falls_to_zero():
    shares = [pretrain.rate(step, steps=1000) for step in range(1001)]
    assert shares[0] == pytest.approx(1 / 40)
    assert shares[40:500] == [1.0] * 460
    assert shares[750] == pytest.approx(0.5)
    assert shares[1000] == 0.0
