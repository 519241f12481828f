"""How LoRA layers compute: in the dtype of their input, and each with its update in one pass.

python benchmarks/step.py --model SmolLM2-135M-Instruct.Q4_1.gguf    (what a step takes)
"""

from functools import singledispatch
from typing import Any

import bitsandbytes as bnb
import torch
from peft.tuners import lora
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F


class Adapted(torch.autograd.Function):
    """x Wᵀ + bias + s (x Aᵀ) Bᵀ, the update added where the product of the frozen layer lies.

    PEFT makes three more tensors of the output's size, for the update, for its scaled copy and for
    the sum; going back, autograd makes one of the gradient times s, and two of the input's size.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, base: nn.Module, a: Tensor, b: Tensor, s: float) -> Tensor:
        """x (…, in), the frozen layer, A (r, in), B (out, r) → (…, out) in the dtype of x."""
        ctx.base, ctx.s, ctx.dtype = base, s, a.dtype
        a, b = a.to(x.dtype), b.to(x.dtype)
        rows = x.reshape(-1, x.shape[-1])
        y: Tensor = base(rows)
        inner = rows @ a.t()
        y.addmm_(inner, b.t(), alpha=s)
        ctx.save_for_backward(rows, inner, a, b, base.weight)
        return y.view(*x.shape[:-1], y.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, inner, a, b, weight = ctx.saved_tensors
        g = gradient.reshape(-1, gradient.shape[-1])
        g_inner = (g @ b).mul_(ctx.s)
        g_x = None
        if ctx.needs_input_grad[0]:
            g_x = g @ numbers(ctx.base, weight).to(g.dtype)
            g_x.addmm_(g_inner, a)
            g_x = g_x.view(*gradient.shape[:-1], rows.shape[-1])
        g_a, g_b = g_inner.t() @ rows, g.t() @ inner
        return g_x, None, g_a.to(ctx.dtype), ctx.s * g_b.to(ctx.dtype), None


def _adapted(x: Tensor, base: nn.Module, a: Tensor, b: Tensor, s: float) -> Tensor:
    """As `Adapted`, for torch's compiler."""
    rows = x.reshape(-1, x.shape[-1])
    inner = rows @ a.to(x.dtype).t()
    y = torch.addmm(base(rows), inner, (b * s).to(x.dtype).t())
    return y.view(*x.shape[:-1], y.shape[-1])


@singledispatch
def numbers(layer: nn.Module, weight: Tensor) -> Tensor:
    """The weight (out, in) of a frozen layer, from what the layer holds in its place."""
    raise TypeError(f"{type(layer).__name__}: not among {list(numbers.registry)}")


@numbers.register
def _(layer: nn.Linear, weight: Tensor) -> Tensor:
    return weight


@numbers.register
def _(layer: bnb.nn.Linear4bit, weight: Tensor) -> Tensor:
    found: Tensor = bnb.functional.dequantize_4bit(weight, layer.weight.quant_state)
    return found


class AdapterLinear(nn.Linear):
    """One factor of a LoRA update: weight in fp32, product in the dtype of the activations."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return F.linear(x, self.weight.to(x.dtype), bias)


class _InOnePass:
    """Before PEFT's class of a LoRA layer: one plain adapter by `Adapted`, all else by PEFT."""

    def forward(self: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if args or kwargs or self.disable_adapters or self.merged or not (name := _only(self, x)):
            return super().forward(x, *args, **kwargs)  # type: ignore[misc,no-any-return]
        factors = self.lora_A[name].weight, self.lora_B[name].weight
        scaling = self.scaling[name]
        # torch fuses plain operations, but no function with a backward of its own.
        adapted = _adapted if torch.compiler.is_compiling() else Adapted.apply
        y: Tensor = adapted(x, self.base_layer, *factors, scaling)
        return y


def _only(layer: Any, x: Tensor) -> str | None:
    """The one active adapter, where it is a plain update of a layer of which nothing is trained."""
    active = [name for name in layer.active_adapters if name in layer.lora_A]
    if len(active) != 1:
        return None
    (name,) = active
    dropped = layer.training and not isinstance(layer.lora_dropout[name], nn.Identity)
    special = name in layer.lora_variant or layer.lora_bias[name]
    trained = any(p.requires_grad for p in layer.base_layer.parameters())
    kind = x.device.type
    cast = (
        not x.is_meta
        and torch.is_autocast_enabled(kind)
        and x.dtype != torch.get_autocast_dtype(kind)
    )
    return None if dropped or special or trained or cast else name


class LinearInOnePass(_InOnePass, lora.Linear):
    """Of a layer in 16 or 32 bit."""


class Linear4bitInOnePass(_InOnePass, lora.Linear4bit):
    """Of a layer in 4 bit."""


ONE_PASS = {lora.Linear: LinearInOnePass, lora.Linear4bit: Linear4bitInOnePass}


def compute_in_one_pass(model: nn.Module) -> None:
    """Lets a LoRA adapter in fp32 compute in the dtype of its input, and in one pass where it can.

    PEFT casts the input up to the adapter's dtype instead, which runs every factor in fp32. To
    evaluate a saved adapter as it was trained, call this on the model it was loaded into.
    """
    for layer in model.modules():
        if isinstance(layer, lora.LoraLayer):
            factors = [*layer.lora_A.values(), *layer.lora_B.values()]
            if all(isinstance(factor, nn.Linear) for factor in factors):  # not those of a Conv1d
                layer.cast_input_dtype_enabled = False
                for factor in factors:
                    factor.__class__ = AdapterLinear
                if type(layer.base_layer) in numbers.registry:
                    layer.__class__ = ONE_PASS.get(type(layer), type(layer))
