"""The main job through the real command line, on a tiny model: files, figures, resume."""

import functools
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.helpers.tiny import make_gpt2, make_llama, make_rows, slm_lora


def job(model: Path, folder: Path, *more: str) -> list[str]:
    """The words of a run on 160 training and 60 test rows."""
    train, test = folder / "train.jsonl", folder / "test.jsonl"
    if not train.exists():
        make_rows(train, 160)
        make_rows(test, 60, seed=1)
    return [
        "+recipe=sentiment",
        f"model.name_or_path={model}",
        f"data.train={train}",
        f"data.test={test}",
        "trainer.max_steps=40",
        "trainer.learning_rate=1e-2",
        "device=cpu",
        r'data.prompt="{text}\nSentiment:"',  # a byte is a token: short enough to learn from
        "merge.after_training=false",  # tests/test_merge.py does that
        *more,
    ]


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, list[str], subprocess.CompletedProcess]:
    """One finished run in NF4, its command line, and what it printed."""
    folder = tmp_path_factory.mktemp("done")
    words = job(make_llama(folder / "llama"), folder)
    result = slm_lora(*words, "run_dir=first", cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder / "first", words, result


FEWER_STAGES = ("baselines.run=false", "retention.rows=0")
"""For runs of which a test looks at the adapter or the scores only."""


def read(file: Path) -> dict:
    return json.loads(file.read_text())


def test_run_folder_holds_what_the_contract_says(done) -> None:
    run, _, result = done
    assert result.stdout.splitlines()[-1] == "first"
    for name in (
        "config.yaml",
        "provenance.json",
        "data_report.json",
        "train.json",
        "adapter/adapter_model.safetensors",
        "adapter/tokenizer.json",
        "adapter/README.md",
        "predictions/base.jsonl",
        "predictions/tuned.jsonl",
        "metrics.json",
        "report.html",
    ):
        assert (run / name).is_file(), name
    assert list((run / "plots").glob("*.png"))
    assert not list(run.rglob("*.part")), "nothing half written is left"


def test_metrics_agree_with_the_predictions(done) -> None:
    run, _, _ = done
    metrics = read(run / "metrics.json")
    correct = {}
    for name in ("base", "tuned"):
        lines = [json.loads(line) for line in (run / "predictions" / f"{name}.jsonl").open()]
        assert len(lines) == 60
        correct[name] = [line["prediction"] == line["label"] for line in lines]
        assert metrics[name]["accuracy"] == pytest.approx(sum(correct[name]) / 60)
        for line in lines:
            assert sum(line["probabilities"].values()) == pytest.approx(1)
    pairs = list(zip(correct["base"], correct["tuned"], strict=True))
    comparison = metrics["comparison"]
    assert comparison["wins"] == pairs.count((False, True))
    assert comparison["losses"] == pairs.count((True, False))
    assert comparison["difference"] == pytest.approx(
        metrics["tuned"]["accuracy"] - metrics["base"]["accuracy"]
    )
    low, high = comparison["ci95"]
    assert low <= comparison["difference"] <= high


def test_tuning_learns_the_words(done) -> None:
    metrics = read(done[0] / "metrics.json")
    assert metrics["base"]["accuracy"] < 0.7
    assert metrics["tuned"]["accuracy"] > 0.9
    assert metrics["comparison"]["ci95"][0] > 0


def test_base_predictions_are_the_untouched_models(done) -> None:
    """Independent of our scoring: the label likelihoods from plain transformers, item by item."""
    run, words, _ = done
    folder = Path(words[1].split("=")[1])
    # NF4 changes the weights; so does the adapter folder's model when PEFT loads it on them.
    from transformers import BitsAndBytesConfig

    quantization = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True
    )
    model = AutoModelForCausalLM.from_pretrained(
        folder, quantization_config=quantization, dtype=torch.float32
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lines = [json.loads(line) for line in (run / "predictions" / "base.jsonl").open()][:5]
    for line in lines:
        for label, score in line["scores"].items():
            prompt = tokenizer(line["prompt"], add_special_tokens=False).input_ids
            whole = tokenizer(line["prompt"] + " " + label, add_special_tokens=False).input_ids
            with torch.no_grad():
                logits = model(torch.tensor([whole])).logits[0].log_softmax(-1)
            expected = sum(logits[i - 1, whole[i]].item() for i in range(len(prompt), len(whole)))
            assert score == pytest.approx(expected, rel=0.02)


def test_adapter_loads_with_plain_peft(done) -> None:
    run, words, _ = done
    base = AutoModelForCausalLM.from_pretrained(Path(words[1].split("=")[1]))
    tuned = PeftModel.from_pretrained(base, run / "adapter")
    assert tuned.peft_config["default"].r == 16
    weights = load_file(run / "adapter" / "adapter_model.safetensors")
    assert any(weight.abs().sum() > 0 for name, weight in weights.items() if "lora_B" in name)


def test_same_command_same_bytes(done, tmp_path: Path) -> None:
    run, words, _ = done
    result = slm_lora(*words, f"run_dir={tmp_path / 'again'}", fresh=True)
    assert result.returncode == 0, result.stderr
    adapter = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json")
    for name in (*adapter, "predictions/tuned.jsonl"):
        assert (tmp_path / "again" / name).read_bytes() == (run / name).read_bytes(), name


@pytest.fixture(scope="module")
def whole(done) -> tuple[Path, list[str]]:
    """A run of 150 steps that nobody interrupted, and its words."""
    changed = ("trainer.max_steps=150", "trainer.eval_steps=0.1", "trainer.save_steps=0.1")
    words = [word for word in done[1] if "max_steps" not in word] + [*changed, *FEWER_STAGES]
    run = done[0].parent / "whole"
    assert slm_lora(*words, f"run_dir={run}").returncode == 0
    return run, words


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_interrupted_run_resumes_to_the_same_adapter(whole, tmp_path: Path, number: int) -> None:
    run, words = whole
    folder = tmp_path / "interrupted run, v=2"
    command = [sys.executable, "-m", "slm_lora", *words, f"run_dir='{folder}'"]
    # A shell starts its background jobs with SIGINT ignored, and children inherit that.
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed) as process:
        deadline = time.monotonic() + 120
        while not list(folder.glob("checkpoints/checkpoint-*/trainer_state.json")):
            assert process.poll() is None, "it ended before it could be interrupted"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    again = errors.rpartition("to go on where it stopped, type: python -m slm_lora ")[2]
    assert not (folder / "adapter").exists()
    result = slm_lora(*shlex.split(again.splitlines()[0]))
    assert result.returncode == 0, result.stderr
    assert "going on from" in result.stderr
    adapter = "adapter/adapter_model.safetensors"
    assert (folder / adapter).read_bytes() == (run / adapter).read_bytes()


