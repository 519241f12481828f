"""The verb: what lies in exports/, what is proven, and that a failure leaves nothing.

pytest tests/export/test_export.py
"""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.export import export
from slm_lora.files import write_json
from slm_lora.model import load_tokenizer
from slm_lora.report.exports import exports
from slm_lora.run_folder import Run
from tests.helpers.adapted_run import adapted_run
from tests.helpers.export_models import make
from tests.helpers.llama2c_numpy import greedy
from tests.helpers.tiny import make_rows, slm_lora


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose adapter is merged already."""
    folder = tmp_path_factory.mktemp("finished")
    for name, seed in (("train", 1), ("test", 2)):
        make_rows(folder / f"{name}.jsonl", 24, seed)
    run = adapted_run(
        folder / "run",
        "+recipe=sentiment",
        f"model.name_or_path={make(folder / 'base', 'llama')}",
        f"data.train={folder / 'train.jsonl'}",
        f"data.test={folder / 'test.jsonl'}",
        "data.prompt='{text}'",
    )
    base = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32)
    from peft import PeftModel

    merged = PeftModel.from_pretrained(base, run / "adapter").merge_and_unload()
    merged.save_pretrained(run / "merged")
    load_tokenizer(compose.from_file(run / "config.yaml")).save_pretrained(run / "merged")
    write_json(run / "merge.json", {"proven": True})
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "run")


def do(run: Path, *words: str) -> None:
    export(compose.from_file(run / "config.yaml", [f"export.{w}" for w in words]), Run(run))


def report(run: Path, label: str) -> dict:
    return json.loads((run / "exports" / f"{label}.json").read_text())


def test_gguf_with_its_modelfile(run: Path, capsys: pytest.CaptureFixture) -> None:
    do(run, "format=gguf", "type=f32")
    folder = run / "exports" / "gguf-f32"
    file = folder / "base-sentiment-f32.gguf"
    assert {path.name for path in folder.iterdir()} == {file.name, "Modelfile"}
    assert capsys.readouterr().out.splitlines()[-1] == str(file)
    assert f"FROM ./{file.name}" in (folder / "Modelfile").read_text()
    found = report(run, "gguf-f32")
    assert (found["prompts"], found["greedy_equal"], found["exact_weights"]) == (8, 8, True)
    assert found["tokens_written"] > 8
    assert found["max_logit_difference"] < 1e-3
    assert found["tokenizer"] == "gpt2, smollm"
    assert found["prompts_tokenized_alike"] == "24 of 24"


def test_llama2c_writes_what_the_merged_model_writes(run: Path) -> None:
    do(run, "format=llama2c")
    found = report(run, "llama2c-f32")
    assert (found["greedy_equal"], found["exact_weights"]) == (8, True)
    # A tokenizer of another kind than llama2.c's own: said, not hidden.
    assert found["prompts_tokenized_alike"] == "0 of 24"
    assert "-i" in found["warnings"][0]
    merged = AutoModelForCausalLM.from_pretrained(run / "merged", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(run / "merged")
    for text in ("the cat", "x = 12", "It's"):
        prompt = tokenizer(text).input_ids
        wanted = merged.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False)
        file = run / "exports" / "llama2c-f32" / "model.bin"
        assert greedy(file, prompt, 8, stop=2) == wanted[0, len(prompt) :].tolist()


def test_hf_is_the_merged_folder(run: Path) -> None:
    do(run, "format=hf")
    folder = run / "exports" / "hf"
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in (run / "merged").iterdir()}
    assert report(run, "hf")["max_logit_difference"] == 0
    do(run, "format=hf")  # again: replaced
    assert {path.name for path in (run / "exports").iterdir()} == {"hf", "hf.json"}


def test_lora_gguf_needs_no_merged_model(run: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.rmtree(run / "merged")
    do(run, "format=lora-gguf", "type=f32")
    file = run / "exports" / "lora-gguf-f32" / "base-sentiment-lora.gguf"
    assert capsys.readouterr().out.splitlines()[-1] == str(file)
    assert file.is_file()
    found = report(run, "lora-gguf-f32")
    assert (found["exact_weights"], found["warnings"]) == (True, [])


def test_lora_gguf_of_quantized_training_says_what_it_is_not(run: Path) -> None:
    config = compose.from_file(
        run / "config.yaml", ["quantization.method=nf4", "export.format=lora-gguf"]
    )
    export(config, Run(run))
    assert "over nf4 weights" in report(run, "lora-gguf-f16")["warnings"][0]


def test_without_the_data_fixed_prompts_are_taken(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("test.jsonl", "gone.jsonl"))
    do(run, "format=gguf", "type=bf16")
    assert "taking fixed prompts" in caplog.text
    assert report(run, "gguf-bf16")["prompts"] == 8


def test_too_far_from_the_merged_model_leaves_nothing(run: Path) -> None:
    """Weights of which q8_0 loses nearly all: one value of each block is far larger."""
    model = AutoModelForCausalLM.from_pretrained(run / "merged", dtype=torch.float32)
    with torch.no_grad():
        for layer in model.model.layers:
            for weight in (layer.self_attn.q_proj.weight, layer.mlp.up_proj.weight):
                weight[:, ::32] = 200.0
    model.save_pretrained(run / "merged")
    with pytest.raises(UserError, match="not the merged one") as refused:
        do(run, "format=gguf", "type=q8_0")
    assert "type=f32" in refused.value.hint
    assert list((run / "exports").iterdir()) == []


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run of a small model: trained, scored, merged."""
    folder = tmp_path_factory.mktemp("scored")
    ended = slm_lora(
        "+recipe=sentiment",
        f"model.name_or_path={make(folder / 'base', 'llama')}",
        f"data.train={make_rows(folder / 'train.jsonl', 60)}",
        f"data.test={make_rows(folder / 'test.jsonl', 24, seed=1)}",
        *("data.prompt='{text}'", "trainer.max_steps=8", "trainer.learning_rate=1e-2"),
        *("quantization=none", "device=cpu", "precision=fp32", "batch_size=16"),
        *("baselines.run=false", "retention.rows=0", "task.generate=false"),
        f"run_dir={folder / 'run'}",
    )
    assert ended.returncode == 0, ended.stderr
    return folder / "run"


