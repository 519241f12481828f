"""Several processes of one run, started by torchrun: two on a CPU, which talk by gloo."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from slm_lora import ranks
from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.training.options import resolve, rows_of_a_rank
from tests.helpers.tiny import make_llama, make_rows, slm_lora
from tests.tasks.test_baselines import make_distilbert

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


def torchrun(*words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*TORCHRUN, "-m", "slm_lora", *words],
        cwd=cwd,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def job(folder: Path) -> list[str]:
    """48 of 60 rows to train on, whole batches for two ranks; plain gradient descent in fp32, so
    that the adapter tells the gradients."""
    make_llama(folder / "base")
    make_rows(folder / "train.jsonl", 60)
    make_rows(folder / "test.jsonl", 21, seed=2)
    return [
        "+recipe=sentiment",
        "device=cpu",
        "precision=fp32",
        "quantization=none",
        "batch_size=8",
        "data.validation_fraction=0.2",
        "lora.dropout=0",
        "trainer.optim=sgd",
        "trainer.learning_rate=1.0",
        "trainer.lr_scheduler_type=constant",
        "trainer.warmup_steps=0",
        "trainer.max_grad_norm=0",
        "trainer.num_train_epochs=1",
        "trainer.eval_steps=2",
        "trainer.logging_steps=1",
        "retention.rows=0",
        "merge.after_training=false",
        f"model.name_or_path={folder / 'base'}",
        f"baselines.encoder={make_distilbert(folder / 'encoder')}",
        "baselines.encoder_epochs=1",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
    ]


def predictions(run: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (run / "predictions" / name).read_text().splitlines()]


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> list[str]:
    return job(tmp_path_factory.mktemp("ranks"))


@pytest.fixture(scope="module")
def alone(words, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("alone") / "run"
    done = slm_lora(*words, f"run_dir={run}")
    assert done.returncode == 0, done.stderr
    return run


@pytest.mark.parametrize("shard", [False, True], ids=["whole", "parts"])
def test_two_ranks_train_and_tell_what_one_does(shard, words, alone, tmp_path) -> None:
    """One folder, the same gradients, and items that were shared out in their order again."""
    process = torchrun(*words, "run_dir=run", f"hardware.shard={shard}".lower(), cwd=tmp_path)
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert said.splitlines()[-1] == "run"
    assert errors.count("base model: accuracy") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    one, two = (json.loads((run / "train.json").read_text()) for run in (alone, tmp_path / "run"))
    assert (one["processes"], two["processes"]) == (1, 2)
    for key in ("steps", "tokens", "trainable_parameters"):
        assert one[key] == two[key]
    for a, b in zip(one["log"], two["log"], strict=True):
        for key in a.keys() & {"loss", "grad_norm"}:
            assert a[key] == pytest.approx(b[key], rel=1e-5)
        if "eval_loss" in a:  # a mean over batches, which are others here
            assert a["eval_loss"] == pytest.approx(b["eval_loss"], rel=1e-2)
    mine, theirs = (
        load_file(run / "adapter" / "adapter_model.safetensors")
        for run in (alone, tmp_path / "run")
    )
    moved = max(value.abs().max() for name, value in mine.items() if "lora_B" in name)
    assert moved > 1e-2
    for name, value in mine.items():
        assert torch.allclose(value, theirs[name], rtol=0, atol=1e-5 * float(moved)), name
    for name in ("base", "tuned", "baselines/shots", "baselines/encoder"):
        ours, others = (predictions(run, f"{name}.jsonl") for run in (alone, tmp_path / "run"))
        for a, b in zip(ours, others, strict=True):
            assert a["id"] == b["id"]
            assert a["probabilities"] == pytest.approx(b["probabilities"], abs=1e-5)


def killed_after(line: str, process: subprocess.Popen[str]) -> str:
    """What is said after rank 1 was killed once the first process said the line."""
    said = ""
    assert process.stderr is not None
    for text in process.stderr:
        said += text
        if line in text:
            break
    os.kill(_rank_1(process.pid), signal.SIGKILL)
    _, rest = process.communicate()
    return said + rest


def _rank_1(launcher: int) -> int:
    for child in Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split():
        if b"\0RANK=1\0" in Path(f"/proc/{child}/environ").read_bytes():
            return int(child)
    raise AssertionError("no rank 1")


@pytest.mark.slow
@pytest.mark.parametrize("shard", [False, True], ids=["whole", "parts"])
def test_a_rank_that_is_killed_ends_the_run_which_then_goes_on(shard, words, tmp_path) -> None:
    """Alone, too: the effective batch is the same."""
    run = tmp_path / "run"
    words = [*words, f"hardware.shard={shard}".lower()]
    process = torchrun(*words, f"run_dir={run}", cwd=tmp_path)
    errors = killed_after("step 4/6", process)
    assert process.returncode != 0
    assert "error: another process of this run ended" in errors or "interrupted" in errors
    line = f"-m slm_lora {' '.join(words)} run_dir={run}"
    assert f"torchrun --standalone --nproc-per-node 2 {line}" in errors
    assert not (run / "adapter").exists()
    if shard:
        again = torchrun(*words, f"run_dir={run}", cwd=tmp_path)
        _, said = again.communicate(timeout=120)
    else:
        alone = slm_lora(*words, f"run_dir={run}")
        again, said = alone, alone.stderr
    assert again.returncode == 0, said
    assert "going on from" in said
    assert json.loads((run / "train.json").read_text())["steps"] == 6


@pytest.mark.parametrize(
    ("batch", "hint"), [(15, "batch_size=14 or 16"), (1, "batch_size=2")], ids=["15", "1"]
)
def test_a_batch_that_cannot_be_split(batch: int, hint: str, monkeypatch) -> None:
    monkeypatch.setattr(ranks, "WORLD", 2)
    with pytest.raises(UserError, match="cannot be split among 2 processes") as error:
        ranks.check(batch, shard=False)
    assert hint in error.value.hint


def test_packed_rows_that_cannot_be_split(monkeypatch) -> None:
    """Packed is not what several processes do of themselves."""
    monkeypatch.setattr(ranks, "WORLD", 2)
    config = compose.load(["model=nano", "trainer.packing=true", "batch_size=8"])
    with pytest.raises(UserError, match="the 3 packed rows of a step cannot be split among 2"):
        rows_of_a_rank(config, [200] * 100)
    gpu = Device("cuda", "a GPU", 2**33, "bf16")
    config = compose.load(["model=nano"])
    assert resolve(config, gpu, 512).trainer["packing"] is False
    monkeypatch.setattr(ranks, "WORLD", 1)
    assert resolve(config, gpu, 512).trainer["packing"] is True


def test_what_the_launcher_would_shard_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match="told to use FSDP"):
        ranks.check(8, shard=False)


def test_parts_of_a_base_want_several_processes_and_plain_weights() -> None:
    with pytest.raises(UserError, match=r"hardware\.shard=true in one process"):
        ranks.check(8, shard=True)
    for word in (
        *("quantization=nf4", "lora.dora=true", "lora.init=pissa", "best_by=metric"),
        "task.continuous=true",
        *("lora.modules_to_save=[lm_head]", "lora.extra={bias: all}", "hardware.compile=true"),
        *("retention.lm_eval=[hellaswag]", "device=mps"),
    ):
        words = ["model=nano", "quantization=none", "hardware.shard=true", word]
        with pytest.raises(UserError, match=r"wants a whole base model|device=mps"):
            compose.load(words)


def test_a_mistake_is_told_once_and_at_once(words: Sequence[str], tmp_path: Path) -> None:
    """The other rank, which waits for rank 0, is ended by the launcher."""
    began = time.monotonic()
    process = torchrun(*words, "lora.rr=3", cwd=tmp_path)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - began < 30  # the launcher's patience with one that does not end
    assert errors.count("error: lora.rr is not a key") == 1
    assert list(tmp_path.iterdir()) == []
