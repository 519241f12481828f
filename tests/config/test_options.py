"""The options read from source text are those of the imported classes."""

import dataclasses

from peft import LoraConfig
from trl import SFTConfig

from slm_lora.config.options import lora_options, trainer_options
from slm_lora.config.reserved import RESERVED_LORA_KEYS, RESERVED_TRAINER_KEYS


def test_trainer_options_are_those_of_sft_config() -> None:
    assert set(trainer_options()) == {field.name for field in dataclasses.fields(SFTConfig)}
    assert trainer_options()["learning_rate"] == "float"
    since_5_23 = {"activation_checkpointing"}
    assert RESERVED_TRAINER_KEYS.keys() - since_5_23 <= trainer_options().keys()


def test_lora_options_are_those_of_peft() -> None:
    assert set(lora_options()) == {field.name for field in dataclasses.fields(LoraConfig)}
    assert RESERVED_LORA_KEYS.keys() <= lora_options().keys()
