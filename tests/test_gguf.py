"""GGUF files as base models: against the folder they were made from, and gguf's own dequantization.

pytest tests/test_gguf.py
"""

import json
import math
from dataclasses import replace
from pathlib import Path

import gguf as library
import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, LlamaConfig

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.export import gguf as export
from slm_lora.export.vocabulary import HARD, vocabulary
from slm_lora.export.weights import Weights
from slm_lora.gguf import convert, model_folder
from slm_lora.model import load_tokenizer
from slm_lora.model.location import location, place_of
from tests.helpers.export_models import READ, SHAPE, TEXTS, make
from tests.helpers.tiny import make_llama, make_rows, slm_lora

IDS = [1, *(3 + 37 * n % 397 for n in range(95))]


@pytest.fixture(autouse=True)
def _cache_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLM_LORA_CACHE", str(tmp_path / "cache"))


def write(folder: Path, number_type: str = "f32", pre: str | None = None) -> Path:
    """The GGUF file of a transformers folder, in a folder beside it; `pre` is its way to split."""
    config, tokenizer = AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    words = vocabulary(tokenizer, config.vocab_size, TEXTS, HARD)
    file = folder.with_name(f"{folder.name}-gguf") / f"{number_type}.gguf"
    file.parent.mkdir(exist_ok=True)
    export.write(
        file,
        "tiny",
        config,
        Weights(folder),
        vocabulary=replace(words, pre=pre or words.pre),
        tokenizer=tokenizer,
        number_type=number_type,
    )
    return file


def logits(folder: Path) -> np.ndarray:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        return model(torch.tensor([IDS])).logits[0].numpy()


@pytest.mark.parametrize("kind", READ)
def test_model_and_tokenizer_are_those_of_the_folder(tmp_path: Path, kind: str) -> None:
    folder = make(tmp_path / "model", kind)
    found = model_folder(write(folder))
    assert AutoConfig.from_pretrained(found).dtype == torch.float32
    wanted = logits(folder)
    assert np.abs(logits(found) - wanted).max() < 1e-5 * np.abs(wanted).max()
    ours, theirs = AutoTokenizer.from_pretrained(found), AutoTokenizer.from_pretrained(folder)
    for text in [*TEXTS, *HARD, "<s>the cat</s>\nthe mat"]:
        ids = [t(text, add_special_tokens=False).input_ids for t in (ours, theirs)]
        assert ids[0] == ids[1], text
    assert ours.chat_template == theirs.chat_template
    assert (ours.bos_token_id, ours.eos_token_id) == (theirs.bos_token_id, theirs.eos_token_id)


@pytest.mark.parametrize(
    ("number_type", "dtype"),
    [("f16", torch.float16), ("bf16", torch.bfloat16), ("q8_0", torch.bfloat16)],
)
def test_values_are_those_that_gguf_dequantizes(
    tmp_path: Path, number_type: str, dtype: torch.dtype
) -> None:
    file = write(make(tmp_path / "model", "llama"), number_type)
    state = AutoModelForCausalLM.from_pretrained(model_folder(file)).state_dict()
    there = {tensor.name: tensor for tensor in library.GGUFReader(file).tensors}
    for ours, theirs in (
        ("embed_tokens", "token_embd"),
        ("layers.1.mlp.up_proj", "blk.1.ffn_up"),
        ("layers.0.mlp.down_proj", "blk.0.ffn_down"),
        ("layers.0.self_attn.v_proj", "blk.0.attn_v"),
        ("norm", "output_norm"),
    ):
        tensor = there[f"{theirs}.weight"]
        values = library.dequantize(tensor.data, tensor.tensor_type)
        found = state[f"model.{ours}.weight"]
        assert found.dtype == dtype
        assert torch.equal(found, torch.from_numpy(values.copy()).to(dtype)), ours


def test_a_file_is_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "llama")
    file = write(folder)
    first = model_folder(file)
    written = (first / "config.json").stat().st_mtime_ns
    assert model_folder(file) == first
    assert (first / "config.json").stat().st_mtime_ns == written
    file.write_bytes(write(folder, "q8_0").read_bytes())
    assert model_folder(file) != first
    assert len(list((tmp_path / "cache/gguf").iterdir())) == 2


def other_kind(content: bytes) -> bytes:
    key = b"general.architecture"
    at = content.index(key) + len(key) + 4 + 8
    assert content[at : at + 5] == b"llama"
    return content[:at] + b"lamma" + content[at + 5 :]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content[:-100], "not a whole GGUF file"),
        (lambda content: content[:3000], "not a whole GGUF file"),
        (lambda content: content[:2], "not a whole GGUF file"),
        (lambda content: b"", "not a whole GGUF file"),
        (lambda content: b"words of a letter to a friend", "not a whole GGUF file"),
        (other_kind, "architecture"),
    ],
    ids=["data cut", "header cut", "two bytes", "empty", "text", "unknown kind"],
)
def test_what_is_no_base_model_is_refused_and_leaves_nothing(
    tmp_path: Path, spoil: object, said: str
) -> None:
    file = write(make(tmp_path / "model", "llama"))
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UserError, match=said) as refused:
        model_folder(file)
    assert str(file) in refused.value.message
    assert list((tmp_path / "cache/gguf").iterdir()) == []


