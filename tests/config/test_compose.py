"""Configs that are right: every recipe and group choice composes, and a saved one reads back."""

from pathlib import Path

import pytest

from slm_lora.config import compose
from slm_lora.errors import UserError
from slm_lora.hardware import KNOWN_SIZES

compose.register()


def test_every_recipe_composes() -> None:
    assert {"sentiment", "instruct"} <= set(compose.recipes())
    for recipe in compose.recipes():
        config = compose.load([f"+recipe={recipe}"])
        assert config.recipe == recipe
        assert config.quantization.method == "nf4"


def test_every_choice_of_every_group_composes() -> None:
    choices = [
        (g, choice) for g, names in compose.groups().items() for choice in names if g != "hydra"
    ]
    assert len(choices) >= 20
    for group, choice in choices:
        words = ["quantization=none"] if choice == "pissa" else []
        compose.load([f"{group}={choice}", *words])


def test_models_on_the_hub_have_a_known_size() -> None:
    names = {compose.load([f"model={m}"]).model.name_or_path for m in compose.groups()["model"]}
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


def test_own_recipe_without_its_package_line(tmp_path: Path) -> None:
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "mine.yaml").write_text("lora:\n  r: 3\n")
    with pytest.raises(UserError) as caught:
        compose.load(["+recipe=mine"], tmp_path)
    assert "# @package _global_" in str(caught.value)
