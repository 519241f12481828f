"""Every configuration key: its type, its meaning and what it may hold.

    python -m slm_lora +recipe=sentiment --cfg job

Each dataclass is one Hydra group (`conf/<group>/`). The text under a field says what it means.
A wrong value raises `UserError` while the config is read, before torch is imported.
"""

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

from slm_lora.config.checks import at_least, choice, share
from slm_lora.config.release import ChatConfig, ExportConfig, HubConfig, MergeConfig, ServeConfig
from slm_lora.config.reserved import RESERVED_LORA_KEYS, RESERVED_TRAINER_KEYS
from slm_lora.errors import UserError

QUANTIZED = ("nf4", "int8")
TRACKERS = ("tensorboard", "wandb", "mlflow", "trackio")
NOT_WITH_PISSA = {"bias", "trainable_token_indices", "rank_pattern", "alpha_pattern"}


@dataclass
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


@dataclass
class QuantizationConfig:
    """How the frozen base weights are held during training."""

    method: str = "nf4"
    """`nf4` (4 bit, QLoRA, arXiv:2305.14314), `int8` (LLM.int8, CUDA only) or `none`."""
    double_quantization: bool = True
    """Quantize the quantization constants too (nf4 only): 0.37 bit less per weight."""

    def __post_init__(self) -> None:
        choice("quantization.method", self.method, ("nf4", "int8", "none"))


@dataclass
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


@dataclass
class DataConfig:
    """Where rows come from and how they are cleaned."""

    name: str | None = None
    """Hub id of a dataset; null when `train` names files."""
    config_name: str | None = None
    """The dataset's configuration on the hub, where it has several."""
    revision: str | None = None
    """The dataset's branch, tag or commit on the hub."""
    train_split: str = "train"
    """Name of the hub split to train on."""
    test_split: str | None = None
    """Name of the hub split to evaluate on; null splits it off the training rows."""
    train: str | None = None
    """File or glob with training rows: jsonl, json, csv, tsv, parquet, arrow, txt; `.gz` too. A tsv
    without a header holds texts and integer labels. Files win over `name`."""
    test: str | None = None
    """File or glob with test rows; null splits them off the training rows."""
    columns: dict[str, str] = field(default_factory=dict)
    """Our column name → the file's, such as {text: review, label: stars}. Ours: id, text, label,
    prompt, completion, messages, instruction, input, output."""
    labels: dict[Any, str] = field(default_factory=dict)
    """Value in the label column → label name, which is also the answer the model learns to write.
    Empty: the values are the names."""
    prompt: str | None = None
    """Template of the user's turn, with {column} fields; null takes the shape's own
    (slm_lora/data/shapes.py)."""
    system: str | None = None
    """System turn put before every prompt that has none of its own."""
    encoding: str = "utf-8"
    """Text encoding of the files; a byte that does not fit is an error with file and line."""
    train_limit: int | None = None
    """Use at most this many training rows, validation rows included, taken by seed."""
    test_limit: int | None = None
    """Use at most this many test rows, taken by seed."""
    validation_fraction: float = 0.1
    """Share of the training rows held out for the loss during training, by content hash."""
    test_fraction: float = 0.1
    """Share of the rows held out as test set when there is no test source, by content hash."""
    overlong: str = "drop"
    """Rows longer than trainer.max_length: `drop`, `error` or `truncate` (cuts the completion)."""
    near_duplicate: float = 0.8
    """Test rows with a training row of at least this Jaccard similarity (of words and pairs of
    words) are reported."""

    def __post_init__(self) -> None:
        # {0: no, 1: yes} and {false: no, true: yes} on the command line have keys that are no text.
        self.labels = {
            str(value).lower() if isinstance(value, bool) else str(value): name
            for value, name in self.labels.items()
        }
        choice("data.overlong", self.overlong, ("drop", "error", "truncate"))
        share("data.validation_fraction", self.validation_fraction)
        share("data.test_fraction", self.test_fraction)
        at_least("data.train_limit", self.train_limit, 1)
        at_least("data.test_limit", self.test_limit, 1)
        if not 0 < self.near_duplicate <= 1:
            raise UserError(
                f"data.near_duplicate is {self.near_duplicate}",
                "expected more than 0 and at most 1",
            )
        if self.test is not None and self.train is None:
            raise UserError(
                "data.test names files but data.train does not", "type data.train=FILE too"
            )