def test_parts_and_missing_files_are_refused(tmp_path: Path) -> None:
    part = tmp_path / "m-00001-of-00002.gguf"
    part.touch()
    with pytest.raises(UserError, match="one of 2 parts") as refused:
        model_folder(part)
    assert "--merge m-00001-of-00002.gguf m.gguf" in refused.value.hint
    with pytest.raises(UserError, match="no such file"):
        model_folder(tmp_path / "other.gguf")


def test_a_folder_of_gguf_files_needs_the_name_of_one(tmp_path: Path) -> None:
    folder = write(make(tmp_path / "model", "llama")).parent
    with pytest.raises(UserError, match=r"f32\.gguf") as refused:
        location(str(folder))
    assert refused.value.hint == f"type model.name_or_path={folder}/f32.gguf"
    words = [f"model.name_or_path={folder}", "model.gguf_file=f32.gguf", "data.train=x.jsonl"]
    config = compose.load(words)
    assert config.model.name_or_path == f"{folder}/f32.gguf"
    assert place_of(config.model.name_or_path) == "file"
    assert load_tokenizer(config).eos_token == "</s>"
    with pytest.raises(UserError, match="gguf_file"):
        compose.load([*words[:1], "model.gguf_file=f32.bin"])


def test_a_tokenizer_beside_the_file_is_not_taken(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", "llama")
    file = write(folder)
    make_llama(file.parent)
    found = AutoTokenizer.from_pretrained(model_folder(file))
    assert len(found) >= len(AutoTokenizer.from_pretrained(folder))


@pytest.mark.parametrize(("named", "way"), [("starcoder", "smollm"), ("phi-2", "gpt-2")])
def test_numbers_after_spaces_fall_apart_as_in_llama_cpp(
    tmp_path: Path, named: str, way: str
) -> None:
    """transformers takes GPT-2's way for SmolLM's too, which leaves a space to the digit."""
    found = AutoTokenizer.from_pretrained(
        model_folder(write(make(tmp_path / "model", "llama"), pre=named))
    )
    spaces, digit = (found.convert_tokens_to_ids(text) for text in ("ĠĠ", "1"))
    assert (found("x  1").input_ids[1:] == [spaces, digit]) == (way == "smollm")


def test_a_way_to_split_that_is_not_known_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model_folder(write(make(tmp_path / "model", "llama"), pre="viking"))
    assert "llama.cpp's way gpt2 viking" in caplog.text


def test_llama_3_rotation_is_found_again() -> None:
    config = LlamaConfig(
        **SHAPE, head_dim=64, rope_parameters={"rope_type": "default", "rope_theta": 500000.0}
    )
    scales = []
    for n in range(32):  # as llama.cpp's convert_hf_to_gguf.py computes them
        wavelength = 2 * math.pi * 500000.0 ** (2 * n / 64)
        smooth = (8192 / wavelength - 1) / (4 - 1)
        between = 1 / ((1 - smooth) / 32 + smooth)
        scales.append(1 if wavelength < 8192 / 4 else 32 if wavelength > 8192 else between)
    convert.scale_rotation(config, np.array(scales, np.float32))
    assert config.rope_parameters["rope_type"] == "llama3"
    assert config.rope_parameters["factor"] == 32
    config.rope_parameters = {"rope_type": "default", "rope_theta": 500000.0}
    with pytest.raises(ValueError, match="another way"):
        convert.scale_rotation(config, np.array(scales, np.float32) ** 2)


def test_job_on_a_gguf_file_names_it_and_ends_as_one(tmp_path: Path) -> None:
    """The command line: train in NF4 on a file, merge, export again."""
    make(tmp_path / "model", "llama")
    for name, seed in (("train", 1), ("test", 2)):
        make_rows(tmp_path / f"{name}.jsonl", 24, seed)
    file = write(tmp_path / "model", "q8_0")
    result = slm_lora(
        "+recipe=sentiment",
        f"model.name_or_path={file.parent}",
        f"model.gguf_file={file.name}",
        "data.train=train.jsonl",
        "data.test=test.jsonl",
        "data.prompt='{text} '",
        "trainer.max_steps=2",
        "merge.dtype=fp32",
        "merge.rows=4",
        "run_dir=run",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("once, into") == 1
    provenance = json.loads((tmp_path / "run/provenance.json").read_text())
    assert provenance["base_kind"] == "file"
    card = (tmp_path / "run/adapter/README.md").read_text()
    assert "q8_0.gguf" in card
    assert "cache" not in card
    result = slm_lora("export", "run", "format=gguf", "type=f32", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "run/exports/gguf-f32/q8_0-sentiment-f32.gguf"
    assert "once, into" not in result.stderr
