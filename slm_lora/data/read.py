"""Where rows come from: files or a folder when `data.train` names some, else a dataset of the hub.

python -m slm_lora inspect +recipe=sentiment data=sst2
python -m slm_lora inspect +recipe=sentiment data=sst2 data.train=train.tsv data.test=dev.tsv
python -m slm_lora inspect +recipe=instruct 'data.train=[talks.jsonl,faq/*.csv]'
"""

import re
from dataclasses import replace
from pathlib import Path

from slm_lora.config.places import expanded
from slm_lora.config.sections.data import DataConfig, short_names, sources
from slm_lora.data.source import Record, Source
from slm_lora.errors import UserError


def read(config: DataConfig) -> tuple[list[Source], list[Source] | None]:
    """Training sources and test sources; None when the test rows are to be split off.

    Raises:
        UserError: nothing is named, or what is named is not there or malformed.
    """
    if config.train is not None:
        train = _local(config.train, "data.train", config.train_split, config)
        if config.test is not None:
            return train, _local(config.test, "data.test", config.test_split or "test", config)
        folders = [one for one in sources(config.train) if Path(expanded(one)).is_dir()]
        if config.test_split is not None and folders:
            return train, _local(folders, "data.train", config.test_split, config)
        return train, None
    if config.name is None:
        raise UserError(
            "no data is named",
            "type data.train=FILE data.test=FILE, data.name=HUB_ID or data=sst2",
        )
    train = [read_hub(config, config.train_split)]
    if config.test is not None:
        return train, _local(config.test, "data.test", "test", config)
    return train, [read_hub(config, config.test_split)] if config.test_split else None


def _local(named: str | list[str], key: str, split: str, config: DataConfig) -> list[Source]:
    return [
        replace(read_local(one, key, split, config), name=name)
        for one, name in short_names(named).items()
    ]


def read_local(named: str, key: str, split: str, config: DataConfig) -> Source:
    """Files, or a folder's split."""
    from slm_lora.data.files import read_files
    from slm_lora.data.folders import read_folder

    path = Path(expanded(named))
    return (
        read_folder(path, key, split, config) if path.is_dir() else read_files(named, key, config)
    )


def read_hub(config: DataConfig, split: str) -> Source:
    """One split of a dataset on the hub, or of a folder in the hub's layout.

    Raises:
        UserError: the hub is out of reach, or has no such dataset, configuration or split.
    """
    from datasets import ClassLabel, load_dataset
    from datasets.exceptions import DatasetsError

    named = f"data.name={config.name} data.config_name={config.config_name} split {split}"
    try:
        dataset = load_dataset(
            config.name, config.config_name, split=split, revision=config.revision
        )
    except ConnectionError as error:
        raise UserError(
            f"data.name={config.name}: {str(error).splitlines()[0]}",
            "type data.train=FILE data.test=FILE for local files (HF_HUB_OFFLINE must not be 1 "
            "for a download)",
        ) from error
    except (OSError, ValueError, RuntimeError, DatasetsError) as error:
        raise UserError(
            f"{named}: {error}",
            "set data.name, data.config_name, data.train_split, data.test_split or data.revision",
        ) from error
    features = dataset.features or {}
    urls = " ".join(dataset.download_checksums or {})
    commit = re.search(r"@([0-9a-f]{40})/", urls)
    return Source(
        [
            Record(columns, f"{config.name} {split} row {number}", f"{split}:{number}")
            for number, columns in enumerate(dataset.to_list(), 1)
        ],
        {name: f.names for name, f in features.items() if isinstance(f, ClassLabel)},
        [
            {
                "folder" if Path(str(config.name)).exists() else "hub": config.name,
                "config_name": config.config_name,
                "split": split,
                "revision": commit[1] if commit else config.revision,
                "rows": len(dataset),
            }
        ],
    )
