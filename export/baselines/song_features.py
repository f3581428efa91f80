"""A song's audio features as numbers for a network: each feature's rank among the training lines, and whether it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from export.baselines.base import Line
from inference.conditions import FEATURE_RANGES, FEATURES

_KNOTS = 101  # per cent by per cent
_RIDGE = 0.1  # added to the ranks' variances, which are a third, so that features that say the same do no harm
# Features that more lines share are no song's or album's own, but a genre's mean or another stand-in.
_STAND_IN_SHARE, _STAND_IN_LEAST = 1 / 500, 40
# Shares of training examples that show no feature and that show a single one; the others show each four times in five.
_NONE, _ONE, _EACH = 0.1, 0.4, 0.8

Floats = NDArray[np.float32]


def in_unit(feature: str, place: float) -> float:
    """The value, in the feature's own unit, at a place in its range from 0 (lowest) to 1 (highest)."""
    low, high = FEATURE_RANGES[feature]
    return low + (high - low) * place


@dataclass(frozen=True)
class FeatureScale:
    """Maps features to their rank in training, -1 (lowest) to 1 (highest), and guesses the unknown ones from the known.

    A feature such as tempo fills a tenth of its range with most of its songs, which a network can hardly tell apart, while
    the ends of the range are empty, where a network would have to guess. Ranks are spread evenly, and whatever lies beyond
    the training lines is taken for their lowest or highest. A guess is the linear regression on what is known: a song of
    which only the energy is known, and is high, is likely loud too. It is 0, the middle, where nothing is known.
    """

    knots: Floats  # percentiles of each of F features (F, 101), scaled to 0-1, rising
    spread: Floats  # covariance of the ranks (F, F), positive definite
    stand_ins: NDArray[np.float64]  # sets of features (M, F) that are no song's own and count as unknown

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Learn from those lines that know each feature; of a feature that none knows, 0 to 1 evenly.

        What very many lines share to the last digit is a stand-in: a genre's mean says little about a song, and one value
        for a whole source of captions would teach how captions are written.
        """
        raw = _raw(lines)  # (N, F)
        most = max(_STAND_IN_LEAST, len(lines) * _STAND_IN_SHARE)
        times = Counter(row.tobytes() for row in raw[np.isfinite(raw).any(axis=1)])
        shared = sorted(row for row, n in times.items() if n > most)
        stand_ins = np.frombuffer(b"".join(shared), dtype=np.float64).reshape(-1, len(FEATURES)).copy()
        values = _scaled(_without(raw, stand_ins))  # (N, F)
        even = np.linspace(0, 1, _KNOTS)
        known = [column[np.isfinite(column)] for column in values.T]
        knots = np.array([np.quantile(k, even) if len(k) else even for k in known], dtype=np.float32)
        told = values[np.isfinite(values).any(axis=1)]  # (n, F)
        ranks = _ranks(told, knots) * np.isfinite(told)  # (n, F), what is unknown in the middle
        spread = ranks.T @ ranks / max(len(ranks), 1) + _RIDGE * np.eye(len(FEATURES))
        return cls(knots, spread.astype(np.float32), stand_ins)

    def check(self) -> None:
        """Raise ValueError when the tables are no scale of these features."""
        size = len(FEATURES)
        shapes = (self.knots.shape, self.spread.shape, self.stand_ins.shape[1:])
        if shapes != ((size, _KNOTS), (size, size), (size,)):
            raise ValueError("the tables of features have the wrong shape")
        if not (np.isfinite(self.knots).all() and (np.diff(self.knots, axis=1) >= 0).all()):
            raise ValueError("these are no percentiles")
        if not (np.isfinite(self.spread).all() and np.linalg.eigvalsh(self.spread).min() > 0):
            raise ValueError("this is no covariance")

    def own(self, lines: Sequence[Line]) -> list[Line]:
        """Those of the lines whose features are known and no stand-in."""
        known = np.isfinite(_without(_raw(lines), self.stand_ins)).any(axis=1)  # (N,)
        return [lines[int(i)] for i in np.flatnonzero(known)]

    def encode(self, lines: Sequence[Line]) -> Floats:
        """Ranks, known or guessed, and masks, 1 where known: (N, 2F)."""
        values = _scaled(_without(_raw(lines), self.stand_ins))  # (N, F)
        ranks = torch.from_numpy(_ranks(values, self.knots).astype(np.float32))
        return np.asarray(self._fill(ranks, torch.from_numpy(np.isfinite(values))).numpy())

    def hide(self, features: Tensor) -> Tensor:
        """Features (B, 2F) as they should be met in training: all, some, a single one or none of those that are known."""
        rows, size = features.shape[0], features.shape[1] // 2
        kind = torch.rand(rows, 1)
        single = torch.zeros(rows, size).scatter_(1, torch.randint(size, (rows, 1)), 1.0) > 0
        some = torch.rand(rows, size) < _EACH
        shown = torch.where(kind < _NONE, torch.zeros_like(some), torch.where(kind < _NONE + _ONE, single, some))  # (B, F)
        ranks, known = features.chunk(2, dim=1)  # each (B, F)
        return self._fill(ranks, shown & (known > 0))

    def _fill(self, ranks: Tensor, known: Tensor) -> Tensor:
        """Ranks and masks (B, 2F) from ranks (B, F) of which some are known (B, F)."""
        spread, mask = torch.from_numpy(self.spread), known.float()
        within = mask.unsqueeze(2) * spread * mask.unsqueeze(1) + torch.diag_embed(1 - mask)  # (B, F, F)
        weights = torch.linalg.solve(within, (ranks * mask).unsqueeze(2))  # (B, F, 1), 0 where unknown
        guesses = (weights * mask.unsqueeze(2)).squeeze(2) @ spread  # (B, F)
        return torch.cat([torch.where(known, ranks, guesses), mask], dim=1)


def _ranks(values: NDArray[np.float64], knots: Floats) -> NDArray[np.float64]:
    """Ranks (N, F), -1 to 1, of scaled values; of an unknown value, any."""
    places = np.linspace(-1, 1, knots.shape[1])
    return np.stack([np.interp(np.nan_to_num(v), k, places) for v, k in zip(values.T, knots, strict=True)], axis=1)


def _raw(lines: Sequence[Line]) -> NDArray[np.float64]:
    """Features (N, F) in their own units, not a number where unknown."""
    values = np.array([[line.features.get(name, np.nan) for name in FEATURES] for line in lines], dtype=np.float64)
    values = values.reshape(len(lines), len(FEATURES))
    return np.asarray(np.where(np.isfinite(values), values, np.nan))


def _without(raw: NDArray[np.float64], stand_ins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features (N, F) with nothing known where they are one of these (M, F)."""
    known = {row.tobytes() for row in stand_ins}
    return np.array([np.full_like(row, np.nan) if row.tobytes() in known else row for row in raw]).reshape(raw.shape)


def _scaled(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features (N, F) scaled to 0-1."""
    low, high = np.array([FEATURE_RANGES[name] for name in FEATURES]).T
    return np.asarray(np.clip((raw - low) / (high - low), 0.0, 1.0))
