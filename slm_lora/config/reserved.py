"""Options of SFTConfig and LoraConfig that another key of ours decides, and what to type instead.

python -m slm_lora +recipe=sentiment trainer.max_seq_length=512      (names the right key)
"""

RESERVED_TRAINER_KEYS = {
    "per_device_train_batch_size": "hardware.micro_batch_size=8",
    "gradient_accumulation_steps": "batch_size=32",
    "output_dir": "run_dir=FOLDER",
    "seed": "seed=42",
    "use_cpu": "device=cpu",
    "bf16": "precision=bf16",
    "fp16": "precision=fp16",
    "gradient_checkpointing": "hardware.gradient_checkpointing=true",
    "activation_checkpointing": "hardware.gradient_checkpointing=true",
    "push_to_hub": "nothing; the adapter stays in the run folder",
    "hub_token": "the HF_TOKEN environment variable",
    "completion_only_loss": "rows with a prompt and a completion; only the completion is trained",
    "assistant_only_loss": "rows with a prompt and a completion; only the completion is trained",
    "dataset_text_field": "data.columns={text: NAME}",
    "chat_template_path": "model.chat_template=FILE",
    "trust_remote_code": "model.trust_remote_code=true",
    "resume_from_checkpoint": "run_dir=FOLDER_OF_THE_INTERRUPTED_RUN",
    "eval_packing": "trainer.packing",
    "model_init_kwargs": "model.attn_implementation, model.revision or precision",
    "truncation_mode": "data.overlong=truncate",
    "length_column_name": "nothing; lengths are computed for you",
}
"""Options of SFTConfig that another key decides → what to type instead."""

RESERVED_LORA_KEYS = {
    "r": "lora.r=16",
    "lora_alpha": "lora.alpha=32",
    "lora_dropout": "lora.dropout=0.05",
    "target_modules": "lora.target_modules=all-linear",
    "modules_to_save": "lora.modules_to_save=[lm_head]",
    "use_rslora": "lora.rslora=true",
    "use_dora": "lora.dora=true",
    "init_lora_weights": "lora.init=pissa",
    "task_type": "nothing; it is a causal language model",
    "fan_in_fan_out": "nothing; it is read from the model",
}
"""The same for peft.LoraConfig."""
