"""Wrong command lines: exit code 2, the right message, and torch is never imported."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

reads_data = pytest.mark.skipif(find_spec("torch") is None, reason="gets as far as the data")

PROGRAM = """
import sys
from slm_lora.__main__ import main
try:
    main()
finally:
    print("torch imported" if "torch" in sys.modules else "no torch")
"""

WRONG_LINES = {
    "lora.rank=4": "did you mean 'lora.r'?",
    "+lora.rank=4": "did you mean 'lora.r'?",
    "++lora.rank=4": "did you mean 'lora.r'?",
    "learning_rate=1e-3": "did you mean 'trainer.learning_rate'?",
    "trainer.lerning_rate=1e-3": "did you mean 'trainer.learning_rate'?",
    "+trainer.lerning_rate=1e-3": "did you mean 'trainer.learning_rate'?",
    "lora.extra.layer_to_transform=[1]": "did you mean 'lora.extra.layers_to_transform'?",
    "data.colums.text=review": "did you mean 'data.columns'?",
    "quantisation=none": "did you mean 'quantization'?",
    "zzz=1": "known here: recipe, run_dir, seed,",
    "~seed": "every key has a default",
    "model=nanno": "did you mean 'nano'?",
    "quantization=nf8": "did you mean 'nf4'?",
    "hardware=gpu_9gb": "did you mean 'gpu_",
    "+model=nano": "type model=nano",
    "+recipe=sentimant": "did you mean 'sentiment'?",
    "recipe=sentiment": "type +recipe=sentiment",
    "--config-dir no/such/folder": "no such folder",
    "evalute outputs/x": "did you mean 'evaluate'?",
    "seed=[1": "expected KEY=VALUE",
    "lora.r=many": "lora.r",
    "lora.r=1.5": "lora.r",
    "batch_size=null": "batch_size",
    "trainer.max_steps=ten": "expected a value of type int",
    "trainer.learning_rate=true": "expected a value of type float",
    "lora.r=0": "expected a rank of 1 or more",
    "lora.alpha=0": "expected more than 0",
    "lora.dropout=1": "expected 0 or more and below 1",
    "lora.init=pizza": "did you mean 'pissa'?",
    "lora.extra.r=4": "type lora.r=16 instead",
    "lora=pissa": "type quantization=none",
    "lora.modules_to_save=[q_proj]": "quantized weights cannot be trained in full",
    "precision=bf61": "did you mean 'bf16'?",
    "precision=fp16 device=cpu": "fp16 needs a CUDA GPU",
    "quantization=int8 device=cpu": "int8 needs a CUDA GPU",
    "device=gpu": "expected one of cpu, cuda",
    "data.overlong=cut": "expected one of drop, error, truncate",
    "data.test_fraction=1.0": "expected 0 or more and below 1",
    "data.train_limit=0": "expected 1 or more",
    "data.test=rows.jsonl": "type data.train=FILE too",
    "task.kind=regression": "expected one of classification",
    "trainer.packing=true trainer.max_length=null": "type trainer.max_length=1024",
    "trainer.learning_rate=0": "expected more than 0",
    "trainer.bf16=true": "type precision=bf16 instead",
    "trainer.output_dir=x": "type run_dir=FOLDER instead",
    "trainer.report_to=wendb": "did you mean 'wandb'?",
    "trainer.per_device_train_batch_size=5": "type hardware.micro_batch_size=8 instead",
    "lora=pissa quantization=none lora.dora=true": "PiSSA is saved as a plain LoRA adapter",
    "lora.modules_to_save=[lm_head] precision=fp16": "needs the trained weights in fp32",
    "lora.target_modules='['": "a regular expression",
    "SEED=1": "did you mean 'seed'?",
    "-m hydra/sweeper=optuna sweep.space={lora.rank:'choice(1,2)'}": "did you mean 'lora.r'?",
    "early_stopping=2 trainer.eval_strategy=no": "type trainer.eval_strategy=steps",
    "hardware.micro_batch_size=64 batch_size=8": "a step cannot hold more rows",
    "sweep.direction=up": "expected one of maximize, minimize",
    "-m lora.r=8,0": "expected a rank of 1 or more",
    "-m run_dir=x lora.r=8,16": "type hydra.sweep.dir=FOLDER",
    "report": "needs a run folder",
    "report no/such/run": "is no run folder",
}


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("line", WRONG_LINES)
def test_wrong_line_is_refused_before_torch(line: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(line.split())
    assert result.returncode == 2, result.stderr
    first, *rest = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert WRONG_LINES[line] in result.stderr
    assert len(rest) <= 1, "one line what was wrong, one line what to type"
    assert result.stdout.splitlines()[-1] == "no torch"
    assert list(tmp_path.iterdir()) == [], "nothing may be written"


def test_there_are_enough_lines() -> None:
    assert len(WRONG_LINES) >= 30


def test_help_and_version_need_no_torch() -> None:
    for words, expected in ((["--help"], "+recipe=sentiment"), (["--version"], "slm_lora 0.")):
        result = run(words)
        assert result.returncode == 0
        assert expected in result.stdout
        assert result.stdout.splitlines()[-1] == "no torch"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("device=cpu precision=bf16", "no such file", marks=reads_data),
        ("precision=bf16", "bf16 needs 8.0 or later; type precision=fp16"),
    ],
)
def test_bf16_on_an_old_gpu(line: str, message: str, tmp_path, monkeypatch) -> None:
    """A driver that tells of a T4 (compute capability 7.5)."""
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 7.5\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    result = run(["+recipe=instruct", "model=nano", "data.train=no.jsonl", *line.split()])
    assert result.returncode == 2
    assert message in result.stderr


def test_no_cuda_device_and_a_large_model(tmp_path, monkeypatch) -> None:
    """Without nvidia-smi in the path the default model is refused, whatever this machine holds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(["+recipe=instruct", "data.train=rows.jsonl"])
    assert result.returncode == 2
    assert "1,100M parameters" in result.stderr
    assert "model=nano" in result.stderr
    assert "device=cpu" in result.stderr
    assert result.stdout.splitlines()[-1] == "no torch"
