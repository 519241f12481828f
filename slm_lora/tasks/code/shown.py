"""What the report shows of code: verdicts and families as bars, and programs side by side."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from slm_lora.plotting import paired_bars, title
from slm_lora.records import Metrics
from slm_lora.tasks.task import Pair, Prediction

VERDICTS = (
    *("pass", "fail", "error", "syntax", "timeout", "memory"),
    *("crash", "exit", "forbidden", "no_code"),
)
EXAMPLES = 5


def plots(
    metrics: Metrics, base: Sequence[Prediction], tuned: Sequence[Prediction]
) -> dict[str, Figure]:
    """Verdicts, and pass@1 by family where the items have families."""
    before, after = metrics["base"], metrics["tuned"]
    drawn = {"verdicts": verdicts(before["verdicts"], after["verdicts"])}
    if after["families"]:
        drawn["families"] = families(before["families"], after["families"])
    return drawn


def families(base: dict[str, Any], tuned: dict[str, Any]) -> Figure:
    """pass@1 of each family of task items, base and tuned; the best tuned one on top."""
    names = sorted(tuned, key=lambda name: (-tuned[name]["pass@1"], name))
    before, after = ([scores[name]["pass@1"] for name in names] for scores in (base, tuned))
    labels = [f"{name} ({tuned[name]['n_tasks']})" for name in names]
    figure = paired_bars(labels, before, after, "pass@1; in brackets: task items")
    solved = sum(value >= 0.5 for value in after)
    title(figure, f"{solved} of {len(names)} families mostly solved by the tuned model")
    return figure


def verdicts(base: dict[str, int], tuned: dict[str, int]) -> Figure:
    """What the answers came to, base and tuned: share of the answers by verdict."""
    names = [name for name in VERDICTS if name in base or name in tuned]
    before, after = (
        [counts.get(name, 0) / sum(counts.values()) for name in names] for counts in (base, tuned)
    )
    figure = paired_bars(names, before, after, "share of the answers")
    title(figure, f"{tuned.get('pass', 0):,} of {sum(tuned.values()):,} tuned answers pass")
    return figure


def examples(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Items that only the tuned model solves, and those that it still fails."""
    solved = [(_passes(b), _passes(t)) for b, t in pairs]
    wins = [pair for pair, (b, t) in zip(pairs, solved, strict=True) if t and not b]
    failures = [pair for pair, (_, t) in zip(pairs, solved, strict=True) if not t]
    return {
        "Improved: only the tuned model's program passes": _of_many_families(wins),
        "Remaining failures of the tuned model": _of_many_families(failures),
    }


def shown_answer(prediction: Prediction) -> dict[str, Any]:
    """The answer of an item that the page shows: the greedy one, else the first that was drawn."""
    answer: dict[str, Any] = prediction["greedy"] or prediction["samples"][0]
    return answer


def _passes(prediction: Prediction) -> bool:
    return bool(shown_answer(prediction)["verdict"] == "pass")


def _of_many_families(pairs: Sequence[Pair]) -> list[Pair]:
    """The first of each family, then the second of each, as many as the page shows."""
    seen: Counter[str | None] = Counter()
    order = []
    for place, (base, _) in enumerate(pairs):
        order.append((seen[base["family"]], place))
        seen[base["family"]] += 1
    return [pairs[place] for _, place in sorted(order)[:EXAMPLES]]
