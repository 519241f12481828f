"""The head in fp32 against its product in fp64, for each kind of head that there is."""

from collections.abc import Callable

import pytest
import torch
from bitsandbytes.nn import Linear4bit
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    Gemma2Config,
    GPT2Config,
    GraniteConfig,
    LlamaConfig,
    PreTrainedConfig,
)

from slm_lora.logits import logits_at
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.training.loss import labelled_loss

IDS = torch.tensor([[5, 9, 2, 7, 30, 41], [8, 3, 3, 60, 11, 0]])
WANTED = torch.tensor([[0, 0, 1, 1, 0, 1], [0, 1, 1, 0, 0, 0]]).bool()
SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
}
FAMILIES: dict[str, tuple[PreTrainedConfig, Callable[[Tensor], Tensor]]] = {
    "llama": (LlamaConfig(**SIZES), lambda x: x),
    "tied llama": (LlamaConfig(**SIZES, tie_word_embeddings=True), lambda x: x),
    "gpt2": (GPT2Config(vocab_size=96, n_embd=32, n_layer=1, n_head=4), lambda x: x),
    "gemma2": (Gemma2Config(**SIZES, final_logit_softcapping=3.0), lambda x: 3 * (x / 3).tanh()),
    "granite": (GraniteConfig(**SIZES, logits_scaling=7.0), lambda x: x / 7),
    "cohere": (CohereConfig(**SIZES, logit_scale=0.3), lambda x: x * 0.3),
}


def make(config: PreTrainedConfig):
    """A model in bf16 of random weights, large enough for bf16 to round its logits visibly."""
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config)
    for weight in {model.get_output_embeddings().weight, model.get_input_embeddings().weight}:
        nn.init.normal_(weight)
    return model.to(torch.bfloat16).eval()


@torch.no_grad()
def hidden_states(model) -> Tensor:
    """What the head reads at the wanted positions, in fp64."""
    seen: list[Tensor] = []
    head = model.get_output_embeddings()
    with head.register_forward_pre_hook(lambda _, hidden: seen.append(hidden[0])):
        model(input_ids=IDS)
    assert seen[0].dtype == torch.bfloat16
    return seen[0][WANTED].double()


def check(model, weight: Tensor, after: Callable[[Tensor], Tensor] = lambda x: x) -> None:
    before = {name: (w.dtype, w.data_ptr()) for name, w in model.named_parameters()}
    with torch.no_grad():
        found = logits_at(model, WANTED, exact=True, input_ids=IDS)
        rounded = logits_at(model, WANTED, exact=False, input_ids=IDS)
    expected = after(hidden_states(model) @ weight.double().T)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), expected, atol=2e-5, rtol=2e-5)
    assert (rounded.double() - expected).abs().max() > 1e-3
    assert {name: (w.dtype, w.data_ptr()) for name, w in model.named_parameters()} == before


@pytest.mark.parametrize("family", FAMILIES)
def test_every_familys_own_scaling_follows_the_exact_product(family: str) -> None:
    config, after = FAMILIES[family]
    model = make(config)
    assert family not in ("tied llama", "gpt2", "gemma2", "cohere") or (
        model.get_output_embeddings().weight is model.get_input_embeddings().weight
    )
    check(model, model.get_output_embeddings().weight, after)


def test_autocast_does_not_round_what_is_to_be_exact() -> None:
    """In fp16 a model is trained under it, and evaluated meanwhile."""
    model = make(LlamaConfig(**SIZES))
    with torch.no_grad():
        expected = logits_at(model, WANTED, exact=True, input_ids=IDS)
        with torch.autocast("cpu", torch.bfloat16):
            found = logits_at(model, WANTED, exact=True, input_ids=IDS)
            assert torch.is_autocast_enabled("cpu")
            assert (IDS.float() @ IDS.float().t()).dtype == torch.bfloat16, "as before"
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=2e-1)
    rounded = found.to(torch.bfloat16).float()
    assert not torch.equal(found, rounded)


def test_head_with_lora() -> None:
    model = get_peft_model(make(LlamaConfig(**SIZES)), LoraConfig(target_modules=["lm_head"]))
    compute_in_one_pass(model)
    head = model.get_output_embeddings()
    nn.init.normal_(head.lora_B["default"].weight, std=0.3)
    untouched = head.base_layer.weight.double()
    with model.disable_adapter():
        check(model, untouched)
    check(model, untouched + head.get_delta_weight("default").double())


def test_head_that_is_trained_whole() -> None:
    adapter = LoraConfig(target_modules=["q_proj"], modules_to_save=["lm_head"])
    model = get_peft_model(make(LlamaConfig(**SIZES)), adapter)
    head = model.get_output_embeddings()
    nn.init.normal_(head.modules_to_save["default"].weight)
    check(model, head.modules_to_save["default"].weight)


@pytest.mark.parametrize("tied", [False, True])
def test_head_with_trained_tokens(tied: bool) -> None:
    config = LlamaConfig(**SIZES, tie_word_embeddings=tied)
    tokens = [3, 4] if tied else {"embed_tokens": [3, 4], "lm_head": [3, 4]}
    adapter = LoraConfig(target_modules=["q_proj"], trainable_token_indices=tokens)
    model = get_peft_model(make(config), adapter)
    for name, weight in model.named_parameters():
        if "trainable_tokens_delta" in name:
            weight.data = torch.randn_like(weight).bfloat16().float()  # as a head in bf16 has them
    layer = model.get_output_embeddings().token_adapter
    check(model, layer.get_merged_weights(["default"]))


def test_quantized_head_multiplies_in_its_own_dtype() -> None:
    """Its library casts what it reads; what follows is fp32 and nothing fails."""
    model = make(LlamaConfig(**SIZES | {"hidden_size": 64, "head_dim": 16}))
    head = Linear4bit(64, 96, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4")
    head.load_state_dict({"weight": model.lm_head.weight})
    head.support_avx512bf16_for_cpu = False
    model.lm_head = head.to("cpu").eval()
    with torch.no_grad():
        found = logits_at(model, WANTED, exact=True, input_ids=IDS)
        plain = model(input_ids=IDS).logits[WANTED]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, plain.float())


def test_loss_on_held_out_rows_is_exact() -> None:
    """Cross-entropy in fp64 of the same hidden states; in training the head keeps its dtype."""
    model = make(LlamaConfig(**SIZES))
    labels = torch.full_like(IDS, -100)
    labels[:, 1:][WANTED[:, :-1]] = IDS[:, 1:][WANTED[:, :-1]]
    wanted = torch.nn.functional.pad(labels[:, 1:] != -100, (0, 1))
    expected = torch.nn.functional.cross_entropy(
        hidden_states(model)[wanted[WANTED]] @ model.lm_head.weight.double().T,
        labels[:, 1:][wanted[:, :-1]],
    )
    with torch.no_grad():
        held_out = labelled_loss(model, IDS, labels)
        training = labelled_loss(model.train(), IDS, labels)
    assert held_out.item() == pytest.approx(expected.item(), abs=1e-5)
    assert abs(training.item() - expected.item()) > 1e-4
