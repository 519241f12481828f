"""Wrong command lines: exit code 2, the right message, and torch is never imported."""

import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from slm_lora.cli.dispatch import dispatch
from slm_lora.config import compose, words
from slm_lora.errors import UserError
from slm_lora.hardware import check_compiler, has_driver

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
    "lora.rank=4": "did you mean 'lora.r'? type lora.r=4",
    "+lora.rank=4": "did you mean 'lora.r'?",
    "++lora.rank=4": "did you mean 'lora.r'?",
    "learning_rate=1e-3": "type trainer.learning_rate=1e-3",
    "trainer.lerning_rate=1e-3": "did you mean 'trainer.learning_rate'?",
    "+trainer.lerning_rate=1e-3": "did you mean 'trainer.learning_rate'?",
    "lora.extra.layer_to_transform=[1]": "did you mean 'lora.extra.layers_to_transform'?",
    "data.colums.text=review": "did you mean 'data.columns'?",
    "quantisation=none": "did you mean 'quantization'?",
    "zzz=1": "known here: recipe, run_dir, seed,",
    "~seed": "every key has a default",
    "model=nanno": "did you mean model=nano?",
    "quantization=nf8": "did you mean quantization=nf4?",
    "hardware=gpu_9gb": "did you mean hardware=gpu_",
    "+model=nano": "type model=nano",
    "+recipe=sentimant": "did you mean +recipe=sentiment?",
    "recipe=sentiment": "type +recipe=sentiment",
    "--config-dir no/such/folder": "no such folder",
    "evalute outputs/x": "did you mean 'evaluate'?",
    "seed=[1": "expected KEY=VALUE",
    "lora.r=many": "lora.r",
    "lora.r=1.5": "lora.r",
    "batch_size=null": "batch_size",
    "trainer.max_steps=ten": "expected a value of type int",
    "trainer.learning_rate=true": "expected a value of type float",
    "lora.r=0": "expected 1 to 65536, such as lora.r=16",
    "lora.alpha=0": "expected more than 0",
    "lora.dropout=1": "expected 0 or more and below 1",
    "lora.init=pizza": "did you mean lora.init=pissa?",
    "lora.extra.r=4": "type lora.r=4",
    "lora=pissa": "type quantization=none",
    "lora.modules_to_save=[q_proj]": "quantized weights cannot be trained in full",
    "precision=bf61": "did you mean precision=bf16?",
    "precision=fp16 device=cpu": "precision=fp16 needs a CUDA GPU",
    "quantization=int8 device=cpu": "quantization=int8 needs a CUDA GPU",
    "device=gpu": "expected one of cpu, cuda",
    "data.overlong=cut": "expected one of drop, error, truncate",
    "data.test_fraction=1.0": "expected 0 or more and below 1",
    "data.train_limit=0": "expected 1 or more",
    "data.test=rows.jsonl": "type data.train=FILE, or data.name=HUB_ID, too",
    "task.kind=regression": "expected one of classification",
    "trainer.packing=true trainer.max_length=null": "type trainer.max_length=1024",
    "trainer.learning_rate=0": "expected more than 0",
    "trainer.bf16=true": "type precision=bf16",
    "trainer.output_dir=x": "type run_dir=x",
    "trainer.auto_find_batch_size=true": "type hardware.micro_batch_size=1",
    "trainer.report_to=wendb": "did you mean trainer.report_to=wandb?",
    "trainer.per_device_train_batch_size=5": "type hardware.micro_batch_size=5",
    "lora=pissa quantization=none lora.dora=true": "it is saved as a plain LoRA adapter",
    "lora.modules_to_save=[lm_head] precision=fp16": "needs the trained weights in fp32",
    "lora.target_modules='['": "a regular expression",
    "lora.target_modules=.*[01].q_proj": """type "lora.target_modules='.*[01].q_proj'\"""",
    "lora.target_modules=[q_proj": "with every bracket and quotation mark closed",
    "SEED=1": "did you mean 'seed'?",
    "-m hydra/sweeper=optuna sweep.space={lora.rank:'choice(1,2)'}": "did you mean 'lora.r'?",
    "early_stopping=2 trainer.eval_strategy=no": "type trainer.eval_strategy=steps",
    "best_by=metric trainer.save_strategy=no": "type trainer.save_strategy=steps",
    "best_by=metric trainer.load_best_model_at_end=false": "load_best_model_at_end=true",
    "hardware.micro_batch_size=64 batch_size=8": "a step cannot hold more rows",
    "sweep.direction=up": "expected one of maximize, minimize",
    "-m lora.r=8,0": "expected 1 to 65536",
    "-m run_dir=x lora.r=8,16": "type hydra.sweep.dir=FOLDER",
    "report": "needs a run folder",
    "report no/such/run": "is not a run folder",
}

