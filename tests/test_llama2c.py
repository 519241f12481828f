"""llama2.c's files: written and read, against a forward pass in NumPy and a tokenizer by hand.

pytest tests/test_llama2c.py
"""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from slm_lora import llama2c
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.hardware import detect
from slm_lora.llama2c import tokenizer, weights
from slm_lora.model import load_base, load_config, load_tokenizer
from tests.helpers.llama2c_numpy import forward, greedy
from tests.helpers.tiny import make_rows, make_tokenizer, slm_lora

compose.register()
MERGED = [" t", "he", " a", " the", "!!", "!!!!", "??", "????", " e"]
PIECES = [*MERGED, " ", *"ethano!?é12"]
IDS = [1, 270, 5, 33, 261, 300, 12, 270, 90]


def make_model(eps: float = 1e-5, **changes: object) -> LlamaForCausalLM:
    """Two layers, four heads on two, 320 tokens; norms that are not all one."""
    torch.manual_seed(0)
    options = {
        "vocab_size": 320,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
        "rms_norm_eps": eps,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **changes,
    }
    model = LlamaForCausalLM(LlamaConfig(**options)).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model


def write(file: Path, model: LlamaForCausalLM, quantized: bool = False) -> Path:
    tensors = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    weights.write(file, model.config, tensors.__getitem__, quantized)
    return file


def write_tokenizer(file: Path, size: int = 320) -> Path:
    """A tokenizer.bin as llama2.c's tokenizer.py writes them."""
    pieces = [(0.0, piece) for piece in (b"<unk>", b"\n<s>\n", b"\n</s>\n")]
    pieces += [(0.0, b"<0x%02X>" % n) for n in range(256)]
    words = [*PIECES, *(f"<pad{n}>" for n in range(size - 259 - len(PIECES)))]
    pieces += [(-float(n), word.encode()) for n, word in enumerate(words)]
    parts = [struct.pack("<i", max(len(piece) for _, piece in pieces))]
    parts += [struct.pack("<fi", score, len(piece)) + piece for score, piece in pieces]
    file.write_bytes(b"".join(parts))
    return file


def logits(model: LlamaForCausalLM, ids: list[int]) -> np.ndarray:
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].numpy()


@pytest.mark.parametrize("eps", [1e-5, 1e-6])
@pytest.mark.parametrize("tied", [True, False])
def test_version_0_computes_the_same(tmp_path: Path, eps: float, tied: bool) -> None:
    # Small embeddings: the norms' epsilon shows.
    model = make_model(eps, tie_word_embeddings=tied, initializer_range=0.005)
    file = write(tmp_path / "model.bin", model)
    wanted = logits(model, IDS)
    assert np.abs(forward(file, IDS) - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert struct.unpack_from("<i", file.read_bytes(), 20)[0] == (320 if tied else -320)


def test_version_2_is_off_by_half_a_step_at_most(tmp_path: Path) -> None:
    model = make_model()
    file = write(tmp_path / "model.bin", model, quantized=True)
    group = struct.unpack_from("<i", file.read_bytes(), 37)[0]
    assert group == 16  # 48 has no larger power of two
    config, tensors = weights.read(file)
    for name, tensor in tensors.items():
        exact = model.state_dict()[name].numpy()
        if exact.ndim == 1:
            assert (tensor == exact).all()
        else:  # rows in another order, groups along them
            step = np.abs(exact.reshape(-1, group)).max(axis=1, keepdims=True) / 127
            apart = np.abs((tensor - exact).reshape(-1, group))
            assert (apart <= step * 0.501).all(), name
    read = LlamaForCausalLM(config).eval()
    read.load_state_dict({n: torch.from_numpy(t) for n, t in tensors.items()}, strict=False)
    assert np.abs(forward(file, IDS) - logits(read, IDS)).max() < 1e-4


@pytest.mark.parametrize("tied", [True, False])
def test_read_and_written_again_the_bytes_are_the_same(tmp_path: Path, tied: bool) -> None:
    first = write(tmp_path / "a.bin", make_model(tie_word_embeddings=tied))
    config, tensors = weights.read(first)
    weights.write(tmp_path / "b.bin", config, tensors.__getitem__, quantized=False)
    assert (tmp_path / "b.bin").read_bytes() == first.read_bytes()


@pytest.mark.parametrize("spoil", ["cut", "longer", "version", "text"])
def test_another_file_is_refused(tmp_path: Path, spoil: str) -> None:
    file = write(tmp_path / "model.bin", make_model(), quantized=spoil == "version")
    content = file.read_bytes()
    changed = {
        "cut": content[:-100],
        "longer": content + b"\0\0\0\0",
        "version": content[:4] + struct.pack("<i", 1) + content[8:],
        "text": b"no model at all, but words of a letter to a friend",
    }
    file.write_bytes(changed[spoil])
    with pytest.raises(UserError, match=r"model\.bin"):
        weights.read(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"attention_bias": True}, "biases"),
        ({"head_dim": 16}, "heads of 16"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}}, "rotation"),
        ({"hidden_act": "gelu"}, "gelu"),
    ],
)
def test_what_llama2c_has_no_code_for_is_refused(change: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        weights.check_layout(make_model(**change).config)


def test_tokenizer_file_comes_back_byte_for_byte(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path / "tok.bin")
    loaded = tokenizer.as_transformers(file)
    tokenizer.write(tmp_path / "again.bin", tokenizer.stored_pieces(loaded, 320))
    assert (tmp_path / "again.bin").read_bytes() == file.read_bytes()


def test_both_ways_to_encode_agree(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path / "tok.bin")
    loaded, stored = tokenizer.as_transformers(file), tokenizer.read(file)
    the = [text for _, text in stored].index(b" the")
    assert tokenizer.encode("the", stored) == [1, the]
    for text in ("the hat", "a the  the\n1 é ?!!!!!!!! ñ", "", "hehe the!"):
        assert loaded(text).input_ids == tokenizer.encode(text, stored), text
        assert loaded.decode(loaded(text).input_ids, skip_special_tokens=True) == text


def test_byte_level_pieces_are_the_bytes_themselves(tmp_path: Path) -> None:
    stored = tokenizer.stored_pieces(make_tokenizer(tmp_path), 262)
    assert stored[0][1] == b"<s>"
    assert {piece for _, piece in stored[3:259]} == {bytes([n]) for n in range(256)}
    assert [piece for _, piece in stored[259:]] == [b"<pad259>", b"<pad260>", b"<pad261>"]
    tokenizer.write(tmp_path / "tok.bin", stored)
    with pytest.raises(UserError, match="how texts"):
        tokenizer.as_transformers(tmp_path / "tok.bin")


def test_cut_tokenizer_is_refused(tmp_path: Path) -> None:
    file = write_tokenizer(tmp_path / "tok.bin")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UserError, match="piece 319 is cut off"):
        tokenizer.read(file)


