"""Novelty: remembers, in a few megabytes, every run of eight words that was read, so that none is said again.

Word 6-grams are hashed, and of every three neighbours the one with the smallest hash is kept (winnowing: Schleimer,
Wilkerson & Aiken 2003). A run of eight words holds three such neighbours, and keeps the same one wherever it stands; so
whoever looks up the smallest of every three in a new text finds each copied run of eight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.bloom import BloomFilter, mix
from inference.words import hash_word, words_of

RUN = 8  # words; a run this long counts as copied
_GRAM = 6  # words in what is hashed
_WINDOW = RUN - _GRAM + 1  # neighbours of which one is kept
_BITS_PER_ENTRY = 12.0  # beyond this more bits no longer matter: 0.3 % false alarms a fingerprint
_CHUNK = 1_000_000  # words hashed at once while building
_BASE = 0x9E3779B97F4A7C15 | 1  # base of the polynomial in the words' hashes, odd so that no bit is lost
_POWERS = np.array([pow(_BASE, _GRAM - 1 - j, 2**64) for j in range(_GRAM)], dtype=np.uint64)


class NoveltyFilter:
    """Knows whether a text holds a run of eight words that some training text holds."""

    def __init__(self, fingerprints: BloomFilter) -> None:
        """Take a filter over winnowed fingerprints."""
        self._fingerprints = fingerprints

    @classmethod
    def build(cls, texts: Iterable[str], *, size: int = 8_000_000) -> NoveltyFilter:
        """Read whole documents, one after the other, into a filter of at most `size` bytes.

        Runs are not followed from one text into the next. Give names masked and unmasked where both may be said.
        """
        parts = [_fingerprints(hashes, document) for hashes, document in _chunks(texts)]
        kept = np.unique(np.concatenate(parts))
        return cls(BloomFilter.build(kept, size=size, bits_per_entry=_BITS_PER_ENTRY))

    @property
    def entries(self) -> int:
        """How many fingerprints were put in."""
        return self._fingerprints.entries

    def copied_run(self, text: str) -> bool:
        """Whether eight words or more in a row were read before; always True if so, seldom True if not."""
        return self.longest_run(text) > 0

    def longest_run(self, text: str) -> int:
        """Words in the longest copied run: 0, or 8 and more; never less than the truth."""
        words = words_of(text)
        if len(words) < RUN:
            return 0
        hashes = np.fromiter(map(hash_word, words), dtype=np.uint64, count=len(words))
        seen = self._fingerprints.contains(_window_minima(hashes))
        longest = length = 0
        for hit in seen.tolist():
            length = length + 1 if hit else 0
            longest = max(longest, length)
        return longest + RUN - 1 if longest else 0

    def false_positive_rate(self) -> float:
        """Chance that a fingerprint of new text is taken for a known one; a sentence has half as many as words."""
        return self._fingerprints.false_positive_rate()

    def save(self, path: Path) -> None:
        """Write what `load` reads (.npz)."""
        self._fingerprints.save(path)

    @classmethod
    def load(cls, path: Path) -> NoveltyFilter:
        """Read a filter from an .npz file; BundleError when it is none."""
        return cls(BloomFilter.load(path))


def _window_minima(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Smallest 6-gram hash in each run of eight words: n words give n - 7 minima."""
    count = len(hashes) - _GRAM + 1
    grams = np.zeros(count, dtype=np.uint64)
    for j in range(_GRAM):
        grams += hashes[j : j + count] * _POWERS[j]
    grams = mix(grams)
    windows = count - _WINDOW + 1
    minima = grams[:windows].copy()
    for j in range(1, _WINDOW):
        np.minimum(minima, grams[j : j + windows], out=minima)
    return minima


def _fingerprints(hashes: NDArray[np.uint64], document: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Distinct fingerprints of joined documents; windows that reach over a document's end are left out."""
    if len(hashes) < RUN:
        return np.zeros(0, dtype=np.uint64)
    inside = document[: -RUN + 1] == document[RUN - 1 :]
    return np.unique(_window_minima(hashes)[inside])


def _chunks(texts: Iterable[str]) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Word hashes of many texts at once, with each word's text number; every distinct word is hashed once."""
    known = _Hashes()
    hashes: list[int] = []
    lengths: list[int] = []
    for text in texts:
        words = words_of(text)
        hashes.extend(map(known.__getitem__, words))
        lengths.append(len(words))
        if len(hashes) >= _CHUNK:
            yield np.array(hashes, dtype=np.uint64), np.repeat(np.arange(len(lengths)), lengths)
            hashes, lengths = [], []
    yield np.array(hashes, dtype=np.uint64), np.repeat(np.arange(len(lengths)), lengths)


class _Hashes(dict[str, int]):
    """Hashes of the words met so far."""

    def __missing__(self, word: str) -> int:
        self[word] = value = hash_word(word)
        return value
