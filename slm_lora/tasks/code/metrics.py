"""Figures of code: pass@k over all items, by split and by family, and what the answers came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slm_lora import stats
from slm_lora.config.sections.task import TaskConfig
from slm_lora.errors import UserError
from slm_lora.records import Comparison
from slm_lora.tasks import paired
from slm_lora.tasks.answer_length import count_cut_off
from slm_lora.tasks.task import Figures, Metric, Prediction

MOST_MESSAGES = 10


def figures(found: Figures) -> Mapping[str, Metric]:
    """pass@1 and every other pass@k that was estimated."""
    keys = [key for key in found if key.startswith("pass@") and not key.endswith("_ci95")]
    return {
        key: Metric(
            key,
            hub=key,
            about="chance that an answer passes all tests of its task"
            if key == "pass@1"
            else f"chance that one of {key.removeprefix('pass@')} answers passes",
        )
        for key in keys
    }


def metrics(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    """pass@1 and each pass@k of `task.k`: over all items, by split and by family; what the answers
    behind pass@1 came to, how many of them were cut off, and the most frequent messages of those
    that did not pass.

    Raises:
        UserError: the items have unlike numbers of answers.
    """
    if len({len(p["samples"]) for p in predictions}) > 1:
        raise UserError(
            "the predictions have unlike numbers of samples",
            "remove the predictions folder and type the run's command again with its run_dir",
        )
    judged = [a for p in predictions for a in ([p["greedy"]] if config.greedy else p["samples"])]
    messages = [a["message"].partition("\n")[0] for a in judged if a["verdict"] != "pass"]
    return {
        **_scores(predictions, config),
        "n_tasks": len(predictions),
        "n_samples": len(predictions[0]["samples"]),
        "cut_off": count_cut_off(judged),
        "verdicts": dict(Counter(a["verdict"] for a in judged).most_common()),
        "messages": dict(Counter(messages).most_common(MOST_MESSAGES)),
        "splits": {n: _scores(part, config) for n, part in _groups(predictions, "split")},
        "families": {n: _scores(part, config) for n, part in _groups(predictions, "family")},
    }


def compare(
    base: Sequence[Prediction], tuned: Sequence[Prediction], config: TaskConfig
) -> Comparison:
    """Tuned against base on the same items: pass@1, under `k` each pass@k, under `splits` pass@1 of
    each split."""
    pairs = zip(_groups(base, "split"), _groups(tuned, "split"), strict=True)
    return {
        **_change(base, tuned, 1, config),
        "k": {f"pass@{k}": _change(base, tuned, k, config) for k in config.k if k > 1},
        "splits": {name: _change(before, after, 1, config) for (name, before), (_, after) in pairs},
    }


def _scores(predictions: Sequence[Prediction], config: TaskConfig) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for k in sorted({1, *config.k}):
        values = _values(predictions, k, config)
        found[f"pass@{k}"] = float(np.mean(values))
        found[f"pass@{k}_ci95"] = list(
            stats.wilson(int(sum(values)), len(values))
            if _is_greedy(k, config) or _all_or_none(values)
            else stats.weighted_mean_interval(values)
        )
    return found | {"n_tasks": len(predictions)}


def _change(
    base: Sequence[Prediction], tuned: Sequence[Prediction], k: int, config: TaskConfig
) -> Comparison:
    before, after = _values(base, k, config), _values(tuned, k, config)
    if _is_greedy(k, config) or _all_or_none(before + after):
        return paired.right_or_wrong([v > 0 for v in before], [v > 0 for v in after])
    return paired.mean(before, after)


def _values(predictions: Sequence[Prediction], k: int, config: TaskConfig) -> list[float]:
    """pass@k of each item."""
    if _is_greedy(k, config):
        return [float(p["greedy"]["verdict"] == "pass") for p in predictions]
    passed = [sum(a["verdict"] == "pass" for a in p["samples"]) for p in predictions]
    return [
        stats.pass_at_k(len(p["samples"]), c, k) for p, c in zip(predictions, passed, strict=True)
    ]


def _all_or_none(values: Sequence[float]) -> bool:
    """Whether all items are surely solved, or none: values that do not scatter have no bootstrap,
    but as shares they have an interval."""
    return {*values} in ({0.0}, {1.0})


def _is_greedy(k: int, config: TaskConfig) -> bool:
    return k == 1 and config.greedy


def _groups(predictions: Sequence[Prediction], key: str) -> list[tuple[str, list[Prediction]]]:
    """The items of each split or family, by name; none where the rows name none."""
    names = sorted({p[key] for p in predictions if p[key] is not None})
    return [(name, [p for p in predictions if p[key] == name]) for name in names]
