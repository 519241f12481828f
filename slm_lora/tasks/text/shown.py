"""What the report shows of text: loss and ROUGE-L of each item, and answers side by side."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from slm_lora.plotting import before_after, title
from slm_lora.records import Metrics
from slm_lora.tasks.task import Pair, Prediction
from slm_lora.tasks.text.metrics import is_answered

EXAMPLES = 5


def plots(
    metrics: Metrics, base: Sequence[Prediction], tuned: Sequence[Prediction]
) -> dict[str, Figure]:
    """Each item before and after: its loss, and ROUGE-L of its answer where there are answers."""
    before, after = ([p["loss"] for p in side] for side in (base, tuned))
    figure = before_after(before, after, max(*before, *after) * 1.05, "loss, nats per token")
    fell = metrics["comparison"]["wins"]
    title(figure, f"Loss fell on {fell:,} of {len(base):,} items")
    drawn = {"item_loss": figure}
    if answers := metrics["comparison"].get("answers"):
        pairs = [p for p in zip(base, tuned, strict=True) if all(map(is_answered, p))]
        before, after = ([pair[side]["rouge_l"] for pair in pairs] for side in (0, 1))
        drawn["item_rouge_l"] = before_after(before, after, 1.02, "ROUGE-L")
        rose = answers["rouge_l"]["wins"]
        title(drawn["item_rouge_l"], f"ROUGE-L rose on {rose:,} of {len(pairs):,} items")
    return drawn


def examples(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Items whose answers changed most, by ROUGE-L and chrF together, and the tuned model's worst;
    without answers those whose loss changed most."""
    answered = [pair for pair in pairs if all(map(is_answered, pair))]
    if not answered:
        fell = {i: tuned["loss"] - base["loss"] for i, (base, tuned) in enumerate(pairs)}
        return {
            "Largest improvements": _lowest(pairs, fell),
            "Largest harms": _lowest(pairs, {i: -change for i, change in fell.items()}),
        }
    before, after = ([nearness(pair[side]) for pair in answered] for side in (0, 1))
    lost = {i: b - a for i, (b, a) in enumerate(zip(before, after, strict=True))}
    return {
        "Answers that improved most": _lowest(answered, lost),
        "Answers that got worse most": _lowest(answered, {i: -x for i, x in lost.items()}),
        # 2 is an exact match: nothing to look at.
        "Worst answers of the tuned model": _lowest(
            answered, {i: value - 2 for i, value in enumerate(after)}
        ),
    }


def nearness(prediction: Prediction) -> float:
    """ROUGE-L and chrF together, from 0 to 2."""
    return float(prediction["rouge_l"] + prediction["chrf"])


def _lowest(pairs: Sequence[Pair], values: dict[int, float]) -> list[Pair]:
    """The pairs of the lowest values below zero, the lowest first."""
    return [pairs[i] for i in sorted(values, key=lambda i: values[i]) if values[i] < 0][:EXAMPLES]
