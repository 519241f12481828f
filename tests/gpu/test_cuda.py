"""On a CUDA device: NF4 training, fp16 and bf16, packing, evaluation and memory.

pytest -m gpu tests/gpu
"""

import json
from pathlib import Path

import pytest
import torch

from tests.helpers.tiny import make_llama, slm_lora
from tests.test_run import job

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def run(tmp_path: Path, *more: str) -> dict:
    """Metrics of a run on the GPU."""
    words = [w for w in job(make_llama(tmp_path / "llama"), tmp_path) if w != "device=cpu"]
    result = slm_lora(*words, "device=cuda", f"run_dir={tmp_path / 'run'}", *more)
    assert result.returncode == 0, result.stderr
    return json.loads((tmp_path / "run" / "metrics.json").read_text())


@pytest.mark.parametrize("precision", ["bf16", "fp16", "fp32"])
@pytest.mark.parametrize("quantization", ["nf4", "int8", "none"])
@pytest.mark.parametrize("packing", ["true", "false"])
def test_tuning_learns(precision: str, quantization: str, packing: str, tmp_path: Path) -> None:
    metrics = run(
        tmp_path,
        f"precision={precision}",
        f"quantization={quantization}",
        f"trainer.packing={packing}",
    )
    assert metrics["tuned"]["accuracy"] > 0.9
    assert metrics["comparison"]["ci95"][0] > 0


def test_adapter_stays_in_fp32(tmp_path: Path) -> None:
    """With fp16 the gradient scaler refuses half-precision gradients; with bf16 AdamW would lose
    small updates."""
    from safetensors.torch import load_file

    run(tmp_path, "precision=fp16")
    weights = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float32}


def test_gpu_and_cpu_score_alike(tmp_path: Path) -> None:
    run(tmp_path, "precision=fp32", "quantization=none", "task.generate=false")
    result = slm_lora("evaluate", tmp_path / "run", "device=cpu")
    assert result.returncode == 0, result.stderr
    other = Path(result.stdout.splitlines()[-1])
    for name in ("base", "tuned"):
        first, again = (
            [json.loads(line)["scores"] for line in (f / "predictions" / f"{name}.jsonl").open()]
            for f in (tmp_path / "run", other)
        )
        for one, two in zip(first, again, strict=True):
            assert one == pytest.approx(two, abs=0.05)


def test_checkpointing_saves_memory(tmp_path: Path) -> None:
    peaks = []
    for value in ("false", "true"):
        (tmp_path / value).mkdir()
        metrics = run(
            tmp_path / value,
            f"hardware.gradient_checkpointing={value}",
            "hardware.micro_batch_size=32",
            "trainer.packing=false",
        )
        peaks.append(metrics["train"]["peak_memory_bytes"])
    assert peaks[1] < peaks[0]


def test_packed_and_unpacked_loss_agree(tmp_path: Path) -> None:
    """Rows packed into one sequence are kept apart by the attention in use."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig

    from slm_lora.training.trainer import LoraTrainer

    folder = make_llama(tmp_path / "llama")
    rows = [[(7 * n + k) % 250 + 3 for k in range(5 + n % 20)] for n in range(64)]
    data = Dataset.from_dict({"input_ids": rows, "labels": rows, "length": list(map(len, rows))})
    losses = []
    for packing in (True, False):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).cuda()
        args = SFTConfig(
            output_dir=str(tmp_path / "out"), packing=packing, max_length=64, report_to="none",
            per_device_eval_batch_size=64, bf16=False, gradient_checkpointing=False,
            eval_packing=packing,
        )  # fmt: skip
        trainer = LoraTrainer(
            model=get_peft_model(model, LoraConfig(task_type="CAUSAL_LM")),
            args=args,
            train_dataset=data,
            eval_dataset=data,
            processing_class=AutoTokenizer.from_pretrained(folder),
        )
        losses.append(trainer.evaluate()["eval_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
