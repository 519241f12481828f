"""The models of conf/model: their sizes, and a tiny random copy of each architecture tuned and
merged through the real command line.

pytest tests/test_architectures.py
"""

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, PretrainedConfig

from benchmarks.fits import SHAPES
from slm_lora.config import compose
from slm_lora.config.places import groups
from slm_lora.export.tensors import check_architecture
from slm_lora.hardware import KNOWN_SIZES
from slm_lora.model import empty_model
from tests.helpers.tiny import CHAT_TEMPLATE, make_rows, make_tokenizer, slm_lora

AS_LARGE_AS = {"qwen2_5_coder_0_5b": "qwen2_5_0_5b", "qwen2_5_coder_1_5b": "qwen2_5_1_5b"}

TINY = {
    "vocab_size": 320,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
LAST = {
    "gemma3_text": {"head_dim": 32, "sliding_window": 64, "layer_types": None},
    "gpt2": {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 256},
    "llama": {
        "head_dim": 16,
        "rope_parameters": {
            "rope_type": "llama3",
            "rope_theta": 10_000.0,
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    },
    "qwen2": {"layer_types": None},
    "qwen3": {"head_dim": 32, "layer_types": None},
    "smollm3": {"no_rope_layers": [1, 0], "layer_types": None},
}
"""What else is small, or special, of each architecture: Llama 3.2's scaled rotation; layers without
one (SmolLM3); heads wider than their share of the width (Qwen3, Gemma 3)."""


@pytest.mark.parametrize("name", sorted({*groups()["model"]} - {"nano"}))
def test_parameters_are_known_before_a_download(name: str, tmp_path: Path) -> None:
    compose.register()
    hub_id = compose.load([f"model={name}", "data.train=rows.jsonl"]).model.name_or_path
    SHAPES[AS_LARGE_AS.get(name, name)].save_pretrained(tmp_path)
    words = [f"model.name_or_path={tmp_path}", "data.train=rows.jsonl"]
    assert KNOWN_SIZES[hub_id] == empty_model(compose.load(words).model).num_parameters()


def test_every_architecture_is_tried() -> None:
    assert {shape.model_type for shape in SHAPES.values()} == LAST.keys()


def test_gguf_takes_every_preset() -> None:
    """Files of tiny copies: tests/export/test_gguf.py."""
    for shape in SHAPES.values():
        check_architecture(shape)


ELSEWHERE = {"gpt2", "llama", "qwen2"}
"""Tuned by tests/test_run.py, and exported by tests/export."""


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=pytest.mark.slow if kind in ELSEWHERE else ()) for kind in LAST],
)
def test_a_tiny_copy_is_tuned_and_merged(kind: str, tmp_path: Path) -> None:
    config: type[PretrainedConfig] = next(
        type(shape) for shape in SHAPES.values() if shape.model_type == kind
    )
    tokenizer = make_tokenizer(tmp_path / "model", CHAT_TEMPLATE)
    ends = {
        name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")
    }
    sizes = {**({"vocab_size": 320} if kind == "gpt2" else TINY), **LAST[kind], **ends}
    model = AutoModelForCausalLM.from_config(config(**sizes))
    assert model.config.model_type == kind
    model.save_pretrained(tmp_path / "model")
    words = [
        "+recipe=sentiment",
        f"model.name_or_path={tmp_path / 'model'}",
        f"data.train={make_rows(tmp_path / 'train.jsonl', 80)}",
        f"data.test={make_rows(tmp_path / 'test.jsonl', 20, seed=1)}",
        *("trainer.max_steps=8", "trainer.learning_rate=1e-2", "batch_size=16"),
        *("quantization=none", "device=cpu", "precision=fp32"),
        *("baselines.run=false", "retention.rows=0", "merge.rows=8", "task.generate=false"),
        f"run_dir={tmp_path / 'run'}",
    ]
    ended = slm_lora(*words)
    assert ended.returncode == 0, ended.stderr
    log = json.loads((tmp_path / "run" / "train.json").read_text())["log"]
    first, *_, last = [line["eval_loss"] for line in log if "eval_loss" in line]
    assert last < first
    proof = json.loads((tmp_path / "run" / "merge.json").read_text())
    assert proof["candidates"][proof["base"]]["equal_tokens"] == 1
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "merged")
    assert merged.config.model_type == kind
