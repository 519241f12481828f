"""Statistics against published examples, brute force and exact coverage.

python -m pytest tests/test_stats.py
"""

import itertools
import math
from functools import cache

import numpy as np
import pytest
from scipy.special import comb
from scipy.stats import multinomial
from sklearn.metrics import brier_score_loss

from slm_lora import stats


def answers(
    both: int, base_only: int, tuned_only: int, neither: int
) -> tuple[np.ndarray, np.ndarray]:
    """Base and tuned right or wrong, from the cells of their 2x2 table."""
    cells = [both, base_only, tuned_only, neither]
    return np.repeat([True, True, False, False], cells), np.repeat(
        [True, False, True, False], cells
    )


# ---------------------------------------------------------------- one proportion


@pytest.mark.parametrize(
    ("successes", "n", "published"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_is_method_3_of_newcombe_1998(
    successes: int, n: int, published: tuple[float, float]
) -> None:
    """Table I of "Two-sided confidence intervals for the single proportion", method 3."""
    assert stats.wilson(successes, n) == pytest.approx(published, abs=5e-5)


def test_wilson_ends_where_the_score_test_rejects() -> None:
    n, successes, z = 50, 37, 1.959964
    for edge in stats.wilson(successes, n):
        assert abs(successes / n - edge) / math.sqrt(edge * (1 - edge) / n) == pytest.approx(
            z, rel=1e-6
        )


# ---------------------------------------------------------------- McNemar


@pytest.mark.parametrize(("wins", "losses"), [(0, 1), (5, 0), (1, 7), (7, 1), (12, 12), (30, 11)])
def test_mcnemar_is_the_share_of_coin_tosses_as_lopsided(wins: int, losses: int) -> None:
    n = wins + losses
    lopsided = [k for k in range(n + 1) if abs(2 * k - n) >= abs(wins - losses)]
    assert stats.mcnemar_p(wins, losses) == pytest.approx(sum(comb(n, k) for k in lopsided) / 2**n)


def test_mcnemar_without_a_changed_item_is_1() -> None:
    assert stats.mcnemar_p(0, 0) == 1


# ---------------------------------------------------------------- paired difference of shares


@pytest.mark.parametrize(
    ("cells", "published"),
    [
        # Cavo et al. 2012, in Fagerland, Lydersen, Laake, "Statistical Analysis of Contingency
        # Tables" (2017), chapter 8; printed by the tests of their R package contingencytables.
        ((59, 6, 16, 80), (0.0621, 0.0046, 0.1186)),
        # Bentur et al. 2009, in Fagerland, Lydersen, Laake, "Recommended tests and confidence
        # intervals for paired binomial proportions", Statistics in Medicine 33 (2014).
        ((1, 1, 7, 12), (0.286, 0.026, 0.507)),
        # Altman, Machin, Bryant, Gardner, "Statistics with Confidence" (2000), table 6.2.
        ((14, 0, 5, 22), (0.122, 0.011, 0.226)),
    ],
)
def test_paired_difference_gives_published_intervals(
    cells: tuple[int, int, int, int], published: tuple[float, float, float]
) -> None:
    difference, (low, high) = stats.paired_difference(*answers(*cells))
    digits = 4 if published[0] == 0.0621 else 3
    assert (round(difference, digits), round(low, digits), round(high, digits)) == published


def test_paired_difference_mirrors_when_base_and_tuned_change_places() -> None:
    base, tuned = answers(40, 3, 12, 20)
    difference, (low, high) = stats.paired_difference(base, tuned)
    mirrored, interval = stats.paired_difference(tuned, base)
    assert mirrored == pytest.approx(-difference)
    assert interval == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    "cells", [(0, 0, 9, 0), (9, 0, 0, 0), (0, 0, 0, 1), (0, 9, 0, 0), (5, 0, 0, 4)]
)
def test_paired_difference_at_the_borders_stays_possible(cells: tuple[int, int, int, int]) -> None:
    difference, (low, high) = stats.paired_difference(*answers(*cells))
    assert -1 <= low <= difference <= high <= 1
    assert high > low or cells == (5, 0, 0, 4)


@pytest.mark.parametrize(
    ("both", "base_only", "tuned_only"), [(0.4, 0.1, 0.2), (0.5, 0.02, 0.4), (0.05, 0.05, 0.05)]
)
def test_paired_difference_covers_the_truth_in_95_percent(
    both: float, base_only: float, tuned_only: float
) -> None:
    """Exact coverage: every 2x2 table of 25 items, weighted by its probability."""
    truth = tuned_only - base_only
    tables, intervals = every_interval(25)
    covered = [low <= truth <= high for low, high in intervals]
    share = multinomial.pmf(
        tables, 25, [both, base_only, tuned_only, 1 - both - base_only - tuned_only]
    )
    assert share.sum() == pytest.approx(1)
    assert 0.93 <= share[covered].sum() <= 0.996


@cache
def every_interval(n: int) -> tuple[list[tuple[int, ...]], list[tuple[float, float]]]:
    tables = [
        (a, b, c, n - a - b - c)
        for a, b, c in itertools.product(range(n + 1), repeat=3)
        if a + b + c <= n
    ]
    return tables, [stats.paired_difference(*answers(*table))[1] for table in tables]


def test_paired_difference_wants_pairs() -> None:
    with pytest.raises(ValueError, match="2 base and 1 tuned"):
        stats.paired_difference([True, False], [True])
    with pytest.raises(ValueError, match="no pairs"):
        stats.paired_difference([], [])


# ---------------------------------------------------------------- calibration


def test_reliability_by_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    confidence = np.append(rng.uniform(0.2, 1, 300), [0.3, 0.5, 1.0])
    correct = rng.uniform(size=303) < confidence**2
    expected, error = [], 0.0
    for i in range(10):
        inside = [(p, c) for p, c in zip(confidence, correct, strict=True) if i < p * 10 <= i + 1]
        if inside:
            sure, right = np.mean(inside, axis=0)
            expected.append((sure, right, len(inside)))
            error += len(inside) / 303 * abs(sure - right)
    np.testing.assert_allclose(stats.reliability(confidence, correct), expected)
    assert stats.calibration_error(confidence, correct) == pytest.approx(error)


def test_calibration_error_of_the_surely_wrong_the_honest_and_one_bin() -> None:
    assert stats.calibration_error([1, 1, 1], [False, False, False]) == 1
    assert stats.calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert stats.calibration_error([0.55, 0.95], [True, False], bins=1) == pytest.approx(0.25)


def test_brier_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], 50)
    labels = rng.integers(0, 3, 50)
    theirs = [brier_score_loss(labels == label, probabilities[:, label]) for label in range(3)]
    assert stats.brier(probabilities, labels) == pytest.approx(sum(theirs))


