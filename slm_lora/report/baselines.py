"""Simple ways to do the task beside the tuned model, as metrics.json → `baselines` has them.

remark(metrics)      "The best simple way, TF-IDF + logistic regression, reaches 0.753."
"""

from dataclasses import dataclass

from slm_lora import formatting
from slm_lora.formatting import evidence, interval, number, signed
from slm_lora.records import Metrics
from slm_lora.tasks import TASKS


@dataclass(frozen=True)
class SimpleWay:
    """One of them, ready to be shown. `tuned_is` better, worse or unclear: not shown to differ."""

    label: str
    metric: str
    figure: str
    interval: str
    difference: str
    difference_interval: str
    p_value: str
    tuned_is: str
    evidence: str
    seconds: str


def simple_ways(metrics: Metrics) -> list[SimpleWay]:
    """Best first; none where none was measured."""
    task = TASKS[metrics["task"]]
    found = metrics.get("baselines", {}).values()
    sign = -1 if task.higher_is_better else 1
    metric = task.figures(metrics["base"])[task.primary].label
    return [
        SimpleWay(
            label=way["label"],
            metric=metric,
            figure=number(way[task.primary]),
            interval=interval(way.get(f"{task.primary}_ci95")),
            difference=signed(way["comparison"]["difference"]),
            difference_interval=interval(way["comparison"]["ci95"]),
            p_value=formatting.p_value(way["comparison"]),
            tuned_is=formatting.outcome(way["comparison"], task.higher_is_better),
            evidence=evidence(way["comparison"]),
            seconds=number(way["seconds"]),
        )
        for way in sorted(found, key=lambda way: sign * way[task.primary])
    ]


def remark(metrics: Metrics) -> str:
    """The best of them in a sentence, empty without any: plain words where tuning is not shown to
    be better."""
    ways = simple_ways(metrics)
    if not ways:
        return ""
    best = ways[0]
    if best.tuned_is == "better":
        return f"The best simple way, {best.label}, reaches {best.figure}."
    against = f"{best.label}, which reaches {best.figure} (difference {best.evidence})."
    if best.tuned_is == "worse":
        return f"The tuned model is worse than the best simple way, {against}"
    return f"The tuned model is not shown to be better than the best simple way, {against}"
