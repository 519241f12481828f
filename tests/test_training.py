"""Every shipped choice with every other, and a training whose numbers go wrong.

pytest tests/test_training.py
"""

import json
import math
from itertools import product
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from slm_lora import model, nano, pipeline, training
from slm_lora.config import compose
from slm_lora.config.places import groups
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.preflight import Plan, preflight
from slm_lora.run_folder import Run
from slm_lora.tasks import judge_of
from slm_lora.tasks.text import TEXT
from slm_lora.training.trainer import LoraTrainer
from tests.helpers.rows import write_jsonl

LORA = ("default", "dora", "pissa", "rslora")
TASKS = ("classification", "code", "text")
RUNS = [
    # One for each two of lora and task; quantization goes round, but for PiSSA, which has none.
    (lora, "none" if lora == "pissa" or (one + two) % 2 else "nf4", task)
    for (one, lora), (two, task) in product(enumerate(LORA), enumerate(TASKS))
]


def rows(folder: Path, task: str) -> list[str]:
    made = []
    for n in range(24):
        row = {"prompt": f"Set a to {n}.", "completion": f"a = {n}"}
        if task == "classification":
            row = {"text": f"a room {n}", "label": ("bad", "good")[n % 2]}
        if task == "code":
            row = {"id": f"r{n}", "instruction": f"Set a to {n}.", "solution": f"a = {n}"}
            row |= {"tests": [f"assert a == {n}"], "entry_points": ["a"]} if n >= 20 else {}
        made.append(row)
    files = (("train", made[:20]), ("test", made[20:]))
    return [f"data.{name}={write_jsonl(folder / f'{name}.jsonl', part)}" for name, part in files]


def plan(task: str, *words: str) -> Plan:
    few = ("trainer.max_steps=2", "batch_size=4", "task.max_new_tokens=4", "task.k=[1]")
    more = ("task.n_samples=1", "device=cpu", "model=nano", f"task={task}", *words)
    return preflight(compose.load([*few, *more]))


def test_the_choices_are_all_there() -> None:
    assert groups()["lora"] == sorted(LORA)
    assert groups()["task"] == sorted(TASKS)
    assert groups()["quantization"] == ["int8", "nf4", "none"]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        pairs = {(run[one], run[other]) for run in RUNS}
        possible = set(product({run[one] for run in RUNS}, {run[other] for run in RUNS}))
        assert possible - pairs <= {("pissa", "nf4")}


@pytest.mark.parametrize("lora", LORA)
def test_int8_says_that_it_needs_a_gpu(lora: str) -> None:
    with pytest.raises(UserError, match=r"needs a CUDA GPU|takes the base weights apart"):
        compose.load(["model=nano", f"lora={lora}", "quantization=int8", "device=cpu"])


@pytest.mark.parametrize(("lora", "quantization", "task"), RUNS)
def test_every_choice_with_every_other(
    lora: str, quantization: str, task: str, tmp_path: Path
) -> None:
    words = (f"lora={lora}", f"quantization={quantization}", "merge.after_training=false")
    words += ("baselines.run=false", "retention.rows=0")
    found = plan(task, *rows(tmp_path, task), *words)
    run = Run(tmp_path / "run")
    run.path.mkdir()
    (run.path / "config.yaml").write_text(compose.to_yaml(found.config))
    metrics = pipeline.run(found, run)
    assert math.isfinite(metrics["tuned"][metrics["primary"]])
    weights = load_file(run.adapter / "adapter_model.safetensors")
    assert all(weight.isfinite().all() for weight in weights.values())
    log = json.loads(run.train.read_text())["log"]
    assert all(math.isfinite(line["eval_loss"]) for line in log if "eval_loss" in line)
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)
    # What PEFT alone makes of the folder.
    base = AutoModelForCausalLM.from_pretrained(nano.PATH, dtype=torch.float32)
    tuned = PeftModel.from_pretrained(base, run.adapter)
    assert tuned(input_ids=torch.arange(8)[None]).logits.isfinite().all()


def started(folder: Path, *words: str) -> tuple[Plan, Run]:
    run = Run(folder / "run")
    run.path.mkdir()
    return plan("text", *rows(folder, "text"), "quantization=none", *words), run


def test_one_step_is_taken_at_the_full_rate(tmp_path: Path) -> None:
    found, run = started(tmp_path, "trainer.max_steps=1", "trainer.logging_steps=1")
    base = model.load_base(found.config, found.device)
    training.train(
        base, found.tokenizer, found.data, config=found.config, device=found.device, run=run
    )
    (step, *_) = json.loads(run.train.read_text())["log"]
    assert step["learning_rate"] == found.config.trainer["learning_rate"]
    weights = load_file(run.adapter / "adapter_model.safetensors")
    assert any(weight.any() for name, weight in weights.items() if "lora_B" in name)


