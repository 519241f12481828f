"""The model card: its metadata by huggingface_hub's own classes, its figures, its code as it runs.

pytest tests/test_card.py
"""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from huggingface_hub import ModelCard, constants, repocard

from slm_lora.card import render_card, write_card
from slm_lora.card.paths import last_part, last_parts, shown_word
from slm_lora.files import read_json, write_json
from slm_lora.run_folder import Run
from tests.helpers.hub_server import LocalHub
from tests.helpers.published import (
    KINDS,
    MERGE,
    add_merged,
    finished_run,
    loaded,
    metrics_of,
    python_blocks,
)
from tests.helpers.tiny import CHAT_TEMPLATE, make_llama


@pytest.fixture(scope="module")
def validator() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_run(tmp_path_factory.mktemp("finished") / "run", "nano")


@pytest.fixture
def nano_run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def rendered(folder: Path, *overrides: str, **how: str) -> str:
    run, config = loaded(folder, *overrides)
    metrics = metrics_of(folder) if run.metrics.exists() else None
    return render_card(run, config, metrics, download=False, **how)


def test_a_dataset_in_a_folder_is_none_of_the_hub(nano_run: Path) -> None:
    report = nano_run / "data_report.json"
    found = [{"folder": "reviews", "config_name": None, "split": "train", "revision": None}]
    write_json(report, read_json(report) | {"sources": {"train": found, "test": found}})
    card = ModelCard(rendered(nano_run, "data.train=null", "data.test=null", "data.name=reviews"))
    assert card.data.datasets is None
    assert card.data.eval_results[0].dataset_name == "reviews"
    assert "| reviews, split train |" in card.text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_metadata_that_the_hub_accepts(
    tmp_path: Path, kind: str, validator: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = finished_run(tmp_path / "run", "org/base", kind)
    card = ModelCard(rendered(folder, repo_id="me/name"))
    data = card.data.to_dict()
    assert data["base_model"] == "org/base"
    assert data["base_model_relation"] == "adapter"
    assert data["library_name"] == "peft"
    assert data["pipeline_tag"] == "text-generation"
    assert "slm_lora" in data["tags"]
    assert "license" not in data, "nothing is known of the base model's"
    assert "datasets" not in data, "the rows came from files"
    measured = {r.metric_type: r for r in card.data.eval_results}
    tuned = metrics_of(folder)["tuned"]
    expected = {
        "classification": {"accuracy": tuned.get("accuracy"), "f1": tuned.get("f1_macro")},
        "code": {key: value for key, value in tuned.items() if re.fullmatch(r"pass@\d+", key)},
        "text": {
            "perplexity": tuned.get("perplexity"),
            "exact_match": tuned.get("exact_match"),
            "rouge": tuned.get("rouge_l"),
            "chrf": tuned.get("chrf"),
        },
    }[kind]
    assert {kind: result.metric_value for kind, result in measured.items()} == expected
    for result in measured.values():
        assert result.verified is False
        assert result.dataset_name == "test.jsonl"
    real = repocard.get_session()
    monkeypatch.setattr(
        repocard,  # which asked the Hub itself before 2.2, whatever the endpoint
        "get_session",
        lambda: SimpleNamespace(
            post=lambda url, **words: real.post(validator.url + urlsplit(url).path, **words)
        ),
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    card.validate()
    card.data.license = 3
    with pytest.raises(ValueError, match=r"license.*must not be 3"):
        card.validate()


def test_what_a_classification_shows(nano_run: Path) -> None:
    card, metrics = rendered(nano_run), metrics_of(nano_run)
    assert "# LoRA adapter for nano, recipe instruct\n\n**Tuning raised accuracy" in card
    low, high = metrics["comparison"]["ci95"]
    assert f"95 % interval {low:.3f} to {high:.3f}" in card
    base, tuned = metrics["base"]["accuracy"], metrics["tuned"]["accuracy"]
    assert re.search(rf"\| accuracy \| {base:.3f} \(.*\) \| {tuned:.3f} \(.*\) \| \+", card)
    for label, scores in metrics["tuned"]["per_class"].items():
        line = next(line for line in card.splitlines() if line.startswith(f"| {label} |"))
        assert line.endswith(f"→ {scores['f1']:.3f} |")
    assert "license: apache-2.0" in card
    dropped = json.loads((nano_run / "data_report.json").read_text())["dropped"]["train"]
    assert dropped["in_test"] == 3
    assert f"- dropped from train: in test 3, overlong {dropped['overlong']}" in card
    assert "/home/ann" not in card
    assert "data.train=train.jsonl" in card
    assert str(nano_run) not in card


def test_code_shows_what_came_of_the_programs(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", "nano", "code")
    metrics = metrics_of(folder)
    card = rendered(folder)
    for kind in metrics["base"]["verdicts"] | metrics["tuned"]["verdicts"]:
        before, after = (metrics[side]["verdicts"].get(kind, 0) for side in ("base", "tuned"))
        assert f"| {kind} | {before:,} | {after:,} |" in card
    assert "run them isolated" in card


def test_test_rows_are_shown_at_home_and_not_published(tmp_path: Path) -> None:
    folder = finished_run(tmp_path / "run", "nano", "text")
    headings = ("Answers that improved most", "Worst answers of the tuned model")
    here, published = rendered(folder), rendered(folder, repo_id="me/name")
    assert all(heading in here and heading not in published for heading in headings)
    assert "how far is it to the harbour" in here
    assert "how far is it to the harbour" not in published


def test_the_proof_of_a_merge(nano_run: Path) -> None:
    assert "Merged model" not in rendered(nano_run)
    add_merged(nano_run)
    card = rendered(nano_run)
    assert "| trained weights (taken) | 0.998 |" in card
    assert "0.810 → 0.812 |" in card
    assert "computing in bf16 instead of fp32 changes 0.004 of" in card
    merged = ModelCard(rendered(nano_run, repo_id="me/name", what="merged"))
    assert [r.metric_value for r in merged.data.eval_results] == [0.8125]
    assert merged.data.library_name == "transformers"
    assert "PeftModel" not in str(merged)
    assert 'subfolder="merged"' in rendered(nano_run, repo_id="me/name", what="both")


def test_a_merge_that_is_not_proven_or_only_on_some_rows(nano_run: Path) -> None:
    add_merged(nano_run)
    metrics = read_json(nano_run / "metrics.json")
    metrics["merge"]["candidates"]["trained"]["accuracy"]["rows"] = 32
    write_json(nano_run / "metrics.json", metrics)
    merged = ModelCard(rendered(nano_run, repo_id="me/name", what="merged"))
    assert not merged.data.eval_results, "a part would pass for the whole test set"
    reason = "cuda: out of memory"
    metrics["merge"] = {"proven": False, "reason": reason, "seconds": 1.0}
    write_json(nano_run / "metrics.json", metrics)
    assert f"merge: not proven, so there is none: {reason}." in rendered(nano_run)


def test_without_metrics_it_says_so(nano_run: Path) -> None:
    (nano_run / "metrics.json").unlink()
    card = rendered(nano_run)
    assert "has not been evaluated" in card
    assert "model-index" not in card


def test_adapters_that_were_combined(nano_run: Path) -> None:
    (nano_run / "metrics.json").unlink()
    (nano_run / "data_report.json").unlink()
    write_json(nano_run / "merge.json", MERGE)
    tasks = [
        {"run": f"/home/ann/{name}", "metric": "accuracy", "before": 0.8, "after": after}
        for name, after in (("mood", 0.75), ("topic", 0.5))
    ]
    write_json(
        nano_run / "combination.json",
        {"combination": "ties", "weights": [1.0, 0.5], "tasks": tasks},
    )
    card = rendered(nano_run)
    assert "| topic | 0.5 | accuracy | 0.800 | 0.500 |" in card
    command = "'merge.adapters=[mood,topic]' 'merge.weights=[1,0.5]' merge.combination=ties"
    assert f"python -m slm_lora merge mood {command}" in card
    assert "| trained weights (taken) |" in card
    assert "/home/ann" not in card


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("---\nlicense: mit\nlanguage: [en, de]\n---\n# base\n", "mit"),
        ("---\nlanguage: en\n---\n", None),
        ("---\nlicense: [unclosed\n---\n", None),
        ("# no metadata\n", None),
        (None, None),
    ],
)
def test_the_licence_is_read_and_never_guessed(
    tmp_path: Path, nano_run: Path, written: str | None, expected: str | None
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    if written is not None:
        (base / "README.md").write_text(written)
    card = rendered(nano_run, f"model.name_or_path={base}")
    assert ModelCard(card).data.license == expected
    assert ("Look it up" in card) == (expected is None)
    assert ModelCard(card).data.base_model is None
    assert str(tmp_path) not in card


@pytest.mark.parametrize("model", ["nano", "folder"])
def test_its_code_runs_in_the_adapters_folder(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if model == "folder":
        model = str(make_llama(tmp_path / "base", CHAT_TEMPLATE))
    folder = finished_run(tmp_path / "run", model)
    run, config = loaded(folder, "quantization.method=nf4")
    write_card(run, config, metrics_of(folder))
    blocks = python_blocks((folder / "adapter" / "README.md").read_text())
    assert len(blocks) == 2
    monkeypatch.chdir(folder / "adapter")
    (folder / "adapter" / "base").symlink_to(tmp_path / "base")  # the reader's own path
    names: dict[str, object] = {}
    exec(blocks[0], names)
    full = names["model"]
    assert full.peft_config["default"].r == 2
    assert len(names["output"][0]) > names["ids"].shape[1]
    assert capsys.readouterr().out
    exec(blocks[1], names)
    assert names["model"] is not full
    assert names["model"].base_model.model.config.quantization_config.bnb_4bit_quant_type == "nf4"


def test_the_code_for_a_base_model_in_a_gguf_file(nano_run: Path, tmp_path: Path) -> None:
    base = tmp_path / "small.Q8_0.gguf"
    base.write_bytes(b"GGUF")
    card = rendered(nano_run, f"model.name_or_path={base}")
    (block, *_) = python_blocks(card)
    assert "from slm_lora import gguf\n" in block
    assert 'gguf.model_folder(Path("small.Q8_0.gguf"))' in block
    assert "is a GGUF file of the author's" in card
    assert "llama2c" not in card


def test_the_users_own_text_below_the_card_stays(nano_run: Path) -> None:
    run, config = loaded(nano_run)
    write_card(run, config, metrics_of(nano_run))
    first = run.card.read_text()
    run.card.write_text(first + "\nFor reviews of rooms.\n")
    write_card(run, config, metrics_of(nano_run))
    assert run.card.read_text() == first + "\nFor reviews of rooms.\n"


def test_text_of_data_and_config_stays_in_its_place(nano_run: Path) -> None:
    run = Run(nano_run)
    report = read_json(run.data_report)
    report["sources"]["train"][0]["file"] = "a|b\n# not a heading `x`.tsv"
    write_json(run.data_report, report)
    system = "'```\n</details>\n# not a heading'"
    card = rendered(nano_run, f"data.system={system}")
    assert r"a\|b # not a heading \`x\`.tsv" in card
    fence = re.search(r"^(`{4,})yaml$", card, re.MULTILINE)
    assert fence, "the fence is longer than any within"
    inside = card.partition(f"{fence[0]}\n")[2].partition(f"\n{fence[1]}\n")[0]
    assert "not a heading" in inside
    for block in python_blocks(card):
        compile(block, "card", "exec")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/ann/rows.jsonl", "rows.jsonl"),
        ("../shared/base/", "base"),
        ("~/rows/*.tsv", "*.tsv"),
        (r"C:\Users\ann\rows.csv", "rows.csv"),
        ("org/name", "org/name"),
        ("rows/train.jsonl", "rows/train.jsonl"),
        ("1/2 of\n/home", "1/2 of\n/home"),
    ],
)
def test_paths_are_shortened(path: str, shown: str) -> None:
    assert last_part(path) == shown
    if "\n" not in path:
        assert shown_word(f"data.train=[{path},'{path}']") == f"data.train=[{shown},'{shown}']"
    assert shown_word(f"data.prompt={path}") == f"data.prompt={path}"


def test_the_sources_of_a_mix_are_shortened() -> None:
    weights = "data.mix={/home/ann/a.jsonl: 0.7, /home/ann/b: 0.3}"
    assert shown_word(weights) == "data.mix={a.jsonl: 0.7, b: 0.3}"
    assert last_parts({"data": {"mix": {"/home/ann/a.jsonl": 0.7, "b": 0.3}}}) == {
        "data": {"mix": {"a.jsonl": 0.7, "b": 0.3}}
    }
