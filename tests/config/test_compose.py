"""Configs that are right: every recipe and group choice composes, and a saved one reads back."""

import subprocess
import sys
from pathlib import Path

import pytest

from slm_lora.config import compose, places
from slm_lora.config.sections.data import DataConfig
from slm_lora.data.read import read
from slm_lora.errors import UserError
from slm_lora.hardware import KNOWN_SIZES

compose.register()


def test_every_recipe_composes() -> None:
    assert {"sentiment", "instruct"} <= set(places.recipes())
    for recipe in places.recipes():
        config = compose.load([f"+recipe={recipe}"])
        assert config.recipe == recipe
        assert config.quantization.method == "nf4"


def test_every_choice_of_every_group_composes() -> None:
    choices = [
        (group, choice)
        for group, names in places.groups().items()
        for choice in names
        if not group.startswith("hydra")
    ]
    assert len(choices) >= 20
    for group, choice in choices:
        words = ["quantization=none"] if choice == "pissa" else []
        compose.load([f"{group}={choice}", *words])


def test_models_on_the_hub_have_a_known_size() -> None:
    names = {compose.load([f"model={m}"]).model.name_or_path for m in places.groups()["model"]}
    assert names - {"nano"} == set(KNOWN_SIZES)


def test_saved_config_reads_back(tmp_path: Path) -> None:
    words = ["data.labels={0: negative, 1: positive}", "trainer.max_steps=9", "lora.alpha=8"]
    config = compose.load(["+recipe=sentiment", *words])
    file = tmp_path / "config.yaml"
    file.write_text(compose.to_yaml(config))
    assert compose.from_file(file) == config
    changed = compose.from_file(
        file, ["task.batch_size=4", "trainer.max_steps=3", "data.test=x.tsv"]
    )
    assert (changed.task.batch_size, changed.trainer["max_steps"], changed.data.test) == (
        4,
        3,
        "x.tsv",
    )
    with pytest.raises(UserError, match=r"lora\.rank is not a key"):
        compose.from_file(file, ["lora.rank=4"])
    with pytest.raises(UserError, match="model is a group"):
        compose.from_file(file, ["model=nano"])


def test_own_recipe_outside_the_package(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /model: nano\nlora:\n  r: 3\n"
    )
    config = compose.load(["+recipe=mine"], tmp_path)
    assert (config.lora.r, config.model.name_or_path) == (3, "nano")


def test_wrong_key_in_an_own_recipe(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "mine.yaml").write_text("# @package _global_\nlora:\n  rank: 3\n")
    with pytest.raises(UserError, match=r"lora\.rank is not a key"):
        compose.load(["+recipe=mine"], tmp_path)


def own_recipe(folder: Path, text: str) -> None:
    (folder / "recipe").mkdir(parents=True)
    (folder / "recipe" / "mine.yaml").write_text(text)


def test_own_recipe_needs_no_package_line_and_keeps_its_name(tmp_path: Path) -> None:
    own_recipe(tmp_path, "lora:\n  r: 3\n")
    config = compose.load(["+recipe=mine"], tmp_path)
    assert (config.lora.r, config.recipe) == (3, "mine")


def test_own_recipe_builds_on_another(tmp_path: Path) -> None:
    own_recipe(tmp_path, "defaults: [sentiment, base]\nseed: 3\n")
    (tmp_path / "recipe" / "base.yaml").write_text("lora:\n  r: 5\n")
    config = compose.load(["+recipe=mine"], tmp_path)
    assert (config.recipe, config.lora.r, config.seed) == ("mine", 5, 3)
    assert config.task.kind == "classification"


def test_paths_of_a_recipe_count_from_its_file(tmp_path: Path, monkeypatch) -> None:
    own_recipe(
        tmp_path / "moved",
        "data: {train: ../train.jsonl, test: 'rows/*.jsonl'}\n"
        "model: {chat_template: ../chat.jinja}\n"
        "sandbox: {preload: [textwrap, ../warm_up.py]}\n",
    )
    monkeypatch.chdir(tmp_path)
    config = compose.load(["+recipe=mine"], Path("moved"))
    folder = tmp_path / "moved"
    assert config.data.train == str(folder / "train.jsonl")
    assert config.data.test == str(folder / "recipe" / "rows" / "*.jsonl")
    assert config.model.chat_template == str(folder / "chat.jinja")
    assert config.sandbox.preload == ["textwrap", str(folder / "warm_up.py")]
    typed = compose.load(["+recipe=mine", "data.train=here.jsonl"], Path("moved"))
    assert typed.data.train == "here.jsonl", "on the command line paths count from where one is"