def test_brier_from_best_to_worst() -> None:
    assert stats.brier([[1, 0], [0, 1]], [0, 1]) == 0
    assert stats.brier([[0.5, 0.5]], [1]) == 0.5
    assert stats.brier([[1, 0]], [1]) == 2
    assert stats.brier([[1.0], [1.0]], [0, 0]) == 0, "a single label"


# ---------------------------------------------------------------- means over items


def test_weighted_mean_difference_is_a_ratio_of_totals() -> None:
    base, tuned, tokens = [2.0, 3.0, 1.0], [1.0, 3.5, 1.0], [10, 2, 5]
    difference, _, _ = stats.paired_mean_difference(base, tuned, tokens)
    assert difference == pytest.approx((10 * 1 + 2 * 3.5 + 5) / 17 - (10 * 2 + 2 * 3 + 5) / 17)


@pytest.mark.parametrize("weights", [None, [3, 1, 4, 1, 5, 9, 2, 6]])
def test_p_value_counts_every_swap_of_few_items(weights: list[int] | None) -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(2, 1, 8)
    tuned = base - rng.normal(0.4, 0.5, 8)
    change = (tuned - base) * (1 if weights is None else np.array(weights))
    signs = np.array(list(itertools.product([1, -1], repeat=8)))
    as_far = np.abs((signs * change).sum(axis=1)) >= abs(change.sum()) - 1e-12
    assert stats.paired_mean_difference(base, tuned, weights)[2] == pytest.approx(as_far.mean())


def test_interval_of_many_items_is_that_of_the_normal_law() -> None:
    rng = np.random.default_rng(2)
    base = rng.normal(2, 1, 2000)
    tuned = base - rng.normal(0.1, 0.6, 2000)
    change = tuned - base
    half = 1.96 * change.std(ddof=1) / math.sqrt(2000)
    difference, (low, high), p_value = stats.paired_mean_difference(base, tuned)
    assert difference == pytest.approx(change.mean())
    assert (low, high) == pytest.approx((change.mean() - half, change.mean() + half), abs=half / 10)
    assert p_value == stats.LEAST_P


