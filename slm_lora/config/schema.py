"""Every configuration key: its type, its meaning and what it may hold.

Each dataclass is one Hydra group (`conf/<group>/`). The text under a field says what it means.
A wrong value raises `UserError` while the config is read, before torch is imported.
"""

from dataclasses import dataclass, field
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from slm_lora.config.checks import check_fields, number, one_of
from slm_lora.config.places import expanded
from slm_lora.config.sections.baselines import BaselinesConfig
from slm_lora.config.sections.data import DataConfig
from slm_lora.config.sections.endpoint import EndpointConfig
from slm_lora.config.sections.improve import ImproveConfig
from slm_lora.config.sections.machine import HardwareConfig, SweepConfig
from slm_lora.config.sections.model import QUANTIZED, LoraConfig, ModelConfig, QuantizationConfig
from slm_lora.config.sections.results import (
    ChatConfig,
    ExportConfig,
    HubConfig,
    MergeConfig,
    ServeConfig,
)
from slm_lora.config.sections.retention import RetentionConfig
from slm_lora.config.sections.task import SandboxConfig, TaskConfig
from slm_lora.config.trainer import check_trainer
from slm_lora.errors import UserError

AFTER_TRAINING = ("merge", "export", "chat", "serve", "endpoint", "hub")
"""Sections that say nothing of the training: a finished run may be given others."""

TRAINS_BASE = {"bias", "trainable_token_indices"}
NOT_WITH_MOVED_WEIGHTS = {"bias", "trainable_token_indices", "rank_pattern", "alpha_pattern"}