def test_path_that_counted_from_the_working_folder_is_named(tmp_path: Path, monkeypatch) -> None:
    own_recipe(tmp_path, "data:\n  train: rows.jsonl\n")
    (tmp_path / "rows.jsonl").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="count from the recipe's folder") as caught:
        compose.load(["+recipe=mine"], tmp_path)
    assert "write ../rows.jsonl" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("lora: [", "expected YAML with keys"),
        ("[1, 2]", "expected some"),
        ("lora: 4", "expected keys of it, such as {lora: {KEY: VALUE}}"),
        ("lora:\nseed: 3", "or leave it out"),
        ("defaults: {/lora: dora}", "expected a list, such as [override /lora: dora]"),
        ("defaults: [/lora: dora]", "write override /lora: dora"),
        ("defaults: [sentiment, override task: text]", "write override /task: text"),
    ],
)
def test_broken_own_recipe_is_named(text: str, cure: str, tmp_path: Path) -> None:
    own_recipe(tmp_path, text)
    with pytest.raises(UserError, match=r"mine\.yaml") as caught:
        compose.load(["+recipe=mine"], tmp_path)
    assert cure in caught.value.hint
    assert compose.load(["+recipe=instruct"], tmp_path).recipe == "instruct"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("defaults: [override /model: nanoo]", "did you mean 'nano'?"),
        ("defaults: [sentimant]", "did you mean 'sentiment'?"),
    ],
)
def test_a_choice_of_an_own_recipe_that_is_not_there(text: str, cure: str, tmp_path: Path) -> None:
    own_recipe(tmp_path, text)
    with pytest.raises(UserError) as caught:
        compose.load(["+recipe=mine"], tmp_path)
    assert caught.value.hint == cure


def test_home_folder_is_meant_by_its_sign(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert compose.load(["run_dir='~/a, b'"]).run_dir == str(tmp_path / "a, b")
    assert compose.sweep_folder(["hydra.sweep.dir='~/a, b'"]) == tmp_path / "a, b"
    model = compose.load(["model.name_or_path='~/a'", "model.tokenizer='~b?/c'"]).model
    assert (model.name_or_path, model.tokenizer) == (str(tmp_path / "a"), "~b?/c")
    (tmp_path / "rows.txt").write_text("a\nb\n")
    train, _ = read(DataConfig(train="~/rows.txt"))
    assert len(train[0].records) == 2
    with pytest.raises(UserError, match="no such file"):
        read(DataConfig(train="~b?/rows.txt"))


def test_what_training_leaves_is_no_base_model(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for adapter in (Path("my run/adapter"), Path("lone")):
        adapter.mkdir(parents=True)
        (adapter / "adapter_config.json").touch()
    Path("my run/config.yaml").touch()
    line = "type \"model.name_or_path='my run/merged'\""
    for name, said, cure in (
        ("lone", "is an adapter", "merge it into its base model"),
        ("my run", "is a run folder", f"{line} after slm-lora merge 'my run'"),
        ("my run/adapter", "is an adapter", line),
    ):
        with pytest.raises(UserError, match=said) as caught:
            compose.load([f"model.name_or_path='{name}'"])
        assert cure in caught.value.hint
    with pytest.raises(UserError, match="is an adapter, not a run folder") as caught:
        compose.from_file(Path("my run/adapter/config.yaml"))
    assert "name my run" in caught.value.hint


def test_memory_of_the_hardware_groups() -> None:
    for gigabytes in (8, 12, 16, 24):
        config = compose.load([f"hardware=gpu_{gigabytes}gb"])
        assert config.hardware.memory_gb == gigabytes
        assert config.hardware.micro_batch_size is None


def test_load_for_python_programs(capsys) -> None:
    import slm_lora

    config = slm_lora.load("sentiment", "model=nano", "lora.r=3")
    assert (config.recipe, config.model.name_or_path, config.lora.r) == ("sentiment", "nano", 3)
    with pytest.raises(UserError, match=r"lora\.rank is not a key"):
        slm_lora.load("sentiment", "lora.rank=3")
    assert capsys.readouterr() == ("", "")


def test_importing_the_package_is_cheap() -> None:
    code = "import sys, slm_lora; print([m for m in ('torch', 'hydra') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
