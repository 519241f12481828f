"""The ways to do the task beside each other, as metrics.json → `baselines` has them: base model,
simple ways, tuned model.

remark(metrics)      "The best simple way, TF-IDF + logistic regression, reaches 0.753."
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slm_lora import formatting
from slm_lora.formatting import evidence, interval, number, signed
from slm_lora.records import Comparison, Metrics
from slm_lora.tasks import TASKS


@dataclass(frozen=True)
class Cell:
    """The primary metric on some test items, and a difference where there is one to show."""

    figure: str
    interval: str
    difference: str
    difference_interval: str


@dataclass(frozen=True)
class Way:
    """One of them, ready to be shown. `tuned_is` better, worse or unclear: not shown to differ;
    these are empty for the tuned model itself. `splits` as those of `columns`."""

    label: str
    metric: str
    all: Cell
    splits: list[Cell]
    p_value: str
    tuned_is: str
    evidence: str
    seconds: str


def ways(metrics: Metrics) -> list[Way]:
    """The base model, simple ways (best first), the tuned model and what else was made of it."""
    base = {"label": "base", "comparison": metrics["comparison"], **metrics["base"]}
    tuned = {"label": "tuned", **metrics["tuned"]}
    simple, told = _measured(metrics, of_tuned=False), _measured(metrics, of_tuned=True)
    return [_way(one, metrics) for one in (base, *simple, tuned, *told)]


def simple_ways(metrics: Metrics) -> list[Way]:
    """Best first; none where none was measured."""
    return [_way(one, metrics) for one in _measured(metrics, of_tuned=False)]


def told_ways(metrics: Metrics) -> list[Way]:
    """Those of the tuned model told more in its prompt."""
    return [_way(one, metrics) for one in _measured(metrics, of_tuned=True)]


def columns(metrics: Metrics) -> dict[str, int]:
    """Split of the test items → how many there are; empty where they have none."""
    count = TASKS[metrics["task"]].count
    return {name: part[count] for name, part in metrics["tuned"].get("splits", {}).items()}


def line(metrics: Metrics) -> str:
    """All of them for the terminal, empty where there are only base and tuned model.

    "accuracy: base 0.512, majority class 0.500, tuned 0.934"
    """
    if not metrics.get("baselines"):
        return ""
    found = ways(metrics)
    return f"{found[0].metric}: " + ", ".join(f"{way.label} {way.all.figure}" for way in found)


def remark(metrics: Metrics) -> str:
    """The best simple way in a sentence, empty without any: plain words where tuning is not shown
    to be better."""
    found = simple_ways(metrics)
    if not found:
        return ""
    best = found[0]
    if best.tuned_is == "better":
        return f"The best simple way, {best.label}, reaches {best.all.figure}."
    against = f"{best.label}, which reaches {best.all.figure} (difference {best.evidence})."
    if best.tuned_is == "worse":
        return f"The tuned model is worse than the best simple way, {against}"
    return f"The tuned model is not shown to be better than the best simple way, {against}"


def _measured(metrics: Metrics, *, of_tuned: bool) -> list[dict[str, Any]]:
    task = TASKS[metrics["task"]]
    sign = -1 if task.higher_is_better else 1
    found = metrics.get("baselines", {}).values()
    return sorted(
        (way for way in found if way.get("of_tuned", False) == of_tuned),
        key=lambda way: sign * way[task.primary],
    )


def _way(found: Mapping[str, Any], metrics: Metrics) -> Way:
    """`found` has the figures of the task and, but for the tuned model, a `comparison`."""
    task, comparison = TASKS[metrics["task"]], found.get("comparison")
    changes = comparison.get("splits", {}) if comparison else {}
    return Way(
        label=found["label"],
        metric=task.figures(metrics["base"])[task.primary].label,
        all=cell(found, comparison, task.primary),
        splits=[
            cell(found["splits"][name], changes.get(name), task.primary)
            for name in columns(metrics)
        ],
        p_value=formatting.p_value(comparison) if comparison else "",
        tuned_is=formatting.outcome(comparison, task.higher_is_better) if comparison else "",
        evidence=evidence(comparison) if comparison else "",
        seconds=number(found["seconds"]) if "seconds" in found else "",
    )


def cell(found: Mapping[str, Any], comparison: Comparison | None, primary: str) -> Cell:
    """The figures of some items, and their comparison where there is one, ready to be shown."""
    return Cell(
        figure=number(found[primary]),
        interval=interval(found.get(f"{primary}_ci95")),
        difference=signed(comparison["difference"]) if comparison else "",
        difference_interval=interval(comparison["ci95"]) if comparison else "",
    )
