"""How far two sets of vectors lie from each other as clouds, between 0 (apart) and 1 (the same): MAUVE.

Source: K. Pillutla et al., "MAUVE: Measuring the Gap Between Neural Text and Human Text using Divergence Frontiers",
2021. Here the vectors are hidden states of this run's own small language model, so that figures of different runs are
not to be compared, only rows of one table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SCALE = 5.0  # c of the paper
_POINTS = 25  # of the divergence curve
_BUCKET = 10  # vectors of one side for each cluster, as in the authors' code
_VARIANCE = 0.9  # kept of the vectors before clustering
_REPEATS = 4  # clusterings averaged, as each is a draw


def mauve(one: Floats, other: Floats, *, seed: int) -> float:
    """MAUVE of vectors (N, H) and (M, H); depends on N and M, so compare at equal numbers."""
    both = _principal(np.concatenate([one, other]))
    clusters = max(2, min(len(one), len(other)) // _BUCKET)
    return float(np.mean([_once(both, len(one), clusters, seed + i) for i in range(_REPEATS)]))


def _once(both: Floats, first: int, clusters: int, seed: int) -> float:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - slow to load, and needed for evaluation alone

    clusters = min(clusters, len(np.unique(both, axis=0)))
    labels = KMeans(clusters, n_init=1, random_state=seed).fit_predict(both)
    p, q = (np.bincount(part, minlength=clusters) / len(part) for part in (labels[:first], labels[first:]))
    return frontier_area(p, q)


def frontier_area(p: Floats, q: Floats) -> float:
    """Area under the divergence curve of two distributions over the same buckets (K,)."""
    weights = np.linspace(1e-6, 1 - 1e-6, _POINTS)
    curve = [(_kl(q, w * p + (1 - w) * q), _kl(p, w * p + (1 - w) * q)) for w in weights]
    # From (1, 0) to (0, 1), in the order in which it is run through: sorted, as the authors have it, equal ones get mixed up.
    x, y = np.exp(-_SCALE * np.array([(0.0, np.inf), *curve, (np.inf, 0.0)])).T  # (25 + 2,) each
    return float((-np.diff(x) * (y[1:] + y[:-1])).sum() / 2)


def _kl(p: Floats, q: Floats) -> float:
    inside = p > 0
    return max(0.0, float((p[inside] * np.log(p[inside] / q[inside])).sum()))


def _principal(vectors: Floats) -> Floats:
    """The principal components that hold most of the variance."""
    centred = vectors - vectors.mean(axis=0)
    left, spread, _ = np.linalg.svd(centred, full_matrices=False)
    share = np.cumsum(spread**2) / max(float((spread**2).sum()), 1e-12)
    kept = int(np.searchsorted(share, _VARIANCE)) + 1
    return np.asarray(left[:, :kept] * spread[:kept])
