"""Rows that the user names bring their own test rows, labels and prompt: nothing shipped is left.

pytest tests/config/test_own_rows.py
"""

from pathlib import Path

import pytest

from slm_lora.config import compose
from slm_lora.config.sections.data import DataConfig
from slm_lora.errors import UserError
from tests.helpers.tiny import slm_lora

MINE = "data.train=reviews.csv"


def data(*words: str, config_dir: Path | None = None) -> DataConfig:
    return compose.load([*words], config_dir).data


def own(folder: Path, **recipes: str) -> Path:
    (folder / "recipe").mkdir()
    for name, text in recipes.items():
        (folder / "recipe" / f"{name}.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("recipe", ["sentiment", "code_gen"])
@pytest.mark.parametrize("rows", [MINE, "data.name=ann/reviews"])
def test_nothing_of_a_recipes_rows_is_left(recipe: str, rows: str) -> None:
    found = data(f"+recipe={recipe}", rows)
    shipped = data(f"+recipe={recipe}")
    assert (found.test, found.labels, found.prompt, found.test_split) == (None, {}, None, None)
    assert found.train == ("reviews.csv" if rows == MINE else None)
    assert shipped.test
    assert found.validation_fraction == shipped.validation_fraction, "it says nothing of the rows"


def test_what_was_typed_applies() -> None:
    words = ["data.test=mine.csv", "data.labels={1: bad, 5: good}", "data.prompt='{text}?'"]
    found = data("+recipe=sentiment", MINE, *words)
    assert (found.test, found.prompt) == ("mine.csv", "{text}?")
    assert found.labels == {"1": "bad", "5": "good"}, "and no label of the recipe's"


def test_a_group_that_was_typed_keeps_its_labels_and_prompt_but_not_its_test_rows() -> None:
    shipped = data("+recipe=sentiment")
    found = data("data=sentiment", MINE)
    assert (found.labels, found.prompt) == (shipped.labels, shipped.prompt)
    assert found.test is None
    sst2 = data("+recipe=sentiment", "data=sst2", MINE, "data.test=mine.tsv")
    assert (sst2.labels, sst2.columns) == (shipped.labels, {"text": "sentence"})
    assert sst2.test == "mine.tsv"
    mirror = data("data=sst2", "data.name=ann/sst2")
    assert (mirror.name, mirror.test_split) == ("ann/sst2", "validation")


def test_a_name_that_was_typed_wins_over_files_of_a_recipe(tmp_path: Path) -> None:
    folder = own(tmp_path, mine="data: {train: a.csv, test: b.csv}")
    found = data("+recipe=mine", "data.name=ann/reviews", config_dir=folder)
    assert (found.name, found.train, found.test) == ("ann/reviews", None, None)
    assert data("data=sentiment", "data.name=ann/reviews").train is None


def test_naming_no_rows_changes_nothing() -> None:
    shipped = data("+recipe=sentiment")
    assert data("+recipe=sentiment", "data.train_limit=9").test == shipped.test
    tested = data("+recipe=sentiment", "data.test=mine.csv")
    assert (tested.train, tested.labels) == (shipped.train, shipped.labels)


def test_an_own_recipe_names_rows_as_a_command_line_does(tmp_path: Path) -> None:
    folder = own(
        tmp_path,
        rows="defaults: [sentiment]\ndata: {train: a.csv}",
        more="defaults: [rows]\ndata: {labels: {1: bad, 5: good}}",
        group="defaults: [sentiment, {override /data: sst2}]\ndata: {train: a.tsv}",
        settings="defaults: [sentiment]\nseed: 3",
    )
    shipped = data("+recipe=sentiment")
    rows = data("+recipe=rows", config_dir=folder)
    assert (rows.test, rows.labels, rows.prompt) == (None, {}, None)
    more = data("+recipe=more", config_dir=folder)
    assert (more.test, more.labels, more.prompt) == (None, {"1": "bad", "5": "good"}, None)
    group = data("+recipe=group", config_dir=folder)
    assert (group.labels, group.prompt) == (shipped.labels, shipped.prompt)
    assert data("+recipe=settings", config_dir=folder) == shipped
    assert data("+recipe=settings", MINE, config_dir=folder).test is None


def test_an_own_recipes_test_rows_stay_for_other_training_rows(tmp_path: Path) -> None:
    folder = own(tmp_path, mine="data: {train: a.csv, test: b.csv, labels: {0: bad, 1: good}}")
    found = data("+recipe=mine", MINE, config_dir=folder)
    assert (found.train, found.test) == ("reviews.csv", str(tmp_path / "recipe" / "b.csv"))
    assert found.labels == {"0": "bad", "1": "good"}


def test_an_own_recipe_whose_data_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="recipe/mine"):
        data("+recipe=mine", config_dir=own(tmp_path, mine="data: sst2"))


def test_hydra_prints_what_is_trained() -> None:
    printed = slm_lora("+recipe=sentiment", MINE, "--cfg", "job", "--package", "data")
    assert printed.returncode == 0, printed.stderr
    assert "test: null" in printed.stdout
    assert "labels: {}" in printed.stdout
