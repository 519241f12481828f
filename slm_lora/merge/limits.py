"""When a merged model is the tuned one: limits that follow from the noise of the run's precision.

What the run's precision changes against fp32, with nothing merged, is a difference that nobody
minds: it was there when the tuned model was scored. A merge may do twice that and a little more, so
no number found on a small model decides about a large one. A limit that the user sets is taken as
it is. Whatever is counted may differ by chance: few rows refuse nothing that chance explains.
"""

import math
from dataclasses import dataclass
from typing import Any

from slm_lora.config.sections.results import MergeConfig
from slm_lora.stats import wilson
from slm_lora.tasks import Task

FACTOR = 2
"""Times the noise."""
MORE_UNEQUAL, MORE_KL = 0.01, 0.001
"""What a merge may do where there is no noise: share of unequal tokens; nats a token."""
Proof = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """The keys of MergeConfig with their values, those of the noise where the config has none."""

    min_equal_tokens: float
    max_kl: float
    max_metric_loss: float

    @classmethod
    def of(cls, settings: MergeConfig, noise: Proof) -> "Limits":
        """`noise` is the proof of the unmerged model in the run's precision.

        The log of the ratio of two near distributions has a variance of twice their KL divergence,
        so √(2 · KL) is what it does to a log-likelihood; to a share it does less (Pinsker).
        """
        kl = FACTOR * noise["mean_kl"] + MORE_KL if settings.max_kl is None else settings.max_kl
        equal = 1 - FACTOR * (1 - noise["equal_tokens"]) - MORE_UNEQUAL
        return cls(
            min_equal_tokens=max(equal, 0.0)
            if settings.min_equal_tokens is None
            else settings.min_equal_tokens,
            max_kl=kl,
            max_metric_loss=math.sqrt(2 * kl)
            if settings.max_metric_loss is None
            else settings.max_metric_loss,
        )


@dataclass(frozen=True)
class Refusal:
    """A limit that a proof does not keep: its key, what was found, and a value that would do."""

    key: str
    found: str
    room: float


def refusals(
    proof: Proof, tokens: int, task: Task, limits: Limits, settings: MergeConfig
) -> list[Refusal]:
    """The limits that the proof of a merge does not keep; none when it is proven. A metric that was
    not compared is not looked at. NaN keeps no limit."""
    found = []
    unequal, most = 1 - proof["equal_tokens"], 1 - limits.min_equal_tokens
    least = unequal
    if settings.min_equal_tokens is None:
        least = wilson(round(unequal * tokens), tokens)[0]
    if not least <= most:
        said = f"share of unequal next tokens {unequal:.4g}, at most {most:.4g}"
        found.append(Refusal("min_equal_tokens", said, _down(1 - unequal)))
    if not proof["mean_kl"] <= limits.max_kl:
        said = f"mean KL divergence {proof['mean_kl']:.4g}, at most {limits.max_kl:.4g}"
        found.append(Refusal("max_kl", said, _up(proof["mean_kl"])))
    if task.primary in proof:
        scores, sign = proof[task.primary], 1 if task.higher_is_better else -1
        lost = sign * (scores["tuned"] - scores["merged"])
        least = lost
        if settings.max_metric_loss is None:
            least = min(-sign * end for end in scores["ci95"])
        if not least <= limits.max_metric_loss:
            said = f"loss of {task.primary} {lost:.4g}, at most {limits.max_metric_loss:.4g}"
            found.append(Refusal("max_metric_loss", said, _up(lost)))
    return found


def _up(value: float) -> float:
    """Two digits, no less than the value."""
    if not value > 0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step) * step:.2g}")


def _down(share: float) -> float:
    """Two digits after the point, no more than the share."""
    return math.floor(share * 100) / 100