def test_finished_run_computes_nothing_again(done) -> None:
    run, words, _ = done
    before = {file: file.stat().st_mtime_ns for file in run.rglob("*.safetensors")}
    result = slm_lora(*words, "run_dir=first", cwd=run.parent)
    assert result.returncode == 0, result.stderr
    assert {file: file.stat().st_mtime_ns for file in run.rglob("*.safetensors")} == before
    assert "loading" not in result.stderr
    assert "first holds this run, trained and scored already" in " ".join(result.stderr.split())


def test_other_config_is_refused(done) -> None:
    run, words, _ = done
    result = slm_lora(*words, "lora.r=4", "run_dir=first", cwd=run.parent)
    assert result.returncode == 2
    assert "lora.r=4 (there 16)" in result.stderr
    assert "reading the data" not in result.stderr, "it is known before"


def test_mistake_at_the_start_does_not_block_the_folder(done, tmp_path: Path) -> None:
    words = [w for w in done[1] if not w.startswith("data.train=")]
    wrong = slm_lora(*words, "data.train=no.jsonl", f"run_dir={tmp_path / 'run'}")
    assert wrong.returncode == 2
    assert "no such file" in wrong.stderr
    right = slm_lora(*done[1], "trainer.max_steps=2", f"run_dir={tmp_path / 'run'}")
    assert right.returncode == 0, right.stderr


