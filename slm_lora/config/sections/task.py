"""Configuration keys of what is measured, and of the sandbox that programs are judged in.

python -m slm_lora +recipe=code_gen task.n_samples=20 'task.k=[5,10,20]' sandbox.cpu_seconds=10
"""

from dataclasses import dataclass, field

from slm_lora.config.checks import at_least, choice
from slm_lora.config.places import CONF
from slm_lora.errors import UserError

KINDS = tuple(sorted(file.stem for file in (CONF / "task").glob("*.yaml")))
"""Kinds of task: each has a file in conf/task and a folder in slm_lora/tasks."""


@dataclass(frozen=True)
class TaskConfig:
    """What is measured on the test rows, before and after training."""

    kind: str = "text"
    """`classification` (labels scored and answers parsed), `code` (programs written, then run
    against hidden tests) or `text` (loss of the completions, and answers written)."""
    batch_size: int = 32
    """Rows scored or generated at once."""
    label_score: str = "sum"
    """Classification: a label's score over its tokens, `sum` of log-likelihoods, or `mean` per
    token (for labels of very unlike lengths)."""
    generate: bool = True
    """Also let the model write its answers. Classification: counts those that cannot be parsed.
    Text: compares them with the references."""
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
    """Code and text: an answer is cut off after so many tokens."""

    def __post_init__(self) -> None:
        choice("task.kind", self.kind, KINDS)
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


@dataclass(frozen=True)
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
