"""An n-gram language model in a few megabytes: how likely a sentence is to somebody who is no neural network.

It judges what the decoder says, so it is of another family: interpolated Kneser-Ney (Chen & Goodman 1998), made by
`export.ngram`. Every n-gram is a 32-bit key in one sorted array, with a byte each for probability and back-off weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.bloom import mix
from inference.errors import BundleError
from inference.tokenizer import BOS, EOS, PAD

_BASE = 0xD1342543DE82EF95  # base of the polynomial in token hashes; odd, so that no bit is lost
MAX_ORDER = 7
_POWERS = np.array([pow(_BASE, n, 2**64) for n in range(MAX_ORDER)], dtype=np.uint64)

Hashes = NDArray[np.uint64]


def token_hashes(vocabulary: int) -> Hashes:
    """A 64-bit hash (V,) of every token id."""
    return mix(np.arange(vocabulary, dtype=np.uint64) + np.uint64(0x5851F42D4C957F2D))


def prepend(suffix: Hashes, first: Hashes, order: int) -> Hashes:
    """Hash of n-grams of this order from the hashes of all but their first token and of that token."""
    return np.asarray(suffix + first * _POWERS[order - 1])


def keys(hashes: Hashes, order: int) -> NDArray[np.uint32]:
    """What n-grams of an order are looked up by."""
    return (mix(hashes ^ np.uint64(order)) >> np.uint64(32)).astype(np.uint32)


@dataclass(frozen=True)
class Quantised:
    """Numbers in a byte each: `low + step * code`."""

    codes: NDArray[np.uint8]
    low: np.float32
    step: np.float32

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Quantised:
        """Spread 256 levels between the least and the greatest value."""
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
        step = (high - low) / 255 or 1.0
        return cls(np.round((values - low) / step).astype(np.uint8), np.float32(low), np.float32(step))

    def at(self, index: NDArray[np.intp]) -> NDArray[np.float32]:
        """The values at these places."""
        return self.codes[index] * self.step + self.low


class NgramModel:
    """Log-probabilities of token ids, given up to `order - 1` tokens before them."""

    def __init__(
        self,
        order: int,
        unigrams: NDArray[np.float32],
        entries: NDArray[np.uint32],
        log_prob: Quantised,
        backoff: Quantised,
    ) -> None:
        """Take log-probabilities and back-off weights of single tokens (2, V), and of longer n-grams by sorted key."""
        if (
            unigrams.ndim != 2
            or len(unigrams) != 2
            or not np.isfinite(unigrams).all()
            or not 1 <= order <= MAX_ORDER
            or not len(entries) == len(log_prob.codes) == len(backoff.codes)
        ):
            raise BundleError("The n-gram model is broken: its tables do not match; make the bundle again.")
        self.order = order
        self._unigrams = unigrams
        # A last key that nothing is stored under, so that every search ends on a place that exists.
        self._entries = np.append(entries, np.uint32(0xFFFFFFFF))
        self._log_prob, self._backoff = (
            Quantised(np.append(table.codes, np.uint8(0)), table.low, table.step) for table in (log_prob, backoff)
        )
        self._tokens = token_hashes(unigrams.shape[1])

    @property
    def vocabulary(self) -> int:
        """Number of token ids V."""
        return int(self._unigrams.shape[1])

    @property
    def entries(self) -> int:
        """How many n-grams longer than one token are kept."""
        return len(self._entries) - 1

    def score(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Natural-log probability of every token and of the end: sentences (B, T) padded with 0, BOS and EOS left out.

        Returns (B, T + 1), 0 after the end, and the lengths (B,) with the end counted.
        """
        batch, width = ids.shape
        length = (ids != PAD).sum(axis=1)
        sentence = np.full((batch, width + 2), PAD, dtype=np.int64)  # (B, T+2): start, tokens, end, padding
        sentence[:, 0] = BOS
        sentence[:, 1:-1] = ids
        sentence[np.arange(batch), length + 1] = EOS
        log_prob = self._unigrams[0][sentence]  # (B, T+2)
        backoff = self._unigrams[1][sentence]  # (B, T+2): of the n-1 tokens that end here
        tokens = self._tokens[sentence]
        hashes = tokens
        for n in range(2, min(self.order, width + 2) + 1):
            hashes = prepend(hashes[:, 1:], tokens[:, : width + 3 - n], n)  # (B, T+3-n): n-grams that end at n-1, n, …
            found, place = self._find(keys(hashes, n))
            shorter = log_prob[:, n - 1 :] + backoff[:, :-1]
            log_prob[:, n - 1 :] = np.where(found, self._log_prob.at(place), shorter)
            backoff = np.where(found, self._backoff.at(place), np.float32(0))
        inside = np.arange(width + 1) <= length[:, None]
        return np.where(inside, log_prob[:, 1:], np.float32(0)), length + 1

    def mean_log_prob(self, sequences: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Mean natural-log probability (B,) a token, the end counted, of sentences of any lengths."""
        log_prob, lengths = self.score(_padded(sequences))
        return np.asarray(log_prob.sum(axis=1, dtype=np.float64) / lengths)

    def lowest_log_prob(self, sequences: Sequence[Sequence[int]], tokens: int) -> NDArray[np.float64]:
        """Mean natural-log probability (B,) of the so many least likely tokens of sentences of any lengths."""
        log_prob, _ = self.score(_padded(sequences))
        return np.asarray(np.sort(log_prob, axis=1)[:, :tokens].mean(axis=1, dtype=np.float64))

    def _find(self, wanted: NDArray[np.uint32]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        place = np.searchsorted(self._entries[:-1], wanted)
        return self._entries[place] == wanted, place

    def save(self, path: Path) -> None:
        """Write what `load` reads (.npz): gaps between keys, byte by byte, compress to less than half."""
        gaps = np.diff(self._entries[:-1], prepend=np.uint32(0)).astype("<u4")
        np.savez_compressed(
            path,
            order=np.int64(self.order),
            unigrams=self._unigrams.astype(np.float32),
            gaps=gaps.view(np.uint8).reshape(-1, 4).T,  # (4, entries)
            log_prob=self._log_prob.codes[:-1],
            backoff=self._backoff.codes[:-1],
            scales=np.array([(t.low, t.step) for t in (self._log_prob, self._backoff)], dtype=np.float32),
        )

    @classmethod
    def load(cls, path: Path) -> NgramModel:
        """Read a model from an .npz file; BundleError when it is none."""
        try:
            with np.load(path, allow_pickle=False) as file:
                gaps = np.ascontiguousarray(file["gaps"].T).view("<u4").ravel()
                entries = np.cumsum(gaps, dtype=np.uint32)
                scales = file["scales"]
                log_prob, backoff = (
                    Quantised(file[name], low, step) for name, (low, step) in zip(("log_prob", "backoff"), scales, strict=True)
                )
                return cls(int(file["order"]), file["unigrams"], entries, log_prob, backoff)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{path.name} is no n-gram model; make the bundle again.") from error


def _padded(sequences: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Sentences (B, T) padded with 0."""
    ids = np.full((len(sequences), max(map(len, sequences), default=0)), PAD, dtype=np.int64)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    return ids