MEANT_LINES = {
    # What other programs call it.
    "lr=1e-3": "type trainer.learning_rate=1e-3",
    "epochs=3": "type trainer.num_train_epochs=3",
    "batch=4": "type batch_size=4",
    "per_device_train_batch_size=2": "type hardware.micro_batch_size=2",
    "rank=8": "type lora.r=8",
    "lora_r=8": "type lora.r=8",
    "lora_alpha=8": "type lora.alpha=8",
    "lora.target=q_proj": "type lora.target_modules=q_proj",
    "load_in_4bit=true": "type quantization=nf4",
    "trainer.max_seq_length=256": "type trainer.max_length=256",
    "max_seq_len=256": "type trainer.max_length=256",
    "output_dir=mine": "type run_dir=mine",
    "fp16=true": "type precision=fp16",
    "dataset=imdb": "type data.name=imdb",
    "trainer.warmup_ratio=0.1": "type trainer.warmup_steps=0.1",
    "trainer.group_by_length=true": "type trainer.train_sampling_strategy=group_by_length",
    "--recipe sentiment --model nano": "type +recipe=sentiment model=nano",
    "--lr=1e-3": "type trainer.learning_rate=1e-3",
    "model=Qwen/Qwen2.5-0.5B-Instruct": "type model.name_or_path=Qwen/Qwen2.5-0.5B-Instruct",
    "data=rows.jsonl": "type data.train=rows.jsonl",
    "data=stanfordnlp/sst2": "type data.name=stanfordnlp/sst2",
    "train +recipe=sentiment": "type slm-lora +recipe=sentiment",
    "eval outputs/x": "type slm-lora evaluate outputs/x",
    "nano": "known here: chat, check",
    "+recipe=sentiment nano": "did you mean model=nano?",
    # Words of Hydra's grammar.
    "+lora.r=8": "type lora.r=8",
    "++model=nano": "type model=nano",
    "++recipe=sentiment": "type +recipe=sentiment",
    "+recipe=sentiment +recipe=instruct": "2 recipes: sentiment, instruct",
    "~lora.r": "leave it out",
    "~run_dir": "type run_dir=null",
    "~lora": "~lora removes a key",
    "~recipe": "~recipe removes a key",
    "model=": "model has no choice ''",
    "=8": "names no key",
    "--": "leave it out",
    "+hydra.foo=1": "hydra.foo is not a key",
    "hydra/launcher=foo": "known here: basic",
    "hydra/sweeper=optun": "did you mean 'optuna'?",
    "hydra.run.dir=foo": "type run_dir=foo",
    "model=nano hydra.sweep.dir=x": "type slm-lora -m model=nano hydra.sweep.dir=x",
    "model=nano hydra/sweeper=optuna": "type slm-lora -m model=nano hydra/sweeper=optuna",
    "model=nano sweep=lora": "type slm-lora -m model=nano sweep=lora hydra/sweeper=optuna",
    "sweep.space.lora.r=2,4 -m": """type "sweep.space={lora.r: '2,4'}\"""",
    "data.columns.my.text=text": "type 'data.columns={my.text: text}'",
    "lora.extra.foo=1": "known here: lora.extra.exclude_modules",
    # Values with commas.
    "merge.adapters=a": "expected merge.adapters=[a,…]",
    "merge.adapters=[a,b=c]": """type "merge.adapters=[a,'b=c']\"""",
    "lora.r=8,16": "type one, such as lora.r=8; for a sweep",
    "lora.target_modules=q_proj,v_proj": "type 'lora.target_modules=[q_proj,v_proj]'",
    "data.train=a/x.jsonl,a/y.jsonl": "type 'data.train=[a/x.jsonl,a/y.jsonl]'; for a sweep add -m",
    "data.exclude=humaneval": "type 'data.exclude=[humaneval]'",
    "data.train=[a/x.jsonl,a/y.jsonl] data.mix={x:1}": "'data.mix={x: 1.0, y: 1.0}'",
    # Braces that the shell took apart.
    "data.labels=1:bad data.labels=5:good": "type 'data.labels={1: bad, 5: good}'",
    "data.labels=0:1 data.labels=1:2": "type 'data.labels={0: 1, 1: 2}'",
    "-m lora.r=4:16": "'lora.r=range(4,16)'",
    "-m lora.r=interval(4,16)": "add hydra/sweeper=optuna",
    "-m hydra/sweeper=optuna lora.r=interval(16,4)": "type 'lora.r=interval(4,16)'",
    "-m hydra/sweeper=optuna lora.r=choice(0,4)": "lora.r is 0",
    "-m hydra/sweeper=optuna sweep.space={lora.r:'4'}": "type several",
    # Not a number, and numbers that mean nothing.
    "lora.alpha=nan": "expected more than 0",
    "lora.alpha=inf": "expected more than 0",
    "task.temperature=nan": "expected more than 0",
    "chat.temperature=nan": "expected 0 or more",
    "merge.max_kl=nan": "expected 0 or more",
    "sandbox.cpu_seconds=nan": "expected 0.1 to 86400",
    "trainer.learning_rate=nan": "expected a finite number",
    "trainer.adam_beta1=inf": "expected a finite number",
    "trainer.max_steps=0": "expected 1 or more, or -1 for whole epochs",
    "trainer.num_train_epochs=0": "expected more than 0",
    "trainer.logging_steps=0": "expected more than 0",
    "lr=-1": "did you mean 'trainer.learning_rate'?",
    "lora.init=eva": "a pass over the training rows",
    "lora.init=loftq": "type lora.init=default",
    "trainer.report_to=comet_ml": "pip install comet_ml",
    "keys lorra": "did you mean 'lora'?",
    "keys trainer.lerning_rate": "did you mean 'trainer.learning_rate'?",
    "merge lora.r=3": "needs a run folder",
    "-sc install=csh": "-sc install=bash",
    "doctor now": "does not take 'now'",
}


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("line", MEANT_LINES)
def test_line_is_refused_with_its_cure(line: str, tmp_path, monkeypatch) -> None:
    """In this process: there are many of them, and the lines above look for torch and exit code."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        dispatch(line.split())
    assert MEANT_LINES[line] in caught.value.hint or MEANT_LINES[line] in caught.value.message
    assert list(tmp_path.iterdir()) == [], "nothing may be written"


def test_an_empty_word_is_no_verb() -> None:
    with pytest.raises(UserError, match="there is no verb ''"):
        dispatch([""])


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


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("data.train=my data (v1), final=2.jsonl", "\"data.train='my data (v1), final=2.jsonl'\""),
        (
            "data.system=You are helpful, brief: yes.",
            "\"data.system='You are helpful, brief: yes.'\"",
        ),
        ("data.prompt=Q: {prompt} A:", "\"data.prompt='Q: {prompt} A:'\""),
        ("data.system=Don't guess.", "'data.system=\"Don'\"'\"'t guess.\"'"),
        ("output_dir=my runs", "'run_dir=my runs'"),
    ],
)
def test_line_to_paste_works_in_a_shell(word: str, line: str, tmp_path, monkeypatch) -> None:
    """The user's own value, quoted for Hydra and for a shell, is taken as it was meant."""
    monkeypatch.chdir(tmp_path)
    Path("my data (v1), final=2.jsonl").write_text("")
    base = ["--cfg", "job", "+recipe=instruct", "model=nano"]
    refused = run([*base, word])
    assert refused.returncode == 2
    assert f"type {line}" in refused.stderr
    (pasted,) = shlex.split(line)
    taken = run([*base, pasted])
    assert taken.returncode == 0, taken.stderr
    value = yaml.safe_load(taken.stdout.rsplit("\n", 2)[0])
    for part in pasted.partition("=")[0].split("."):
        value = value[part]
    assert value == word.partition("=")[2]


