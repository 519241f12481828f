"""Our config as TRL's: what it left open is decided, then it becomes `SFTConfig`.

python -m slm_lora plan +recipe=sentiment trainer.learning_rate=1e-3 batch_size=16
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from trl import SFTConfig

from slm_lora import ranks
from slm_lora.config.schema import Config
from slm_lora.errors import UserError
from slm_lora.hardware import Device
from slm_lora.progress import log
from slm_lora.training.steps import matched

CHECKPOINTING = next(
    name
    for name in ("activation_checkpointing", "gradient_checkpointing")
    if name in SFTConfig.__dataclass_fields__
)
"""What `hardware.gradient_checkpointing` is called: transformers renamed it in 5.23."""


def resolve(config: Config, device: Device, context: int) -> Config:
    """The same config with what it left open decided, so that it says exactly what is trained.

    `context` is the number of positions that the model knows: no row is longer. How a batch is
    taken apart is decided when the rows are known (slm_lora/training/passes.py).

    Raises:
        UserError: the device computes in fp16, in which the config's weights cannot be trained.
    """
    trained = config.run_dir and (Path(config.run_dir) / "train.json").exists()
    if device.precision == "fp16" and not trained:
        config.check_scaled()
    trainer = dict(config.trainer)
    asked = trainer.get("max_length")
    if (asked or sys.maxsize) > context:
        log.info("trainer.max_length is %s, the model's context %d: taking that", asked, context)
        trainer["max_length"] = context
    if trainer.get("packing") is None:
        # Few packed rows hold a batch: they can seldom be split among processes.
        trainer["packing"] = device.type == "cuda" and ranks.WORLD == 1
    trainer.setdefault(
        "train_sampling_strategy", "random" if trainer["packing"] else "group_by_length"
    )
    trainer = matched(trainer, config.early_stopping)
    return replace(config, trainer=trainer)


def sft_config(config: Config, device: Device, folder: Path, lengths: list[int]) -> SFTConfig:
    """TRL's own config of a resolved one. `lengths` are the tokens of each training row.

    Raises:
        UserError: TRL or transformers refuses a value of `trainer`.
    """
    cuda = device.type == "cuda"
    if config.trainer.get("activation_offloading") and not cuda:
        raise UserError(
            "trainer.activation_offloading=true without a GPU to offload from",
            "type hardware.gradient_checkpointing=true to save memory",
        )
    batch = rows_of_a_rank(config, lengths)
    micro = micro_batch_size(batch, config)
    options: dict[str, Any] = {
        # Packed rows are one row, of as many positions as all of them may have.
        "per_device_eval_batch_size": micro if config.trainer["packing"] else max(micro, 8),
        # Every weight of an adapter is used in every pass.
        "ddp_find_unused_parameters": False,
        "ddp_broadcast_buffers": False,
        **config.trainer,
        "output_dir": str(folder),
        "seed": config.seed,
        "use_cpu": device.type == "cpu",
        # The weights are loaded in bf16, so nothing is left for autocast; fp16 needs it, and the
        # gradient scaling that comes with it.
        "bf16": False,
        "fp16": device.precision == "fp16",
        CHECKPOINTING: config.hardware.gradient_checkpointing or False,
        # It would log the average of the other steps instead of a loss that is not finite, and ask
        # the GPU for it at every step.
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": True,
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": batch // micro,
    }
    try:
        return SFTConfig(**options)
    except (ValueError, TypeError, ImportError) as error:
        said = [key for key, value in config.trainer.items() if f"{value}" in str(error).split()]
        key = f"trainer.{said[0]}" if len(said) == 1 else "trainer"
        raise UserError(f"{key}: {error}", "see the options of trl.SFTConfig") from error


def micro_batch_size(batch: int, config: Config) -> int:
    """Rows per forward pass: the largest divisor of a rank's batch that the memory allows."""
    limit = config.hardware.micro_batch_size or batch
    return next(n for n in range(min(limit, batch), 0, -1) if batch % n == 0)


def rows_of_a_rank(config: Config, lengths: list[int]) -> int:
    """Rows of a batch that one rank takes; packed ones where rows are packed.

    Raises:
        UserError: packed rows that cannot be split among the ranks.
    """
    if not config.trainer["packing"]:
        return config.batch_size // ranks.WORLD
    packed = packed_batch_size(config.batch_size, lengths, config.trainer["max_length"])
    if packed % ranks.WORLD:
        raise UserError(
            f"trainer.packing=true: the {packed} packed rows of a step cannot be split among "
            f"{ranks.WORLD} processes",
            "type trainer.packing=false",
        )
    return packed // ranks.WORLD


def packed_batch_size(batch: int, lengths: list[int], max_length: int) -> int:
    """Packed rows that hold as many rows as the batch; a multiple of 4 or less, to split evenly."""
    packed = batch * sum(lengths) / (len(lengths) * max_length)
    return max(1, round(packed)) if packed < 6 else 4 * round(packed / 4)
