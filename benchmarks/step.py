"""How much of a machine's speed at bf16 matrix products a training step reaches.

    python benchmarks/step.py --model SmolLM2-135M-Instruct.Q4_1.gguf --shapes 32x48,8x256
    python benchmarks/step.py --model … --shapes 32x68 --alike 26
    python benchmarks/step.py --shapes 32x100,32x200 --compile           (nano)

A step is the trainer's forward and backward of LoRA (the config's own) on random tokens whose
second half is trained. The share counts the products of frozen weights (forward and back to the
input), of the adapter (its own gradients too), of the head at labelled positions, and of causal
attention, against a product of the model's own widths in the same run.

`--alike`: so many positions at the beginning of all rows are the same, and computed once; the share
counts their products in every row, as without it.
`--peft`: in turn with PEFT's own LoRA layers, the one way to compare where the machine is shared.
`--compile`: the decoder's layers by torch.compile, shapes left open; needs a C++ compiler, and says
how long that took.
"""

import argparse
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import PeftModel
from rich.console import Console
from rich.table import Table
from torch import nn

from slm_lora.config.compose import load, register
from slm_lora.hardware import cpu_name, detect
from slm_lora.model import add_adapter, load_base
from slm_lora.model.kernels import CPU_ATTENTION
from slm_lora.model.layout import LEAST_SAVED
from slm_lora.model.lora_layers import ONE_PASS, compute_in_one_pass
from slm_lora.training.compiled import compiled_layers
from slm_lora.training.loss import labelled_loss

REPEATS = 4


def fastest(do: Callable[[], object]) -> float:
    """Seconds of the fastest of a few calls, after one that does not count."""
    do()
    found = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        do()
        found.append(time.perf_counter() - began)
    return min(found)


def gemm_rate(width: int, inner: int, positions: int = 2048) -> float:
    """Operations a second of the product that the model's MLP is made of, in bf16."""
    x, weights = (torch.randn(n, width, dtype=torch.bfloat16) for n in (positions, inner))
    seconds = fastest(partial(torch.mm, x, weights.t()))
    return 2 * positions * width * inner / seconds


def operations(model: PeftModel, rows: int, positions: int) -> float:
    """Of the matrix products of a step."""
    text = model.config.get_text_config()
    head = model.get_output_embeddings()
    linear = [m for m in model.modules() if isinstance(m, nn.Linear) and m is not head]
    trained = sum(m.weight.numel() for m in linear if m.weight.requires_grad)
    frozen = sum(m.in_features * m.out_features for m in linear if not m.weight.requires_grad)
    tokens, width = rows * positions, text.hidden_size
    attention = 7 * rows * positions**2 * width * text.num_hidden_layers
    head_too = tokens // 2 * 4 * width * text.vocab_size
    return float(tokens * (4 * frozen + 6 * trained) + head_too + attention)


def tell(
    options: argparse.Namespace, model: PeftModel, step: Callable[[int, int], None], rate: float
) -> None:
    """Print seconds and share of each shape."""
    console = Console()
    if options.compile:
        began = time.perf_counter()
        step(2, 8)
        step(3, 17)
        console.print(f"compiled in {time.perf_counter() - began:.0f} s")
    table = Table("rows x positions", "seconds", "tokens/s", "GFLOP/s", "of a product")
    for shape in options.shapes.split(","):
        rows, positions = map(int, shape.split("x"))
        ways = (False, True) if options.peft else (False,)
        seconds = dict.fromkeys(ways, math.inf)
        for theirs in 2 * ways:
            with taken_apart(model) if theirs else nullcontext():
                seconds[theirs] = min(seconds[theirs], fastest(partial(step, rows, positions)))
        for theirs, least in seconds.items():
            done = operations(model, rows, positions) / least
            table.add_row(
                f"{shape}{', PEFT' if theirs else ''}",
                f"{least:.2f}",
                f"{rows * positions / least:,.0f}",
                f"{done / 1e9:.0f}",
                f"{done / rate:.2f}",
            )
    console.print(
        f"{cpu_name()}, {torch.get_num_threads()} threads, Python {platform.python_version()}, "
        f"torch {torch.__version__}; a product: {rate / 1e9:.0f} GFLOP/s"
    )
    console.print(table)


@contextmanager
def taken_apart(model: nn.Module) -> Iterator[None]:
    """PEFT's own classes in the place of those that compute in one pass, for a while."""
    classes: dict[type, type] = {ours: theirs for theirs, ours in ONE_PASS.items()}
    swapped = {layer: type(layer) for layer in model.modules() if type(layer) in classes}
    for layer, ours in swapped.items():
        layer.__class__ = classes[ours]
    try:
        yield
    finally:
        for layer, ours in swapped.items():
            layer.__class__ = ours


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="folder or GGUF file; default: nano")
    parser.add_argument("--quantization", choices=["none", "nf4"], default="none")
    parser.add_argument("--shapes", default="32x48,8x256", help="rows x positions, with commas")
    parser.add_argument("--alike", type=int, default=0)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--peft", action="store_true")
    options = parser.parse_args()
    register()
    named = f"model.name_or_path={options.model}" if options.model else "model=nano"
    quantized = f"quantization={options.quantization}"
    config = load(["+recipe=instruct", named, quantized, "data.train=rows.jsonl", "precision=bf16"])
    base = load_base(config, detect(config))
    model = add_adapter(base, config.lora, config.seed)
    compute_in_one_pass(model)
    base.set_attn_implementation(CPU_ATTENTION)
    model.train()
    text = base.config.get_text_config()
    rate = gemm_rate(text.hidden_size, text.intermediate_size)

    def step(rows: int, positions: int) -> None:
        ids = torch.randint(3, text.vocab_size, (rows, positions))
        ids[:, : options.alike] = ids[0, : options.alike]
        labels = ids.clone()
        labels[:, : positions // 2] = -100
        least_saved = LEAST_SAVED if options.alike else 1
        torch.autograd.backward(labelled_loss(model, ids, labels, least_saved=least_saved))

    with compiled_layers(model) if options.compile else nullcontext():
        tell(options, model, step, rate)


if __name__ == "__main__":
    main()
