"""The forecast of a training's memory against the peak of real steps.

    python benchmarks/memory.py                          (a 7M Llama made on the spot, a minute)
    python benchmarks/memory.py --model FOLDER --longest 512 --batch 8

For each of quantization (none, nf4), checkpointing (off, on) and rows (padded, packed) a process
of its own forecasts a training, then does two steps of it, whose first holds the longest rows. On
a CPU the peak is the resident size of the whole process; `alone` compares both without what it held
before the model, interpreter and libraries. On a GPU it is what PyTorch has allocated.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import psutil
from make_model import make_model
from rich.console import Console
from rich.table import Table
from train import make_rows
from transformers import AutoTokenizer

from slm_lora.config.compose import load, register
from slm_lora.hardware import detect
from slm_lora.model import add_adapter, load_base
from slm_lora.training.options import resolve, sft_config
from slm_lora.training.passes import with_passes
from slm_lora.training.train import peak_memory, reset_peak_memory
from slm_lora.training.trainer import LoraTrainer


class Measured(NamedTuple):
    """Bytes that were forecast, those at the peak, those held before; seconds of the forecast."""

    forecast: int
    peak: int
    before: int
    seconds: float


def measure(
    words: list[str], longest: int, quantization: str, checkpointing: bool, packing: bool
) -> Measured:
    """Forecast and peak of one setting."""
    register()
    config = load(
        [
            *words,
            "task=text",
            f"quantization={quantization}",
            f"hardware.gradient_checkpointing={checkpointing}",
            f"trainer.packing={packing}",
            f"trainer.max_length={longest}",
            "trainer.max_steps=2",
            "trainer.eval_strategy=no",
            "trainer.save_strategy=no",
        ]
    )
    rows = make_rows(8 * config.batch_size, longest, 0)
    device = detect(config)
    config = resolve(config, device, longest)
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    config, forecast = with_passes(config, device, rows)
    seconds = time.perf_counter() - began
    assert forecast
    with tempfile.TemporaryDirectory() as folder:
        trainer = LoraTrainer(
            model=add_adapter(load_base(config, device), config.lora, config.seed),
            args=sft_config(config, device, Path(folder), rows["length"]),
            train_dataset=rows,
            processing_class=AutoTokenizer.from_pretrained(config.model.name_or_path),
        )
        reset_peak_memory(device)
        trainer.train()
    if device.type == "cuda":
        return Measured(forecast.memory.peak, peak_memory(device), 0, seconds)
    return Measured(forecast.process, peak_memory(device), before, seconds)


def main() -> None:
    """Print one line a setting."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="folder; without it a 7M Llama is made")
    parser.add_argument("--longest", type=int, default=512, help="tokens of the longest rows")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    table = Table(
        "quantization", "checkpointing", "rows", "forecast", "peak", "ratio", "alone", "seconds"
    )
    with tempfile.TemporaryDirectory() as folder:
        model = asked.model or f"{folder}/llama7m"
        if not asked.model:
            make_model("llama7m", Path(model))
        words = [
            f"model.name_or_path={model}",
            f"batch_size={asked.batch}",
            f"device={asked.device}",
            f"data.train={folder}/none.jsonl",
        ]
        for quantization, checkpointing, packing in product(
            ("none", "nf4"), (False, True), (False, True)
        ):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                found = alone.submit(
                    measure, words, asked.longest, quantization, checkpointing, packing
                ).result()
            table.add_row(
                quantization,
                "on" if checkpointing else "off",
                "packed" if packing else "padded",
                f"{found.forecast / 1e9:.2f} GB",
                f"{found.peak / 1e9:.2f} GB",
                f"{found.forecast / found.peak:.2f}",
                f"{(found.forecast - found.before) / (found.peak - found.before):.2f}",
                f"{found.seconds:.1f}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
