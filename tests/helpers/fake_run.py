"""A run folder with seeded numbers, as a finished run leaves it: for tests that train nothing."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from transformers import AutoTokenizer

from slm_lora import nano
from slm_lora.config import compose
from slm_lora.config.quoting import config_text
from slm_lora.config.schema import Config
from slm_lora.data import load_rows, prepare
from slm_lora.files import write_json, write_jsonl, write_text
from slm_lora.run_folder import Run, write_provenance
from slm_lora.tasks import TASKS
from slm_lora.tasks.classification import parse_answer
from slm_lora.tasks.text.nearness import SCORES, score


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
        raw = best if rng.uniform() < 0.9 else "?"
        made.append(
            {
                "id": f"test.tsv:{i + 1}",
                "prompt": f"<|user|>\nReview {i}: a long film, and cold food.\n<|assistant|>\n",
                "label": label,
                "scores": dict(zip(labels, scores.tolist(), strict=True)),
                "probabilities": dict(zip(labels, probabilities.tolist(), strict=True)),
                "prediction": best,
                "raw": raw,
                "extracted": parse_answer(raw, labels),
                "verdict": "correct" if best == label else "wrong",
            }
        )
    return made


ANSWERS = (
    "Take the tram to the last stop and walk along the water.",
    "It is two miles; the ferry leaves every hour.",
    "Ask at the gate. They sell maps there.",
)


def completed(
    rng: np.random.Generator, gain: float, n: int, right: float | None = None
) -> list[dict[str, Any]]:
    """Losses of a model that is `gain` nats a token below a base of about 3. With `right` it also
    answers: that share of the references word by word, else with a word in four at its place."""
    base = np.random.default_rng(1).gamma(9, 1 / 3, n)
    made = []
    for i, loss in enumerate(base):
        reference = ANSWERS[i % len(ANSWERS)]
        answer = None
        if right is not None:
            kept = 1.0 if rng.uniform() < right else 0.25
            answer = " ".join(w if rng.uniform() < kept else "um" for w in reference.split())
        made.append(
            {
                "id": f"rows.jsonl:{i + 1}",
                "prompt": f"Question {i}: how far is it to the harbour?",
                "completion": reference,
                "loss": float(max(loss - gain + rng.normal(0, 0.3), 0.05)),
                "tokens": 5 + 7 * i % 60,
                "answer": answer,
                **(dict.fromkeys(SCORES) if answer is None else score(answer, reference)),
            }
        )
    return made


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
        "first_step": 0,
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


def rows_of(predictions: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """The kind of task that made the predictions, and the test rows that they answer."""
    first = predictions[0]
    if "label" in first:
        named = {"id": "id", "text": "prompt", "label": "label"}
        return "classification", [{k: p[v] for k, v in named.items()} for p in predictions]
    if "greedy" in first:
        named = {"id": "id", "instruction": "prompt", "solution": "reference"}
        tested = {"tests": ["assert True"], "entry_points": ["rows"]}
        return "code", [{k: p[v] for k, v in named.items()} | tested for p in predictions]
    named = {"id": "id", "prompt": "prompt", "completion": "completion"}
    return "text", [{k: p[v] for k, v in named.items()} for p in predictions]


def data_report(config: Config, tests: list[dict[str, Any]]) -> dict[str, Any]:
    """What the product reports of these test rows, and of forty training rows like them, of which
    three are also in the test set and two are too long."""
    question = next(key for key in ("text", "instruction", "prompt") if key in tests[0])
    train = []
    for i in range(40):
        row = {key: value for key, value in tests[i % len(tests)].items() if key != "id"}
        if i >= 3:
            row[question] = f"Training row {i} " + ("of many words " * 500 if i < 5 else "")
        train.append(row)
    with TemporaryDirectory() as folder:
        files = {"train": f"{folder}/train.jsonl", "test": f"{folder}/test.jsonl"}
        write_jsonl(Path(files["train"]), train)
        write_jsonl(Path(files["test"]), tests)
        config = replace(config, data=replace(config.data, **files))
        loaded = load_rows(config.data)
        return prepare(loaded, AutoTokenizer.from_pretrained(nano.PATH), config).report


def make_run(folder: Path, base: list[dict[str, Any]], tuned: list[dict[str, Any]]) -> Path:
    """The files that a finished run leaves, around these predictions."""
    kind, tests = rows_of(base)
    task = TASKS[kind]
    overrides = ["+recipe=instruct", f"task={kind}"]
    resolved = [] if kind == "classification" else ["task.max_new_tokens=256"]
    compose.register()
    config = compose.load(
        [*overrides, *resolved, f"run_dir={config_text(str(folder))}", "data.train=rows.jsonl"]
    )
    run = Run(folder, overrides)
    write_text(run.config, compose.to_yaml(config))
    device = {"type": "cpu", "name": "AMD EPYC 7763", "memory": 8 * 2**30, "precision": "bf16"}
    report = data_report(config, tests)
    write_provenance(run, config, device, report["fingerprint"])
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
        **task.circumstances(config),
    }
    write_json(run.metrics, metrics)
    return folder


def classification_run(folder: Path, gain: float = 2.5, n: int = 600) -> Path:
    rng, labels = np.random.default_rng(0), ["negative", "positive"]
    return make_run(folder, labelled(rng, labels, 0.05, n), labelled(rng, labels, gain, n))


def text_run(folder: Path, gain: float = 0.4, right: tuple[float, float] = (0.05, 0.6)) -> Path:
    """`right`: the share of right answers of the base and of the tuned model."""
    base, tuned = np.random.default_rng(0), np.random.default_rng(2)
    return make_run(
        folder, completed(base, 0, 300, right[0]), completed(tuned, gain, 300, right[1])
    )


def code_run(folder: Path, n: int = 60) -> Path:
    rng = np.random.default_rng(0)
    return make_run(folder, written(rng, 0.05, n), written(rng, 0.7, n))
