"""What the report shows of text: loss and ROUGE-L of each item, and answers side by side."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from slm_lora.plotting import before_after, title
from slm_lora.records import Metrics
from slm_lora.tasks.task import Pair, Prediction
from slm_lora.tasks.text.metrics import is_answered

EXAMPLES, ANSWERS = 10, 5


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
        fell = [base["loss"] - tuned["loss"] for base, tuned in pairs]
        return {
            "Largest improvements": _most(pairs, fell, EXAMPLES),
            "Largest harms": _most(pairs, [-change for change in fell], EXAMPLES),
        }
    before, after = ([_nearness(pair[side]) for pair in answered] for side in (0, 1))
    rose = [a - b for b, a in zip(before, after, strict=True)]
    short = [2 - value for value in after]  # an exact match lacks nothing
    return {
        "Answers that improved most": _most(answered, rose, ANSWERS),
        "Answers that got worse most": _most(answered, [-change for change in rose], ANSWERS),
        "Worst answers of the tuned model": _most(answered, short, ANSWERS),
    }


def _nearness(prediction: Prediction) -> float:
    """ROUGE-L and chrF together, from 0 to 2."""
    return float(prediction["rouge_l"] + prediction["chrf"])


def _most(pairs: Sequence[Pair], values: Sequence[float], n: int) -> list[Pair]:
    """The pairs of the `n` highest values above zero, the highest first."""
    order = sorted(range(len(pairs)), key=lambda i: -values[i])
    return [pairs[i] for i in order if values[i] > 0][:n]
