"""Our config as TRL's: `SFTConfig` and the rows of one forward pass.

python -m slm_lora +recipe=sentiment trainer.learning_rate=1e-3 batch_size=16
"""

from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import SFTConfig

from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.hardware import Device


def sft_config(
    config: Config,
    device: Device,
    folder: Path,
    rows: Dataset | None = None,
    validated: bool = True,
) -> SFTConfig:
    """TRL's own config. `rows` are the tokenized training rows, which only packing asks for;
    `validated` says that there are rows to evaluate the loss on.

    Raises:
        UserError: TRL or transformers refuses a value of `trainer`.
    """
    cuda = device.type == "cuda"
    options: dict[str, Any] = {
        **config.trainer,
        "output_dir": str(folder),
        "seed": config.seed,
        "use_cpu": not cuda,
        # The weights are loaded in bf16, so nothing is left for autocast; fp16 needs it, and the
        # gradient scaling that comes with it.
        "bf16": False,
        "fp16": device.precision == "fp16",
        "gradient_checkpointing": config.hardware.gradient_checkpointing,
        "disable_tqdm": True,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": True,
    }
    if options.get("packing") is None:
        options["packing"] = cuda
    options.setdefault(
        "train_sampling_strategy", "random" if options["packing"] else "group_by_length"
    )
    batch = config.batch_size
    if options["packing"] and rows is not None:
        batch = packed_batch_size(batch, rows["length"], options["max_length"])
    micro = micro_batch_size(batch, config, device)
    options["per_device_train_batch_size"] = micro
    options["gradient_accumulation_steps"] = batch // micro
    options.setdefault("per_device_eval_batch_size", max(micro, 8))
    if not validated:
        options |= {"eval_strategy": "no", "load_best_model_at_end": False}
    try:
        return SFTConfig(**options)
    except (ValueError, TypeError, ImportError) as error:
        raise UserError(f"trainer: {error}", "see the options of trl.SFTConfig") from error


def micro_batch_size(batch: int, config: Config, device: Device) -> int:
    """Rows per forward pass: the largest divisor of the batch that the memory allows."""
    limit, planned = config.hardware.micro_batch_size, config.hardware.memory_gb
    if limit is None and planned is not None:
        limit = gpu_micro_batch(planned * 2**30)
    elif limit is None:
        limit = batch if device.type == "cpu" else gpu_micro_batch(device.memory)
    return next(n for n in range(min(limit, batch), 0, -1) if batch % n == 0)


def gpu_micro_batch(memory: float) -> int:
    """Rows that fit a GPU of this many bytes: TinyLlama in NF4, 1,024 tokens, adapter r=16."""
    return 8 if memory > 20e9 else 4 if memory > 11e9 else 2


def packed_batch_size(batch: int, lengths: list[int], max_length: int) -> int:
    """Packed rows that hold as many rows as the batch; a multiple of 4 or less, to split evenly."""
    packed = batch * sum(lengths) / (len(lengths) * max_length)
    return max(1, round(packed)) if packed < 6 else 4 * round(packed / 4)
