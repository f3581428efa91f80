"""Fits the n-gram language model of a bundle: interpolated modified Kneser-Ney, counted by sorting, pruned to a size.

Chen & Goodman 1998 for the smoothing. Pruning keeps the n-grams whose loss would cost the training text most (weighted
difference: Seymore & Rosenfeld 1996), together with everything they are made of, and mends the back-off weights so that
probabilities still add up to one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.ngram import MAX_ORDER, NgramModel, Quantised, keys, prepend, token_hashes
from inference.tokenizer import BOS, EOS, PAD

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LEAST = 1e-12  # what a probability is kept above before its logarithm is taken
_FALLBACK = np.array([0.0, 0.5, 1.0, 1.5])  # discounts for text too small to estimate them from


@dataclass
class _Level:
    """All n-grams of one order n; `prefix` and `suffix` are places in the level of order n - 1."""

    prefix: NDArray[np.int32]
    suffix: NDArray[np.int32]
    first: NDArray[np.int32]  # id of the first token
    count: NDArray[np.int32]  # times seen
    prob: Floats = field(default_factory=lambda: np.zeros(0))  # P(last token | those before)
    rest: Floats = field(default_factory=lambda: np.zeros(0))  # as a context: the share left to shorter contexts


def fit(sequences: Iterable[Sequence[int]], vocabulary: int, *, order: int = 5, max_entries: int = 1_300_000) -> NgramModel:
    """Fit a model of this order (2 to 7) on token ids without BOS and EOS, keeping `max_entries` n-grams at most.

    Single tokens are always kept and not counted. Twenty million tokens take about two minutes and 4 GB.
    """
    if not 2 <= order <= MAX_ORDER:
        raise ValueError(f"The order of an n-gram model is {order}; it must be 2 to {MAX_ORDER}.")
    levels = _count(sequences, vocabulary, order)
    _estimate(levels)
    kept = _prune(levels, max_entries)
    return _assemble(levels, kept, vocabulary)


def _count(sequences: Iterable[Sequence[int]], vocabulary: int, order: int) -> list[_Level]:
    """Count n-grams of every order; each order's n-grams are numbered, and the next order is pairs of such numbers."""
    flat = array("i")
    for sequence in sequences:
        flat.append(BOS)
        flat.extend(sequence)
        flat.append(EOS)
    tokens = np.frombuffer(flat, dtype=np.int32) if flat else np.zeros(0, dtype=np.int32)
    starts = np.flatnonzero(tokens == BOS)
    since = np.arange(len(tokens)) - np.repeat(starts, np.diff(np.append(starts, len(tokens))))  # tokens since BOS
    ids = np.arange(vocabulary, dtype=np.int32)
    none = np.zeros(0, dtype=np.int32)
    levels = [_Level(none, none, ids, np.bincount(tokens, minlength=vocabulary).astype(np.int32))]
    ending: NDArray[np.int32] = tokens  # number of the n-gram that ends at each place
    for n in range(2, order + 1):
        places = np.flatnonzero(since >= n - 1)
        code = ending[places - 1].astype(np.int64) * vocabulary + tokens[places]
        distinct, number, count = np.unique(code, return_inverse=True, return_counts=True)
        prefix = (distinct // vocabulary).astype(np.int32)
        suffix = np.empty(len(distinct), dtype=np.int32)
        suffix[number] = ending[places]
        levels.append(_Level(prefix, suffix, levels[-1].first[prefix], count.astype(np.int32)))
        ending = np.full(len(tokens), -1, dtype=np.int32)
        ending[places] = number
    return levels


def _estimate(levels: list[_Level]) -> None:
    """Set `prob` and `rest` of every level by interpolated modified Kneser-Ney."""
    for n, level in enumerate(levels, start=1):
        seen = _adjusted(levels, n)
        discount = _discounts(seen)[np.minimum(seen, 3)]
        if n == 1:
            can = np.ones(len(seen))
            can[[PAD, BOS]] = 0.0  # never predicted
            every = int(seen.sum()) or 1
            freed = discount.sum() / every if seen.any() else 1.0
            level.prob = (seen - discount) / every + freed * can / can.sum()
            continue
        shorter = levels[n - 2]
        total = np.bincount(level.prefix, weights=seen, minlength=len(shorter.count))
        taken = np.bincount(level.prefix, weights=discount, minlength=len(shorter.count))
        shorter.rest = np.where(total > 0, taken / np.maximum(total, 1), 1.0)
        own = (seen - discount) / total[level.prefix]
        level.prob = own + shorter.rest[level.prefix] * shorter.prob[level.suffix]


def _adjusted(levels: list[_Level], n: int) -> Ints:
    """Counts of order n as Kneser-Ney uses them: below the highest order, how many different tokens stand before."""
    level = levels[n - 1]
    if n == len(levels):
        return level.count.astype(np.int64)
    before = np.bincount(levels[n].suffix, minlength=len(level.count))
    # Nothing ever stands before the start, so n-grams that begin with it keep their plain counts (but are no words).
    begins = (level.first == BOS) & (n > 1)
    return np.where(begins, level.count, before)


def _discounts(seen: Ints) -> Floats:
    """What is taken off counts of 0, 1, 2 and more; fixed values where too little text was read to estimate them."""
    n1, n2, n3, n4 = (int((seen == k).sum()) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return _FALLBACK
    y = n1 / (n1 + 2 * n2)
    estimated = np.array([0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return estimated if (estimated[1:] > 0).all() and (estimated <= [0, 1, 2, 3]).all() else _FALLBACK


def _prune(levels: list[_Level], max_entries: int) -> list[NDArray[np.bool_]]:
    """Which n-grams of every order to keep; with an n-gram, its prefix and suffix are kept too."""
    worth = [np.full(len(level.count), -np.inf) for level in levels]
    for n in range(len(levels), 1, -1):
        level, shorter = levels[n - 1], levels[n - 2]
        without = shorter.rest[level.prefix] * shorter.prob[level.suffix]
        gain = level.count * (_log(level.prob) - _log(without))
        np.maximum(worth[n - 1], gain, out=worth[n - 1])
        np.maximum.at(worth[n - 2], level.prefix, worth[n - 1])
        np.maximum.at(worth[n - 2], level.suffix, worth[n - 1])
    joined = np.concatenate(worth[1:])
    if len(joined) <= max_entries:
        return [np.ones(len(level.count), dtype=np.bool_) for level in levels]
    threshold = np.partition(joined, len(joined) - max_entries - 1)[len(joined) - max_entries - 1]
    return [np.ones(len(levels[0].count), dtype=np.bool_), *(w > threshold for w in worth[1:])]


def _assemble(levels: list[_Level], kept: list[NDArray[np.bool_]], vocabulary: int) -> NgramModel:
    """Mend the back-off weights of what is kept, hash it, and pack it."""
    tokens = token_hashes(vocabulary)
    hashes = tokens
    found: list[NDArray[np.uint32]] = []
    log_prob: list[Floats] = []
    backoff: list[Floats] = []
    for n, (level, keep) in enumerate(zip(levels, kept, strict=True), start=1):
        weight = _log(_backoff(level, levels[n], kept[n])) if n < len(levels) else np.zeros(len(keep))
        if n > 1:
            hashes = prepend(hashes[level.suffix], tokens[level.first], n)
            found.append(keys(hashes[keep], n))
        log_prob.append(_log(level.prob)[keep])
        backoff.append(weight[keep])
    entries, place = np.unique(np.concatenate(found), return_index=True)
    return NgramModel(
        len(levels),
        np.stack([log_prob[0], backoff[0]]).astype(np.float32),  # (2, V)
        entries,
        Quantised.of(np.concatenate(log_prob[1:])[place]),
        Quantised.of(np.concatenate(backoff[1:])[place]),
    )


def _backoff(level: _Level, longer: _Level, kept: NDArray[np.bool_]) -> Floats:
    """Weight of the shorter context for every n-gram of a level taken as context, given which longer n-grams stay."""
    prefix = longer.prefix[kept]
    told = np.bincount(prefix, weights=longer.prob[kept], minlength=len(level.count))
    shared = np.bincount(prefix, weights=level.prob[longer.suffix[kept]], minlength=len(level.count))
    return np.asarray(np.maximum(1 - told, _LEAST) / np.maximum(1 - shared, _LEAST))


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, _LEAST)))
