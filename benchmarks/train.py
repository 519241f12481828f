"""Speed, memory and final loss of our training against a plain TRL script and a bare loop.

    python benchmarks/train.py                       (CPU: a 7M Llama made on the spot, 5 minutes)
    python benchmarks/make_model.py --shape tinyllama tiny && python benchmarks/train.py \
        --device cuda --model tiny --quantization nf4 --lengths 512,1024,2048 --batch 8 --rate 2e-3

All of them train the same adapter (LoRA r=16 on all linear layers) on the same tokenized rows with
the same batch, steps, rate, schedule and seed, one after the other in turn:

    job     what `python -m slm_lora` runs: its config, base model, adapter and trainer
    plain   SFTTrainer with its defaults, as TRL's guide writes it
    bare    the job's settings in a PyTorch loop (CPU without quantization only)

Each has a process of its own, so that its peak memory is its own. Speed counts the tokens that
are not padding and leaves out the first steps. Rows are walks on a Markov chain of 8 states: the
loss settles near the chain's entropy, 0.59, so that runs can be compared.
"""

import argparse
import datetime
import gc
import os
import platform
import random
import resource
import shlex
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from datasets import Dataset
from make_model import make_model
from peft import LoraConfig, get_peft_model
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    TrainerCallback,
    get_cosine_schedule_with_warmup,
)
from trl import SFTConfig, SFTTrainer

from slm_lora.config.compose import load, register
from slm_lora.hardware import cpu_name, detect
from slm_lora.model import add_adapter, load_base
from slm_lora.model.kernels import CPU_ATTENTION, disable_cpu_inference_kernel
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.training.batches import GroupedByLength, pad_right
from slm_lora.training.options import resolve, sft_config
from slm_lora.training.passes import with_passes
from slm_lora.training.trainer import LoraTrainer

STATES = 8
HELD_OUT = 64
LOG_EVERY = 4
WARM_UP = 0.1


@dataclass(frozen=True)
class Task:
    """What all ways of training share. `longest` is in tokens, `rate` is the peak learning rate."""

    device: str
    model: str
    quantization: str
    longest: int
    batch: int
    steps: int
    rate: float
    seed: int
    compile: bool


@dataclass(frozen=True)
class Result:
    """`loss`: mean over the last quarter of the steps; `eval_loss`: per token, held-out rows;
    `memory`: bytes at the peak of training."""

    tokens_per_second: float
    memory: int
    loss: float
    eval_loss: float