def test_diverged_training_is_said_so(done, tmp_path: Path) -> None:
    words = [w for w in done[1] if "learning_rate" not in w]
    result = slm_lora(*words, "trainer.learning_rate=1e30", f"run_dir={tmp_path / 'run'}")
    assert result.returncode == 2
    # Of 40 steps two warm up, from a rate of zero: the third sees what the second did.
    assert "is nan after 2 steps" in result.stderr or "is inf after 2 steps" in result.stderr
    assert "type a lower trainer.learning_rate than 1e+30" in result.stderr
    assert not list((tmp_path / "run").rglob("trainer_state.json"))
    assert not (tmp_path / "run" / "adapter").exists()


def test_changed_data_is_refused(done, tmp_path: Path) -> None:
    run, words, _ = done
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("config.yaml", "provenance.json"):
        (copy / name).write_bytes((run / name).read_bytes())
    train = Path(words[2].split("=")[1])
    original = train.read_bytes()
    try:
        train.write_bytes(original + b'{"text": "one more", "label": "positive"}\n')
        result = slm_lora(*words, f"run_dir={copy}")
    finally:
        train.write_bytes(original)
    assert result.returncode == 2
    assert "the data changed" in result.stderr


def test_other_weights_under_the_same_name_are_refused(done, tmp_path: Path) -> None:
    run, words, _ = done
    begun = tmp_path / "begun"
    begun.mkdir()
    for name in ("config.yaml", "provenance.json"):
        (begun / name).write_bytes((run / name).read_bytes())
    weights = Path(words[1].split("=")[1]) / "model.safetensors"
    original = weights.read_bytes()
    try:
        make_llama(tmp_path / "other", seed=1)
        weights.write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
        answers = slm_lora("chat", run, "walk 1 !!!!!!")
        resumed = slm_lora(*words, f"run_dir={begun}")
    finally:
        weights.write_bytes(original)
    assert answers.returncode == resumed.returncode == 2
    assert f"{run / 'adapter'} was trained on other weights" in answers.stderr
    assert f"weights changed since {begun} began" in resumed.stderr