@dataclass
class TaskConfig:
    """What is measured on the test rows, before and after training."""

    kind: str = "text"
    """`classification` (labels scored and answers parsed), `code` (programs written, then run
    against hidden tests) or `text` (loss of the completions)."""
    batch_size: int = 32
    """Rows scored or generated at once."""
    label_score: str = "sum"
    """Classification: a label's score over its tokens, `sum` of log-likelihoods, or `mean` per
    token (for labels of very unlike lengths)."""
    generate: bool = True
    """Classification: also let the model write its answer, and count what cannot be parsed."""
    format: str = "rows"
    """Code: how the test items are laid out, `rows` (ours, slm_lora/data/programs.py), `humaneval`
    or `mbpp` (the public files as they are)."""
    solution: str = "reference"
    """Code, for `check`: run each item's own `solution`, the `reference`, or a `stub` that returns
    None."""
    greedy: bool = True
    """Code: pass@1 is that of one greedy answer; false estimates it from the samples."""
    n_samples: int = 10
    """Code: answers drawn for each task item, for pass@k."""
    k: list[int] = field(default_factory=lambda: [5, 10])
    """Code: the k of pass@k, beside 1."""
    temperature: float = 0.2
    """Code: of the samples; above 1 they vary more, near 0 they are all alike."""
    top_p: float = 0.95
    """Code: samples draw from the likeliest tokens that together have this probability."""
    max_new_tokens: int = 256
    """Code: an answer is cut off after so many tokens."""

    def __post_init__(self) -> None:
        choice("task.kind", self.kind, ("classification", "code", "text"))
        choice("task.label_score", self.label_score, ("sum", "mean"))
        choice("task.format", self.format, ("rows", "humaneval", "mbpp"))
        choice("task.solution", self.solution, ("reference", "stub"))
        at_least("task.batch_size", self.batch_size, 1)
        at_least("task.max_new_tokens", self.max_new_tokens, 1)
        at_least("task.n_samples", self.n_samples, 0 if self.greedy else 1)
        if not 0 < self.top_p <= 1:
            raise UserError(
                f"task.top_p is {self.top_p}", "expected more than 0 and at most 1, such as 0.95"
            )
        if self.temperature <= 0:
            raise UserError(
                f"task.temperature is {self.temperature}",
                "expected more than 0; for the likeliest answer type task.greedy=true",
            )
        if any(k < 1 for k in self.k) or max(self.k, default=0) > self.n_samples:
            raise UserError(
                f"task.k={self.k} with task.n_samples={self.n_samples}",
                "pass@k needs k of 1 or more and at least k samples; type "
                f"task.n_samples={max(self.k)} or task.k=[{self.n_samples or ''}]",
            )


@dataclass
class SandboxConfig:
    """Where generated programs run, and how much they may use. The limits are for each program."""

    kind: str = "bubblewrap"
    """`bubblewrap` (namespaces, seccomp, limits; Linux) or `process` (limits alone: keeps out
    accidents, not attacks; for platforms without namespaces)."""
    workers: int | None = None
    """Programs run at once; null takes one a core."""
    cpu_seconds: float = 5.0
    """CPU time for the solution and all its tests. This decides."""
    wall_seconds: float = 50.0
    """Wall time, the backstop for programs that sleep."""
    memory_mb: int = 512
    """Memory beyond what the interpreter with the preloaded modules has mapped."""
    scratch_mb: int = 16
    """Size of the folder a program may write to; it is emptied after each."""
    preload: list[str] = field(default_factory=list)
    """Modules imported once by each worker, before any program: the framework and what its tests
    need, such as [fasthtml.common, bs4]. An entry that ends in .py is a file of yours, run once."""

    def __post_init__(self) -> None:
        choice("sandbox.kind", self.kind, ("bubblewrap", "process"))
        at_least("sandbox.workers", self.workers, 1)
        at_least("sandbox.memory_mb", self.memory_mb, 1)
        at_least("sandbox.scratch_mb", self.scratch_mb, 1)
        at_least("sandbox.cpu_seconds", self.cpu_seconds, 0.1)
        at_least("sandbox.wall_seconds", self.wall_seconds, self.cpu_seconds)


@dataclass
class HardwareConfig:
    """What fits on the device. It never changes the effective batch size, which is the recipe's."""

    micro_batch_size: int | None = None
    """Rows per forward pass; null: the whole batch on a CPU, 8 on a GPU."""
    gradient_checkpointing: bool = False
    """Recompute activations instead of keeping them: a third more time, a tenth of the memory."""

    def __post_init__(self) -> None:
        at_least("hardware.micro_batch_size", self.micro_batch_size, 1)


@dataclass
class SweepConfig:
    """A sweep by Optuna (`-m hydra/sweeper=optuna`)."""

    n_trials: int = 20
    """Trials in all, those already in the database included."""
    direction: str | None = None
    """`maximize` or `minimize`; null takes what suits the task's primary metric."""
    storage: str | None = None
    """Database file that a later call goes on from; null keeps `optuna.db` in the sweep folder."""
    space: dict[str, str] = field(default_factory=dict)
    """Key → what to try, in Hydra's sweep words: `choice(8,16)`, `interval(1e-4,1e-2)`,
    `tag(log, interval(1e-4,1e-2))`, `range(1,5)`."""

    def __post_init__(self) -> None:
        at_least("sweep.n_trials", self.n_trials, 1)
        if self.direction is not None:
            choice("sweep.direction", self.direction, ("maximize", "minimize"))


@dataclass
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

    def _check_combinations(self) -> None:
        quantization = self.quantization.method
        if self.precision == "fp16" and self.device == "cpu":
            raise UserError(
                "precision=fp16 with device=cpu", "fp16 needs a CUDA GPU; type precision=bf16"
            )
        if quantization == "int8" and self.device == "cpu":
            raise UserError(
                "quantization=int8 with device=cpu", "int8 needs a CUDA GPU; type quantization=nf4"
            )
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
