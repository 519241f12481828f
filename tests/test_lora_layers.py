"""A LoRA layer in one pass is PEFT's own: what it gives, and every gradient.

pytest tests/test_lora_layers.py
"""

import copy
from collections.abc import Callable

import bitsandbytes as bnb
import pytest
import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn

from slm_lora.model.lora_layers import Adapted, compute_in_one_pass

WIDTH, INNER = 64, 96


class Block(nn.Module):
    """Two linear layers, the second without a bias."""

    def __init__(self, linear: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.up = linear(WIDTH, INNER, bias=True)
        self.down = linear(INNER, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.tanh(self.up(x)))


def four_bits(inner: int, outer: int, bias: bool) -> nn.Module:
    layer = bnb.nn.Linear4bit(inner, outer, bias, torch.float32, quant_type="nf4")
    # Or an evaluation on a CPU repacks the weights (slm_lora/model/kernels.py).
    layer.support_avx512bf16_for_cpu = False
    return layer.to("cpu")  # which quantizes


def pair(linear: Callable[..., nn.Module] = nn.Linear, **options: object) -> tuple[nn.Module, ...]:
    """The same adapted block twice: as PEFT has it, and in one pass."""
    torch.manual_seed(0)
    config = LoraConfig(r=4, target_modules=["up", "down"], lora_alpha=12, **options)
    block = Block(linear)
    block.is_loaded_in_4bit = linear is four_bits  # transformers says it so
    plain = get_peft_model(block, config)
    for name, weight in plain.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(weight, std=0.1)
    ours = copy.deepcopy(plain)
    compute_in_one_pass(ours)
    return plain, ours


def outcome(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """What comes out, and the gradients of the input and of every trained weight."""
    x = x.clone().requires_grad_()
    torch.manual_seed(1)  # of dropout
    y = model(x)
    y.square().sum().backward()
    found = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    return {"y": y.detach(), "x": x.grad, **found}


def assert_same(ours: dict[str, Tensor], plain: dict[str, Tensor], limit: float = 1e-5) -> None:
    assert ours.keys() == plain.keys()
    assert len(plain) == 6
    for name, value in plain.items():
        torch.testing.assert_close(ours[name], value, rtol=limit, atol=limit * value.abs().max())


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry a layer that was computed in one pass."""
    calls, real = [], Adapted.apply
    monkeypatch.setattr(Adapted, "apply", lambda *words: calls.append(1) or real(*words))
    return calls


@pytest.mark.parametrize("linear", [nn.Linear, four_bits])
@pytest.mark.parametrize("rslora", [False, True])
def test_as_peft_computes_it(linear: Callable, rslora: bool, count: list[int]) -> None:
    plain, ours = pair(linear, use_rslora=rslora)
    x = torch.randn(3, 5, WIDTH)
    assert_same(outcome(ours, x), outcome(plain, x))
    assert len(count) == 2
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(x[:, :1]), plain.eval()(x[:, :1]))


def test_in_bf16_all_is_as_in_fp32_but_for_rounding() -> None:
    plain, ours = pair()
    x = torch.randn(16, 32, WIDTH)
    exact = outcome(plain, x)
    for module in ours.modules():
        if isinstance(base := getattr(module, "base_layer", None), nn.Linear):
            base.bfloat16()
    found = outcome(ours, x.bfloat16())
    for name, value in exact.items():
        assert found[name].dtype == (torch.bfloat16 if name in "xy" else torch.float32)
        assert (found[name] - value).norm() < 0.02 * value.norm(), name


@pytest.mark.parametrize(
    "options",
    [{"lora_dropout": 0.5}, {"use_dora": True}, {"lora_bias": True, "target_modules": ["up"]}],
    ids=str,
)
def test_what_is_more_than_a_plain_update_is_left_to_peft(options: dict, count: list[int]) -> None:
    torch.manual_seed(0)
    config = LoraConfig(**{"r": 4, "target_modules": ["up", "down"], **options})
    plain = get_peft_model(Block(nn.Linear), config)
    ours = copy.deepcopy(plain)
    compute_in_one_pass(ours)
    x = torch.randn(3, 5, WIDTH)
    found, expected = outcome(ours, x), outcome(plain, x)
    assert count == []
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_the_base_alone_and_two_adapters_at_once(count: list[int]) -> None:
    plain, ours = pair()
    x = torch.randn(2, 3, WIDTH)
    for model in (plain, ours):
        model.add_adapter("other", LoraConfig(r=2, target_modules=["up"]))
    compute_in_one_pass(ours)
    ours.load_state_dict(plain.state_dict())
    with plain.disable_adapter(), ours.disable_adapter():
        assert torch.equal(ours(x), plain(x))
    for model in (plain, ours):
        model.base_model.set_adapter(["default", "other"])
    found, expected = ours(x), plain(x)
    torch.testing.assert_close(found, expected)
    assert len(count) == 1, "`down` has one adapter"


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    base = nn.Linear(5, 7, dtype=torch.float64).requires_grad_(False)
    x, a, b = (torch.randn(size, dtype=torch.float64) for size in ((3, 2, 5), (2, 5), (7, 2)))
    inputs = [value.requires_grad_() for value in (x, a, b)]

    def product(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return Adapted.apply(x, base, a, b, 0.7)

    assert torch.autograd.gradcheck(product, inputs, rtol=1e-3)


def test_a_saved_and_loaded_layer_is_pefts() -> None:
    """Nothing of ours is in the weights' names."""
    plain, ours = pair()
    assert ours.state_dict().keys() == plain.state_dict().keys()