def make_rows(count: int, longest: int, seed: int) -> Dataset:
    """Walks of longest/4 to longest tokens; the first 30 to 70 % are the prompt, not trained."""
    chain = random.Random(7)
    follow = [[chain.randrange(2, 2 + STATES) for _ in range(3)] for _ in range(STATES)]
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        length = draw.randint(longest // 4, longest)
        prompt = int(length * draw.uniform(0.3, 0.7))
        ids = [draw.randrange(2, 2 + STATES)]
        while len(ids) < length:
            ids += draw.choices(follow[ids[-1] - 2], weights=[8, 1, 1])
        rows.append({"input_ids": ids, "labels": [-100] * prompt + ids[prompt:], "length": length})
    return Dataset.from_list(rows)


class Clock(TrainerCallback):
    """Takes time, tokens and loss whenever the trainer logs."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        if "loss" in logs:
            self.marks.append((time.perf_counter(), logs["num_tokens"], logs["loss"]))


def job(task: Task, folder: str) -> tuple[nn.Module, Clock]:
    """Our training, put together as `slm_lora.train` does."""
    rows = make_rows(task.steps * task.batch, task.longest, task.seed)
    register()
    config = load(
        [
            "task=text",
            f"model.name_or_path={task.model}",
            f"quantization={task.quantization}",
            f"device={task.device}",
            f"seed={task.seed}",
            f"batch_size={task.batch}",
            f"trainer.max_length={task.longest}",
            f"trainer.learning_rate={task.rate}",
            f"trainer.warmup_steps={WARM_UP}",
            f"trainer.logging_steps={LOG_EVERY}",
            "trainer.eval_strategy=no",
            "trainer.save_strategy=no",
            f"hardware.compile={task.compile}",
        ]
    )
    device = detect(config)
    config, _ = with_passes(resolve(config, device, task.longest), device, rows)
    clock = Clock()
    trainer = LoraTrainer(
        model=add_adapter(load_base(config, device), config.lora, config.seed),
        args=sft_config(config, device, Path(folder), rows["length"]),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(task.model),
        callbacks=[clock],
        compiled=bool(config.hardware.compile),
    )
    trainer.train()
    return trainer.model, clock


def plain(task: Task, folder: str) -> tuple[nn.Module, Clock]:
    """TRL's guide: a model by name, SFTConfig's defaults, a LoraConfig."""
    clock = Clock()
    trainer = SFTTrainer(
        model=task.model,
        args=SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=task.batch,
            learning_rate=task.rate,
            lr_scheduler_type="cosine",
            warmup_steps=WARM_UP,
            num_train_epochs=1,
            max_length=task.longest,
            seed=task.seed,
            logging_steps=LOG_EVERY,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            use_cpu=task.device == "cpu",  # else it refuses its own default, bf16
        ),
        train_dataset=make_rows(task.steps * task.batch, task.longest, task.seed),
        quantization_config=BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        if task.quantization == "nf4"
        else None,
        peft_config=LoraConfig(
            r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        processing_class=AutoTokenizer.from_pretrained(task.model),
        callbacks=[clock],
    )
    trainer.train()
    return trainer.model, clock


def bare(task: Task, folder: str) -> tuple[nn.Module, Clock]:
    """The job's settings with nothing around them."""
    rows = make_rows(task.steps * task.batch, task.longest, task.seed).to_list()
    model = AutoModelForCausalLM.from_pretrained(
        task.model, dtype=torch.bfloat16, attn_implementation=CPU_ATTENTION
    )
    torch.manual_seed(task.seed)
    lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, lora)
    compute_in_one_pass(model)
    model.train()
    weights = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=task.rate, weight_decay=0, fused=True)
    schedule = get_cosine_schedule_with_warmup(optimizer, int(task.steps * WARM_UP), task.steps)
    order = list(GroupedByLength([row["length"] for row in rows], task.batch, task.seed))
    clock, tokens, losses = Clock(), 0, []
    for step in range(1, task.steps + 1):
        batch = pad_right([rows[i] for i in order[(step - 1) * task.batch : step * task.batch]])
        hidden = model.get_base_model().model(batch["input_ids"], use_cache=False)[0][:, :-1]
        targets = batch["labels"][:, 1:]
        logits = model.get_output_embeddings()(hidden[targets != -100])
        loss = F.cross_entropy(logits.float(), targets[targets != -100])
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        tokens += int(batch["num_tokens"])
        losses.append(loss.item())
        if step % LOG_EVERY == 0:
            clock.marks.append((time.perf_counter(), tokens, statistics.mean(losses[-LOG_EVERY:])))
    return model, clock


