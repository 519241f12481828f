"""Intervals, paired tests and calibration: pure functions of numbers, no torch.

    from slm_lora.stats import paired_difference
    difference, (low, high) = paired_difference(base_correct, tuned_correct)

Base and tuned model answer the same items, so every comparison here is paired. All intervals are
95 %, all tests two-sided. They say how far another draw of test items could move the figure; they
do not cover another training seed.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest, bootstrap, norm, permutation_test

Interval = tuple[float, float]
Floats = NDArray[np.float64]

RESAMPLES = 9999
"""Of the bootstrap and of the permutation test."""
LEAST_P = 2 / (RESAMPLES + 1)
"""The smallest p that so many random permutations can show, two-sided."""
BATCH_NUMBERS = 4_000_000
"""Numbers resampled at once: bounds the memory, whatever the number of items."""


def wilson(successes: int, n: int) -> Interval:
    """Interval of a proportion (Wilson 1927)."""
    found = binomtest(int(successes), int(n)).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def mcnemar_p(wins: int, losses: int) -> float:
    """Exact McNemar test, a sign test of wins against losses; 1 when there are neither."""
    return float(binomtest(wins, wins + losses, 0.5).pvalue) if wins + losses else 1.0


def paired_difference(base_correct: ArrayLike, tuned_correct: ArrayLike) -> tuple[float, Interval]:
    """Share right of tuned minus base on the same items, and its interval.

    Newcombe's square-and-add of the two Wilson intervals, less what their correlation explains:
    method 10 of Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998) 2635-2650. It stays within
    -1 and 1 and keeps its width when no item changed, where Wald's shrinks to nothing.
    """
    base, tuned = np.asarray(base_correct, bool), np.asarray(tuned_correct, bool)
    if base.shape != tuned.shape or not base.size:
        raise ValueError(f"{base.size} base and {tuned.size} tuned answers are no pairs")
    n = base.size
    p_base, p_tuned = base.mean(), tuned.mean()
    low_base, high_base = wilson(base.sum(), n)
    low_tuned, high_tuned = wilson(tuned.sum(), n)
    phi = _correlation(base, tuned)

    def radius(tuned_side: float, base_side: float) -> float:
        # Rounding can bring a square of zero below zero, and a border past 1.
        return math.sqrt(max(tuned_side**2 - 2 * phi * tuned_side * base_side + base_side**2, 0))

    difference = p_tuned - p_base
    low = difference - radius(p_tuned - low_tuned, high_base - p_base)
    high = difference + radius(high_tuned - p_tuned, p_base - low_base)
    return float(difference), (max(float(low), -1.0), min(float(high), 1.0))


def _correlation(base: NDArray[np.bool_], tuned: NDArray[np.bool_]) -> float:
    """Phi of the 2x2 table, its numerator corrected for continuity as method 10 prescribes."""
    both, neither = int((base & tuned).sum()), int((~base & ~tuned).sum())
    wins, losses = int((tuned & ~base).sum()), int((base & ~tuned).sum())
    margins = float(base.sum()) * float((~base).sum()) * float(tuned.sum()) * float((~tuned).sum())
    if margins == 0:
        return 0.0
    numerator = float(both * neither - wins * losses)
    if numerator > 0:
        numerator = max(numerator - base.size / 2, 0)
    return numerator / math.sqrt(margins)


def reliability(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 10
) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, items) of each bin of equal width that holds items.

    `confidence` (items,) is the probability given to the predicted label; a bin holds its upper
    edge, not its lower one.
    """
    p, right = np.asarray(confidence, float), np.asarray(correct, bool)
    index = np.digitize(p, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    members = [index == i for i in range(bins)]
    return [(float(p[m].mean()), float(right[m].mean()), int(m.sum())) for m in members if m.any()]


def calibration_error(confidence: ArrayLike, correct: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: |share right - mean confidence| of the bins, by their items.

    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.
    """
    found = reliability(confidence, correct, bins)
    n = sum(count for _, _, count in found)
    return sum(count * abs(accuracy - sure) for sure, accuracy, count in found) / n


def brier(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Brier score of `probabilities` (items, labels) for the true label indices (items,).

    The squared error summed over the labels and averaged over the items, as in Brier 1950: from
    0 to 2, with two labels twice the score of one of them.
    """
    p = np.asarray(probabilities, float)
    truth = np.eye(p.shape[1])[np.asarray(labels)]
    return float(np.square(p - truth).sum(axis=1).mean())


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Probability that at least one of `k` answers is right, drawn without replacement from `n`, of
    which `correct` are: 1 - C(n - correct, k) / C(n, k), in integers until the last division.

    The unbiased estimator of Chen et al., "Evaluating Large Language Models Trained on Code",
    arXiv:2107.03374, equation 1.

    Raises:
        ValueError: k is not within 1 and n, or correct not within 0 and n.
    """
    if not 1 <= k <= n or not 0 <= correct <= n:
        raise ValueError(f"pass@{k} of {n} answers, {correct} of them right")
    return (math.comb(n, k) - math.comb(n - correct, k)) / math.comb(n, k)


def weighted_mean_interval(
    values: ArrayLike, weights: ArrayLike | None = None, seed: int = 0
) -> Interval:
    """Interval of sum(weights * values) / sum(weights), both (items,); no weights: of the mean.

    Percentile bootstrap over items, each with its own weight (an item's tokens, for a loss in nats
    a token). Equal values, or a single one, give an interval without width.
    """
    v, w = _with_weights(values, weights)
    if np.all(v == v[0]):
        return float(v[0]), float(v[0])
    found = bootstrap(
        (v, w),
        _weighted_mean,
        paired=True,
        method="percentile",
        n_resamples=RESAMPLES,
        batch=max(BATCH_NUMBERS // v.size, 1),
        rng=seed,
    ).confidence_interval
    return float(found.low), float(found.high)


def paired_mean_difference(
    base: ArrayLike, tuned: ArrayLike, weights: ArrayLike | None = None, seed: int = 0
) -> tuple[float, Interval, float]:
    """Weighted mean of tuned minus base per item (items,), its interval and p value.

    Interval as in `weighted_mean_interval`; p of the paired permutation test, which swaps base and
    tuned of random items (of every subset of them, up to 13 items).
    """
    before, w = _with_weights(base, weights)
    after, _ = _with_weights(tuned, weights)
    change = after - before
    p_value = 1.0
    if change.any() and change.size > 1:
        p_value = permutation_test(
            (change,),
            lambda flipped, axis: _weighted_mean(flipped, w, axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(BATCH_NUMBERS // change.size, 1),
            rng=seed,
        ).pvalue
    interval = weighted_mean_interval(change, w, seed)
    return float(_weighted_mean(change, w)), interval, float(p_value)


def least_difference(interval: Sequence[float]) -> float:
    """The smallest difference that a comparison with this interval finds 4 times out of 5 (80 %
    power) at p < 0.05: 1.96 + 0.84 standard errors, of which the interval holds 2 · 1.96."""
    low, high = interval
    error = (high - low) / (2 * norm.ppf(0.975))
    return float((norm.ppf(0.975) + norm.ppf(0.8)) * error)


def _weighted_mean(values: Floats, weights: Floats, axis: int = -1) -> Floats:
    mean: Floats = (values * weights).sum(axis) / weights.sum(axis)
    return mean


def _with_weights(values: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    v = np.asarray(values, float)
    w = np.ones(v.shape) if weights is None else np.asarray(weights, float)
    if v.shape != w.shape or v.ndim != 1 or not v.size:
        raise ValueError(f"values of shape {v.shape} with weights of shape {w.shape}")
    return v, w
