"""Configuration keys of what is measured, and of the sandbox that programs are judged in."""

from dataclasses import dataclass, field

from slm_lora.config.checks import check_fields, number, one_of
from slm_lora.config.places import groups
from slm_lora.errors import UserError

KINDS = tuple(groups()["task"])
"""Kinds of task: each has a file in conf/task and a folder in slm_lora/tasks."""


@dataclass(frozen=True)
class TaskConfig:
    """What is measured on the test rows, before and after training."""

    kind: str = field(default="text", metadata=one_of(*KINDS))
    """`classification` (labels scored and answers parsed), `code` (programs written, then run
    against hidden tests) or `text` (loss of the completions, and answers written)."""
    batch_size: int = field(default=32, metadata=number(least=1))
    """Rows scored or generated at once."""
    label_score: str = field(default="sum", metadata=one_of("sum", "mean"))
    """Classification: a label's score. `sum` adds up the log-likelihoods of its tokens and leaves
    out what goes on into a longer label (1 and 10); `mean` is that per token (for labels of very
    unlike lengths)."""
    generate: bool = True
    """Also let the model write its answers. Classification: counts those that cannot be parsed.
    Text: compares them with the references."""
    format: str = field(default="rows", metadata=one_of("rows", "humaneval", "mbpp"))
    """Code: how the test items are laid out, `rows` (ours, slm_lora/data/programs.py), `humaneval`
    or `mbpp` (the public files as they are)."""
    solution: str = field(default="reference", metadata=one_of("reference", "stub"))
    """Code, for `check`: run each item's own `solution`, the `reference`, or a `stub` that returns
    None."""
    greedy: bool = True
    """Code: pass@1 is that of one greedy answer; false estimates it from the samples."""
    n_samples: int = field(default=10, metadata=number(least=0))
    """Code: answers drawn for each task item, for pass@k."""
    k: list[int] = field(default_factory=lambda: [5, 10])
    """Code: the k of pass@k, beside 1."""
    temperature: float = field(default=0.2, metadata=number(above=0))
    """Code: of the samples; above 1 they vary more, near 0 they are all alike."""
    top_p: float = field(default=0.95, metadata=number(above=0, most=1))
    """Code: samples draw from the likeliest tokens that together have this probability."""
    max_new_tokens: int | None = field(default=None, metadata=number(least=1))
    """Code and text: an answer is cut off after so many tokens; null takes those of the longest
    reference of the test rows and half as many more, as far as the model's context has room beside
    the longest prompt (without references 256)."""
    continuous: bool = False
    """Code and text: write by transformers' continuous batching, where an answer begins as soon as
    another has ended, at most `batch_size` at once. For GPUs, with FlashAttention above all; what
    it brings there has not been measured."""

    @property
    def answer_limit(self) -> int:
        """`max_new_tokens`, which the preflight decides where it was left open."""
        assert self.max_new_tokens is not None
        return self.max_new_tokens

    def __post_init__(self) -> None:
        check_fields("task", self)
        if not self.greedy and self.n_samples < 1:
            raise UserError(
                f"task.n_samples={self.n_samples} with task.greedy=false",
                "pass@1 needs a greedy answer or samples; type task.greedy=true",
            )
        if any(k < 1 for k in self.k) or max(self.k, default=0) > self.n_samples:
            raise UserError(
                f"task.k={self.k} with task.n_samples={self.n_samples}",
                "pass@k needs k of 1 or more and at least k samples; type "
                f"task.n_samples={max(self.k)} or task.k=[{self.n_samples or ''}]",
            )


def is_file(entry: str) -> bool:
    """Whether an entry of `sandbox.preload` is a path, not the name of an installed module."""
    return entry.endswith(".py") or "/" in entry


@dataclass(frozen=True)
class SandboxConfig:
    """Where generated programs run, and how much they may use. The limits are for each program."""

    kind: str = field(default="bubblewrap", metadata=one_of("bubblewrap", "process"))
    """`bubblewrap` (namespaces, seccomp, limits; Linux) or `process` (limits only: keeps out
    accidents, not attacks; for platforms without namespaces)."""
    workers: int | None = field(default=None, metadata=number(least=1))
    """Programs run at once; null takes one a core."""
    cpu_seconds: float = field(default=5.0, metadata=number(least=0.1, most=86_400))
    """CPU time for the solution and all its tests. This decides."""
    wall_seconds: float = field(default=50.0, metadata=number(above=0, most=86_400))
    """Wall time, the backstop for programs that sleep."""
    memory_mb: int = field(default=512, metadata=number(least=1, most=2**20))
    """Memory beyond what the interpreter with the preloaded modules has mapped."""
    scratch_mb: int = field(default=16, metadata=number(least=1, most=2**20))
    """Size of the folder a program may write to; it is emptied after each."""
    preload: list[str] = field(default_factory=list)
    """Modules imported once by each worker, before any program: the framework and what its tests
    need, such as [fasthtml.common, bs4]. An entry that ends in .py, or is a path such as ./brio, is
    a module or a package of yours: programs and tests can import it by its name."""

    @property
    def isolated(self) -> bool:
        """Whether programs run apart from this machine's files and network."""
        return self.kind == "bubblewrap"

    def __post_init__(self) -> None:
        check_fields("sandbox", self)
        if self.wall_seconds < self.cpu_seconds:
            raise UserError(
                f"sandbox.wall_seconds={self.wall_seconds} with "
                f"sandbox.cpu_seconds={self.cpu_seconds}",
                "wall time is the backstop, ten times the CPU time is common; "
                f"type sandbox.wall_seconds={10 * self.cpu_seconds}",
            )
