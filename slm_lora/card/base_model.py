"""The base model as a reader of the card finds it: its name, and what its own card says.

base_model(config.model, "hub", download=False, last_card=Path("adapter/README.md"))
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import HfApi, ModelCard

from slm_lora import nano
from slm_lora.config.sections.model import ModelConfig
from slm_lora.model.location import place_of
from slm_lora.network import HTTPError
from slm_lora.progress import log
from slm_lora.records import Provenance

INHERITED = ("license", "license_name", "license_link", "language")
TIMEOUT = 10
"""Seconds that the hub has to tell of the base model's card."""


@dataclass(frozen=True)
class Base:
    """`place` says where a reader gets it: `hub`, `nano` (in this package), `folder` or `file`
    (GGUF, llama2.c's) of the author's. `card` is the metadata of its own card, or empty."""

    name: str
    place: str
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def hub_id(self) -> str | None:
        return self.name if self.place == "hub" else None


def recorded_place(config: ModelConfig, provenance: Provenance) -> str:
    """The same as the run recorded it: a relative path tells it only in the folder where that
    began."""
    return str(provenance.get("base_kind") or place_of(config.name_or_path))


def base_model(config: ModelConfig, place: str, download: bool, last_card: Path) -> Base:
    """The base model of a config; `place` is that of `Base`.

    The card of one on the hub is asked for if `download`. Where that fails, or is not wanted, what
    `last_card`, an earlier card of the adapter, says of licence and language stands.
    """
    name = config.name_or_path
    if place != "hub":
        folder = nano.PATH if place == "nano" else Path(name)
        return Base(Path(name).resolve().name, place, _metadata(folder / "README.md"))
    if download:
        try:
            info = HfApi().model_info(name, revision=config.revision, timeout=TIMEOUT)
        except (OSError, HTTPError) as error:
            log.info("no card of %s: %s", name, " ".join(str(error).split()))
        else:
            said = vars(info.card_data) if info.card_data else {}
            return Base(name, place, {key: value for key, value in said.items() if value})
    known = _metadata(last_card)
    return Base(name, place, {key: known[key] for key in INHERITED if key in known})


def _metadata(file: Path) -> dict[str, Any]:
    """The block at the top of a model card (huggingface.co/docs/hub/model-cards)."""
    if not file.is_file():
        return {}
    try:
        found: dict[str, Any] = ModelCard.load(file, ignore_metadata_errors=True).data.to_dict()
    except (ValueError, yaml.YAMLError) as error:
        log.warning("%s: its metadata cannot be read: %s", file, error)
        return {}
    return found
