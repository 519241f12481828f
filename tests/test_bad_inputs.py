"""What people and disks do to inputs: exit code 2, a line that names the place, no traceback."""

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, LlamaConfig

from tests.helpers.tiny import make_llama, make_rows, slm_lora

ROWS = [{"text": f"the soup was warm on day {n}", "label": "ab"[n % 2]} for n in range(40)]


def refused(*words: object, cwd: Path, **env: str) -> str:
    """What the command line says of them."""
    result = slm_lora(*words, cwd=cwd, **env)
    assert "Traceback" not in result.stderr, result.stderr
    assert result.returncode == 2, result.stderr
    assert "error: " in result.stderr
    return " ".join(result.stderr.split())


def spoiled_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    whole = sink.getvalue().to_pybytes()
    return whole[:40] + bytes(200) + whole[240:]


DATA = {
    "deep.json": b"[" * 100_000 + b"]" * 100_000,
    "deep.jsonl": b'{"text":' * 100_000 + b"1" + b"}" * 100_000,
    "several_lines.jsonl": b'{"text": "a",\n "label": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "digits.jsonl": b'{"text": "a", "label": ' + b"9" * 5_000 + b"}\n",
    "spoiled.parquet": spoiled_parquet(),
    "cut.parquet": spoiled_parquet()[:300],
    "cut.arrow": b"ARROW1" + bytes(100),
    "cut.jsonl.gz": gzip.compress(b'{"text": "a", "label": "b"}\n' * 1000)[:60],
}


@pytest.mark.parametrize("name", DATA)
def test_broken_data_names_the_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(DATA[name])
    words = ["inspect", "+recipe=sentiment", "model=nano", f"data.train={name}"]
    assert name in refused(*words, cwd=tmp_path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    for name in ("pipe.jsonl", "loop.jsonl"):
        said = refused("inspect", "+recipe=sentiment", f"data.train={name}", cwd=tmp_path)
        assert f"data.train={name}" in said


RECIPES = {
    "binary": (b"\xff\xfe\x00\x01", "brio.yaml"),
    "deep": (b"[" * 20_000, "brio.yaml"),
    "itself": (b"a: &a [*a]\n", "unfolds to more than"),
    "laughs": (
        b"a0: &a0 [x, x]\n"
        + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40)),
        "unfolds to more than",
    ),
    "defaults": (b"defaults: 5\n", "defaults is 5"),
    "section": (b"lora: 5\n", "recipe/brio"),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_that_is_none_is_named(name: str, tmp_path: Path) -> None:
    content, said = RECIPES[name]
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "brio.yaml").write_bytes(content)
    assert said in refused("--config-dir", tmp_path, "+recipe=brio", cwd=tmp_path)


MODELS = {
    "negative size": {"hidden_size": -256},
    "no heads": {"num_attention_heads": 0},
    "a text for a size": {"hidden_size": "many"},
    "no vocabulary": {"vocab_size": 0},
    "a rotation nobody knows": {"rope_parameters": {"rope_type": "spiral"}},
    "ten million layers": {"num_hidden_layers": 10**7},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_config_of_a_model_that_cannot_be(name: str, tmp_path: Path) -> None:
    model = make_llama(tmp_path / "llama")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | MODELS[name]))
    words = ["plan", "+recipe=sentiment", f"model.name_or_path={model}", "quantization=none"]
    assert str(model) in refused(*words, "device=cpu", cwd=tmp_path)


def test_an_encoder_is_no_causal_model(tmp_path: Path) -> None:
    model = make_llama(tmp_path / "bert")
    BertConfig(
        vocab_size=320, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    ).save_pretrained(model)  # fmt: skip
    words = ["plan", "+recipe=sentiment", f"model.name_or_path={model}", "quantization=none"]
    assert "is an encoder (bert)" in refused(*words, "device=cpu", cwd=tmp_path)


LINES = {
    "lora.r=65": "lora.r=65 is more than any matrix of this model has: 64",
    "lora.r=1000000000": "expected 1 to 65536",
    "seed=18446744073709551616": "expected 0 to 4294967295",
    "batch_size=1000000000000": "expected 1 to 65536",
    "sandbox.wall_seconds=1e300": "expected",
    "trainer.lr_scheduler_type=zigzag": "trainer.lr_scheduler_type",
    "data.prompt='{text:>1000000000}'": "is too wide",
    "data.labels={0: {a: b}}": "data.labels",
}


@pytest.mark.parametrize("word", LINES)
def test_numbers_that_would_hurt(word: str, tmp_path: Path) -> None:
    """A llama of width 64."""
    model, rows = make_llama(tmp_path / "llama"), make_rows(tmp_path / "rows.jsonl", 20)
    words = ["plan", "+recipe=sentiment", f"model.name_or_path={model}", "quantization=none"]
    words += [f"data.train={rows}", "device=cpu", word]
    assert LINES[word] in refused(*words, cwd=tmp_path)


def test_a_grid_without_end(tmp_path: Path) -> None:
    words = ["-m", "+recipe=sentiment", "model=nano", "seed=range(0,100000000)"]
    assert "a sweep of 100,000,000 jobs" in refused(*words, cwd=tmp_path)


def test_more_workers_than_cores_bear(tmp_path: Path) -> None:
    file = tmp_path / "programs.jsonl"
    file.write_text(
        json.dumps({"solution": "x = 1", "tests": ["pass"], "entry_points": ["x"]}) + "\n"
    )
    assert "sandbox.workers=100000" in refused(
        "check", file, "sandbox.workers=100000", cwd=tmp_path
    )


@pytest.mark.parametrize("file", ["study.db", "study.journal"])
def test_a_study_that_is_none(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(b"\xff\xfe no database, at any rate\n" * 100)
    words = ["-m", "+recipe=sentiment", "model=nano", "data.train_limit=32", "data.test_limit=8"]
    words += ["hydra/sweeper=optuna", "sweep=lora", f"sweep.storage={file}"]
    assert f"sweep.storage={file}" in refused(*words, cwd=tmp_path)


@pytest.mark.parametrize("variables", [{"RANK": "abc"}, {}, {"RANK": "0", "WORLD_SIZE": "0"}])
def test_half_of_a_launcher(variables: dict[str, str], tmp_path: Path) -> None:
    said = refused("--help", cwd=tmp_path, LOCAL_RANK="0", **variables)
    assert "the variable LOCAL_RANK is set" in said


def test_an_adapter_of_other_names_or_without_numbers(tmp_path: Path) -> None:
    from tests.helpers.adapted_run import adapted_run

    model, rows = make_llama(tmp_path / "llama"), make_rows(tmp_path / "rows.jsonl", 40)
    words = ["+recipe=sentiment", f"model.name_or_path={model}", f"data.train={rows}"]
    run = adapted_run(tmp_path / "run", *words)
    file = run / "adapter" / "adapter_model.safetensors"
    weights = load_file(file)
    for change, said in (
        ({name.replace("layers", "blocks"): w for name, w in weights.items()}, "weights, such as"),
        ({name: torch.full_like(w, torch.nan) for name, w in weights.items()}, "is not finite"),
    ):
        save_file(change, file, metadata={"format": "pt"})
        assert said in refused("chat", run, "walk 1", cwd=tmp_path)


def test_llama_still_loads(tmp_path: Path) -> None:
    """What the refusals above are measured against."""
    model = make_llama(tmp_path / "llama")
    assert LlamaConfig.from_pretrained(model).hidden_size == 64
    words = ["plan", "+recipe=sentiment", f"model.name_or_path={model}", "quantization=none"]
    result = slm_lora(*words, "device=cpu", "lora.r=32", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
