"""Configuration keys of what is trained: base model, its quantization, the adapter."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slm_lora.config.checks import check_choice, check_fields, number, one_of
from slm_lora.config.options import lora_inits
from slm_lora.config.places import expanded
from slm_lora.config.quoting import setting, shell_word
from slm_lora.config.reserved import RESERVED_LORA_KEYS, instead
from slm_lora.errors import UserError

QUANTIZED = ("nf4", "int8")
NOT_BY_CONFIG = {
    "eva": "it begins with a pass over the training rows",
    "corda": "it begins with a pass over the training rows",
    "lora_ga": "it begins with gradients of the training rows",
    "loftq": "it changes the base weights, which a saved adapter does not hold",
}
"""Initialisations of PEFT that a config cannot ask for, and why."""


@dataclass(frozen=True)
class ModelConfig:
    """The base model."""

    name_or_path: str = "TinyLlama/TinyLlama-1.1B-Chat-v1.0"
    """Hub id, folder, GGUF file of llama.cpp or Ollama, or model.bin of llama2.c; `nano` is the
    model that ships with this package."""
    gguf_file: str | None = None
    """Name of the GGUF file in the folder `name_or_path`, which then becomes the file's path."""
    revision: str | None = None
    """Branch, tag or commit on the hub; null takes the main branch."""
    tokenizer: str | None = None
    """Hub id, folder or such a file of the tokenizer; null takes the model's own."""
    chat_template: str | None = None
    """Path of a Jinja chat template, or `plain` (question, space, answer, end of text). Null takes
    the tokenizer's own template, and `plain` where it has none."""
    attn_implementation: str | None = None
    """`sdpa`, `eager`, `flash_attention_2` …; null lets transformers choose."""
    trust_remote_code: bool = False
    """Run Python code that comes with the model. Leave it off unless you have read that code."""

    def __post_init__(self) -> None:
        for key in ("name_or_path", "tokenizer", "chat_template"):
            if path := getattr(self, key):
                object.__setattr__(self, key, expanded(path))
        if not self.name_or_path:
            raise UserError(
                "model.name_or_path is empty",
                "type model=nano or model.name_or_path=FOLDER_OR_HUB_ID",
            )
        if self.gguf_file is not None:
            if not self.gguf_file.endswith(".gguf"):
                raise UserError(
                    f"model.gguf_file is {self.gguf_file!r}", "expected a file's name with .gguf"
                )
            object.__setattr__(self, "name_or_path", str(Path(self.name_or_path, self.gguf_file)))
            object.__setattr__(self, "gguf_file", None)
        _check_base(self.name_or_path)


def _check_base(name: str) -> None:
    """Refuse what training leaves: an adapter, and a run folder."""
    folder = Path(name)
    if (folder / "config.json").is_file():
        return
    if (folder / "adapter_config.json").is_file():
        what, run = "an adapter", folder.parent
    elif (folder / "adapter").is_dir() and (folder / "config.yaml").is_file():
        what, run = "a run folder", folder
    else:
        return
    hint = f"type {setting('model.name_or_path', str(run / 'merged'))}"
    if not (run / "config.yaml").is_file():
        hint = "merge it into its base model, and name the folder of that"
    elif not (run / "merged").is_dir():
        hint = f"{hint} after slm-lora merge {shell_word(str(run))}"
    raise UserError(f"model.name_or_path={name} is {what}, not a base model", hint)


@dataclass(frozen=True)
class QuantizationConfig:
    """How the frozen base weights are held during training."""

    method: str = field(default="nf4", metadata=one_of("nf4", "int8", "none"))
    """`nf4` (4 bit, QLoRA, arXiv:2305.14314), `int8` (LLM.int8, CUDA only) or `none`."""
    double_quantization: bool = True
    """Quantize the quantization constants too (nf4 only): 0.37 bit less per weight."""

    def __post_init__(self) -> None:
        check_fields("quantization", self)


@dataclass(frozen=True)
class LoraConfig:
    """The adapter (arXiv:2106.09685), built by PEFT."""

    r: int = field(default=16, metadata=number(least=1, most=2**16))
    """Rank of the update."""
    alpha: float = field(default=32, metadata=number(above=0, most=2**20))
    """The update is scaled by alpha / r (alpha / sqrt(r) with rslora)."""
    dropout: float = field(default=0.0, metadata=number(least=0, below=1))
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
    """`default` (B is zero), or a word that PEFT's `init_lora_weights` knows: `gaussian`,
    `orthogonal`, `mica`; `pissa` (arXiv:2404.02948) and `olora` (arXiv:2406.01775), which begin
    with a part of the base weights, need quantization=none."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further options of peft.LoraConfig, passed on as they are."""

    def __post_init__(self) -> None:
        check_fields("lora", self)
        self._take_init_of_extra()
        for key, value in self.extra.items():
            if key in RESERVED_LORA_KEYS:
                raise instead("lora.extra", key, value, RESERVED_LORA_KEYS[key])
        self._check_init()
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

    def _check_init(self) -> None:
        if self.init == "default" or re.fullmatch(r"pissa_niter_\d+", self.init):
            return
        if known := lora_inits():
            check_choice("lora.init", self.init, ("default", *known))
        if self.init in NOT_BY_CONFIG:
            raise UserError(
                f"lora.init={self.init}: {NOT_BY_CONFIG[self.init]}", "type lora.init=default"
            )

    def _take_init_of_extra(self) -> None:
        """PEFT's own name for `init`, under `extra`, says the same."""
        named = self.extra.get("init_lora_weights")
        if named is not None and self.init == "default":
            object.__setattr__(self, "init", "default" if named is True else str(named))
            rest = {k: v for k, v in self.extra.items() if k != "init_lora_weights"}
            object.__setattr__(self, "extra", rest)

    @property
    def moves_base_weights(self) -> bool:
        """Whether the adapter begins with a part taken out of the base weights."""
        return self.init.startswith("pissa") or self.init == "olora"
