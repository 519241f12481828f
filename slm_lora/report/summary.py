"""The verdict in a sentence and the key figures in a table, for the page and for the terminal.

console.print(verdict(metrics), summary_table(metrics))      metrics: what metrics.json holds
"""

from dataclasses import dataclass
from typing import cast

from rich.table import Table
from rich.text import Text

from slm_lora import formatting
from slm_lora.files import Json
from slm_lora.formatting import evidence, interval, number, signed
from slm_lora.records import Comparison, MergeProof, Metrics
from slm_lora.report.baselines import remark, simple_ways
from slm_lora.report.retention import sentences
from slm_lora.tasks import TASKS

PROOF = {
    "equal_tokens": "same tokens",
    "mean_kl": "mean KL",
    "max_logit_difference": "largest gap",
    "greedy_equal": "same texts",
}
"""Figures of merge.json → how they are called."""


CAUTION = (
    "Interval and p speak of these test items: how far another draw of as many could move the "
    "difference. They do not cover another training seed; for that, run seed=1, seed=2, seed=3 and "
    "compare. Settings that were chosen by this very test set look better on it than they are."
)


@dataclass(frozen=True)
class KeyFigure:
    """One metric, ready to be shown; `change` is better, worse, unclear or same, and nothing where
    no test has looked at the difference."""

    name: str
    about: str
    base: str
    tuned: str
    base_interval: str
    tuned_interval: str
    difference: str
    change: str


def outcome(metrics: Metrics) -> str:
    """better or worse where interval and test both show it, else unclear."""
    return formatting.outcome(metrics["comparison"], TASKS[metrics["task"]].higher_is_better)


def verdict(metrics: Metrics) -> str:
    """What the run showed: a sentence, the task's own remark, the best simple way, and what was
    unlearnt.

    "Tuning raised accuracy from 0.512 to 0.934: +0.422, 95 % interval 0.380 to 0.460,
    McNemar p = 1e-70."
    """
    task, comparison = TASKS[metrics["task"]], metrics["comparison"]
    metric = task.figures(metrics["base"])[task.primary]
    went = "raised" if comparison["difference"] > 0 else "lowered"
    base, tuned = (number(metrics[side][task.primary]) for side in ("base", "tuned"))
    unit = f" {metric.unit}" if metric.unit else ""
    change = f"{metric.label} from {base} to {tuned}{unit}: {evidence(comparison)}."
    sentence = {
        "better": f"Tuning {went} {change}",
        "worse": f"Tuning made it worse: it {went} {change}",
        "unclear": f"No difference that this test set of {count(metrics):,} items can show: "
        f"{change}",
    }[outcome(metrics)]
    said = (sentence, task.remark(metrics), remark(metrics), *sentences(metrics))
    return " ".join(filter(None, said))


def figures(metrics: Metrics) -> list[KeyFigure]:
    """The key figures, those that were not measured left out."""
    task, before, after = TASKS[metrics["task"]], metrics["base"], metrics["tuned"]
    others = cast(dict[str, Comparison], metrics["comparison"].get(task.compared or "", {}))
    comparisons = {**others, task.primary: metrics["comparison"]}
    found = []
    for key, metric in task.figures(before).items():
        base, tuned = before.get(key), after.get(key)
        if base is None or tuned is None:
            continue
        change = "same" if tuned == base else ""
        tested = comparisons.get(metric.tested_as or key)
        if tested and not change:
            change = formatting.outcome(tested, metric.higher_is_better)
        found.append(
            KeyFigure(
                name=f"{metric.label}, {metric.unit}" if metric.unit else metric.label,
                about=metric.about,
                base=number(base),
                tuned=number(tuned),
                base_interval=interval(before.get(f"{key}_ci95")),
                tuned_interval=interval(after.get(f"{key}_ci95")),
                difference=signed(tuned - base),
                change=change,
            )
        )
    return found