def measure(train: Callable[[Task, str], tuple[nn.Module, Clock]], task: Task) -> Result:
    """One training from the model's folder to its losses, in this process."""
    cuda = task.device == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(folder, "log").open("w") as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        model, clock = train(task, folder)
    memory = (
        torch.cuda.max_memory_allocated()
        if cuda
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    )
    (start, before, _), (end, after, _) = clock.marks[0], clock.marks[-1]
    losses = [loss for *_, loss in clock.marks]
    result = Result(
        tokens_per_second=(after - before) / (end - start),
        memory=memory,
        loss=statistics.mean(losses[-max(1, len(losses) // 4) :]),
        eval_loss=held_out_loss(model, task.longest),
    )
    del model
    gc.collect()
    if cuda:
        torch.cuda.empty_cache()
    return result


@torch.no_grad()
def held_out_loss(model: nn.Module, longest: int) -> float:
    """Mean over the labelled tokens of rows that no run trains on, one row at a time."""
    disable_cpu_inference_kernel(model)  # it refuses shapes that are no multiple of 32
    model.eval()
    total, count = 0.0, 0
    for row in make_rows(HELD_OUT, longest, seed=-1):
        device = next(model.parameters()).device
        ids, labels = (torch.tensor([row[key]], device=device) for key in ("input_ids", "labels"))
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        logits, labels = logits.flatten(0, 1), labels[:, 1:].flatten()
        total += F.cross_entropy(logits, labels, reduction="sum").item()
        count += int((labels != -100).sum())
    return total / count


WAYS = {"job": job, "plain": plain, "bare": bare}


def compare(options: argparse.Namespace, model: str, console: Console) -> list[list[str]]:
    """Runs every way in turn for each length and seed; returns the rows of the table."""
    looped = options.device == "cpu" and options.quantization == "none"
    ways = list(WAYS) if looped else ["job", "plain"]
    workers = {way: ProcessPoolExecutor(1, mp_context=get_context("spawn")) for way in ways}
    lines = []
    for longest in options.lengths:
        results: dict[str, list[Result]] = {way: [] for way in ways}
        for seed in range(options.seeds):
            task = Task(
                options.device,
                model,
                options.quantization,
                longest,
                options.batch,
                options.steps,
                options.rate,
                seed,
                options.compile,
            )
            for way in ways:
                result = workers[way].submit(measure, WAYS[way], task).result()
                results[way].append(result)
                console.print(
                    f"rows up to {longest}, seed {seed}, {way}: "
                    f"{result.tokens_per_second:,.0f} tokens/s, loss {result.eval_loss:.4f}"
                )
        lines += [line(longest, way, results) for way in ways]
    for worker in workers.values():
        worker.shutdown()
    return lines


COLUMNS = [
    "rows",
    "way",
    "tokens/s",
    "of plain",
    "of bare",
    "peak MB",
    "train loss",
    "held-out loss",
    "apart from plain",
]


def line(longest: int, way: str, results: dict[str, list[Result]]) -> list[str]:
    """Mean and spread over the seeds; the last column holds each seed's."""
    found = results[way]
    pairs = zip(found, results["plain"], strict=True)
    return [
        f"{longest // 4}-{longest}",
        way,
        spread([r.tokens_per_second for r in found], ",.0f"),
        ratio(found, results["plain"]),
        ratio(found, results["bare"]) if "bare" in results else "",
        f"{max(r.memory for r in found) / 2**20:,.0f}",
        spread([r.loss for r in found], ".4f"),
        spread([r.eval_loss for r in found], ".4f"),
        " ".join(f"{ours.eval_loss / theirs.eval_loss - 1:+.2%}" for ours, theirs in pairs),
    ]


def spread(values: list[float], form: str) -> str:
    """Mean ± standard deviation."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):{form}} ± {deviation:{form}}"


def ratio(ours: list[Result], theirs: list[Result]) -> str:
    """Speed of the one over the other's, seed by seed."""
    pairs = zip(ours, theirs, strict=True)
    return spread([a.tokens_per_second / b.tokens_per_second for a, b in pairs], ".2f")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--model", help="folder of the model; default: a 7M Llama made on the spot")
    parser.add_argument("--quantization", choices=["none", "nf4"], default="none")
    parser.add_argument(
        "--lengths",
        type=lambda text: [int(n) for n in text.split(",")],
        default=[256],
        help="longest row in tokens, several with commas (default 256)",
    )
    parser.add_argument("--batch", type=int, default=16, help="rows a step")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rate", type=float, default=5e-3, help="peak learning rate")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--compile", action="store_true", help="the job's layers, in its first steps"
    )
    parser.add_argument("--out", type=Path, help="append the table to this Markdown file")
    return parser.parse_args()


def main() -> None:
    options = parse()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model
        if model is None:
            make_model("llama7m", Path(folder))
            model = folder
        lines = compare(options, model, console)
    table = Table(*COLUMNS)
    for cells in lines:
        table.add_row(*cells)
    console.print(table)
    if options.out:
        with options.out.open("a", encoding="utf-8") as file:
            file.write(section(options.device, lines))
        console.print(f"appended to {options.out}")


def section(device: str, lines: list[list[str]]) -> str:
    """The table in Markdown with all that is needed to repeat it."""
    name = torch.cuda.get_device_name() if device == "cuda" else cpu_name()
    threads = f", {torch.get_num_threads()} threads" if device == "cpu" else ""
    packages = ("torch", "transformers", "trl", "peft", "bitsandbytes")
    command = shlex.join(["python", *sys.argv])
    rows = ["| " + " | ".join(cells) + " |" for cells in [COLUMNS, ["---"] * len(COLUMNS), *lines]]
    return "\n".join(
        [
            "",
            f"## {datetime.date.today()}, {name}{threads}",
            "",
            f"`{command}`",
            "",
            f"Python {platform.python_version()}, "
            + ", ".join(f"{package} {version(package)}" for package in packages),
            "",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    main()
