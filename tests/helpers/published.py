"""A finished run with a small real adapter on nano or on a model in a folder, and a card to read.

folder = finished_run(tmp_path / "run", "nano")
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_lora import nano
from slm_lora.config import compose
from slm_lora.config.schema import Config
from slm_lora.files import read_json, write_json, write_text
from slm_lora.run_folder import Run
from tests.helpers.fake_run import classification_run, code_run, text_run

KINDS = {"classification": classification_run, "code": code_run, "text": text_run}
MERGE: dict[str, Any] = {
    "proven": True,
    "reason": None,
    "seconds": 12.5,
    "base": "trained",
    "dtype": "bf16",
    "dtype_reason": "that of the base model's file",
    "rows": 64,
    "tokens": 3200,
    "candidates": {
        "trained": {
            "equal_tokens": 0.9975,
            "mean_kl": 0.00002,
            "max_logit_difference": 0.14,
            "greedy_equal": 1.0,
            "accuracy": {"tuned": 0.81, "merged": 0.8125, "ci95": [-0.02, 0.025], "rows": 600},
        },
        "original": {
            "equal_tokens": 0.951,
            "mean_kl": 0.003,
            "max_logit_difference": 1.7,
            "greedy_equal": 0.875,
        },
    },
    "noise": {
        "precision": "bf16",
        "equal_tokens": 0.996,
        "mean_kl": 0.00003,
        "max_logit_difference": 0.2,
        "greedy_equal": 0.98,
    },
    "limits": {"min_equal_tokens": 0.982, "max_kl": 0.00106, "max_metric_loss": 0.046},
}


def finished_run(folder: Path, model: str, kind: str = "classification") -> Path:
    """A run folder as a run on `model` (nano, a folder, or a hub id whose adapter is nano's) leaves
    it; its rows lay in /home/ann/rows."""
    KINDS[kind](folder)
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["model"]["name_or_path"] = model
    config["data"] |= {"train": "/home/ann/rows/train.jsonl", "test": "/home/ann/rows/test.jsonl"}
    config["data"]["prompt"] = "{text}\nSentiment:"
    write_text(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    report = read_json(folder / "data_report.json")
    for source in report["sources"]["train"] + report["sources"]["test"]:
        source["file"] = f"/home/ann/rows/{Path(source['file']).name}"
    write_json(folder / "data_report.json", report)
    provenance = read_json(folder / "provenance.json")
    words = [
        "+recipe=instruct",
        f"model.name_or_path={model}",
        "data.train=/home/ann/rows/train.jsonl",
        f"run_dir={folder}",
    ]
    write_json(folder / "provenance.json", provenance | {"words": words})
    (folder / "plots").mkdir()
    for name in ("loss", "verdicts"):
        (folder / "plots" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + name.encode())
    base = model if Path(model).is_dir() else nano.PATH
    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base),
        LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj", "v_proj"]),
    )
    adapted.save_pretrained(folder / "adapter")
    named = read_json(folder / "adapter" / "adapter_config.json")
    name = str(base) if model == "nano" else model
    write_json(
        folder / "adapter" / "adapter_config.json", named | {"base_model_name_or_path": name}
    )
    AutoTokenizer.from_pretrained(base).save_pretrained(folder / "adapter")
    return folder


def add_merged(folder: Path) -> None:
    """RUN/merged with its proof in the metrics."""
    shutil.copytree(nano.PATH, folder / "merged", ignore=shutil.ignore_patterns("README.md"))
    metrics = read_json(folder / "metrics.json")
    write_json(folder / "metrics.json", metrics | {"merge": MERGE})
    write_json(folder / "merge.json", MERGE)


def loaded(folder: Path, *overrides: str) -> tuple[Run, Config]:
    """The run and its config, as the command line reads them."""
    compose.register()
    run = Run(folder)
    return run, compose.from_file(run.config, list(overrides))


def python_blocks(card: str) -> list[str]:
    """The code of a card."""
    return re.findall(r"^```python\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its content."""
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def metrics_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "metrics.json").read_text())
