"""Causal attention by matrix products against torch's own kernel for a CPU, forward and backward.

    python benchmarks/attention.py
    python benchmarks/attention.py --shapes 16x8x8x128x32 --dtype float32

A shape is rows x heads x key heads x positions x width of a head. torch's kernel is called with the
numbers as they are, and in fp32; all ways are called in turn, and the fastest of each counts.
"""

import argparse
import math
import os
import platform
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F

from slm_lora.hardware import cpu_name
from slm_lora.model.causal import by_products

SHAPES = "32x9x3x48x64,8x9x3x256x64,2x9x3x1024x64,1x9x3x2048x64,16x8x8x256x32,8x32x4x256x64"
REPEATS = 8


def by_torch(dtype: torch.dtype, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    heads = F.scaled_dot_product_attention(
        query.to(dtype), key.to(dtype), value.to(dtype), is_causal=True, enable_gqa=True
    )
    return heads.to(query.dtype).transpose(1, 2).contiguous()


def measured(shape: str, dtype: torch.dtype) -> dict[str, float]:
    """Seconds of forward and backward, of each way."""
    rows, heads, key_heads, positions, width = map(int, shape.split("x"))
    query, key, value = (
        torch.randn(rows, positions, count, width, dtype=dtype).transpose(1, 2).requires_grad_()
        for count in (heads, key_heads, key_heads)
    )
    gradient = torch.randn(rows, positions, heads, width, dtype=dtype)
    ways: dict[str, Callable[[], Tensor]] = {
        "torch": lambda: by_torch(dtype, query, key, value),
        "torch, fp32": lambda: by_torch(torch.float32, query, key, value),
        "products": lambda: by_products(query, key, value, scale=None),
    }
    fastest = dict.fromkeys(ways, math.inf)
    for _ in range(REPEATS):
        for name, attend in ways.items():
            began = time.perf_counter()
            torch.autograd.backward(attend(), gradient)
            fastest[name] = min(fastest[name], time.perf_counter() - began)
    return fastest


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", default=SHAPES, help="with commas")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    options = parser.parse_args()
    table = Table(options.dtype, "torch", "torch, fp32", "products", "gain")
    for shape in options.shapes.split(","):
        found = measured(shape, getattr(torch, options.dtype))
        gain = min(found["torch"], found["torch, fp32"]) / found["products"]
        table.add_row(shape, *(f"{1e3 * s:.1f} ms" for s in found.values()), f"{gain:.2f}")
    console = Console()
    console.print(
        f"{cpu_name()}, {torch.get_num_threads()} threads, Python {platform.python_version()}, "
        f"torch {torch.__version__}"
    )
    console.print(table)


if __name__ == "__main__":
    main()
