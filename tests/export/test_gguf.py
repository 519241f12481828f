"""GGUF files of each kind of model, against transformers' reader and, where it is installed,
llama.cpp itself.

pytest tests/export/test_gguf.py
"""

import math
from contextlib import nullcontext
from pathlib import Path

import gguf as library
import numpy as np
import pytest
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma3TextConfig,
    LlamaConfig,
    OPTConfig,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

from slm_lora.errors import UserError
from slm_lora.export import gguf, tensors
from slm_lora.export.vocabulary import HARD, vocabulary
from slm_lora.export.weights import Weights
from tests.helpers.export_models import KINDS, LLAMA3, READ, SHAPE, TEXTS, make

IDS = [1, *(3 + 37 * n % 397 for n in range(95))]


def write(folder: Path, kind: str = "f32") -> Path:
    """The GGUF file of a transformers folder, in it."""
    config, tokenizer = AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    words = vocabulary(tokenizer, config.vocab_size, TEXTS, HARD)
    file = folder / f"{kind}.gguf"
    gguf.write(
        file,
        "tiny",
        config,
        Weights(folder),
        vocabulary=words,
        tokenizer=tokenizer,
        number_type=kind,
    )
    return file


def check(file: Path) -> bool:
    folder = file.parent
    config, tokenizer = AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    words = vocabulary(tokenizer, config.vocab_size, TEXTS, HARD)
    return gguf.check_file(file, config, Weights(folder), words)


def logits(folder: Path, **options: object) -> np.ndarray:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options).eval()
    with torch.inference_mode():
        return model(torch.tensor([IDS])).logits[0].numpy()


@pytest.mark.parametrize("kind", READ)
def test_every_kind_of_model_comes_back(tmp_path: Path, kind: str) -> None:
    folder = make(tmp_path, kind)
    file = write(folder)
    assert check(file)
    wanted = logits(folder)
    # What transformers does not read of a file; slm_lora/gguf/convert.py does.
    known = {"gpt2": {"n_positions": 128}, "llama3": {"rope_parameters": LLAMA3}}
    found = logits(folder, gguf_file=file.name, **known.get(kind, {}))
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_a_kind_that_transformers_does_not_read_comes_back_too(tmp_path: Path) -> None:
    folder = make(tmp_path, "smollm3")
    file = write(folder)
    assert check(file)
    model = gguf.read_smollm3(file, AutoConfig.from_pretrained(folder))
    with torch.inference_mode():
        found = model(torch.tensor([IDS])).logits[0].numpy()
    wanted = logits(folder)
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


@pytest.mark.parametrize("kind", ["f16", "bf16", "q8_0"])
def test_number_formats(tmp_path: Path, kind: str) -> None:
    folder = make(tmp_path, "llama")
    file = write(folder, kind)
    there = {tensor.name: tensor.tensor_type.name for tensor in library.GGUFReader(file).tensors}
    assert there.pop("blk.0.ffn_down.weight") == ("F16" if kind == "q8_0" else kind.upper())
    assert there["blk.0.attn_norm.weight"] == there["output_norm.weight"] == "F32"
    assert {t for n, t in there.items() if "norm" not in n} - {"F16"} <= {kind.upper()}
    assert there["token_embd.weight"] == kind.upper()
    assert not check(file)  # random fp32 weights fit in none of them
    wanted = logits(folder)
    apart = np.abs(logits(folder, gguf_file=file.name) - wanted).max() / np.abs(wanted).max()
    assert 0 < apart < {"f16": 1e-3, "bf16": 2e-2, "q8_0": 2e-2}[kind]


def test_weights_of_fewer_bits_come_through_exactly(tmp_path: Path) -> None:
    folder = make(tmp_path, "llama")
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    assert check(write(folder, "bf16"))
    assert check(write(folder, "f16"))


@pytest.mark.parametrize(("spoilt", "refused"), [(0, False), (3e-5, True)])
def test_units_that_are_switched_off_fit_in_q8_0(
    tmp_path: Path, spoilt: float, refused: bool
) -> None:
    """Their steps are so small that f16 rounds them by more than a step, as real models have it."""
    folder = make(tmp_path, "llama")
    model = AutoModelForCausalLM.from_pretrained(folder)
    weight = model.model.layers[1].mlp.up_proj.weight
    with torch.no_grad():
        weight[3] *= 3e-5 / weight[3].abs().max()
    model.save_pretrained(folder)
    file = write(folder, "q8_0")
    with torch.no_grad():
        weight[3] += spoilt
    model.save_pretrained(folder)
    with pytest.raises(UserError, match="ffn_up") if refused else nullcontext():
        check(file)


def test_a_file_of_another_model_is_noticed(tmp_path: Path) -> None:
    folder = make(tmp_path, "llama")
    file = write(folder, "q8_0")
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3] += 0.01
    model.save_pretrained(folder)
    with pytest.raises(UserError, match=r"blk\.1\.ffn_up\.weight"):
        check(file)