@dataclass(frozen=True)
class Config:
    """A whole run."""

    recipe: str | None = None
    """Name of the recipe, set by `+recipe=NAME`."""
    run_dir: str | None = None
    """Run folder; null makes outputs/<recipe>/<date>_<time>. An interrupted run goes on in it."""
    seed: int = field(default=42, metadata=number(least=0, most=2**32 - 1))
    """Seed of adapter weights, row order and drawn answers; that of the splits is data.seed."""
    device: str | None = field(default=None, metadata=one_of("cpu", "cuda", "mps"))
    """`cpu`, `cuda` or `mps` (Apple's GPUs, without quantization); null takes CUDA where there is
    one, else the CPU. `cpu` insists, whatever the size."""
    precision: str | None = field(default=None, metadata=one_of("bf16", "fp16", "fp32"))
    """`bf16`, `fp16` (CUDA only, with loss scaling) or `fp32`; null takes the best that works."""
    batch_size: int = field(default=32, metadata=number(least=1, most=2**16))
    """Rows per optimizer step: the effective batch size, whatever the hardware."""
    early_stopping: int | None = field(default=None, metadata=number(least=1))
    """Stop after this many evaluations without a better loss, or metric (`best_by`); null never
    stops early."""
    best_by: str = field(default="loss", metadata=one_of("loss", "metric"))
    """What the best checkpoint is best by, on the validation rows: `loss`, or `metric`, the task's
    own, for which these rows are also scored at every evaluation."""
    model: ModelConfig = field(default_factory=ModelConfig)
    quantization: QuantizationConfig = field(default_factory=QuantizationConfig)
    lora: LoraConfig = field(default_factory=LoraConfig)
    data: DataConfig = field(default_factory=DataConfig)
    task: TaskConfig = field(default_factory=TaskConfig)
    baselines: BaselinesConfig = field(default_factory=BaselinesConfig)
    retention: RetentionConfig = field(default_factory=RetentionConfig)
    improve: ImproveConfig = field(default_factory=ImproveConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    """Options of trl.SFTConfig, passed on as they are."""
    sandbox: SandboxConfig = field(default_factory=SandboxConfig)
    hardware: HardwareConfig = field(default_factory=HardwareConfig)
    merge: MergeConfig = field(default_factory=MergeConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    chat: ChatConfig = field(default_factory=ChatConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    endpoint: EndpointConfig = field(default_factory=EndpointConfig)
    hub: HubConfig = field(default_factory=HubConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)

    def __post_init__(self) -> None:
        if self.run_dir is not None:  # once for all who write there; transformers does it too
            object.__setattr__(self, "run_dir", expanded(self.run_dir))
        check_fields("", self)
        self._check_combinations()
        check_trainer(self.trainer, self.early_stopping, self.best_by)

    def needs_cuda(self) -> UserError | None:
        """What to say of this config where there is no CUDA GPU; None if it needs none."""
        if self.precision == "fp16":
            return UserError("precision=fp16 needs a CUDA GPU", "type precision=bf16")
        if self.quantization.method == "int8":
            return UserError("quantization=int8 needs a CUDA GPU", "type quantization=nf4")
        return None

    def needs_more_than_mps(self) -> UserError | None:
        """What to say of this config where an Apple GPU is to compute; None if that can."""
        if self.quantization.method in QUANTIZED:
            return UserError(
                f"quantization={self.quantization.method} with device=mps: bitsandbytes brings no "
                "kernels for Apple's GPUs",
                "type quantization=none, or device=cpu",
            )
        if self.trainer.get("packing"):
            return UserError(
                "trainer.packing=true with device=mps: no kernel there keeps packed texts apart",
                "type trainer.packing=false",
            )
        return self.needs_cuda()

    def check_scaled(self) -> None:
        """
        Raises:
            UserError: weights of the base are trained, which cannot be in fp16.
        """
        bias = self.lora.extra.get("bias", "none")
        if self.lora.modules_to_save or bias != "none":
            what = f"modules_to_save={self.lora.modules_to_save}"
            raise UserError(
                f"lora.{what if self.lora.modules_to_save else f'extra.bias={bias}'} with "
                "precision=fp16",
                "gradient scaling needs the trained weights in fp32; type precision=fp32",
            )

    def _check_combinations(self) -> None:
        quantization = self.quantization.method
        if self.device == "cpu" and (error := self.needs_cuda()):
            raise error
        if self.device == "mps" and (error := self.needs_more_than_mps()):
            raise error
        if self.hardware.shard and (error := self._needs_whole_base()):
            raise error
        if self.lora.moves_base_weights and (
            self.lora.dora
            or self.lora.modules_to_save
            or NOT_WITH_MOVED_WEIGHTS & self.lora.extra.keys()
        ):
            raise UserError(
                f"lora.init={self.lora.init} with dora, modules_to_save or weights by lora.extra",
                "it is saved as a plain LoRA adapter, which has no place for these; "
                "type lora.init=default",
            )
        if self.improve.rounds and self.improve.start == "adapter" and self.lora.moves_base_weights:
            raise UserError(
                f"improve.start=adapter with lora.init={self.lora.init}",
                "its adapter is saved in another form than it is trained in; "
                "type improve.start=base",
            )
        if self.precision == "fp16":
            self.check_scaled()
        if quantization in QUANTIZED and self.lora.moves_base_weights:
            raise UserError(
                f"lora.init={self.lora.init} with quantization={quantization}",
                "it takes the base weights apart at full precision; type quantization=none",
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

    def _needs_whole_base(self) -> UserError | None:
        """What to say of this config where no process holds the whole base model."""
        lora, method = self.lora, self.quantization.method
        unfit = (
            (method != "none", f"quantization={method}", "quantization=none"),
            (lora.init != "default", f"lora.init={lora.init}", "lora.init=default"),
            (lora.dora, "lora.dora=true", "lora.dora=false"),
            (bool(lora.modules_to_save), "lora.modules_to_save", "lora.modules_to_save=null"),
            (bool(TRAINS_BASE & lora.extra.keys()), "weights by lora.extra", "lora.extra={}"),
            (bool(self.retention.lm_eval), "retention.lm_eval", "retention.lm_eval=[]"),
            (self.hardware.compile, "hardware.compile=true", "hardware.compile=false"),
            (self.best_by == "metric", "best_by=metric", "best_by=loss"),
            (self.task.continuous, "task.continuous=true", "task.continuous=false"),
            (self.device == "mps", "device=mps", "hardware.shard=false"),
        )
        for is_so, word, instead in unfit:
            if is_so:
                return UserError(
                    f"hardware.shard=true with {word}, which wants a whole base model",
                    f"type {instead}",
                )
        return None

    def _quantized_modules_to_save(self) -> list[str]:
        """Embeddings, norms and the output head stay unquantized: these may be trained in full."""
        unquantized = ("lm_head", "embed", "wte", "wpe", "norm", "ln_")
        return [
            name
            for name in self.lora.modules_to_save or []
            if not any(part in name for part in unquantized)
        ]


def open_schema() -> DictConfig:
    """The schema as a tree that can be merged into: OmegaConf locks what is a frozen dataclass."""
    tree = cast(DictConfig, OmegaConf.structured(Config))
    sections = [tree]
    for section in sections:
        OmegaConf.set_readonly(section, None)
        inner = (section._get_node(key) for key in section)
        sections += [node for node in inner if isinstance(node, DictConfig)]
    return tree
