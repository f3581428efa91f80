"""How much of a text is learned by heart: the share of its long runs of characters that stand in the training text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RUN = 30  # characters; some five words, a run that hardly anybody writes twice
_BASE = np.uint64(0x9E3779B97F4A7C15 | 1)  # base of the polynomial hash, odd so that no bit is lost


def codes_of(text: str) -> NDArray[np.uint64]:
    """Code points of a text (T,)."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)


def extend(hashes: NDArray[np.uint64], codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hashes of runs with one more character at their end; broadcasts."""
    return hashes * _BASE + codes + np.uint64(1)


def run_hashes(codes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Hash of every run of `length` characters (T - length + 1,); of length 0, T + 1 zeros."""
    count = max(0, len(codes) - length + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for i in range(length if count else 0):
        hashes = extend(hashes, codes[i : i + count])
    return hashes


class Memory:
    """Knows every run of `run` characters of the training text, by a 64-bit hash."""

    def __init__(self, texts: Sequence[str], *, run: int = RUN) -> None:
        """Read the training text; no run is followed from one text into the next."""
        self._run = run
        self._known = np.unique(self._hashes(texts))

    def share(self, texts: Sequence[str]) -> float:
        """Share of the runs in `texts` that stand in the training text, 0 to 1; 0 where all texts are shorter than a run."""
        hashes = self._hashes(texts)
        return float(found(self._known, hashes)[1].mean()) if len(hashes) else 0.0

    def _hashes(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """All runs of all texts."""
        hashes = run_hashes(codes_of("".join(texts)), self._run)
        owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        return hashes[owner[: len(hashes)] == owner[self._run - 1 :]] if len(hashes) else hashes


def found(known: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Places of `wanted` in the sorted `known`, and whether each is really there."""
    if not len(known):
        return np.zeros(wanted.shape, dtype=np.intp), np.zeros(wanted.shape, dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return places, known[places] == wanted
