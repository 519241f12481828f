"""Base models whose files are not what their config.json says, and weights that are no numbers.

pytest tests/test_loading.py
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import GPTNeoConfig, GPTNeoForCausalLM, PreTrainedModel

from slm_lora import hardware, model
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.model.kernels import CPU_ATTENTION
from tests.helpers.tiny import make_llama, slm_lora

EMBEDDING = "model.embed_tokens.weight"
DOWN = "model.layers.1.mlp.down_proj.weight"
UP = "model.layers.0.mlp.up_proj.weight"


def load(folder: Path, *words: str) -> PreTrainedModel:
    config = compose.load([f"model.name_or_path={folder}", "device=cpu", *words])
    return model.load_base(config, hardware.detect(config))


def changed(folder: Path, change: Callable[[dict[str, Tensor]], object]) -> Path:
    """A tiny Llama whose weights were changed after it was saved."""
    file = make_llama(folder) / "model.safetensors"
    weights = load_file(file)
    change(weights)
    save_file(weights, file, {"format": "pt"})
    return folder


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_missing_weights_are_named(tmp_path: Path, capfd, quantization: str) -> None:
    folder = changed(tmp_path / "llama", lambda weights: [weights.pop(k) for k in (UP, DOWN)])
    with pytest.raises(UserError) as error:
        load(folder, f"quantization={quantization}")
    assert f"2 missing ({UP}, {DOWN})" in error.value.message
    assert "LlamaForCausalLM" in error.value.message
    assert "LOAD REPORT" not in capfd.readouterr().err


def test_a_head_that_is_tied_is_not_missing(tmp_path: Path) -> None:
    folder = make_llama(tmp_path / "llama")
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    assert load(folder, "quantization=none").get_output_embeddings().weight.isfinite().all()


def test_another_shape(tmp_path: Path) -> None:
    folder = changed(tmp_path / "llama", lambda w: w.update({DOWN: torch.ones(64, 100)}))
    with pytest.raises(UserError, match=r"down_proj.weight is \(64, 100\), expected \(64, 128\)"):
        load(folder, "quantization=none")


def test_weights_of_no_use_are_only_said(tmp_path: Path, caplog) -> None:
    folder = changed(tmp_path / "llama", lambda w: w.update({"score.weight": torch.ones(2, 64)}))
    with caplog.at_level(logging.WARNING, "slm_lora"):
        load(folder, "quantization=none")
    assert "1 weights have no place in a LlamaForCausalLM (score.weight)" in caplog.text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "quantization", ["none", "nf4", "nf4 quantization.double_quantization=false"]
)
@pytest.mark.parametrize("name", [EMBEDDING, DOWN])
def test_weights_that_are_no_numbers(
    tmp_path: Path, value: float, quantization: str, name: str
) -> None:
    folder = changed(tmp_path / "llama", lambda w: w[name][3].fill_(value))
    with pytest.raises(UserError) as error:
        load(folder, *f"quantization={quantization}".split())
    assert "NaN or infinite: 1 tensors" in error.value.message
    assert name in error.value.message


def test_the_config_of_another_model_by_the_command_line(tmp_path: Path) -> None:
    folder = make_llama(tmp_path / "llama")
    config = json.loads((folder / "config.json").read_text())
    bert = {"model_type": "bert", "architectures": ["BertLMHeadModel"], "is_decoder": True}
    (folder / "config.json").write_text(json.dumps({**config, **bert}))
    (tmp_path / "rows.jsonl").write_text(
        "".join(f'{{"prompt": "{n} + 1", "completion": "{n + 1}"}}\n' for n in range(40))
    )
    ended = slm_lora(
        "+recipe=instruct",
        f"model.name_or_path={folder}",
        f"data.train={tmp_path / 'rows.jsonl'}",
        "device=cpu",
        f"run_dir={tmp_path / 'run'}",
    )
    assert ended.returncode == 2, ended.stderr
    assert "are not those of a BertLMHeadModel" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "run" / "predictions").exists()


def make_gpt_neo(folder: Path) -> Path:
    config = GPTNeoConfig(
        vocab_size=320,
        hidden_size=32,
        num_layers=2,
        num_heads=4,
        attention_types=[[["global", "local"], 1]],
    )
    GPTNeoForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("make", "words", "expected"),
    [
        (make_llama, (), CPU_ATTENTION),
        (make_llama, ("model.attn_implementation=eager",), "eager"),
        (make_gpt_neo, (), "eager"),
    ],
    ids=["llama", "eager", "gpt_neo"],
)
def test_a_cpu_attends_in_its_own_way_where_the_model_lets_it(
    tmp_path: Path, make: Callable[[Path], Path], words: tuple[str, ...], expected: str
) -> None:
    """GPT-Neo's attention does not go through transformers' interface."""
    folder = make(tmp_path / "model")
    assert load(folder, *words).config._attn_implementation == expected
