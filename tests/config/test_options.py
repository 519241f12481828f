"""The options read from source text are those of the imported classes, and so is the fallback."""

import dataclasses

import pytest
from peft import LoraConfig
from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK
from trl import SFTConfig

from slm_lora.config import options
from slm_lora.config.options import lora_inits, lora_options, trackers, trainer_options
from slm_lora.config.reserved import RESERVED_LORA_KEYS, RESERVED_TRAINER_KEYS


def test_trainer_options_are_those_of_sft_config() -> None:
    assert set(trainer_options()) == {field.name for field in dataclasses.fields(SFTConfig)}
    assert trainer_options()["learning_rate"].type == "float"
    assert "learning rate" in trainer_options()["learning_rate"].help
    since_5_23 = {"activation_checkpointing"}
    assert RESERVED_TRAINER_KEYS.keys() - since_5_23 <= trainer_options().keys()


def test_lora_options_are_those_of_peft() -> None:
    assert set(lora_options()) == {field.name for field in dataclasses.fields(LoraConfig)}
    assert RESERVED_LORA_KEYS.keys() <= lora_options().keys()
    assert {"gaussian", "pissa", "olora", "eva", "loftq"} <= set(lora_inits())


def test_trackers_are_those_of_transformers() -> None:
    assert set(trackers()) == set(INTEGRATION_TO_CALLBACK)


@pytest.mark.parametrize(
    "moved",
    [("trl", "trainer/moved.py", "SFTConfig"), ("trl", "trainer/sft_config.py", "Renamed")],
    ids=["file", "class"],
)
def test_moved_source_is_replaced_by_the_imported_class(moved, monkeypatch) -> None:
    monkeypatch.setattr(options, "SFT_CONFIG", (moved, *options.SFT_CONFIG[1:]))
    found = options.trainer_options.__wrapped__()
    assert set(found) == set(trainer_options())
    assert found["max_length"].type == "int | None"
    options.check_options("trainer", {"max_steps": 3}, found)


def test_moved_lora_config(monkeypatch) -> None:
    monkeypatch.setattr(options, "LORA_CONFIG", (("peft", "moved.py", "LoraConfig"),))
    assert set(options.lora_options.__wrapped__()) == set(lora_options())


def test_moved_trackers_are_judged_by_transformers_alone(monkeypatch) -> None:
    monkeypatch.setattr(options, "TRACKERS", ("transformers", "moved.py", "X"))
    assert trackers() == ()
