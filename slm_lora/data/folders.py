"""A folder's files by split: written by `datasets`, or in one of the hub's layouts.

    python -m slm_lora inspect +recipe=sentiment data.train=FOLDER data.test_split=test

Only the list of files comes from the library; they are read as any other file, with their lines.
"""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from datasets import ClassLabel, DatasetDict, load_dataset_builder, load_from_disk
from yaml import YAMLError

from slm_lora.config.sections.data import DataConfig
from slm_lora.data.files import TABLES, TEXTS, read_paths
from slm_lora.data.source import Source
from slm_lora.errors import UserError
from slm_lora.progress import log

Found = tuple[dict[str, list[Path]], dict[str, list[str]]]
"""Files by split, and class names by column where the folder tells them."""


def read_folder(folder: Path, key: str, split: str, config: DataConfig) -> Source:
    """All records of one split of a folder; of its only split, when it is asked for test rows.

    Raises:
        UserError: the folder has no data files or no such split, or a file is malformed.
    """
    files, class_names = _saved(folder) or _published(folder, key, config)
    if split not in files and len(files) == 1 and key != "data.train":
        split = next(iter(files))
    if split not in files:
        asked = "data.train_split" if split == config.train_split else "data.test_split"
        raise UserError(
            f"{key}={folder} has no split {split}",
            f"its splits are {', '.join(files)}; "
            f"type {asked}={get_close_matches(split, files, 1, 0)[0]}",
        )
    others = [name for name in files if name not in (split, config.train_split)]
    if key == "data.train" and others and not (config.test or config.test_split):
        test = get_close_matches(config.train_split.replace("train", "test"), others, 1, 0)[0]
        log.info("%s has other splits: type data.test_split=%s to test on one", folder.name, test)
    source = read_paths(files[split], key, config)
    return replace(source, class_names=class_names | source.class_names)


def _saved(folder: Path) -> Found | None:
    """What `save_to_disk` wrote."""
    if not any((folder / mark).is_file() for mark in ("dataset_dict.json", "state.json")):
        return None
    try:
        saved = load_from_disk(folder)
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} cannot be read: {error}", "write it again") from error
    splits = saved if isinstance(saved, DatasetDict) else {"train": saved}
    files = {
        split: [file["filename"] for file in rows.cache_files] for split, rows in splits.items()
    }
    return _paths(files), {}  # the files themselves name the classes


def _published(folder: Path, key: str, config: DataConfig) -> Found:
    """Files that the hub would show: by the README's `configs`, by folders, or by their names."""
    try:
        builder = load_dataset_builder(str(folder), config.config_name)
    except FileNotFoundError as error:
        raise UserError(
            f"{key}={folder} is a folder without data files",
            f"expected {', '.join(TEXTS + TABLES)}, or what datasets.save_to_disk writes",
        ) from error
    except (ValueError, YAMLError) as error:
        raise UserError(f"{key}={folder}: {error}", "see data.config_name") from error
    features = builder.info.features or {}
    classes = {name: f.names for name, f in features.items() if isinstance(f, ClassLabel)}
    files = _paths(builder.config.data_files or {})
    used = {path.suffix for paths in files.values() for path in paths} & {*TEXTS, *TABLES}
    there = {path.suffix for path in folder.iterdir()} & {*TABLES, *TEXTS} - {".txt", ".json"}
    if used and (others := sorted(there - used)):
        log.warning(
            "%s: of a folder one kind of files is read, %s; not read: %s",
            folder,
            ", ".join(sorted(used)),
            ", ".join(others),
        )
    return files, classes


def _paths(files: dict[Any, list[str]]) -> dict[str, list[Path]]:
    return {str(split): list(map(Path, paths)) for split, paths in files.items()}
