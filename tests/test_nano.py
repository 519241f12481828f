"""The embedded model and the corpus that it was made from.

pytest tests/test_nano.py
"""

import ast
import hashlib
import json
import random
import re
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from slm_lora import nano

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "recipes" / "nano"))

import apis  # noqa: E402
import corpus  # noqa: E402
import gates  # noqa: E402
import pretrain  # noqa: E402
import programs  # noqa: E402
import wordings  # noqa: E402

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
    assert sum(p.numel() for p in model.parameters()) < 4_500_000
    assert not [p for p in nano.PATH.rglob("*") if p.suffix in {".bin", ".pt", ".pickle"}]


def test_every_linear_layer_suits_blocks_of_64(model):
    shapes = [m.weight.shape for m in model.model.modules() if isinstance(m, torch.nn.Linear)]
    assert shapes
    assert all(size % 64 == 0 for shape in shapes for size in shape)


def test_size():
    files = [p for p in nano.PATH.rglob("*") if p.is_file()]
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
    chats = [doc for _, doc in corpus.documents("val", 40) if corpus.USER in doc]
    assert chats
    for doc in chats:
        turns = re.findall(r"<\|(system|user|assistant)\|>(.*?)<\|end\|>", doc, flags=re.DOTALL)
        messages = [{"role": role, "content": content} for role, content in turns]
        assert tokenizer.apply_chat_template(messages, tokenize=False) == doc


def test_corpus_is_the_same_every_time():
    first = [hashlib.sha256(repr(list(corpus.documents("train", 200))).encode()) for _ in range(2)]
    assert first[0].digest() == first[1].digest()
    assert corpus.document("train", 150) == list(corpus.documents("train", 151))[150]
    assert corpus.document("train", 0) != corpus.document("val", 0)
    late = list(corpus.documents("late", 200))
    corpus.document("last", 0)  # draws from other words
    assert list(corpus.documents("late", 200)) == late


@pytest.fixture(scope="module")
def documents() -> list[tuple[str, str]]:
    return [
        document
        for split in ("train", "late", "last")
        for document in corpus.documents(split, 8000)
    ]


def sentences(text: str) -> set[str]:
    """The text's sentences in small letters, those of three words and more."""
    parts = re.split(r"(?<=[.!?])\s+|\n|<\|\w+\|>", text.lower())
    return {part.strip() for part in parts if len(part.split()) > 2}


def recipe_rows() -> list[dict]:
    return [
        json.loads(line)
        for path in sorted((ROOT / "recipes").glob("*/t*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def test_corpus_and_recipes_share_no_sentence_and_no_line_of_code(documents):
    rows = recipe_rows()
    assert len(rows) > 5000
    texts = [row[key] for row in rows for key in ("text", "instruction", "solution") if key in row]
    own = set().union(*(sentences(text) for _, text in documents))
    assert len(own) > 10_000
    shared = own & set().union(*map(sentences, texts))
    # `juice += 2` is too short to be anyone's
    assert not {line for line in shared if not re.fullmatch(r"[a-z]+ \+= \d+", line)}


def test_corpus_holds_neither_label_words_as_answers_nor_fasthtml(documents):
    text = "".join(text for _, text in documents)
    assert {kind for kind, _ in documents} == {*corpus.KINDS, *corpus.LATE}
    assert not re.search(r"<\|assistant\|>\W*(positive|negative)\b", text, re.IGNORECASE)
    assert not re.search(r"fasthtml|sentiment", text, re.IGNORECASE)
    programs = "".join(text for kind, text in documents if kind in ("pair", "program", "request"))
    assert "def " in programs
    assert not re.search(r"fast_app|titled\(|\bhx_|@rt\b|\bto_xml\b", programs, re.IGNORECASE)


def is_python(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def test_programs_are_python_that_says_what_was_asked():
    rng, texts = random.Random(0), 0
    make = rng.choices([programs.program, wordings.program], k=600)
    asked = [program(rng, apis.known(rng.randrange(apis.KNOWN))) for program in make]
    good = [(instruction, code) for instruction, code in asked if is_python(code)]
    assert len(good) >= 0.99 * len(asked)  # a path such as /while names a function "while"
    for instruction, code in good:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = re.findall(r"[^\W_]{4,}", node.value.lower())
                texts += len(words)
                assert all(w in instruction.lower() or w == "send" for w in words), instruction
    assert texts > 1000


def test_model_reads_the_mood_of_its_own_held_out_texts(model, tokenizer):
    assert gates.polarity(model, tokenizer, items=100) > 0.9  # chance is 0.5


def test_model_knows_neither_the_labels_nor_the_library_of_the_recipes(model, tokenizer):
    path = ROOT / "recipes" / "sentiment" / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:150]]
    labels = {
        label: tokenizer(label + tokenizer.eos_token).input_ids
        for label in ("negative", "positive")
    }
    right = 0
    for row in rows:
        ids = gates.prompt_ids(tokenizer, f"{row['text']}\nSentiment:")
        scores = {name: gates.log_likelihood(model, ids, label) for name, label in labels.items()}
        right += max(scores, key=scores.get) == row["label"]
    assert 0.35 < right / len(rows) < 0.65
    asked = "Write a FastHTML program: the page /about titled 'About us' with a heading Hello."
    written = gates.answer(
        model, tokenizer, asked
    )  # the name itself may be copied from what is asked
    assert not re.search(r"fasthtml\.common|fast_app|Titled|@rt", written)


def test_an_untrained_model_already_looks_back_and_finds_what_came_before(tokenizer):
    torch.manual_seed(0)
    fresh = pretrain.build(tokenizer, hidden=256, layers=4, mlp=704, context=512).eval()
    fresh.set_attn_implementation("eager")
    row = torch.randperm(2000)[:60] + 6
    ids = torch.cat([row, row])[None]
    with torch.no_grad():
        out = fresh(ids, output_attentions=True)
    at = torch.arange(60, 119)
    for head, back in enumerate((1, 2)):
        assert out.attentions[0][0, head, at, at - back].mean() > 0.9
    assert out.attentions[1][0, 0, at, at - 59].mean() > 0.5  # the token after the earlier copy
    losses = -out.logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])
    assert losses[60:].mean() < losses[:59].mean() - 0.3


