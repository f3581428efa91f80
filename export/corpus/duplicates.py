"""Near-duplicates: MinHash over word 5-grams finds sentences, and so documents, that say the same.

Source: A. Broder, "On the resemblance and containment of documents", 1997.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

_GRAM = 5
_HASHES = 16
_BANDS = 4  # of 4 hashes each: sentences of Jaccard similarity 0.8 meet with probability 0.88, of 0.5 with 0.23


def signatures(texts: Iterable[str], *, seed: int = 1) -> NDArray[np.uint64]:
    """MinHash signatures (N, 16) of normalised sentences; short ones count as one gram."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(1, 2**61, size=_HASHES, dtype=np.uint64) | np.uint64(1)
    offsets = rng.integers(0, 2**61, size=_HASHES, dtype=np.uint64)
    rows = [_signature(text, factors, offsets) for text in texts]
    return np.stack(rows) if rows else np.zeros((0, _HASHES), dtype=np.uint64)


def _signature(text: str, factors: NDArray[np.uint64], offsets: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = text.split()
    grams = {" ".join(words[i : i + _GRAM]) for i in range(max(1, len(words) - _GRAM + 1))}
    base = np.array([zlib.crc32(g.encode()) * 0x9E3779B97F4A7C15 % 2**64 for g in grams], dtype=np.uint64)
    mixed = base[:, None] * factors + offsets  # (G, 16), modulo 2^64
    result: NDArray[np.uint64] = ((mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)).min(axis=0)
    return result


class Groups:
    """Disjoint sets (union-find) over 0..n-1."""

    def __init__(self, n: int) -> None:
        """Start with every member in a set of its own."""
        self._parent = list(range(n))

    def find(self, i: int) -> int:
        """The set's representative, its smallest member."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        """Make two sets one."""
        a, b = self.find(i), self.find(j)
        self._parent[max(a, b)] = min(a, b)


def near_duplicates(texts: Sequence[str]) -> Groups:
    """Sets of sentences that are nearly the same."""
    rows = signatures(texts)
    groups = Groups(len(texts))
    width = _HASHES // _BANDS
    for band in range(_BANDS):
        key = np.ascontiguousarray(rows[:, band * width : (band + 1) * width])
        order = np.lexsort(key.T)
        same = (key[order][1:] == key[order][:-1]).all(axis=1)
        for k in np.flatnonzero(same):
            groups.join(int(order[k]), int(order[k + 1]))
    return groups
