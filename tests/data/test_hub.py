"""Datasets by name: the hub's own reader on a folder in the hub's layout, and a hub out of reach.

pytest tests/data/test_hub.py
"""

from dataclasses import replace
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from slm_lora.config import compose
from slm_lora.config.sections.data import DataConfig
from slm_lora.data import load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import write_jsonl

GROUPS = ("sst2", "imdb", "rotten_tomatoes")


def hub_folder(folder: Path, text: str = "text") -> Path:
    """Two splits in Parquet, as the hub holds them."""
    features = Features({text: Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    for split, count in (("train", 20), ("validation", 4), ("test", 6)):
        rows = {text: [f"{split} text {n}" for n in range(count)], "label": [0, 1] * (count // 2)}
        (folder / "data").mkdir(parents=True, exist_ok=True)
        Dataset.from_dict(rows, features).to_parquet(
            folder / "data" / f"{split}-00000-of-00001.parquet"
        )
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))


def test_a_dataset_by_name_with_its_splits_and_class_names(tmp_path: Path) -> None:
    name = str(hub_folder(tmp_path / "reviews"))
    loaded = load_rows(DataConfig(name=name, test_split="test"))
    assert loaded.report["rows_read"] == {"train": 20, "test": 6}
    assert {row["label"] for row in loaded.train} == {"neg", "pos"}
    assert loaded.test[0]["id"] == "test:1"
    assert loaded.report["sources"]["test"][0] == {
        "folder": name,
        "config_name": None,
        "split": "test",
        "revision": None,
        "rows": 6,
    }


def test_without_a_test_split_rows_are_held_out(tmp_path: Path) -> None:
    loaded = load_rows(DataConfig(name=str(hub_folder(tmp_path / "reviews"))))
    assert loaded.report["sources"]["test"] == "held out of the training rows"
    assert len(loaded.train) + len(loaded.validation) + len(loaded.test) == 20


def test_a_file_may_test_what_the_hub_trains(tmp_path: Path) -> None:
    name = str(hub_folder(tmp_path / "reviews"))
    mine = write_jsonl(tmp_path / "mine.jsonl", [{"text": "my own", "label": "pos"}])
    loaded = load_rows(DataConfig(name=name, test=str(mine), test_split="test"))
    assert [row["label"] for row in loaded.test] == ["pos"]
    assert loaded.report["sources"]["test"][0]["file"] == str(mine)


def test_an_unknown_split_names_those_there_are(tmp_path: Path) -> None:
    name = str(hub_folder(tmp_path / "reviews"))
    with pytest.raises(UserError) as error:
        load_rows(DataConfig(name=name, train_split="trian"))
    assert "trian" in error.value.message
    assert "validation" in error.value.message
    assert "data.train_split" in error.value.hint


def test_a_hub_out_of_reach_says_how_to_use_files() -> None:
    with pytest.raises(UserError) as error:
        load_rows(DataConfig(name="nobody/nothing"))
    assert "data.name=nobody/nothing" in error.value.message
    assert "data.train=FILE data.test=FILE" in error.value.hint


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_fits_its_dataset_on_the_hub(tmp_path: Path, group: str) -> None:
    compose.register()
    data = compose.load([f"data={group}"]).data
    folder = hub_folder(tmp_path / "reviews", data.columns.get("text", "text"))
    loaded = load_rows(replace(data, name=str(folder)))
    assert loaded.report["labels"]["test"].keys() == {"negative", "positive"}
    split = "validation" if group == "sst2" else "test"
    prompt = loaded.test[0]["prompt"][0]["content"]
    assert prompt == data.prompt.format(text=f"{split} text 0")
    assert "positive or negative" in prompt


@pytest.mark.parametrize("group", [*GROUPS, "sentiment"])
@pytest.mark.parametrize("kind", ["columns", "tsv"])
def test_a_group_takes_local_files_instead(tmp_path: Path, group: str, kind: str) -> None:
    files = {}
    for split in ("train", "test"):
        texts = [f"{split} text {n}" for n in range(12)]
        files[split] = tmp_path / f"{split}.tsv"
        if kind == "tsv":
            lines = (f"{text}\t{n % 2}\n" for n, text in enumerate(texts))
            files[split].write_text("".join(lines))
        else:
            name = "sentence" if group == "sst2" else "text"
            rows = [{name: text, "label": n % 2} for n, text in enumerate(texts)]
            files[split] = write_jsonl(tmp_path / f"{split}.jsonl", rows)
    compose.register()
    words = [f"data={group}", f"data.train={files['train']}", f"data.test={files['test']}"]
    data = compose.load(words).data
    loaded = load_rows(data)
    assert len(loaded.train) + len(loaded.validation) == 12
    assert loaded.report["labels"]["test"] == {"negative": 6, "positive": 6}
    assert loaded.test[0]["prompt"][0]["content"] == data.prompt.format(text="test text 0")


def test_the_shipped_sentiment_rows_load_clean() -> None:
    compose.register()
    report = load_rows(compose.load(["data=sentiment"]).data).report
    assert report["rows_read"]["train"] >= 4000
    assert report["rows"]["test"] >= 500
    assert report["dropped"] == {"train": {}, "test": {}}
    assert report["overlap"]["exact"] == 0
