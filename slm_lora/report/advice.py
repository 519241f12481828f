"""Is it good enough, and what next? Sentences that follow from a run's figures by stated rules.

    for step in next_steps(findings(Run(folder))): print(step)

Every rule is a function below or in the task's own folder (`Task.findings`); `config` is that of
the run's config.yaml.
"""

import math
from dataclasses import replace
from typing import Any

import yaml

from slm_lora.files import read_json
from slm_lora.formatting import number
from slm_lora.records import Metrics, Training
from slm_lora.report.baselines import simple_ways, told_ways
from slm_lora.report.retention import is_much
from slm_lora.report.summary import count, outcome
from slm_lora.run_folder import Run
from slm_lora.stats import least_difference
from slm_lora.tasks import TASKS, Finding

STEPS = 3
"""Things to try that are shown: what matters most comes first."""
FEW, SMALL_BATCH = 100, 8
"""Steps that a training on few rows may well exceed, and rows of a step that make more of them."""
FALLING, ROSE = 0.01, 0.03
"""Share of the held-out loss by which its last quarter must have fallen to be called falling, and
by which it must lie above its lowest to be called risen."""


def findings(run: Run) -> list[Finding]:
    """All that the rules found in a finished run, what matters most first."""
    metrics, training = read_json(run.metrics), read_json(run.train)
    config = yaml.safe_load(run.config.read_text(encoding="utf-8"))
    behind = _of_simple_ways(metrics)
    early = _of_few_steps(training, config)
    found = [
        *early,
        *_of_verdict(metrics, config, is_behind=bool(behind)),
        *behind,
        *of_told_ways(metrics),
        *_of_retention(metrics, config),
        *([] if early else _of_loss(training, config)),
        *TASKS[metrics["task"]].findings(metrics),
        _of_test_set(metrics),
    ]
    task = TASKS[metrics["task"]]
    if not task.higher_is_better or metrics["tuned"][task.primary] < 1:
        return found
    return [
        Finding(
            "Every test item is right.", "more and harder test rows: these can show no further gain"
        ),
        *(replace(one, step=None) for one in found),
    ]


def next_steps(found: list[Finding]) -> list[str]:
    """What to try, one line or more, at most three."""
    steps = [finding.step for finding in found if finding.step]
    return steps[:STEPS] or [
        "nothing stands out: more training rows help most often; else a sweep, such as -m "
        "trainer.learning_rate=1e-4,2e-4,5e-4 lora.r=8,16,32"
    ]


def _of_verdict(metrics: Metrics, config: dict[str, Any], is_behind: bool) -> list[Finding]:
    shown = outcome(metrics)
    if shown == "worse":
        rate = config["trainer"]["learning_rate"]
        return [
            Finding(
                "The tuned model is worse than the base model.",
                f"trainer.learning_rate={rate / 4:g}: so large a step as {rate:g} may have "
                "overwritten what the base model knew; then look at the rows by inspect",
            )
        ]
    difference = abs(metrics["comparison"]["difference"])
    # Who is behind a simple way needs no proof that tuning did a little.
    if shown == "unclear" and difference and not is_behind:
        had = count(metrics)
        wanted = had * (least_difference(metrics["comparison"]["ci95"]) / difference) ** 2
        # A handful of rows may differ all alike: an interval of no width tells nothing.
        enough = (
            f"about {_rounded(wanted):,} would show a difference of this size"
            if wanted > had
            else f"{had:,} cannot tell a difference from chance"
        )
        return [
            Finding(
                f"A difference of {number(difference)} lies within chance here.",
                f"more test rows: {enough}",
            )
        ]
    return []


def _of_simple_ways(metrics: Metrics) -> list[Finding]:
    best = next(iter(simple_ways(metrics)), None)
    if best is None or best.tuned_is != "worse":
        return []
    return [
        Finding(
            f"A simple way, {best.label}, is better than the tuned model.",
            f"{best.label} itself, which reaches {best.all.figure} with these rows; else a larger "
            "base model, or more rows and cleaner ones",
        )
    ]


def of_told_ways(metrics: Metrics) -> list[Finding]:
    """The tuned model that is told more in its prompt; better than it is the plain one's loss."""
    return [
        Finding(
            f"More in the prompt still helps: {way.label} reaches {way.all.figure}.",
            "the text in each prompt, also where the model is used",
        )
        for way in told_ways(metrics)
        if way.tuned_is == "worse"
    ]


def _of_retention(metrics: Metrics, config: dict[str, Any]) -> list[Finding]:
    if not is_much(metrics):
        return []
    rate = config["trainer"]["learning_rate"]
    return [
        Finding(
            "Much of what the base model knew of other subjects was unlearnt.",
            f"trainer.learning_rate={rate / 4:g}, fewer epochs, or general rows among the training "
            "rows, if the model is to do anything else",
        )
    ]


def _of_few_steps(training: Training, config: dict[str, Any]) -> list[Finding]:
    """First of all: before the model has begun to learn, its other figures say little."""
    if training["steps"] >= FEW or config["batch_size"] <= SMALL_BATCH:
        return []
    return [
        Finding(
            f"{loss.fact} {training['steps']} steps are few.",
            f"more and smaller steps: {loss.step.rpartition(' ')[2]} batch_size={SMALL_BATCH}",
        )
        for loss in _of_loss(training, config)
        if loss.step and loss.step.startswith("train longer")
    ]


def _of_loss(training: Training, config: dict[str, Any]) -> list[Finding]:
    losses = [(line["step"], line["eval_loss"]) for line in training["log"] if "eval_loss" in line]
    if len(losses) < 2:
        return []
    steps = losses[-1][0]
    last, lowest = losses[-1][1], min(loss for _, loss in losses)
    since, earlier = next(
        (step, loss)
        for step, loss in reversed(losses)
        if step <= 0.75 * steps or step == losses[0][0]
    )
    if last > lowest * (1 + ROSE):
        best = next(step for step, loss in losses if loss == lowest)
        return [
            Finding(
                f"The held-out loss was lowest at step {best:,} of {steps:,} ({number(lowest)}) "
                f"and rose to {number(last)}: from there on the model learned the rows by heart.",
                "more training rows; or fewer epochs, or lora.dropout=0.05",
            )
        ]
    if last <= lowest and last < earlier * (1 - FALLING):
        trainer = config["trainer"]
        key = "max_steps" if (trainer.get("max_steps") or 0) > 0 else "num_train_epochs"
        return [
            Finding(
                f"The held-out loss was still falling at the end: {number(earlier)} → "
                f"{number(last)} from step {since:,} to {steps:,}.",
                f"train longer: trainer.{key}={2 * trainer[key]:g}",
            )
        ]
    return [Finding(f"The held-out loss had levelled off at {number(last)}.")]


def _of_test_set(metrics: Metrics) -> Finding:
    metric = TASKS[metrics["task"]].figures(metrics["tuned"])[metrics["primary"]]
    least = least_difference(metrics["comparison"]["ci95"])
    if not least:  # no item tells one model from the other, so none tells how they scatter
        return Finding(f"On all {count(metrics):,} test items both models did the same.")
    return Finding(
        f"With {count(metrics):,} test items a difference in {metric.label} of less than about "
        f"{number(least)} would mostly go unseen (found 4 times out of 5 from there on)."
    )


def _rounded(value: float) -> int:
    """Up, to two digits."""
    unit = int(10 ** max(math.floor(math.log10(value)) - 1, 0))
    return math.ceil(value / unit) * unit
