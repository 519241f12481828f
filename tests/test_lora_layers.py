"""A LoRA layer in one pass is PEFT's own: what it gives, and every gradient.

pytest tests/test_lora_layers.py
"""

import copy
from collections.abc import Callable
from pathlib import Path

import bitsandbytes as bnb
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
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
    wanted = {"r": 4, "lora_alpha": 12, "target_modules": ["up", "down"], **options}
    config = LoraConfig(**wanted)
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
        largest = float(value.abs().max()) if value.numel() else 0.0
        torch.testing.assert_close(ours[name], value, rtol=limit, atol=limit * largest)


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
    [
        {"lora_dropout": 0.5},
        {"use_dora": True},
        {"lora_bias": True, "target_modules": ["up"]},
        {"bias": "lora_only"},
    ],
    ids=str,
)
def test_what_is_more_than_a_plain_update_is_left_to_peft(options: dict, count: list[int]) -> None:
    plain, ours = pair(**options)
    x = torch.randn(3, 5, WIDTH)
    found, expected = outcome(ours, x), outcome(plain, x)
    # Of `down`, which has no bias, nothing but the update is trained.
    assert len(count) == ("bias" in options)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)
    if "bias" in options:
        assert any(name.endswith("up.base_layer.bias") for name in expected)


def test_dropout_is_none_in_an_evaluation(count: list[int]) -> None:
    plain, ours = pair(lora_dropout=0.5)
    x = torch.randn(3, 5, WIDTH)
    torch.testing.assert_close(ours.eval()(x), plain.eval()(x))
    assert len(count) == 2


def test_autocast_to_another_dtype_is_left_to_peft(count: list[int]) -> None:
    plain, ours = (model.base_model.model.up for model in pair())
    x = torch.randn(3, 5, WIDTH)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ours(x), plain(x))
    assert count == []


def test_autocast_to_the_inputs_own_dtype_changes_nothing(count: list[int]) -> None:
    """As fp16 is trained on a GPU."""
    _, ours = pair()
    for module in ours.modules():
        if isinstance(base := getattr(module, "base_layer", None), nn.Linear):
            base.bfloat16()
    x = torch.randn(3, 5, WIDTH).bfloat16()
    expected = outcome(ours, x)
    ours.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        found = outcome(ours, x)
    assert len(count) == 4
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        torch.testing.assert_close(found[name], value)


def test_the_base_alone_and_two_adapters_at_once(count: list[int]) -> None:
    plain, ours = pair()
    x = torch.randn(2, 3, WIDTH)
    for model in (plain, ours):
        model.add_adapter("other", LoraConfig(r=2, target_modules=["up"]))
    compute_in_one_pass(ours)
    nn.init.normal_(plain.base_model.model.up.lora_B["other"].weight)
    ours.load_state_dict(plain.state_dict())
    with plain.disable_adapter(), ours.disable_adapter():
        assert torch.equal(ours(x), plain(x))
    for model in (plain, ours):
        model.base_model.set_adapter(["default", "other"])
    torch.testing.assert_close(ours(x), plain(x))
    assert len(count) == 1, "`down` has one adapter"


def test_each_row_with_an_adapter_of_its_own(count: list[int]) -> None:
    plain, ours = pair()
    x, names = torch.randn(2, 3, WIDTH), ["default", "__base__"]
    layers = [model.base_model.model.up for model in (plain, ours)]
    found = [layer.eval()(x, adapter_names=names) for layer in layers]
    assert torch.equal(*found)
    assert count == []


def test_a_merged_layer_has_its_update_once() -> None:
    _, ours = pair()
    x = torch.randn(2, 3, WIDTH)
    before = ours(x)
    ours.merge_adapter()
    torch.testing.assert_close(ours(x), before)
    ours.unmerge_adapter()
    torch.testing.assert_close(ours(x), before)
    torch.testing.assert_close(ours.merge_and_unload()(x), before)


@pytest.mark.parametrize("shape", [(0, 5, WIDTH), (3, 0, WIDTH), (0, WIDTH), (WIDTH,)])
def test_no_rows_and_one(shape: tuple[int, ...]) -> None:
    plain, ours = pair()
    assert_same(outcome(ours, torch.ones(shape)), outcome(plain, torch.ones(shape)))


def test_a_4bit_layer_of_another_dtype_than_its_input() -> None:
    """As where a checkpoint was quantized from bf16 and is trained in fp32."""
    plain, ours = pair(four_bits)
    for model in (plain, ours):
        for layer in model.modules():
            if isinstance(layer, bnb.nn.Linear4bit):
                layer.weight.quant_state.dtype = torch.bfloat16
    x = torch.randn(3, 5, WIDTH)
    assert_same(outcome(ours, x), outcome(plain, x), limit=0.02)


def test_gradients_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    base = nn.Linear(5, 7, dtype=torch.float64).requires_grad_(False)
    x, a, b = (torch.randn(size, dtype=torch.float64) for size in ((3, 2, 5), (2, 5), (7, 2)))
    inputs = [value.requires_grad_() for value in (x, a, b)]

    def product(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return Adapted.apply(x, base, a, b, 0.7)

    assert torch.autograd.gradcheck(product, inputs, rtol=1e-3)


def test_what_is_saved_is_loaded_by_peft_alone(tmp_path: Path) -> None:
    _, ours = pair()
    ours.save_pretrained(tmp_path)
    torch.manual_seed(0)
    loaded = PeftModel.from_pretrained(Block(nn.Linear), tmp_path)
    x = torch.randn(2, 3, WIDTH)
    torch.testing.assert_close(loaded(x), ours(x))