@pytest.mark.parametrize(
    "number_type",
    [
        "q8_0",
        pytest.param(
            "q4_k_m",
            marks=pytest.mark.skipif(find_spec("llama_cpp") is None, reason="no llama_cpp"),
        ),
    ],
)
def test_what_fewer_bits_cost_stands_in_the_report(
    scored: Path, tmp_path: Path, number_type: str
) -> None:
    run = shutil.copytree(scored, tmp_path / "run")
    ended = slm_lora("export", run, "format=gguf", f"type={number_type}")
    assert ended.returncode == 0, ended.stderr
    found = report(run, f"gguf-{number_type}")
    metric = found["accuracy"]
    told = [json.loads(line) for line in (run / "predictions/tuned.jsonl").open()]
    right = sum(item["prediction"] == item["label"] for item in told)
    assert (metric["tuned"], metric["rows"]) == (right / 24, 24)
    assert metric["ci95"][0] <= metric["exported"] - metric["tuned"] <= metric["ci95"][1]
    change = f"{metric['tuned']:.4f} → {metric['exported']:.4f} on 24 test rows"
    assert change in ended.stdout
    page = (run / "report.html").read_text()
    assert "<h2>Exports</h2>" in page
    assert f"gguf-{number_type}" in page
    # Of a model that was merged again it says nothing any more.
    proof = json.loads((run / "merge.json").read_text())
    proof["files"]["model.safetensors"]["sha256"] = "another"
    write_json(run / "merge.json", proof)
    assert exports(Run(run), "accuracy") is None


def test_what_cannot_be_scored_or_told_is_exported_all_the_same(
    scored: Path, tmp_path: Path
) -> None:
    run = shutil.copytree(scored, tmp_path / "run")
    for side in ("base", "tuned"):
        file = run / f"predictions/{side}.jsonl"
        first, rest = file.read_text().split("\n", 1)
        file.write_text("\n".join([json.dumps(json.loads(first) | {"id": "another"}), rest]))
    (run / "train.json").rename(run / "gone.json")
    ended = slm_lora("export", run, "format=gguf", "type=f16")
    assert ended.returncode == 0, ended.stderr
    assert "report.html is as it was: no train.json" in " ".join(ended.stderr.split())
    (run / "gone.json").rename(run / "train.json")
    ended = slm_lora("export", run, "format=gguf", "type=q8_0")
    assert ended.returncode == 0, ended.stderr
    assert "was not scored: the test rows are not those" in " ".join(ended.stderr.split())
    assert "accuracy" not in report(run, "gguf-q8_0")


@pytest.mark.skipif(find_spec("llama_cpp") is not None, reason="llama_cpp is there")
def test_4_bits_without_llama_cpp_are_refused_before_anything_is_done(run: Path) -> None:
    shutil.rmtree(run / "merged")
    ended = slm_lora("export", run, "format=gguf", "type=q4_k_m")
    assert ended.returncode == 2
    assert "pip install 'slm-lora[llama-cpp]'" in ended.stderr
    assert not (run / "merged").exists()


@pytest.mark.parametrize("form", ["llama2c", "lora-gguf"])
def test_4_bits_are_for_gguf_only(run: Path, form: str) -> None:
    with pytest.raises(UserError, match=f"q4_k_m, which {form} does not have"):
        do(run, f"format={form}", "type=q4_k_m")


def test_what_would_change_nothing_is_refused(run: Path) -> None:
    with pytest.raises(UserError, match="hf keeps that of the merged model"):
        do(run, "format=hf", "type=q8_0")
    result = slm_lora("export", run, "format=hf", "merge.dtype=fp32")
    assert result.returncode == 2
    assert "merged already, so merge.dtype=fp32 would change nothing" in result.stderr


def test_a_type_that_llama2c_lacks_is_refused(run: Path) -> None:
    with pytest.raises(UserError, match="which llama2c does not have"):
        do(run, "format=llama2c", "type=bf16")
