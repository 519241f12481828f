"""The model room: tokenizer, base model, quantization and adapter, from a config.

from slm_lora import model
base = model.load_base(config, hardware.detect(config))
"""

from slm_lora.model.adapter import (
    add_adapter,
    check_adapter,
    check_loaded,
    load_adapter,
    lora_config,
)
from slm_lora.model.base import (
    DTYPES,
    check_size,
    empty_model,
    fingerprint,
    load_base,
    load_config,
    load_full_precision,
    warn_of_untrained_end,
)
from slm_lora.model.location import location, place_of
from slm_lora.model.lora_layers import compute_in_one_pass
from slm_lora.model.tokenizer import load_tokenizer

__all__ = [
    "DTYPES",
    "add_adapter",
    "check_adapter",
    "check_loaded",
    "check_size",
    "compute_in_one_pass",
    "empty_model",
    "fingerprint",
    "load_adapter",
    "load_base",
    "load_config",
    "load_full_precision",
    "load_tokenizer",
    "location",
    "lora_config",
    "place_of",
    "warn_of_untrained_end",
]
