"""Folders by data.train: what `datasets` saves, and the hub's layouts, by split.

pytest tests/data/test_folders.py
"""

import json
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from slm_lora.config.sections.data import DataConfig
from slm_lora.data import load_rows
from slm_lora.errors import UserError
from tests.helpers.rows import write_jsonl

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))


def rows(split: str, count: int) -> list[dict[str, object]]:
    return [{"text": f"{split} {n}", "label": n % 2} for n in range(count)]


def saved(folder: Path) -> Path:
    splits = {"train": rows("train", 20), "test": rows("test", 6)}
    datasets = {name: Dataset.from_list(r, features=FEATURES) for name, r in splits.items()}
    DatasetDict(datasets).save_to_disk(folder, num_shards={"train": 2, "test": 1})
    return folder


def published(folder: Path) -> Path:
    """Two configurations that only the README tells apart, with names of classes."""
    for split, count in (("train", 20), ("test", 6)):
        write_jsonl(folder / "rows" / f"{split[:2]}.jsonl", rows(split, count))
    dtype = {"class_label": {"names": {"0": "bad", "1": "good"}}}
    features = [{"name": "text", "dtype": "string"}, {"name": "label", "dtype": dtype}]
    files = [{"split": split, "path": f"rows/{split[:2]}.jsonl"} for split in ("train", "test")]
    card = {
        "configs": [
            {"config_name": "whole", "data_files": files},
            {"config_name": "small", "data_files": "rows/te.jsonl"},
        ],
        "dataset_info": [{"config_name": "whole", "features": features}],
    }
    (folder / "README.md").write_text(f"---\n{json.dumps(card)}\n---\n")
    return folder


def by_name(folder: Path) -> Path:
    """Files of one folder, whose names say the split."""
    for split, count in (("train", 20), ("test", 6)):
        lines = "".join(f"{row['text']};{row['label']}\n" for row in rows(split, count))
        (folder / f"{split}.csv").parent.mkdir(exist_ok=True)
        (folder / f"{split}.csv").write_text("text;label\n" + lines)
    return folder


@pytest.mark.parametrize("make", [saved, published, by_name])
@pytest.mark.parametrize("way", ["split", "folder"])
def test_a_folder_is_read_by_split(tmp_path: Path, make: object, way: str) -> None:
    assert callable(make)
    folder = str(make(tmp_path / "reviews"))
    config_name = "whole" if make is published else None
    named = {"test_split": "test"} if way == "split" else {"test": folder}
    loaded = load_rows(DataConfig(train=folder, config_name=config_name, **named))
    assert loaded.report["rows_read"] == {"train": 20, "test": 6}
    names = {"0", "1"} if make is by_name else {"bad", "good"}
    assert loaded.report["labels"]["test"].keys() == names
    files = [Path(entry["file"]) for entry in loaded.report["sources"]["train"]]
    assert len(files) == (2 if make is saved else 1)
    assert all(file.is_file() for file in files)


def test_the_folder_of_one_split_is_read(tmp_path: Path) -> None:
    folder = saved(tmp_path / "reviews")
    loaded = load_rows(DataConfig(train=str(folder / "train"), test=str(folder / "test")))
    assert loaded.report["rows_read"] == {"train": 20, "test": 6}


def test_files_without_a_split_in_their_names_are_training_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_jsonl(tmp_path / "rows" / f"{name}.jsonl", rows(name, 5))
    loaded = load_rows(DataConfig(train=str(tmp_path / "rows")))
    assert loaded.report["rows_read"] == {"train": 10, "test": 0}


def test_an_unknown_split_is_answered_with_the_nearest(tmp_path: Path) -> None:
    folder = str(saved(tmp_path / "reviews"))
    with pytest.raises(UserError) as error:
        load_rows(DataConfig(train=folder, test_split="tset"))
    assert error.value.message == f"data.train={folder} has no split tset"
    assert error.value.hint == "its splits are train, test; type data.test_split=test"


def test_a_folder_without_data_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty is a folder without data files"):
        load_rows(DataConfig(train=str(tmp_path / "empty")))


def test_several_configurations_are_named(tmp_path: Path) -> None:
    folder = str(published(tmp_path / "reviews"))
    with pytest.raises(UserError, match="small") as error:
        load_rows(DataConfig(train=folder, config_name="large"))
    assert error.value.hint == "see data.config_name"


def test_the_test_split_that_goes_with_the_training_split_is_advised(tmp_path, caplog) -> None:
    caplog.set_level("INFO", "slm_lora")
    parts = {name: rows(name, 6) for name in ("train_gen", "test_gen", "train_sft", "test_sft")}
    folder = tmp_path / "talks"
    datasets = {name: Dataset.from_list(r, features=FEATURES) for name, r in parts.items()}
    DatasetDict(datasets).save_to_disk(folder)
    load_rows(DataConfig(train=str(folder), train_split="train_sft"))
    assert "type data.test_split=test_sft" in caplog.text


def test_a_split_without_labels_is_no_test(tmp_path: Path) -> None:
    """As GLUE publishes its test sets."""
    unlabelled = [row | {"label": -1} for row in rows("test", 6)]
    parts = {"train": rows("train", 20), "test": unlabelled}
    DatasetDict({name: Dataset.from_list(r) for name, r in parts.items()}).save_to_disk(tmp_path)
    with pytest.raises(UserError, match=r"no training row has: -1 \(6\)") as error:
        load_rows(DataConfig(train=str(tmp_path), test_split="test"))
    assert error.value.hint.startswith("-1 marks rows without a label")
    assert "type data.test_split=null" in error.value.hint