def test_a_scaled_rotation_is_that_of_the_model(tmp_path: Path) -> None:
    """By Llama 3's own rule, written out: slow waves are divided, fast ones are not."""
    file = write(make(tmp_path, "llama3"))
    there = {tensor.name: tensor.data for tensor in library.GGUFReader(file).tensors}
    factor, low, high, old = (
        LLAMA3[key]
        for key in (
            "factor",
            "low_freq_factor",
            "high_freq_factor",
            "original_max_position_embeddings",
        )
    )
    for n, found in enumerate(there["rope_freqs.weight"]):
        wave = 2 * math.pi * 10_000.0 ** (2 * n / 16)
        if wave < old / high:
            wanted = 1.0
        elif wave > old / low:
            wanted = factor
        else:
            smooth = (old / wave - low) / (high - low)
            wanted = 1 / ((1 - smooth) / factor + smooth)
        assert found == pytest.approx(wanted, rel=1e-4)


def test_what_the_file_says_about_itself(tmp_path: Path) -> None:
    folder = make(tmp_path, "mistral", template="{{ bos_token }}{{ messages[-1]['content'] }}")
    fields = library.GGUFReader(write(folder)).fields
    said = {name: field.contents() for name, field in fields.items()}
    assert said["general.architecture"] == "llama"
    assert said["llama.context_length"] == 96  # Mistral's window, beyond which it does not see
    assert said["llama.attention.head_count_kv"] == 2
    assert said["llama.rope.dimension_count"] == 16
    assert (said["tokenizer.ggml.model"], said["tokenizer.ggml.pre"]) == ("gpt2", "llama-bpe")
    assert said["tokenizer.ggml.bos_token_id"] == 1
    assert said["tokenizer.ggml.eos_token_id"] == 2
    assert said["tokenizer.ggml.add_bos_token"] is True
    assert said["tokenizer.chat_template"].startswith("{{ bos_token }}")
    tokens, types = said["tokenizer.ggml.tokens"], said["tokenizer.ggml.token_type"]
    assert len(tokens) == len(types) == 400
    assert types[:3] == [2, 3, 3] or types[:3] == [3, 3, 3]
    assert set(types[len(AutoTokenizer.from_pretrained(folder)) :]) == {library.TokenType.UNUSED}


def test_the_end_of_a_turn_that_is_not_the_end_of_text(tmp_path: Path) -> None:
    folder = make(tmp_path, "llama", template="{{ messages[-1]['content'] }}<s>{{ eos_token }}")
    fields = library.GGUFReader(write(folder)).fields
    assert fields["tokenizer.ggml.eot_token_id"].contents() == 1
    assert fields["tokenizer.ggml.eos_token_id"].contents() == 2


def test_no_begin_of_text_where_the_template_writes_none(tmp_path: Path) -> None:
    fields = library.GGUFReader(write(make(tmp_path, "llama"))).fields
    assert fields["tokenizer.ggml.add_bos_token"].contents() is False


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (OPTConfig(), "opt models"),
        (LlamaConfig(**SHAPE, attention_bias=True), "attention_bias"),
        (LlamaConfig(**SHAPE, hidden_act="gelu"), "hidden_act"),
        (
            LlamaConfig(
                **SHAPE,
                rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0},
            ),
            "rope_parameters",
        ),
        (
            LlamaConfig(
                **SHAPE, rope_parameters=LLAMA3 | {"original_max_position_embeddings": 4096}
            ),
            "rope_parameters",
        ),
        (Qwen3Config(**SHAPE, attention_bias=True), "attention_bias"),
        (Qwen2Config(**SHAPE, use_sliding_window=True), "use_sliding_window"),
        (Gemma3TextConfig(**SHAPE, query_pre_attn_scalar=168), "query_pre_attn_scalar"),
        (Gemma3TextConfig(**SHAPE, layer_types=["full_attention"] * 2), "layer_types"),
        (SmolLM3Config(**SHAPE, no_rope_layers=[1, 0]), "no_rope_layers"),
    ],
)
def test_what_it_cannot_lay_out_is_refused(config: LlamaConfig, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        tensors.check_architecture(config)
    assert "format=hf" in refused.value.hint


def test_a_value_too_large_for_f16_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path, "llama")
    model = AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight[3, 4] = 70000
    model.save_pretrained(folder)
    with pytest.raises(UserError, match="too large for f16"):
        write(folder, "f16")


@pytest.mark.parametrize("kind", KINDS)
def test_llama_cpp_reads_and_writes_the_same(tmp_path: Path, kind: str) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    folder = make(tmp_path, kind)
    llm = llama_cpp.Llama(
        str(write(folder)),
        n_ctx=96,
        n_threads=1,
        logits_all=True,
        type_k=0,  # keys and values in f32
        type_v=0,
        verbose=False,
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in [*TEXTS, *HARD, "<s>the cat</s>\nthe mat"]:
        ids = llm.tokenize(text.encode(), add_bos=False, special=True)
        assert ids == tokenizer(text, add_special_tokens=False).input_ids, text
    wanted = logits(folder)
    llm.eval(IDS)
    assert np.abs(llm.scores[: len(IDS)] - wanted).max() < 1e-3 * np.abs(wanted).max()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    for start in range(8):
        prompt = [1, *range(260 + 9 * start, 266 + 9 * start)]
        ours = model.generate(torch.tensor([prompt]), max_new_tokens=10, do_sample=False)
        written = []
        llm.reset()
        for token in llm.generate(prompt, temp=0.0, repeat_penalty=1.0):
            written.append(token)
            if token == 2 or len(written) == 10:
                break
        assert written == ours[0, len(prompt) :].tolist()
    llm.close()
