"""Answers by transformers' continuous batching: those of our own writing, one by one.

python -m pytest tests/test_continuous.py
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, FalconConfig, Lfm2Config

from slm_lora.config.sections.model import LoraConfig
from slm_lora.errors import UserError
from slm_lora.generate import Generated, Sampling, answers
from slm_lora.model.adapter import add_adapter
from slm_lora.model.kernels import CPU_ATTENTION
from tests.helpers.tiny import make_gpt2, make_llama, make_tokenizer

PROMPTS = [[*range(5, 5 + n)] for n in (30, 3, 17, 9, 24, 1, 12)]


@pytest.fixture(params=[make_llama, make_gpt2], ids=["llama", "gpt2"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, Any]:
    """A model with a LoRA adapter that is not zero, and its tokenizer."""
    folder = request.param(tmp_path)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    base.set_attn_implementation(CPU_ATTENTION)
    model = add_adapter(base, LoraConfig(), 0).eval()
    torch.manual_seed(0)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.5)
    return model, AutoTokenizer.from_pretrained(folder)


def written(parts: tuple[Any, Any], **options: Any) -> dict[int, list[Generated]]:
    options = {"stop_ids": [7], "max_new_tokens": 20, "batch_size": 3, "title": ""} | options
    return dict(answers(*parts, PROMPTS, **options))


def test_they_are_those_of_writing_batch_by_batch(parts: tuple[Any, Any]) -> None:
    cut_off = set()
    for stop in ([7], list(range(3, 320, 12))):
        found, expected = (written(parts, stop_ids=stop, continuous=c) for c in (True, False))
        assert found == expected
        cut_off |= {one.cut_off for (one,) in expected.values()}
    assert cut_off == {True, False}
    assert parts[0].config._attn_implementation == CPU_ATTENTION


def test_drawn_ones_come_again(parts: tuple[Any, Any]) -> None:
    sampling = Sampling(n=4, temperature=1.5, top_p=0.95, seed=3)
    found, again, other = (
        written(parts, sampling=drawn, continuous=True)
        for drawn in (sampling, sampling, replace(sampling, seed=4))
    )
    assert sorted(found) == list(range(len(PROMPTS)))
    assert all(len(texts) == 4 for texts in found.values())
    assert found == again != other
    assert len({one.text for one in found[0]}) > 1


def test_one_stops_in_the_middle(parts: tuple[Any, Any]) -> None:
    some: Iterator[Any] = answers(
        *parts, PROMPTS, stop_ids=[7], max_new_tokens=20, batch_size=2, title="", continuous=True
    )
    next(some)
    some.close()
    assert parts[0].config._attn_implementation == CPU_ATTENTION
    assert len(written(parts, continuous=True)) == len(PROMPTS)


@pytest.mark.parametrize(
    "config",
    [
        FalconConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=4),
        Lfm2Config(
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            layer_types=["conv", "full_attention"],
        ),
    ],
    ids=["attention of its own", "convolutions"],
)
def test_kinds_of_models_it_is_not_for(config: Any, tmp_path: Path) -> None:
    config.vocab_size = 320
    parts = AutoModelForCausalLM.from_config(config), make_tokenizer(tmp_path)
    with pytest.raises(UserError, match=r"(?s)^task.continuous=true: .*task.continuous=false"):
        written(parts, continuous=True)
