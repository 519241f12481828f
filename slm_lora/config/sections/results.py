"""Configuration keys of what comes after training: merge, export, chat, serve, publish.

Each dataclass is one section of the config; slm_lora/config/schema.py holds the rest.
"""

import math
from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number, one_of
from slm_lora.errors import UserError

GGUF_TYPES = ("f32", "f16", "bf16", "q8_0", "q4_k_m")


@dataclass(frozen=True)
class MergeConfig:
    """The adapter added into the base weights, with the proof that the model stays the same."""

    after_training: bool = True
    """Merge at the end of a run. A sweep never does."""
    base: str = field(default="best", metadata=one_of("best", "trained", "original"))
    """Weights that the update is added to: `trained` (those that training saw, quantized and
    dequantized again), `original` (full precision), or `best`: the one that the proof finds closer
    to the tuned model."""
    dtype: str = field(default="auto", metadata=one_of("auto", "bf16", "fp16", "fp32"))
    """Of the merged weights: `bf16`, `fp16`, `fp32`, or `auto`: that of the base model's file, then
    fp16, then fp32, the first in which the merged model is proven."""
    max_shard_gb: float = field(default=5.0, metadata=number(above=0))
    """Largest size of one weight file in gigabytes (10⁹ bytes)."""
    rows: int = field(default=64, metadata=number(least=1))
    """Test rows at whose answers and ends of turn the proof compares the next tokens, at most; a
    short training has fewer."""
    min_equal_tokens: float | None = field(default=None, metadata=number(above=0, most=1))
    """Smallest share of equal likeliest next tokens with which a merge is proven; null: 1 % fewer
    than twice the noise leaves, and chance may explain more. Noise is what the run's own precision
    changes against fp32, nothing merged."""
    max_kl: float | None = field(default=None, metadata=number(least=0))
    """Largest mean Kullback-Leibler divergence per token, in nats; null: twice that of the noise,
    and 0.001."""
    max_metric_loss: float | None = field(default=None, metadata=number(least=0))
    """Largest loss of the task's own metric; null: √(2 · max_kl), which is what such a divergence
    can do to a log-likelihood, beyond the 95 % interval of the paired difference."""
    adapters: list[str] = field(default_factory=list)
    """Run folders, RUN among them, whose adapters become one; empty: that of RUN only."""
    weights: list[float] = field(default_factory=list)
    """Weight of each of `adapters`; empty: all the same, 1 in all."""
    combination: str = field(default="linear", metadata=one_of("linear", "ties", "dare_ties"))
    """How several adapters become one: `linear`, `ties` (arXiv:2306.01708) or `dare_ties`
    (arXiv:2311.03099)."""
    density: float = field(default=0.5, metadata=number(above=0, most=1))
    """Share of each update that `ties` and `dare_ties` keep."""

    def __post_init__(self) -> None:
        check_fields("merge", self)
        if len(self.adapters) == 1:
            raise UserError(
                "merge.adapters names one run", "name two or more, RUN itself among them"
            )
        if not all(map(math.isfinite, self.weights)):
            raise UserError(f"merge.weights are {self.weights}", "expected finite numbers")
        if self.weights and not any(self.weights):
            raise UserError("merge.weights are all 0, which leaves nothing", "give one above 0")
        if self.weights and not self.adapters:
            raise UserError("merge.weights without merge.adapters", "name the runs to combine")
        if self.weights and len(self.weights) != len(self.adapters):
            raise UserError(
                f"merge.weights has {len(self.weights)} numbers for {len(self.adapters)} adapters",
                "give one weight for each of merge.adapters, in their order",
            )


@dataclass(frozen=True)
class ExportConfig:
    """The merged model in a file format of another program."""

    format: str = field(default="gguf", metadata=one_of("gguf", "llama2c", "hf", "lora-gguf"))
    """`gguf` (llama.cpp, Ollama), `llama2c` (llama2.c), `hf` (a folder for transformers, vLLM), or
    `lora-gguf` (the adapter only, for llama.cpp)."""
    type: str | None = field(default=None, metadata=one_of(*GGUF_TYPES))
    """Number format of the matrices: `f32`, `f16`, `bf16` or `q8_0` for gguf and lora-gguf, for
    gguf also `q4_k_m` (4 bits, by llama.cpp's own quantizer: the extra llama-cpp), `f32` (version
    0) or `q8_0` (version 2) for llama2c; null takes f16, and f32 for llama2c. hf keeps that of the
    merged model."""

    def __post_init__(self) -> None:
        check_fields("export", self)
        if self.format == "hf" and self.type is not None:
            raise UserError(
                f"export.type is {self.type}, and hf keeps that of the merged model",
                "leave it out; type slm-lora merge RUN merge.dtype=… for another",
            )
        if self.format == "llama2c" and self.type in ("f16", "bf16", "q4_k_m"):
            raise UserError(
                f"export.type is {self.type}, which llama2c does not have",
                "type type=f32 or type=q8_0",
            )
        if self.format == "lora-gguf" and self.type == "q4_k_m":
            raise UserError(
                "export.type is q4_k_m, which lora-gguf does not have",
                "type type=q8_0, or format=gguf for the merged model in 4 bits",
            )


@dataclass(frozen=True)
class ChatConfig:
    """How answers are drawn in `chat` and, where a request does not say, in `serve`."""

    system: str | None = None
    """System turn at the beginning."""
    temperature: float = field(default=0.0, metadata=number(least=0))
    """0 always takes the likeliest token."""
    top_p: float = field(default=0.95, metadata=number(above=0, most=1))
    """With a temperature: draw from the likeliest tokens that together have this probability."""
    max_new_tokens: int = field(default=1024, metadata=number(least=1))
    """An answer is cut off after so many tokens."""

    def __post_init__(self) -> None:
        check_fields("chat", self)


@dataclass(frozen=True)
class ServeConfig:
    """The OpenAI-compatible endpoint. A key that clients must send: variable SLM_LORA_API_KEY."""

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 lets other machines in."""
    port: int = field(default=8000, metadata=number(least=0, most=65535))
    """TCP port; 0 takes a free one and prints it."""
    max_request_kb: int = field(default=256, metadata=number(least=1))
    """A larger request is refused."""
    max_new_tokens: int = field(default=4096, metadata=number(least=1))
    """No request gets a longer answer."""

    def __post_init__(self) -> None:
        check_fields("serve", self)


@dataclass(frozen=True)
class HubConfig:
    """Where and how a run is published."""

    repo_id: str | None = None
    """`user/name` on the hub."""
    private: bool = True
    """Keep a new repository private."""
    what: str = field(default="adapter", metadata=one_of("adapter", "merged", "both"))
    """`adapter`, `merged` (the merged model) or `both` (the merged model in a folder beside the
    adapter)."""
    revision: str | None = None
    """Branch to commit to; null takes main."""
    create_pr: bool = False
    """Propose the change as a pull request instead of committing it."""
    force: bool = False
    """Publish over a repository that this program did not make, or a run without metrics."""

    def __post_init__(self) -> None:
        check_fields("hub", self)