def in_short(metrics: Metrics) -> str:
    """The verdict for the title of a page: `better, accuracy 0.503 → 0.863`, and the best simple
    way where tuning is not shown to be better than that."""
    first = figures(metrics)[0]
    said = f"{outcome(metrics)}, {first.name} {first.base} → {first.tuned}"
    best = next(iter(simple_ways(metrics)), None)
    if best is None or best.tuned_is == "better":
        return said
    return f"{said}, {best.label} {best.all.figure}"


def summary_table(metrics: Metrics) -> Table:
    """The key figures for the terminal: base, tuned, difference."""
    table = Table(caption=items(metrics), caption_justify="left")
    table.add_column()
    for column in ("base", "tuned", "difference"):
        table.add_column(column, justify="right")
    colours = {"better": "green", "worse": "red"}
    for figure in figures(metrics):
        difference = Text(
            f"{figure.difference} {figure.change}".strip(), style=colours.get(figure.change, "")
        )
        table.add_row(figure.name, figure.base, figure.tuned, difference)
    return table


def merge_rows(proof: MergeProof, primary: str) -> list[dict[str, str]]:
    """The proof of a merge, a row for each kind of weights that the adapter was merged into; in the
    last one nothing is merged: only the run's own precision is used."""
    rows = []
    for base, figures in proof["candidates"].items():
        score = figures.get(primary)
        change = f"{score['tuned']:.4f} → {score['merged']:.4f}" if score else ""
        rows.append({"merged into": base, **_proof(figures), primary: change})
    noise = proof["noise"]
    rows.append({"merged into": f"none ({noise['precision']})", **_proof(noise), primary: ""})
    return rows


def _proof(figures: Json) -> dict[str, str]:
    return {name: f"{figures[key]:.4g}" for key, name in PROOF.items()}


def merge_caption(proof: MergeProof) -> str:
    """Whether the merge is proven, what the figures were measured on, and which weights were
    kept."""
    seconds = f"{proof['seconds']:.0f} s."
    if "candidates" not in proof:
        return f"merge: not proven: {proof['reason']}. {seconds}"
    limits = proof["limits"]
    measured = (
        f"Against the tuned model in fp32, answers and ends of turn only: {proof['rows']:,} rows, "
        f"{proof['tokens']:,} tokens. Limits: {limits['min_equal_tokens']:.4g} of the tokens, "
        f"KL {limits['max_kl']:.2g}, loss of the metric {limits['max_metric_loss']:.2g}. {seconds}"
    )
    if not proof["proven"]:
        return f"merge: not proven: {proof['reason']}. {measured}"
    return (
        f"{measured} Kept: {proof['base']} weights, in {proof['dtype']} ({proof['dtype_reason']})."
    )


def merge_table(proof: MergeProof, primary: str) -> Table:
    """The proof of a merge for the terminal."""
    table = Table(caption=merge_caption(proof), caption_justify="left")
    rows = merge_rows(proof, primary)
    for column in rows[0]:
        table.add_column(column, justify="left" if column == "merged into" else "right")
    for row in rows:
        table.add_row(*row.values())
    return table


def combination_table(combination: Json) -> Table:
    """Each run's own metric with its own adapter and with the combined one."""
    table = Table(caption=f"{combination['combination']}", caption_justify="left")
    for column in ("run", "weight", "metric", "own adapter", "combined"):
        table.add_column(column)
    for task, weight in zip(combination["tasks"], combination["weights"], strict=True):
        scores = (number(task["before"]), number(task["after"]))
        table.add_row(task["run"], f"{weight:g}", task["metric"], *scores)
    return table


def items(metrics: Metrics) -> str:
    """How many items there were, and on how many of them something changed."""
    counts = metrics["comparison"]
    return (
        f"{count(metrics):,} test items: {counts['wins']:,} improved, "
        f"{counts['losses']:,} got worse, {counts['ties']:,} unchanged"
    )


def count(metrics: Metrics) -> int:
    """Number of test items."""
    found: int = metrics["base"][TASKS[metrics["task"]].count]
    return found
