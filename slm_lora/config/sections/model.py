"""Configuration keys of what is trained: base model, its quantization, the adapter.

python -m slm_lora +recipe=sentiment model=nano quantization=none lora.r=8
"""

import re
from dataclasses import dataclass, field
from typing import Any

from slm_lora.config.checks import choice, share
from slm_lora.config.reserved import RESERVED_LORA_KEYS
from slm_lora.errors import UserError

QUANTIZED = ("nf4", "int8")


@dataclass(frozen=True)
class ModelConfig:
    """The base model."""

    name_or_path: str = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
    """Hub id or folder; `nano` is the model that ships with this package."""
    revision: str | None = None
    """Branch, tag or commit on the hub; null takes the main branch."""
    tokenizer: str | None = None
    """Hub id or folder of the tokenizer; null takes the model's own."""
    chat_template: str | None = None
    """Path of a Jinja chat template, or `plain` (question, space, answer, end of text). Null takes
    the tokenizer's own template, and `plain` where it has none."""
    attn_implementation: str | None = None
    """`sdpa`, `eager`, `flash_attention_2` …; null lets transformers choose."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model. Leave it off unless you have read that code."""

    def __post_init__(self) -> None:
        if not self.name_or_path:
            raise UserError(
                "model.name_or_path is empty",
                "type model=nano or model.name_or_path=FOLDER_OR_HUB_ID",
            )


@dataclass(frozen=True)
class QuantizationConfig:
    """How the frozen base weights are held during training."""

    method: str = "nf4"
    """`nf4` (4 bit, QLoRA, arXiv:2305.14314), `int8` (LLM.int8, CUDA only) or `none`."""
    double_quantization: bool = True
    """Quantize the quantization constants too (nf4 only): 0.37 bit less per weight."""

    def __post_init__(self) -> None:
        choice("quantization.method", self.method, ("nf4", "int8", "none"))


@dataclass(frozen=True)
class LoraConfig:
    """The adapter (arXiv:2106.09685), built by PEFT."""

    r: int = 16
    """Rank of the update."""
    alpha: float = 32
    """The update is scaled by alpha / r (alpha / sqrt(r) with rslora)."""
    dropout: float = 0.0
    """Dropout on the adapter's input; 0 saves 40 % of the activation memory."""
    target_modules: Any = "all-linear"
    """`all-linear`, a list of module names, or a regular expression over full module names."""
    modules_to_save: list[str] | None = None
    """Modules trained in full and saved with the adapter, such as [lm_head]."""
    rslora: bool = False
    """Rank-stabilised scaling (arXiv:2312.03732)."""
    dora: bool = False
    """Weight-decomposed adaptation (arXiv:2402.09353); slower, at times better at low rank."""
    init: str = "default"
    """`default` (B is zero), `gaussian`, `orthogonal` or `pissa` (principal singular vectors of the
    base weights, arXiv:2404.02948; needs quantization=none)."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further options of peft.LoraConfig, passed on as they are."""

    def __post_init__(self) -> None:
        if self.r < 1:
            raise UserError(f"lora.r is {self.r}", "expected a rank of 1 or more; type lora.r=16")
        if self.alpha <= 0:
            raise UserError(
                f"lora.alpha is {self.alpha}", "expected more than 0, such as lora.alpha=32"
            )
        share("lora.dropout", self.dropout)
        for key in RESERVED_LORA_KEYS.keys() & self.extra.keys():
            raise UserError(f"lora.extra.{key} is set", f"type {RESERVED_LORA_KEYS[key]} instead")
        choice("lora.init", self.init, ("default", "gaussian", "orthogonal", "pissa"))
        if not isinstance(self.target_modules, str | list) or not self.target_modules:
            raise UserError(
                f"lora.target_modules is {self.target_modules!r}",
                "expected all-linear, a list such as [q_proj,v_proj], or a regular expression",
            )
        if isinstance(self.target_modules, str):
            try:
                re.compile(self.target_modules)
            except re.error as error:
                raise UserError(
                    f"lora.target_modules={self.target_modules}: {error}",
                    "expected all-linear, a list of names, or a regular expression",
                ) from error
