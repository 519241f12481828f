"""Speed of writing answers against transformers' own `generate` on the same batches.

    python benchmarks/generate.py                                      (nano, a minute)
    python benchmarks/generate.py --model FOLDER_OR_GGUF --items 64 --tokens 256 --sheet
    python benchmarks/generate.py --device cuda --quantization nf4 --model … --continuous

Prompts are those of the FastHTML recipe; with --sheet its cheat sheet stands before each, as in the
baseline `baselines.context`. A text ends with the turn or at an empty line, which untuned models
come to at unlike times. Both ways run in turn, twice each, the shorter time counts; the texts are
compared, which in 16 bits differ where two tokens are as likely.
"""

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from rich.console import Console
from rich.table import Table

from slm_lora import rendering
from slm_lora.config.compose import load, register
from slm_lora.data import load_rows
from slm_lora.generate import answers, generation_config, stop_ids, until
from slm_lora.hardware import cpu_name, detect
from slm_lora.model import load_base, load_tokenizer
from slm_lora.reading import batches
from slm_lora.tasks.code.baselines import with_context

SHEET = Path(__file__).parents[1] / "recipes" / "code_gen" / "cheat_sheet.md"


def main() -> None:
    """Print one line a way of writing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="nano")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quantization", choices=["none", "nf4"], default="none")
    parser.add_argument("--items", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=128, help="at most, an answer")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--sheet", action="store_true")
    parser.add_argument("--continuous", action="store_true", help="also by continuous batching")
    asked = parser.parse_args()
    register()
    config = load(
        [
            "+recipe=code_gen",
            f"model.name_or_path={asked.model}" if asked.model != "nano" else "model=nano",
            f"quantization={asked.quantization}",
            f"device={asked.device}",
            f"data.test_limit={asked.items}",
            "data.train_limit=20",
        ]
    )
    rows = load_rows(config.data, config.task.format).test
    if asked.sheet:
        rows = with_context(rows, SHEET.read_text(encoding="utf-8"))
    tokenizer, device = load_tokenizer(config), detect(config)
    model = load_base(config, device)
    prompts = [item.prompt for item in rendering.encode(rows, tokenizer)]
    ends = stop_ids(model, tokenizer) | {tokenizer("\n\n", add_special_tokens=False).input_ids[-1]}

    def ours(continuous: bool = False) -> dict[int, str]:
        found = answers(
            model,
            tokenizer,
            prompts,
            stop_ids=ends,
            max_new_tokens=asked.tokens,
            batch_size=asked.batch,
            title="",
            continuous=continuous,
        )
        return {i: one.text for i, (one,) in found}

    def plain() -> dict[int, str]:
        config = generation_config(tokenizer, ends, asked.tokens, 0, 1)
        found = {}
        for batch in batches([len(prompt) for prompt in prompts], asked.batch):
            padded = tokenizer.pad(
                {"input_ids": [prompts[i] for i in batch]}, padding_side="left", return_tensors="pt"
            ).to(model.device)
            with torch.inference_mode():
                written = model.generate(**padded, generation_config=config)
            for i, row in zip(batch, written[:, padded["input_ids"].shape[1] :], strict=True):
                ended = until(ends, row.tolist())
                found[i] = tokenizer.decode(ended, skip_special_tokens=True)
        return found

    ways: dict[str, Callable[[], dict[int, str]]] = {"slm_lora": ours, "generate": plain}
    if asked.continuous:
        ways["continuous"] = partial(ours, continuous=True)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    texts = {}
    for _ in range(2):
        for name, write in ways.items():
            began = time.perf_counter()
            texts[name] = write()
            seconds[name].append(time.perf_counter() - began)
    tokens = sum(len(tokenizer(text).input_ids) for text in texts["slm_lora"].values())
    best = {name: min(times) for name, times in seconds.items()}
    table = Table("way", "seconds", "tokens/s", "ratio", "same texts as slm_lora")
    for name, time_taken in best.items():
        ratio = best["generate"] / time_taken
        same = sum(texts["slm_lora"][i] == text for i, text in texts[name].items())
        figures = f"{time_taken:.1f}", f"{tokens / time_taken:.0f}", f"{ratio:.2f}"
        table.add_row(name, *figures, f"{same} of {len(prompts)}")
    console, read = Console(), sum(map(len, prompts))
    console.print(
        f"{asked.model}, {len(prompts)} prompts of {read / len(prompts):.0f} tokens, "
        f"answers of {tokens / len(prompts):.0f} (at most {asked.tokens}), {asked.batch} a batch, "
        f"{device.precision} on {cpu_name()}, {torch.get_num_threads()} threads"
    )
    console.print(table)


if __name__ == "__main__":
    main()