def test_no_suggestion_is_refused_or_was_typed_already(tmp_path, monkeypatch) -> None:
    """Every `type KEY=VALUE` of the lines above is read, and is not what the user typed."""
    monkeypatch.chdir(tmp_path)
    checked = 0
    for line in WRONG_LINES | MEANT_LINES:
        if " " in line or line.startswith("-"):
            continue
        with pytest.raises(UserError) as caught:
            compose.load([line])
        found = re.search(r"type ([\w.+]+=\S+?)[;,]?(\s|$)", caught.value.hint)
        if found and "=…" not in found[1]:
            checked += 1
            assert found[1] != line
            words.check_words([found[1]])
    assert checked > 30


def test_there_are_enough_lines() -> None:
    assert len(WRONG_LINES) >= 30


def test_help_and_version_need_no_torch() -> None:
    for line, expected in ((["--help"], "+recipe=sentiment"), (["--version"], "slm_lora 0.")):
        result = run(line)
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


def test_compiling_needs_a_compiler(tmp_path, monkeypatch) -> None:
    line = ["+recipe=instruct", "model=nano", "data.train=no.jsonl", "hardware.compile=true"]
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = run(line)
    assert result.returncode == 2
    assert "no-such-compiler is not found" in result.stderr
    assert "hardware.compile=false" in result.stderr
    assert result.stdout.splitlines()[-1] == "no torch"


