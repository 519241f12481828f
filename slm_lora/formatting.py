"""Figures as text, for the terminal, the report and the card.

    number(0.07123)                  0.071
    evidence(metrics["comparison"])  +0.422, 95 % interval 0.380 to 0.460, McNemar p = 1e-70

A comparison is what `Task.compare` returns: `difference`, `ci95`, `p_value`, `test` and counts.
"""

from typing import Any

from slm_lora.records import Comparison
from slm_lora.stats import LEAST_P

LONGEST_TEXT = 700
"""Characters of a prompt or an answer that are shown; predictions/*.jsonl hold it all."""


def number(value: float) -> str:
    """Three decimals; two digits below a hundredth, one decimal from a hundred on."""
    if abs(value) >= 100:
        return f"{value:,.1f}"
    return f"{value:.3f}" if abs(value) >= 0.01 or value == 0 else f"{value:.2g}"


def signed(value: float) -> str:
    """A difference."""
    return f"+{number(value)}" if value > 0 else number(value)


def interval(bounds: list[float] | None) -> str:
    """`0.380 to 0.460`, empty for none."""
    return f"{number(bounds[0])} to {number(bounds[1])}" if bounds else ""


def plain(value: Any) -> str:
    """A leaf of JSON as text: `yes`, `1,234`, `0.071`, `none`, `negative, positive`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else str(value)


def clip(text: str) -> str:
    """The beginning of a long text, and how much was cut off."""
    left = len(text) - LONGEST_TEXT
    return text if left <= 0 else f"{text[:LONGEST_TEXT]} … ({left:,} more characters)"


def p_value(comparison: Comparison) -> str:
    """`p = 0.012`, `p = 1e-70`, or a bound where the test can show no less."""
    p = comparison["p_value"]
    if comparison["test"] == "permutation" and p <= LEAST_P:
        return f"p ≤ {LEAST_P:g}"
    if p < 1e-300:
        return "p < 1e-300"
    return f"p = {p:.2g}" if p >= 0.0001 else f"p = {p:.0e}"


def evidence(comparison: Comparison) -> str:
    """The difference with its interval and p value."""
    return (
        f"{signed(comparison['difference'])}, 95 % interval {interval(comparison['ci95'])}, "
        f"{comparison['test']} {p_value(comparison)}"
    )


def outcome(comparison: Comparison, higher_is_better: bool) -> str:
    """better or worse where interval and test both show it, else unclear."""
    low, high = comparison["ci95"]
    if low <= 0 <= high or comparison["p_value"] >= 0.05:
        return "unclear"
    return "better" if (low > 0) == higher_is_better else "worse"
