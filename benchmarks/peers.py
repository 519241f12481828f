"""The same rows trained by slm_lora, TRL and LLaMA-Factory in turn: speed, memory, what was learnt.

    python benchmarks/peers.py --model SmolLM2-135M-Instruct.Q4_1.gguf

LLaMA-Factory gets an environment of its own (3 GB, made at the first call), TRL is the one here.
All are called as their users call them, by a command line or a config file, and train LoRA (r=16,
all linear layers) in bf16 with the same batch, epochs, rate, schedule and the model's own chat
template; all else is their default: both others compute activations twice, and TRL's weights are in
fp32. Both also train the newline that the template writes behind an answer. LLaMA-Factory's own
templates for some models are not the models' (`smollm2` ends the system message otherwise). Seconds
are those that each says its training took. The held-out loss of the adapters is measured here, on
the same tokens.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import PeftModel
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_lora.hardware import cpu_name
from slm_lora.model import compute_in_one_pass, location
from slm_lora.training.batches import pad_right
from slm_lora.training.loss import labelled_loss

PEER = "llamafactory==0.9.5"
ROWS = Path(__file__).parents[1] / "recipes" / "sentiment"
QUESTION = "Is this review positive or negative?\n\n{text}"
HELD_OUT = 128
BATCH, RATE = 32, 1e-3
ROLES = (("prompt", "user"), ("completion", "assistant"))


class Result(NamedTuple):
    """Seconds of the training, tokens a second that are not padding, bytes of the process at its
    peak, and the loss a token of held-out answers."""

    seconds: float
    speed: float
    memory: int
    loss: float


def environment(folder: Path) -> Path:
    """The peer's python, with torch as it is here."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if not (folder / "bin" / "llamafactory-cli").exists():
        same_torch = f"torch=={torch.__version__.partition('+')[0]}"
        pip = [str(python), "-m", "pip"]
        subprocess.run([*pip, "install", "-q", PEER, same_torch], check=True)
        # Of another build than this torch, these two would keep it from starting. Texts need
        # neither, but it imports one.
        subprocess.run([*pip, "uninstall", "-q", "-y", "torchvision", "torchaudio"], check=True)
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "torchaudio").mkdir(exist_ok=True)
        (packages / "torchaudio" / "__init__.py").touch()
    return python


def rows(name: str, count: int) -> list[dict[str, str]]:
    """Reviews with a label, of the recipe `sentiment`."""
    lines = (ROWS / f"{name}.jsonl").read_text().splitlines()[:count]
    found = map(json.loads, lines)
    return [{"prompt": QUESTION.format_map(row), "completion": row["label"]} for row in found]


def run(words: list[str], log: Path, folder: Path) -> int:
    """Bytes of the process at its peak."""
    with log.open("w") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{words[:3]} failed:\n{log.read_text()[-2000:]}")
    return usage.ru_maxrss * 1024


def ours(model: str, train: list[dict[str, str]], folder: Path, seed: int) -> tuple[Path, Result]:
    """`python -m slm_lora`, without what is not training."""
    for name, lines in (("train", train), ("test", train[:1])):
        write(folder / f"{name}.jsonl", lines)
    words = ["+recipe=instruct", f"model.name_or_path={model}", "quantization=none"]
    words += ["device=cpu", "precision=bf16"]
    words += ["data.train=train.jsonl", "data.test=test.jsonl", "data.validation_fraction=0"]
    words += [
        "data.exclude=[]",
        f"batch_size={BATCH}",
        "trainer.num_train_epochs=1",
        f"seed={seed}",
    ]
    words += [f"trainer.learning_rate={RATE}", "trainer.warmup_steps=0", "trainer.weight_decay=0"]
    words += [
        "trainer.save_strategy=no",
        "trainer.lr_scheduler_type=cosine",
        "lora.r=16",
        "lora.alpha=32",
        "lora.dropout=0",
    ]
    words += ["baselines.run=false", "retention.rows=0", "merge.after_training=false"]
    words += ["task.generate=false", "run_dir=run"]
    memory = run([sys.executable, "-m", "slm_lora", *words], folder / "log", folder)
    told = json.loads((folder / "run" / "train.json").read_text())
    speed = told["tokens_per_second"]
    return folder / "run" / "adapter", Result(told["seconds"], speed, memory, 0.0)


