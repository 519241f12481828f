"""A run folder with seeded numbers, as a finished run leaves it: for tests that train nothing."""

from pathlib import Path
from typing import Any

import numpy as np

from slm_lora.config import compose
from slm_lora.files import write_json, write_jsonl, write_text
from slm_lora.run_folder import Run, write_provenance
from slm_lora.tasks import TASKS


def labelled(
    rng: np.random.Generator, labels: list[str], gain: float, n: int
) -> list[dict[str, Any]]:
    """Predictions of a model whose score of the right label is `gain` above the others."""
    made = []
    for i in range(n):
        label = labels[i % len(labels)]
        scores = rng.normal(-4, 1, len(labels))
        scores[labels.index(label)] += gain
        probabilities = np.exp(scores) / np.exp(scores).sum()
        best = labels[int(np.argmax(scores))]
        made.append(
            {
                "id": f"test.tsv:{i + 1}",
                "prompt": f"<|user|>\nReview {i}: a long film, and cold food.\n<|assistant|>\n",
                "label": label,
                "scores": dict(zip(labels, scores.tolist(), strict=True)),
                "probabilities": dict(zip(labels, probabilities.tolist(), strict=True)),
                "prediction": best,
                "raw": best if rng.uniform() < 0.9 else "?",
                "extracted": best,
                "verdict": "correct" if best == label else "wrong",
            }
        )
    return made


def completed(rng: np.random.Generator, gain: float, n: int) -> list[dict[str, Any]]:
    """Losses of a model that is `gain` nats a token below a base of about 3."""
    base = np.random.default_rng(1).gamma(9, 1 / 3, n)
    return [
        {
            "id": f"rows.jsonl:{i + 1}",
            "prompt": f"Question {i}: how far is it to the harbour?",
            "completion": "Take the tram to the last stop and walk along the water.",
            "loss": float(max(loss - gain + rng.normal(0, 0.3), 0.05)),
            "tokens": 5 + 7 * i % 60,
        }
        for i, loss in enumerate(base)
    ]


def written(rng: np.random.Generator, share: float, n: int) -> list[dict[str, Any]]:
    """Programs of a model that solves this share of the items of six families."""
    made = []
    for i in range(n):

        def answer(place: int = i) -> dict[str, Any]:
            passes = rng.uniform() < share
            return {
                "raw": f"```python\nrows = {place}\n```",
                "extracted": f"rows = {place}\n",
                "verdict": "pass" if passes else str(rng.choice(["fail", "error", "syntax"])),
                "tests_passed": 3 if passes else 1,
                "tests_total": 3,
                "message": "" if passes else f"test 2: assert rows == {place % 3}\n  rows was 0",
                "cpu_s": 0.01,
            }

        made.append(
            {
                "id": f"item-{i + 1}",
                "family": f"family {i % 6}",
                "split": ("new_values", "new_combinations")[i % 2],
                "prompt": f"Write a page with {i} rows.",
                "reference": f"rows = {i}\n",
                "greedy": answer(),
                "samples": [answer() for _ in range(10)],
            }
        )
    return made


def training(steps: int = 200) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    log = [
        {"step": s, "loss": 0.3 + 2 * float(np.exp(-s / 40)) + float(rng.normal(0, 0.04))}
        for s in range(10, steps + 1, 10)
    ]
    log += [
        {"step": s, "eval_loss": 0.35 + 2 * float(np.exp(-s / 40)) + s / 2000}
        for s in range(40, steps + 1, 40)
    ]
    return {
        "steps": steps,
        "seconds": 321.5,
        "tokens": 1_234_567,
        "tokens_per_second": 3840.2,
        "final_loss": 0.31,
        "final_eval_loss": 0.46,
        "best_step": 160,
        "best_eval_loss": 0.4666,
        "peak_memory_bytes": 3 * 2**30,
        "trainable_parameters": 2_252_800,
        "parameters": 1_102_301_184,
        "log": log,
    }


def make_run(folder: Path, base: list[dict[str, Any]], tuned: list[dict[str, Any]]) -> Path:
    """The files that a finished run leaves, around these predictions."""
    kind = "classification" if "label" in base[0] else "code" if "greedy" in base[0] else "text"
    task = TASKS[kind]
    overrides = ["+recipe=instruct", f"task={kind}"]
    compose.register()
    config = compose.load([*overrides, f"run_dir={folder}", "data.train=rows.jsonl"])
    run = Run(folder, overrides)
    write_text(run.config, compose.to_yaml(config))
    device = {"type": "cpu", "name": "AMD EPYC 7763", "memory": 8 * 2**30, "precision": "bf16"}
    write_provenance(run, config, device, "5f2c9a7e")
    rows = {"read": 4812, "kept": 4640, "dropped": {"empty": 12, "duplicate": 131, "over-long": 29}}
    report = {
        "fingerprint": "5f2c9a7e",
        "shape": "text+label",
        "rows": {"train": rows, "test": {"read": 600, "kept": 600, "dropped": {}}},
        "lengths": {"p50": 41, "p95": 118, "max": 240, "padding share": 0.0712},
        "labels": ["negative", "positive"],
        "overlap": [{"test": "test.tsv:3", "train": "train.tsv:90", "similarity": 0.93}],
        "truncated": False,
    }
    write_json(run.data_report, report)
    write_json(run.train, training())
    write_jsonl(run.base_predictions, base)
    write_jsonl(run.tuned_predictions, tuned)
    metrics = {
        "task": config.task.kind,
        "primary": task.primary,
        "base": task.metrics(base, config.task),
        "tuned": task.metrics(tuned, config.task),
        "comparison": task.compare(base, tuned, config.task),
        "train": {key: value for key, value in training().items() if key != "log"},
    }
    write_json(run.metrics, metrics)
    return folder


def classification_run(folder: Path, gain: float = 2.5, n: int = 600) -> Path:
    rng, labels = np.random.default_rng(0), ["negative", "positive"]
    return make_run(folder, labelled(rng, labels, 0.05, n), labelled(rng, labels, gain, n))


def text_run(folder: Path, gain: float = 0.4) -> Path:
    rng = np.random.default_rng(0)
    return make_run(folder, completed(rng, 0, 300), completed(rng, gain, 300))


def code_run(folder: Path, n: int = 60) -> Path:
    rng = np.random.default_rng(0)
    return make_run(folder, written(rng, 0.05, n), written(rng, 0.7, n))