def test_training_rows_hold_whole_documents_and_silent_padding(tokenizer):
    docs = [
        {"kind": kind, "text": text}
        for kind, text in corpus.documents("val", 60)
        if kind not in ("pair", "program")
    ]
    rows = pretrain.encode(docs, tokenizer, context=256)
    silent = rows >= pretrain.SILENT
    assert rows.shape[1] == 257
    assert silent.mean() < 0.2
    assert (rows[silent] == tokenizer.pad_token_id | pretrain.SILENT).all()
    read = [
        document
        for row, mask in zip(rows, silent, strict=True)
        for document in re.split(r"(?=<\|bos\|>)", tokenizer.decode(row[~mask]))[1:]
    ]
    cut = [tokenizer.decode(tokenizer(doc["text"]).input_ids[:257]) for doc in docs]
    assert sorted(read) == sorted(cut)


def test_of_a_code_pair_only_the_answers_are_learned(tokenizer):
    text = corpus.BOS + corpus.render("Be exact.", [("Say a b c", "a"), ("And then", "b c")])
    row = pretrain.encode([{"kind": "pair", "text": text * 9}], tokenizer, context=64)[0]
    learned = [int(token) for token in row if token < pretrain.SILENT]
    once = "a<|end|>b c<|end|>"
    assert tokenizer.decode(learned).startswith(once * 2)
    assert (row & (pretrain.SILENT - 1)).tolist() == tokenizer(text * 9).input_ids[:65]


def test_loss_leaves_silent_tokens_out(model, tokenizer):
    ids = torch.tensor([tokenizer("The soup was lovely and so was the view .").input_ids])
    marked = ids.clone()
    marked[0, 3:6] |= pretrain.SILENT
    with torch.no_grad():
        nll = -model(ids[:, :-1]).logits.float().log_softmax(-1)[0].gather(1, ids[0, 1:, None])
        kept = [t for t in range(ids.shape[1] - 1) if t + 1 not in (3, 4, 5)]
        loss = pretrain.loss_of(model.float(), marked).item()
    assert loss == pytest.approx(nll[kept].mean().item(), rel=0.03)  # bfloat16


def test_learning_rate_warms_up_holds_and_falls_to_zero():
    shares = [pretrain.rate(step, steps=1000) for step in range(1001)]
    assert shares[0] == pytest.approx(1 / 100)
    assert shares[100:500] == [1.0] * 400
    assert shares[750] == pytest.approx(0.5)
    assert shares[1000] == 0.0