def trl(model: str, train: list[dict[str, str]], folder: Path, seed: int) -> tuple[Path, Result]:
    """`trl sft`, with a config as in its documentation."""
    (folder / "rows").mkdir()
    turns = [
        {name: [{"role": role, "content": row[name]}] for name, role in ROLES} for row in train
    ]
    write(folder / "rows" / "train.jsonl", turns)
    config = {
        "model_name_or_path": model,
        "dtype": "float32",
        "dataset_name": "rows",
        "use_peft": True,
        "lora_r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0,
        "lora_target_modules": "all-linear",
        "output_dir": "out",
        "per_device_train_batch_size": BATCH,
        "learning_rate": RATE,
        "num_train_epochs": 1,
        "lr_scheduler_type": "cosine",
        "bf16": True,
        "use_cpu": True,
        "logging_steps": 5,
        "save_strategy": "no",
        "report_to": "none",
        "seed": seed,
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    cli = Path(sys.executable).with_name("trl")
    memory = run([str(cli), "sft", "--config", "config.yaml"], folder / "log", folder)
    log = (folder / "log").read_text()
    *_, seconds = re.findall(r"'train_runtime': '?([\d.]+)", log)
    *_, tokens = re.findall(r"'num_tokens': '?([\d.e+]+)", log)
    return folder / "out", Result(float(seconds), float(tokens) / float(seconds), memory, 0.0)


def llama_factory(
    python: Path, model: str, train: list[dict[str, str]], folder: Path, seed: int
) -> tuple[Path, Result]:
    """`llamafactory-cli train`, with a config as in its examples."""
    write(
        folder / "rows.json",
        [{"instruction": r["prompt"], "input": "", "output": r["completion"]} for r in train],
    )
    (folder / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "rows.json"}}))
    config = {
        "model_name_or_path": model,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "lora",
        "lora_rank": 16,
        "lora_alpha": 32,
        "lora_target": "all",
        "dataset": "rows",
        "dataset_dir": str(folder),
        "cutoff_len": 512,
        "output_dir": str(folder / "out"),
        "per_device_train_batch_size": BATCH,
        "gradient_accumulation_steps": 1,
        "learning_rate": RATE,
        "num_train_epochs": 1,
        "lr_scheduler_type": "cosine",
        "bf16": True,
        "use_cpu": True,
        "logging_steps": 5,
        "save_strategy": "no",
        "report_to": "none",
        "include_num_input_tokens_seen": "non_padding",
        "seed": seed,
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    cli = python.with_name("llamafactory-cli")
    memory = run([str(cli), "train", "config.yaml"], folder / "log", folder)
    told = json.loads((folder / "out" / "all_results.json").read_text())
    seconds = told["train_runtime"]
    return folder / "out", Result(seconds, told["num_input_tokens_seen"] / seconds, memory, 0.0)


def write(file: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """JSON lines, or for `.json` one list."""
    text = json.dumps(lines) if file.suffix == ".json" else "\n".join(map(json.dumps, lines))
    file.write_text(text)


@torch.no_grad()
def held_out_loss(model: str, adapter: Path) -> float:
    """Nats a token of the answers to rows that neither was trained on, end of turn included."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    base = AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)
    tuned = PeftModel.from_pretrained(base, adapter).eval()
    compute_in_one_pass(tuned)
    total, count = 0.0, 0
    for row in rows("test", HELD_OUT):
        turn = [{"role": "user", "content": row["prompt"]}]
        text = tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
        prompt = tokenizer(text, add_special_tokens=False).input_ids
        answer = tokenizer(row["completion"], add_special_tokens=False).input_ids
        answer.append(tokenizer.eos_token_id)
        labels = [-100] * len(prompt) + answer
        batch = pad_right([{"input_ids": prompt + answer, "labels": labels}])
        loss = labelled_loss(tuned, batch["input_ids"], batch["labels"])
        total, count = total + loss.item() * len(answer), count + len(answer)
    return total / count


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="folder or GGUF file of a chat model")
    parser.add_argument("--rows", type=int, default=640)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--env", type=Path, help="folder of the peer's environment")
    options = parser.parse_args()
    console = Console()
    digest = hashlib.sha256(PEER.encode()).hexdigest()[:8]
    python = environment(options.env or Path.home() / ".cache" / "slm_lora" / f"peer-{digest}")
    model, train = str(location(options.model)), rows("train", options.rows)
    ways: dict[str, Callable[..., tuple[Path, Result]]] = {
        "slm_lora": ours,
        f"TRL {version('trl')}": trl,
        re.sub("==", " ", PEER): partial(llama_factory, python),
    }
    found: dict[str, list[Result]] = {name: [] for name in ways}
    for seed in range(options.seeds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                adapter, result = way(model, train, Path(folder), seed)
                result = result._replace(loss=held_out_loss(model, adapter))
            found[name].append(result)
            console.print(f"seed {seed}, {name}: {result.seconds:.1f} s, loss {result.loss:.4f}")
    table = Table("way", "seconds", "tokens/s", "times slm_lora's", "peak MB", "held-out loss")
    for name, results in found.items():
        pairs = zip(results, found["slm_lora"], strict=True)
        table.add_row(
            name,
            " ".join(f"{r.seconds:.1f}" for r in results),
            " ".join(f"{r.speed:,.0f}" for r in results),
            " ".join(f"{other.seconds / mine.seconds:.2f}" for other, mine in pairs),
            " ".join(f"{r.memory / 2**20:,.0f}" for r in results),
            " ".join(f"{r.loss:.4f}" for r in results),
        )
    console.print(f"{cpu_name()}, Python {platform.python_version()}, {len(train)} rows")
    console.print(table)


if __name__ == "__main__":
    main()