def test_weighted_interval_is_that_of_the_ratio_estimator() -> None:
    """Standard error of a ratio of totals by linearisation (Cochran, "Sampling Techniques")."""
    rng = np.random.default_rng(3)
    tokens = rng.integers(5, 200, 1500)
    losses = rng.gamma(4, 0.5, 1500) + tokens / 200
    ratio = (losses * tokens).sum() / tokens.sum()
    spread = (tokens * (losses - ratio)).std(ddof=1) * math.sqrt(1500) / tokens.sum()
    low, high = stats.weighted_mean_interval(losses, tokens)
    expected = (ratio - 1.96 * spread, ratio + 1.96 * spread)
    assert (low, high) == pytest.approx(expected, abs=0.2 * spread)


def test_interval_of_the_mean_covers_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "RESAMPLES", 500)
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        tokens = rng.integers(5, 100, 80)
        low, high = stats.weighted_mean_interval(rng.gamma(3, 1 / 3, 80), tokens)
        covered += low <= 1 <= high
    assert 0.90 <= covered / 300 <= 0.98


def test_p_value_is_uniform_when_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "RESAMPLES", 200)
    rng = np.random.default_rng(5)
    p_values = []
    for _ in range(300):
        base = rng.gamma(3, 1, 20)
        p_values.append(stats.paired_mean_difference(base, base + rng.normal(0, 1, 20))[2])
    assert 0.02 <= np.mean(np.array(p_values) <= 0.05) <= 0.08
    assert 0.42 <= np.mean(np.array(p_values) <= 0.5) <= 0.58


def test_degenerate_items() -> None:
    assert stats.paired_mean_difference([1, 2, 3], [1, 2, 3], [4, 5, 6]) == (0, (0, 0), 1)
    difference, interval, p_value = stats.paired_mean_difference([2, 2, 2], [1, 1, 1])
    assert (difference, interval, p_value) == (-1, (-1, -1), 0.25), "two of the eight swaps"
    assert stats.paired_mean_difference([2.0], [1.0]) == (-1, (-1, -1), 1)
    with pytest.raises(ValueError, match="shape"):
        stats.paired_mean_difference([1, 2], [1, 2], [1])


def test_same_call_gives_the_same_numbers() -> None:
    base, tuned = np.random.default_rng(6).normal(size=(2, 40))
    assert stats.paired_mean_difference(base, tuned) == stats.paired_mean_difference(base, tuned)


# ---------------------------------------------------------------- pass@k


GRID = [(n, c, k) for n in (1, 2, 5, 10, 20) for c in range(n + 1) for k in range(1, n + 1)]


def test_pass_at_k_agrees_with_the_published_product() -> None:
    """1 - prod(1 - k / i) for i from n - c + 1 to n: section 2.1 of arXiv:2107.03374."""
    for n, c, k in GRID:
        product = 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)) if n - c >= k else 1.0
        assert stats.pass_at_k(n, c, k) == pytest.approx(product, abs=1e-12)


def test_pass_at_k_agrees_with_drawing_answers() -> None:
    """k answers are drawn without replacement; 40,000 draws, five standard errors."""
    rng, draws = np.random.default_rng(5), 40_000
    for n, c, k in [(5, 2, 1), (5, 2, 3), (10, 1, 5), (10, 4, 2), (20, 3, 10), (20, 18, 2)]:
        order = np.argsort(rng.random((draws, n)), axis=1)[:, :k]
        share = (order < c).any(axis=1).mean()
        p = stats.pass_at_k(n, c, k)
        assert share == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / draws))


def test_pass_at_k_is_exact_where_floats_would_not_be() -> None:
    assert stats.pass_at_k(2000, 0, 1000) == 0
    assert stats.pass_at_k(2000, 1, 1000) == 0.5
    assert stats.pass_at_k(2000, 1001, 1000) == 1


@pytest.mark.parametrize(("n", "c", "k"), [(5, 2, 6), (5, 6, 1), (5, -1, 1), (5, 2, 0)])
def test_pass_at_k_refuses_what_cannot_be(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"pass@{k} of {n} answers"):
        stats.pass_at_k(n, c, k)