def test_a_gradient_that_is_infinite_as_in_fp16_costs_no_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LoraTrainer.log
    monkeypatch.setattr(
        LoraTrainer, "log", lambda self, logs, *a: real(self, logs | {"grad_norm": math.inf}, *a)
    )
    found, run = started(tmp_path, "trainer.max_steps=2", "trainer.logging_steps=1")
    base = model.load_base(found.config, found.device)
    training.train(
        base, found.tokenizer, found.data, config=found.config, device=found.device, run=run
    )
    (line, *_) = json.loads(run.train.read_text())["log"]
    assert "loss" in line
    assert "grad_norm" not in line
    assert (run.adapter / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("word", ["lora.modules_to_save=[lm_head]", "+lora.extra.bias=all"])
def test_what_a_gpu_without_bf16_cannot_train_is_refused(word: str, tmp_path: Path) -> None:
    """Its precision is fp16, though the config leaves that open."""
    config = compose.load(["task=text", "data.train=rows.jsonl", "quantization=none", word])
    gpu = Device("cuda", "Tesla T4", 0, "fp16")
    with pytest.raises(UserError, match="with precision=fp16") as error:
        training.resolve(config, gpu, 512)
    assert "type precision=fp32" in error.value.hint


@pytest.mark.parametrize(
    ("precision", "cure"), [("fp32", "attn_implementation=eager"), ("bf16", "precision=fp32")]
)
def test_before_the_first_step_it_is_not_the_rate(
    tmp_path: Path, precision: str, cure: str
) -> None:
    found, run = started(tmp_path, f"precision={precision}")
    base = model.load_base(found.config, found.device)
    base.model.layers[0].mlp.down_proj.weight.data.fill_(3e38)  # finite; what it gives is not
    with pytest.raises(UserError, match="loss is nan after 0 steps") as error:
        training.train(
            base, found.tokenizer, found.data, config=found.config, device=found.device, run=run
        )
    assert cure in error.value.hint
    assert not run.adapter.exists()
    assert not list(run.checkpoints.glob("*/trainer_state.json"))


def opened(found: Plan, folder: Path) -> Run:
    run = Run(folder)
    run.path.mkdir()
    (run.path / "config.yaml").write_text(compose.to_yaml(found.config))
    return run


def test_the_best_checkpoint_by_the_metric(tmp_path: Path) -> None:
    """What train.json says of it is what the saved adapter reaches on the validation rows."""
    found = plan(
        "classification",
        *rows(tmp_path, "classification"),
        *("best_by=metric", "data.validation_fraction=0.5", "trainer.eval_steps=1"),
        *("trainer.max_steps=4", "trainer.learning_rate=3e-3", "early_stopping=3"),
    )
    run = opened(found, tmp_path / "run")
    pipeline.validate(found, run, found.task, "")
    trained = json.loads(run.train.read_text())
    measured = {
        line["step"]: line["eval_accuracy"] for line in trained["log"] if "eval_loss" in line
    }
    assert len(measured) >= 3
    best = max(measured.values())
    assert trained["best_step"] == min(step for step in measured if measured[step] == best)
    saved = model.load_adapter(model.load_base(found.config, found.device), run.adapter)
    assert len(found.data.validation_rows) == 10
    again = found.task.predict(
        saved, found.tokenizer, found.data.validation_rows, found.labels,
        config=found.config, title="again",
    )  # fmt: skip
    right = [item["prediction"] == item["label"] for item in again]
    assert trained["best_eval_metric"] == best == sum(right) / len(right)
    judged = json.loads(run.validation.read_text())
    assert (judged["primary"], judged["tuned"]["accuracy"]) == ("accuracy", best)
    assert not run.base_predictions.exists()
    assert not run.tuned_predictions.exists()


def test_rows_that_the_task_cannot_judge_are_judged_by_their_loss(tmp_path: Path) -> None:
    """It is the loss that the trainer measured itself, over all the tokens of the same rows, but
    for what bf16 rounds in passes of other shapes."""
    few = ("data.validation_fraction=0.3", "trainer.per_device_eval_batch_size=32")
    found = plan("code", *rows(tmp_path, "code"), *few)
    judge, reason = judge_of(found.task, found.data.validation_rows, found.config)
    assert judge is TEXT
    assert "has no tests" in reason
    run = opened(found, tmp_path / "run")
    pipeline.validate(found, run, judge, reason)
    judged, trained = json.loads(run.validation.read_text()), json.loads(run.train.read_text())
    assert (judged["primary"], judged["reason"]) == ("loss", reason)
    assert judged["tuned"]["loss"] == pytest.approx(trained["best_eval_loss"], rel=1e-3, abs=3e-4)
    judge, reason = judge_of(found.task, found.data.test, found.config)
    assert judge is found.task
    assert not reason


def test_best_by_a_metric_that_the_rows_cannot_tell_is_refused(tmp_path: Path) -> None:
    found = plan("code", *rows(tmp_path, "code"), "best_by=metric")
    with pytest.raises(UserError, match=r"best_by=metric .* has no tests") as error:
        pipeline.run(found, opened(found, tmp_path / "run"))
    assert error.value.hint == "type best_by=loss"
    words = rows(tmp_path, "text")
    with pytest.raises(UserError, match="there are no validation rows"):
        plan("text", *words, "best_by=metric", "data.validation_fraction=0")