def test_files_load_as_base_model_in_nf4(tmp_path: Path) -> None:
    model = make_model()
    words = [
        f"model.name_or_path={write(tmp_path / 'model.bin', model)}",
        "data.train=x.jsonl",
        "device=cpu",
    ]
    config = compose.load([*words, "quantization=none", "precision=fp32"])
    with pytest.raises(UserError, match=r"tokenizer\.bin"):
        load_tokenizer(config)
    write_tokenizer(tmp_path / "tokenizer.bin")
    assert load_tokenizer(config).eos_token == "</s>"
    assert load_config(config.model).max_position_embeddings == 64
    assert (logits(load_base(config, detect(config)), IDS) == logits(model, IDS)).all()
    quantized = compose.load([*words, "quantization=nf4"])
    base = load_base(quantized, detect(quantized))
    assert base.is_loaded_in_4bit
    with pytest.raises(UserError, match="no such file"):
        llama2c.model_folder(tmp_path / "other.bin")


def test_job_on_llama2c_files_ends_as_llama2c_files(tmp_path: Path) -> None:
    """The command line: train on model.bin and tok.bin, export again, the program writes on."""
    write(tmp_path / "model.bin", make_model())
    write_tokenizer(tmp_path / "tok.bin")
    for name, seed in (("train", 1), ("test", 2)):
        make_rows(tmp_path / f"{name}.jsonl", 24, seed)
    result = slm_lora(
        "+recipe=sentiment",
        "model.name_or_path=model.bin",
        "model.tokenizer=tok.bin",
        "data.train=train.jsonl",
        "data.test=test.jsonl",
        "data.prompt='{text} '",
        "trainer.max_steps=2",
        "merge.base=trained",
        "merge.dtype=fp32",
        "merge.rows=4",
        "run_dir=run",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    result = slm_lora("export", "run", "format=llama2c", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "run/exports/llama2c-f32"
    found = json.loads((tmp_path / "run/exports/llama2c-f32.json").read_text())
    assert (found["greedy_equal"], found["exact_weights"]) == (8, True)
    out = tmp_path / "run/exports/llama2c-f32"
    assert (out / "tokenizer.bin").read_bytes() == (tmp_path / "tok.bin").read_bytes()
    merged = LlamaForCausalLM.from_pretrained(tmp_path / "run/merged", dtype=torch.float32)
    loaded = AutoTokenizer.from_pretrained(tmp_path / "run/merged")
    prompt = loaded("the hat !!!!!!").input_ids
    wanted = merged.generate(torch.tensor([prompt]), max_new_tokens=12, do_sample=False)[0]
    assert greedy(out / "model.bin", prompt, 12, stop=2) == wanted[len(prompt) :].tolist()
