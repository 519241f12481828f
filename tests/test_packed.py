"""Attention of packed rows by bounds. The GPU's kernel is stood in for by `sdpa`, text by text.

pytest tests/test_packed.py
"""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
    Qwen3Config,
    set_seed,
)

from slm_lora.model import packed
from slm_lora.model.packed import PACKED_ATTENTION, bounds_suffice
from slm_lora.training.options import CHECKPOINTING

SIZES = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
NO_DROPOUT = {"attn_pdrop": 0.0, "resid_pdrop": 0.0, "embd_pdrop": 0.0}
LENGTHS = [5, 1, 9, 16]
CPU = torch.device("cpu")


class Kernel:
    """What `torch.nn.attention.varlen.varlen_attn` does on a GPU. `wrong`: it looks ahead."""

    def __init__(self, wrong: bool = False) -> None:
        self.calls, self.wrong = 0, wrong

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        cu_seq_q: Tensor,
        cu_seq_k: Tensor,
        max_q: int,
        max_k: int,
        *,
        scale: float | None,
        window_size: tuple[int, int],
        enable_gqa: bool,
    ) -> Tensor:
        assert cu_seq_q.dtype == torch.int32
        assert window_size == (-1, 0)
        assert query.is_contiguous()
        lengths = cu_seq_q.diff().tolist()
        assert max(lengths) == max_q == max_k
        self.calls += 1
        texts = zip(*(s.split(lengths) for s in (query, key, value)), strict=True)
        return torch.cat(
            [
                F.scaled_dot_product_attention(
                    *(s.transpose(0, 1) for s in text),
                    is_causal=not self.wrong,
                    scale=scale,
                    enable_gqa=enable_gqa,
                ).transpose(0, 1)
                for text in texts
            ]
        )


def replace_kernel(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("varlen")
    module.varlen_attn = kernel
    monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", module)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    found = Kernel()
    replace_kernel(found, monkeypatch)
    packed._kernel_works.cache_clear()
    yield found
    packed._kernel_works.cache_clear()


@pytest.mark.parametrize(
    ("config", "calls"),
    [
        (LlamaConfig(**SIZES), 2),
        (Qwen3Config(**SIZES, head_dim=16), 2),
        (GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=4, **NO_DROPOUT), 2),
        # One of its two layers sees a window, and keeps its mask.
        (Qwen3Config(**SIZES, use_sliding_window=True, sliding_window=4, max_window_layers=1), 1),
    ],
    ids=["llama", "qwen3", "gpt2", "window"],
)
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "recomputed"])
def test_bounds_keep_texts_apart(
    config: PreTrainedConfig, calls: int, checkpointing: bool, kernel: Kernel
) -> None:
    """Logits and gradients of packed texts are those of the texts one by one."""
    set_seed(0)
    config.initializer_range = 0.3
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()
    texts = [torch.randint(3, 300, (length,)) for length in LENGTHS]
    expected = torch.cat([model(input_ids=text[None]).logits[0] for text in texts])
    expected.square().mean().backward()
    theirs = {name: p.grad.clone() for name, p in model.named_parameters()}
    model.zero_grad()
    model.set_attn_implementation(PACKED_ATTENTION)
    if checkpointing:
        model.train()
        getattr(model, f"{CHECKPOINTING}_enable")()
    places = torch.cat([torch.arange(length) for length in LENGTHS])
    logits = model(input_ids=torch.cat(texts)[None], position_ids=places[None], use_cache=False)
    assert kernel.calls == calls
    torch.testing.assert_close(logits.logits[0], expected, rtol=1e-4, atol=1e-4)
    logits.logits[0].square().mean().backward()
    for name, p in model.named_parameters():
        scale = theirs[name].abs().max().item()
        torch.testing.assert_close(p.grad, theirs[name], rtol=1e-3, atol=1e-4 * scale, msg=name)


def test_one_text_and_padded_rows_need_no_bounds(kernel: Kernel) -> None:
    """Both are what they are with `sdpa`; a model is scored and writes with it too."""
    set_seed(0)
    model = AutoModelForCausalLM.from_config(LlamaConfig(**SIZES), attn_implementation="sdpa")
    ids = torch.randint(3, 300, (2, 9))
    mask = torch.ones_like(ids)
    mask[0, :4] = 0
    inputs = [{"input_ids": ids}, {"input_ids": ids, "attention_mask": mask}]
    expected = [model(**one).logits for one in inputs]
    written = model.generate(**inputs[1], max_new_tokens=8, do_sample=False, pad_token_id=0)
    model.set_attn_implementation(PACKED_ATTENTION)
    for one, logits in zip(inputs, expected, strict=True):
        assert torch.equal(model(**one).logits, logits)
    again = model.generate(**inputs[1], max_new_tokens=8, do_sample=False, pad_token_id=0)
    assert torch.equal(again, written)
    assert kernel.calls == 0


def test_a_kernel_is_tried_before_it_is_trusted(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    llama = LlamaConfig(**SIZES)
    assert bounds_suffice(llama, CPU, torch.float32)
    assert not bounds_suffice(LlamaConfig(**SIZES, attention_dropout=0.1), CPU, torch.float32)
    packed._kernel_works.cache_clear()
    replace_kernel(Kernel(wrong=True), monkeypatch)
    assert not bounds_suffice(llama, CPU, torch.float32)


def test_a_machine_without_the_kernel_keeps_the_mask() -> None:
    packed._kernel_works.cache_clear()
    assert not bounds_suffice(LlamaConfig(**SIZES), CPU, torch.bfloat16)