def test_folder_with_other_files_is_refused(done, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    result = slm_lora(*done[1], f"run_dir={tmp_path}")
    assert result.returncode == 2
    assert "has files but no run" in result.stderr
    assert (tmp_path / "thesis.tex").read_text() == "mine"
    planned = slm_lora("plan", *done[1], f"run_dir={tmp_path / 'thesis.tex'}")
    assert planned.returncode == 2
    assert "has files but no run" in planned.stderr


def test_classification_needs_labels(done, tmp_path: Path) -> None:
    rows = tmp_path / "plain.jsonl"
    rows.write_text('{"text": "one"}\n{"text": "two"}\n{"text": "three"}\n')
    words = [w for w in done[1] if not w.startswith("data.")]
    result = slm_lora(
        *words, f"data.train={rows}", "data.prompt=null", "data.test=null", cwd=tmp_path
    )
    assert result.returncode == 2
    assert "without labels" in result.stderr


def test_one_label_is_refused(done, tmp_path: Path) -> None:
    rows = tmp_path / "one.jsonl"
    rows.write_text("".join(f'{{"text": "row {n}", "label": "positive"}}\n' for n in range(9)))
    words = [w for w in done[1] if not w.startswith("data.")]
    result = slm_lora(*words, f"data.train={rows}", "data.test=null", cwd=tmp_path)
    assert result.returncode == 2
    assert "all rows have the label positive" in result.stderr


def test_evaluation_cannot_change_the_training(done) -> None:
    result = slm_lora("evaluate", done[0], "lora.r=3")
    assert result.returncode == 2
    assert "lora.r=3 says how to train" in result.stderr


def test_unfinished_run_has_no_report(done, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes((done[0] / "config.yaml").read_bytes())
    result = slm_lora("report", tmp_path)
    assert result.returncode == 2
    assert "let the run finish" in result.stderr


def test_evaluate_on_other_rows_leaves_the_run_alone(done) -> None:
    run, _, _ = done
    other = make_rows(run.parent / "other.jsonl", 20, seed=2)
    before = (run / "metrics.json").read_bytes()
    words = [f"data.test={other}", "task.generate=false"]
    result = slm_lora("evaluate", run, *words)
    assert result.returncode == 0, result.stderr
    folder = Path(result.stdout.splitlines()[-1])
    assert folder.parent == run / "evaluations"
    metrics = read(folder / "metrics.json")
    assert metrics["tuned"]["n_items"] == 20
    assert metrics["tuned"]["accuracy"] > 0.8
    assert metrics["tuned"]["unparsable"] is None
    assert (run / "metrics.json").read_bytes() == before


def test_evaluate_leaves_out_rows_that_the_run_was_trained_on(done) -> None:
    """Another split of the same rows is no test."""
    run, words, _ = done
    trained = next(w.removeprefix("data.train=") for w in words if w.startswith("data.train="))
    some = run.parent / "some.jsonl"
    make_rows(some, 8, seed=3)
    some.write_text(some.read_text() + Path(trained).read_text().splitlines()[0] + "\n")
    result = slm_lora("evaluate", run, f"data.test={some}", "task.generate=false")
    assert result.returncode == 0, result.stderr
    assert "1 of 9 test rows are left out: the run was trained on them" in result.stderr
    folder = Path(result.stdout.splitlines()[-1])
    assert read(folder / "metrics.json")["tuned"]["n_items"] == 8


def test_an_evaluation_has_a_report_and_is_no_run(done) -> None:
    run, _, _ = done
    other = make_rows(run.parent / "report.jsonl", 8, seed=4)
    words = [f"++data.test={other}", "task.generate=false", "baselines.run=false"]
    evaluated = slm_lora("evaluate", run, *words)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "the rows that" in evaluated.stderr, "those of the run were looked at"
    folder = Path(evaluated.stdout.splitlines()[-1])
    before = (folder / "metrics.json").read_bytes()
    again = slm_lora("report", folder)
    assert again.returncode == 0, again.stderr
    assert (folder / "metrics.json").read_bytes() == before
    for verb in ("merge", "evaluate"):
        refused = slm_lora(verb, folder)
        assert refused.returncode == 2
        assert f"is an evaluation of {run}" in refused.stderr


def test_rows_that_changed_are_not_scored_as_unseen(done, tmp_path: Path) -> None:
    """Without a word on data the run's own rows are scored again; others want to be named."""
    run, words, _ = done
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    shutil.rmtree(copy / "evaluations", ignore_errors=True)
    trained, tested = (
        next(w.partition("=")[2] for w in words if w.startswith(f"data.{split}="))
        for split in ("train", "test")
    )
    mine = tmp_path / "test.jsonl"
    mine.write_text("".join(Path(trained).read_text().splitlines(True)[:8]))
    config = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(config.replace(tested, str(mine)))
    result = slm_lora("evaluate", copy, "task.generate=false")
    assert result.returncode == 2
    assert "the rows are not those that" in result.stderr
    assert not (copy / "evaluations").exists()


def test_an_adapter_that_is_not_the_trained_one_is_not_scored(done, tmp_path) -> None:
    run, words, _ = done
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    again = [*(w for w in words if not w.startswith("run_dir=")), f"run_dir={copy}"]
    for break_it in (
        lambda: (copy / "adapter" / "adapter_model.safetensors").unlink(),
        lambda: (copy / "train.json").unlink(),
    ):
        break_it()
        result = slm_lora(*again)
        assert result.returncode == 2
        assert f"delete {copy / 'adapter'}, and the run's command" in result.stderr, result.stderr
        shutil.rmtree(copy / "adapter")
        assert slm_lora(*again).returncode == 0
    weights = "adapter/adapter_model.safetensors"
    assert (copy / weights).read_bytes() == (run / weights).read_bytes()


def test_report_is_written_anew(done) -> None:
    run, _, _ = done
    (run / "report.html").unlink()
    result = slm_lora("report", run)
    assert result.returncode == 0, result.stderr
    assert "Tuning raised" in (run / "report.html").read_text()
    assert result.stdout.splitlines()[-1] == str(run)


@pytest.mark.parametrize(
    "more",
    [
        ["lora=dora", "quantization=none", "precision=fp32"],
        pytest.param(
            ["lora=rslora", "quantization=none", "precision=fp32"], marks=pytest.mark.slow
        ),
        ["lora=pissa", "lora.r=4", "quantization=none", "precision=fp32"],
        pytest.param(
            ["lora.init=olora", "lora.r=4", "quantization=none", "precision=fp32"],
            marks=pytest.mark.slow,
        ),
        ["lora.modules_to_save=[embed_tokens]", "quantization=none", "precision=fp32"],
        ["lora=default", "quantization=nf4", "precision=bf16"],
    ],
    ids=lambda more: more[0],
)
def test_saved_adapter_is_the_one_that_was_scored(more: list[str], tmp_path: Path) -> None:
    """Predictions of the model in memory equal those of base + adapter loaded from the folder."""
    words = job(make_llama(tmp_path / "llama"), tmp_path, *more, *FEWER_STAGES)
    run = tmp_path / "run"
    result = slm_lora(*words, f"run_dir={run}", "task.generate=false")
    assert result.returncode == 0, result.stderr
    loaded = slm_lora("evaluate", run, "task.label_score=sum")
    assert loaded.returncode == 0, loaded.stderr
    folder = Path(loaded.stdout.splitlines()[-1])
    for name in ("base", "tuned"):
        first, again = (
            [json.loads(line)["scores"] for line in (f / "predictions" / f"{name}.jsonl").open()]
            for f in (run, folder)
        )
        for one, other in zip(first, again, strict=True):
            assert one == pytest.approx(other, abs=1e-3)


def test_gpt2_with_a_chat_template_and_text_rows(tmp_path: Path) -> None:
    """Conv1D weights, the text task, and rows of plain text."""
    rows = [{"text": f"the cat number {n} sat on the mat number {n}"} for n in range(120)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    result = slm_lora(
        "+recipe=instruct",
        f"model.name_or_path={make_gpt2(tmp_path / 'gpt2')}",
        f"data.train={file}",
        "trainer.max_steps=30",
        "trainer.learning_rate=1e-2",
        "device=cpu",
        f"run_dir={tmp_path / 'run'}",
    )
    assert result.returncode == 0, result.stderr
    metrics = read(tmp_path / "run" / "metrics.json")
    assert metrics["task"] == "text"
    assert metrics["tuned"]["loss"] < metrics["base"]["loss"] - 0.5
    assert metrics["comparison"]["ci95"][1] < 0
    adapter = load_file(tmp_path / "run" / "adapter" / "adapter_model.safetensors")
    assert any("c_attn" in name for name in adapter)


def test_large_model_without_cuda_is_refused_from_its_config(tmp_path: Path, monkeypatch) -> None:
    """Neither weights nor data are read: the folder holds a config of TinyLlama's shape alone."""
    from transformers import LlamaConfig

    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    LlamaConfig(
        hidden_size=2048, intermediate_size=5632, num_hidden_layers=22, num_attention_heads=32,
        num_key_value_heads=4, vocab_size=32000,
    ).save_pretrained(tmp_path / "large")  # fmt: skip
    result = slm_lora("+recipe=sentiment", f"model.name_or_path={tmp_path / 'large'}", cwd=tmp_path)
    assert result.returncode == 2
    assert "1,100M parameters" in result.stderr
    assert "device=cpu" in result.stderr
