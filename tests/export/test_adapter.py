"""The adapter alone as GGUF: the update it stands for, against PEFT's, and llama.cpp running it.

pytest tests/export/test_adapter.py
"""

from pathlib import Path

import gguf as library
import numpy as np
import peft
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.pytorch_utils import Conv1D

from slm_lora.errors import UserError
from slm_lora.export import adapter, gguf
from slm_lora.export.vocabulary import vocabulary
from slm_lora.export.weights import Weights
from tests.helpers.export_models import TEXTS, make

IDS = [1, 270, 5, 33, 261, 300, 12, 270, 90]


def adapted(folder: Path, **options: object) -> peft.PeftModel:
    """The model in the folder with a random adapter, which is saved to folder/adapter."""
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    turned = any(isinstance(module, Conv1D) for module in base.modules())
    config = peft.LoraConfig(
        **{"r": 4, "lora_alpha": 8, "target_modules": "all-linear"} | options,
        task_type="CAUSAL_LM",
        fan_in_fan_out=turned,
    )
    tuned = peft.get_peft_model(base, config).eval()
    for name, parameter in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    tuned.save_pretrained(folder / "adapter")
    return tuned


def write(folder: Path, kind: str = "f32") -> Path:
    file = folder / f"lora-{kind}.gguf"
    adapter.write(file, "tiny", AutoConfig.from_pretrained(folder), folder / "adapter", kind)
    return file


@pytest.mark.parametrize("rslora", [False, True])
def test_file_stands_for_the_update(tmp_path: Path, rslora: bool) -> None:
    folder = make(tmp_path, "llama")
    tuned = adapted(folder, use_rslora=rslora)
    file = write(folder)
    reader = library.GGUFReader(file)
    assert reader.fields["general.type"].contents() == "adapter"
    assert reader.fields["adapter.type"].contents() == "lora"
    alpha = reader.fields["adapter.lora.alpha"].contents()
    there = {tensor.name: tensor.data for tensor in reader.tensors}
    assert len(there) == 2 * 2 * 7
    layer = tuned.base_model.model.model.layers[1]
    for module, place in ((layer.self_attn.v_proj, "attn_v"), (layer.mlp.down_proj, "ffn_down")):
        a, b = (there[f"blk.1.{place}.weight.lora_{x}"] for x in "ab")
        update = alpha / a.shape[0] * (b @ a)  # as llama.cpp scales it
        wanted = module.get_delta_weight("default").detach().numpy()
        assert np.abs(update - wanted).max() < 1e-5 * np.abs(wanted).max()
    found = adapter.prove(file, AutoConfig.from_pretrained(folder), folder / "adapter")
    assert (found["tensors"], found["exact_weights"]) == (28, True)


def test_another_adapter_is_noticed(tmp_path: Path) -> None:
    folder = make(tmp_path, "llama")
    adapted(folder)
    file = write(folder, "f16")
    torch.manual_seed(1)
    adapted(folder)
    with pytest.raises(UserError, match="read back is not the adapter's"):
        adapter.prove(file, AutoConfig.from_pretrained(folder), folder / "adapter")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"use_dora": True}, r"lora\.dora"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "lora_only"}, "bias"),
        ({"trainable_token_indices": [5]}, "trainable_token_indices"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern"),
        ({"target_modules": ["embed_tokens", "q_proj"]}, "embed_tokens"),
        ({"target_modules": ["lm_head", "q_proj"]}, "lm_head"),  # tied: no matrix of its own
        ({"init_lora_weights": "pissa"}, "pissa"),
    ],
)
def test_more_than_updates_of_matrices_is_refused(tmp_path: Path, options: dict, said: str) -> None:
    folder = make(tmp_path, "llama")
    adapted(folder, **options)
    with pytest.raises(UserError, match=said) as refused:
        write(folder)
    assert "format=gguf" in refused.value.hint


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
def test_llama_cpp_runs_it_as_peft_does(tmp_path: Path, kind: str) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    folder = make(tmp_path, kind)
    tuned = adapted(folder, use_rslora=True)
    config, tokenizer = AutoConfig.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    words = vocabulary(tokenizer, config.vocab_size, TEXTS, TEXTS)
    gguf.write(
        tmp_path / "b.gguf",
        "b",
        config,
        Weights(folder),
        vocabulary=words,
        tokenizer=tokenizer,
        number_type="f32",
    )
    with torch.inference_mode():
        wanted = tuned(torch.tensor([IDS])).logits[0].numpy()
        with tuned.disable_adapter():
            base = tuned(torch.tensor([IDS])).logits[0].numpy()
    llm = llama_cpp.Llama(
        str(tmp_path / "b.gguf"),
        lora_path=str(write(folder)),
        n_ctx=64,
        n_threads=1,
        logits_all=True,
        type_k=0,
        type_v=0,
        verbose=False,
    )
    llm.eval(IDS)
    apart = np.abs(llm.scores[: len(IDS)] - wanted).max()
    assert apart < 1e-3 * np.abs(wanted).max()
    assert apart < 0.01 * np.abs(base - wanted).max()
    llm.close()
