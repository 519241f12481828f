"""A run folder with a real adapter of random weights: for tests of what comes after training.

from tests.helpers.adapted_run import adapted_run
"""

from dataclasses import replace
from pathlib import Path

import torch

from slm_lora import hardware, model
from slm_lora.config import compose
from slm_lora.data import load_rows, prepare
from slm_lora.files import write_json, write_text
from slm_lora.run_folder import Run


def adapted_run(folder: Path, *words: str) -> Path:
    """The config, the data report and an adapter that changes the base model a lot."""
    compose.register()
    plain = ["quantization=none", "precision=fp32", "device=cpu", "trainer.max_length=256"]
    config = compose.load([*words, f"run_dir={folder}", *plain])
    run = Run(folder)
    tokenizer = model.load_tokenizer(config)
    loaded = load_rows(config.data, config.task.format)
    config = replace(config, data=loaded.config)
    write_text(run.config, compose.to_yaml(config))
    write_json(run.data_report, prepare(loaded, tokenizer, config).report)
    tuned = model.add_adapter(
        model.load_base(config, hardware.detect(config)), config.lora, config.seed
    )
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    tuned.save_pretrained(run.adapter)
    return folder