def test_nothing_is_compiled_for_an_apple_gpu() -> None:
    """Where it would train: a run that was compiled on a CPU may be asked there."""
    line = ["+recipe=instruct", "data.train=no.jsonl", "device=mps", "quantization=none"]
    compose.register()
    config = compose.load([*line, "hardware.compile=true"])
    with pytest.raises(UserError, match=r"hardware\.compile=true with device=mps"):
        check_compiler(config)


@pytest.mark.parametrize(
    ("more", "said", "cure"),
    [
        (["quantization=nf4"], "quantization=nf4 with device=mps", "quantization=none"),
        (["quantization=none", "precision=fp16"], "precision=fp16", "precision=bf16"),
        (["quantization=none", "trainer.packing=true"], "trainer.packing=true", "=false"),
    ],
)
def test_what_an_apple_gpu_cannot_do(more, said, cure) -> None:
    result = run(["+recipe=instruct", "data.train=no.jsonl", "device=mps", *more])
    assert result.returncode == 2
    assert said in result.stderr
    assert cure in result.stderr
    assert result.stdout.splitlines()[-1] == "no torch"


@pytest.mark.skipif(sys.platform == "darwin", reason="there may be an Apple GPU")
def test_no_apple_gpu() -> None:
    words = ["+recipe=instruct", "data.train=no.jsonl", "device=mps", "quantization=none"]
    result = run(words)
    assert result.returncode == 2
    assert "this is no Mac with an Apple chip" in result.stderr
    assert result.stdout.splitlines()[-1] == "no torch"


@reads_data
def test_a_driver_without_nvidia_smi_decides_nothing(tmp_path, monkeypatch) -> None:
    """As in WSL and in containers: whether there is a GPU, torch tells later."""
    library = find_spec("markupsafe._speedups")  # any that can be loaded
    shutil.copy(library.origin, tmp_path / "libcuda.so.1")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for more in ([], ["device=cuda"], ["quantization=int8"]):
        result = run(["+recipe=instruct", "data.train=no.jsonl", *more])
        assert result.returncode == 2
        assert "no such file" in result.stderr


@pytest.mark.skipif(has_driver(), reason="refuses what needs a GPU only where there is none")
def test_no_cuda_device_and_a_large_model(tmp_path, monkeypatch) -> None:
    """Without any driver the default model is refused before torch is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run(["+recipe=instruct", "data.train=rows.jsonl"])
    assert result.returncode == 2
    assert "1,100M parameters" in result.stderr
    assert "model=nano" in result.stderr
    assert "device=cpu" in result.stderr
    assert result.stdout.splitlines()[-1] == "no torch"
