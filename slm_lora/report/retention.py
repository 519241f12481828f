"""What was unlearnt, in words: metrics.json → `retention`.

"On 300 general texts of other subjects the loss went from 2.812 to 2.841 nats per token: +0.029,
95 % interval 0.010 to 0.050. A little was unlearnt."
"""

from slm_lora.files import read_jsonl
from slm_lora.formatting import interval, number, outcome, signed
from slm_lora.records import Metrics, Retention
from slm_lora.run_folder import Run
from slm_lora.tasks import TASKS, Pair

MUCH = 0.1
"""Nats per token: much was unlearnt where the whole interval of the general texts' loss lies above
this, which raises the perplexity by a tenth."""
SHOWN = 5


def sentences(metrics: Metrics) -> list[str]:
    """One on the general texts, one on the suite, one a task of lm_eval, of what was measured."""
    found = metrics.get("retention", {})
    said = []
    if "rows" in found:
        change = _change(f"{found['rows']:,} general texts of other subjects", found)
        said.append(f"{change} {in_words(metrics)}".rstrip())
    if "suite" in found:
        suite = found["suite"]
        said.append(_change(f"the {suite['rows']:,} rows of {suite['name']}", suite))
    for task, figures in found.get("lm_eval", {}).items():
        base, tuned = figures["base"], figures["tuned"]
        shown = [
            f"{name} {number(base[name])} → {number(tuned[name])}"
            for name in base
            if not name.endswith("_stderr")
        ]
        said.append(f"On {task} of lm_eval: {', '.join(shown)}.")
    return said


def in_words(metrics: Metrics) -> str:
    """What the loss on general texts comes to; empty where nothing shows that any was unlearnt."""
    if is_much(metrics):
        return "Much was unlearnt."
    found = metrics["retention"]["comparison"]
    return "A little was unlearnt." if outcome(found, higher_is_better=False) == "worse" else ""


def is_much(metrics: Metrics) -> bool:
    """By the rule of MUCH."""
    found = metrics.get("retention", {}).get("comparison")
    return found is not None and found["ci95"][0] > MUCH


def most_unlearnt(run: Run) -> list[Pair]:
    """The general texts whose loss rose most, the worst first."""
    files = [run.retention_predictions("general", side) for side in ("base", "tuned")]
    if not all(file.exists() for file in files):
        return []
    pairs = zip(*map(read_jsonl, files), strict=True)
    rose = sorted(pairs, key=lambda pair: pair[0]["loss"] - pair[1]["loss"])
    return [(base, tuned) for base, tuned in rose if tuned["loss"] > base["loss"]][:SHOWN]


def _change(where: str, found: Retention) -> str:
    task, comparison = TASKS[found["task"]], found["comparison"]
    metric = task.figures(found["base"])[task.primary]
    base, tuned = (number(found[side][task.primary]) for side in ("base", "tuned"))
    unit = f" {metric.unit}" if metric.unit else ""
    return (
        f"On {where} the {metric.label} went from {base} to {tuned}{unit}: "
        f"{signed(comparison['difference'])}, 95 % interval {interval(comparison['ci95'])}."
    )
