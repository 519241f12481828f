"""Options of SFTConfig and LoraConfig that another key of ours decides, and what to type instead.

python -m slm_lora +recipe=sentiment trainer.output_dir=mine      (names run_dir=mine)
"""

from typing import Any

from slm_lora.config.quoting import config_text, shell_word
from slm_lora.errors import UserError

RESERVED_TRAINER_KEYS = {
    "per_device_train_batch_size": "hardware.micro_batch_size={}",
    "gradient_accumulation_steps": "batch_size=32 (rows per optimizer step, whatever the hardware)",
    "auto_find_batch_size": "hardware.micro_batch_size=1 (rows in memory; batch_size stays)",
    "output_dir": "run_dir={}",
    "seed": "seed={}",
    "use_cpu": "device=cpu",
    "bf16": "precision=bf16",
    "fp16": "precision=fp16",
    "gradient_checkpointing": "hardware.gradient_checkpointing={}",
    "activation_checkpointing": "hardware.gradient_checkpointing={}",
    "torch_compile": "hardware.compile={}",
    "torch_compile_backend": "hardware.compile=true (torch's own backend)",
    "torch_compile_mode": "hardware.compile=true (torch's own mode)",
    "push_to_hub": "slm-lora publish RUN when the run is done",
    "hub_token": "export HF_TOKEN=… before the command",
    "completion_only_loss": "leave it out: of a row only the completion is trained",
    "assistant_only_loss": "data.turns=all",
    "dataset_text_field": "data.columns.text={}",
    "chat_template_path": "model.chat_template={}",
    "trust_remote_code": "model.trust_remote_code={}",
    "resume_from_checkpoint": "run_dir=FOLDER_OF_THE_INTERRUPTED_RUN",
    "eval_packing": "trainer.packing={}",
    "model_init_kwargs": "model.attn_implementation=…, model.revision=… or precision=…",
    "truncation_mode": "data.overlong=truncate",
    "logging_nan_inf_filter": "leave it out: a loss that is not finite ends the run",
    "metric_for_best_model": "best_by=metric (the task's own, on validation rows) or best_by=loss",
    "greater_is_better": "leave it out: it follows from best_by",
    "length_column_name": "leave it out: lengths are computed for you",
}
"""Options of SFTConfig that another key decides → what to type; {} is the user's own value."""

RESERVED_LORA_KEYS = {
    "r": "lora.r={}",
    "lora_alpha": "lora.alpha={}",
    "lora_dropout": "lora.dropout={}",
    "target_modules": "lora.target_modules={}",
    "modules_to_save": "lora.modules_to_save={}",
    "use_rslora": "lora.rslora={}",
    "use_dora": "lora.dora={}",
    "init_lora_weights": "lora.init={}",
    "task_type": "leave it out: it is a causal language model",
    "fan_in_fan_out": "leave it out: it is read from the model",
}
"""The same for peft.LoraConfig."""


def instead(section: str, key: str, value: Any, cure: str) -> UserError:
    """The error for a reserved option, with the user's value in the line to type."""
    return UserError(f"{section}.{key} is decided elsewhere", hint(cure, config_text(value)))


def hint(cure: str, value: str) -> str:
    """A cure of the tables above as the second line of an error."""
    if cure.endswith("={}"):
        return f"type {shell_word(cure.format(value))}"
    return cure if cure.startswith("leave it out") else f"type {cure}"
