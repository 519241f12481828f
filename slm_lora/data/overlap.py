"""Training rows that give the test away: the same text (dropped), or nearly the same (reported)."""

from typing import Any

import numpy as np
from scipy import sparse

from slm_lora.data.shapes import Item

EXAMPLES = 5
CHUNK = 1000
"""Test rows compared at once, which bounds the memory."""


def drop_exact(train: list[Item], test: list[Item]) -> tuple[list[Item], int]:
    """The training rows whose text is not a test row's, and how many were."""
    texts = {item.text for item in test}
    kept = [item for item in train if item.text not in texts]
    return kept, len(train) - len(kept)


def near(train: list[Item], test: list[Item], threshold: float) -> dict[str, Any]:
    """Test rows that have a training row of at least `threshold` Jaccard similarity.

    A text is the set of its words and of its pairs of neighbouring words. Exact but for hash
    collisions: two sets of similarity t share one of the n - ceil(t n) + 1 rarest members of a set
    of n (prefix filter, Chaudhuri et al. 2006), so only pairs that do are compared.
    """
    found: list[tuple[float, int, int]] = []
    if train and test:
        have, wanted = _sets(train), _sets(test)
        by_member = have.T.tocsr()
        for start in range(0, len(test), CHUNK):
            found += _most_similar(wanted[start : start + CHUNK], have, by_member, threshold, start)
    found.sort(key=lambda pair: -pair[0])
    return {
        "near": len(found),
        "threshold": threshold,
        "examples": [
            {
                "similarity": round(similarity, 3),
                "test": test[t].row["id"],
                "train": train[n].row["id"],
                "test_text": test[t].text[:200],
                "train_text": train[n].text[:200],
            }
            for similarity, t, n in found[:EXAMPLES]
        ],
    }


def _sets(items: list[Item]) -> sparse.csr_matrix:
    """A matrix (rows, members), 1 where the text has the word or pair of words."""
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        ngram_range=(1, 2), token_pattern=r"\S+", lowercase=False, n_features=2**22,
        binary=True, norm=None, alternate_sign=False, dtype=np.float32,
    )  # fmt: skip
    return vectorizer.transform([item.text for item in items])


def _most_similar(
    test: sparse.csr_matrix,
    train: sparse.csr_matrix,
    by_member: sparse.csr_matrix,
    threshold: float,
    start: int,
) -> list[tuple[float, int, int]]:
    """(similarity, test row, training row) of the best training row of each test row near one."""
    frequency = np.diff(by_member.indptr)
    candidates = (_rarest(test, frequency, threshold) @ by_member).tocoo()
    rows, others = candidates.row, candidates.col
    shared = np.asarray(test[rows].multiply(train[others]).sum(axis=1)).ravel()
    sizes = np.diff(test.indptr)[rows] + np.diff(train.indptr)[others]
    similarity = shared / (sizes - shared)
    best: dict[int, tuple[float, int, int]] = {}
    for n in np.flatnonzero(similarity >= threshold):
        pair = (float(similarity[n]), start + int(rows[n]), int(others[n]))
        best[pair[1]] = max(best.get(pair[1], pair), pair)
    return list(best.values())


def _rarest(sets: sparse.csr_matrix, frequency: np.ndarray, threshold: float) -> sparse.csr_matrix:
    """Each row with only as many of its rarest members as a similar row must share one of."""
    rows = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    order = np.lexsort((frequency[sets.indices], rows))
    rank = np.arange(len(order)) - sets.indptr[rows]
    size = np.diff(sets.indptr)[rows]
    # 0.3 * 10 is a little more than 3.
    keep = order[rank < size - np.ceil(threshold * size - 1e-9) + 1]
    return sparse.csr_matrix(
        (np.ones(len(keep), np.float32), (rows[keep], sets.indices[keep])), sets.shape
    )
