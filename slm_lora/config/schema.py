"""Every configuration key: its type, its meaning and what it may hold.

    python -m slm_lora +recipe=sentiment --cfg job

Each dataclass is one Hydra group (`conf/<group>/`). The text under a field says what it means.
A wrong value raises `UserError` while the config is read, before torch is imported.
"""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from slm_lora.config.checks import at_least, choice
from slm_lora.config.reserved import RESERVED_TRAINER_KEYS
from slm_lora.config.sections.data import DataConfig
from slm_lora.config.sections.machine import HardwareConfig, SweepConfig
from slm_lora.config.sections.model import QUANTIZED, LoraConfig, ModelConfig, QuantizationConfig
from slm_lora.config.sections.results import (
    ChatConfig,
    ExportConfig,
    HubConfig,
    MergeConfig,
    ServeConfig,
)
from slm_lora.config.sections.task import SandboxConfig, TaskConfig
from slm_lora.errors import UserError

TRACKERS = ("tensorboard", "wandb", "mlflow", "trackio")
NOT_WITH_PISSA = {"bias", "trainable_token_indices", "rank_pattern", "alpha_pattern"}


@dataclass(frozen=True)
class Config:
    """A whole run."""

    recipe: str | None = None
    """Name of the recipe, set by `+recipe=NAME`."""
    run_dir: str | None = None
    """Run folder; null makes outputs/<recipe>/<date>_<time>. An interrupted run goes on in it."""
    seed: int = 42
    """Seed of data splits, adapter weights and row order."""
    device: str | None = None
    """`cpu` or `cuda`; null takes CUDA where there is one. `cpu` insists, whatever the size."""
    precision: str | None = None
    """`bf16`, `fp16` (CUDA only, with loss scaling) or `fp32`; null takes the best that works."""
    batch_size: int = 32
    """Rows per optimizer step: the effective batch size, whatever the hardware."""
    early_stopping: int | None = None
    """Stop after this many evaluations without a better loss; null never stops early."""
    model: ModelConfig = field(default_factory=ModelConfig)
    quantization: QuantizationConfig = field(default_factory=QuantizationConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    data: DataConfig = field(default_factory=DataConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    """Options of trl.SFTConfig, passed on as they are."""
    sandbox: SandboxConfig = field(default_factory=SandboxConfig)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    merge: MergeConfig = field(default_factory=MergeConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    chat: ChatConfig = field(default_factory=ChatConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)

    def __post_init__(self) -> None:
        if self.device is not None:
            choice("device", self.device, ("cpu", "cuda"))
        if self.precision is not None:
            choice("precision", self.precision, ("bf16", "fp16", "fp32"))
        at_least("batch_size", self.batch_size, 1)
        at_least("early_stopping", self.early_stopping, 1)
        self._check_combinations()
        self._check_trainer()

    def needs_cuda(self) -> UserError | None:
        """What to say of this config where there is no CUDA GPU; None if it needs none."""
        if self.precision == "fp16":
            return UserError("precision=fp16 needs a CUDA GPU", "type precision=bf16")
        if self.quantization.method == "int8":
            return UserError("quantization=int8 needs a CUDA GPU", "type quantization=nf4")
        return None

    def _check_combinations(self) -> None:
        quantization = self.quantization.method
        if self.device == "cpu" and (error := self.needs_cuda()):
            raise error
        if self.lora.init == "pissa" and (
            self.lora.dora or self.lora.modules_to_save or NOT_WITH_PISSA & self.lora.extra.keys()
        ):
            raise UserError(
                "lora.init=pissa with dora, modules_to_save or more weights by lora.extra",
                "PiSSA is saved as a plain LoRA adapter, which has no place for these; "
                "type lora.init=default",
            )
        if self.lora.modules_to_save and self.precision == "fp16":
            raise UserError(
                f"lora.modules_to_save={self.lora.modules_to_save} with precision=fp16",
                "gradient scaling needs the trained weights in fp32; type precision=fp32",
            )
        if quantization in QUANTIZED and self.lora.init == "pissa":
            raise UserError(
                f"lora.init=pissa with quantization={quantization}",
                "PiSSA takes the base weights apart at full precision; type quantization=none",
            )
        if quantization in QUANTIZED and (trained := self._quantized_modules_to_save()):
            raise UserError(
                f"lora.modules_to_save={trained} with quantization={quantization}",
                "quantized weights cannot be trained in full; type quantization=none, "
                "or give these modules an adapter by lora.target_modules",
            )
        micro = self.hardware.micro_batch_size
        if micro is not None and micro > self.batch_size:
            raise UserError(
                f"hardware.micro_batch_size={micro} with batch_size={self.batch_size}",
                f"a step cannot hold more rows than the batch; type batch_size={micro}",
            )

    def _quantized_modules_to_save(self) -> list[str]:
        """Embeddings, norms and the output head stay unquantized: these may be trained in full."""
        unquantized = ("lm_head", "embed", "wte", "wpe", "norm", "ln_")
        return [
            name
            for name in self.lora.modules_to_save or []
            if not any(part in name for part in unquantized)
        ]

    def _check_trainer(self) -> None:
        trainer = self.trainer
        for key in RESERVED_TRAINER_KEYS.keys() & trainer.keys():
            raise UserError(f"trainer.{key} is set", f"type {RESERVED_TRAINER_KEYS[key]} instead")
        trackers = trainer.get("report_to") or "none"
        for tracker in [trackers] if isinstance(trackers, str) else trackers:
            choice("trainer.report_to", tracker, ("none", *TRACKERS))
            if tracker != "none" and find_spec(tracker) is None:
                raise UserError(
                    f"trainer.report_to={tracker}, but {tracker} is not installed",
                    f"type pip install {tracker}, or trainer.report_to=none",
                )
        if trainer.get("packing") and trainer.get("max_length") is None:
            raise UserError(
                "trainer.packing=true with trainer.max_length=null",
                "packing fills rows up to a length; type trainer.max_length=1024",
            )
        at_least("trainer.max_length", trainer.get("max_length"), 1)
        for key, example in (("learning_rate", 2e-4), ("num_train_epochs", 3)):
            if (value := trainer.get(key)) is not None and value <= 0:
                raise UserError(
                    f"trainer.{key} is {value}", f"expected more than 0, such as {example}"
                )
        if trainer.get("eval_strategy") == "no":
            for key, value in (
                ("early_stopping", self.early_stopping),
                ("trainer.load_best_model_at_end", trainer.get("load_best_model_at_end")),
            ):
                if value:
                    raise UserError(
                        f"{key}={value} with trainer.eval_strategy=no",
                        "only evaluations tell the best checkpoint; "
                        "type trainer.eval_strategy=steps",
                    )
        if self.early_stopping and not trainer.get("load_best_model_at_end", True):
            raise UserError(
                f"early_stopping={self.early_stopping} with trainer.load_best_model_at_end=false",
                "stopping early keeps the best; type trainer.load_best_model_at_end=true",
            )
