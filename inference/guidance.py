"""Guidance: which words a song calls for more than others do, as a bias on the decoder's logits.

Source of the idea: weighted decoding, as in M. Ghazvininejad et al., "Hafez: an Interactive Poetry Generation System",
2017. Legend of shapes: N candidates, A condition, R rank, V vocabulary.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from inference.errors import BundleError

GUIDANCE = "guidance.npz"
_MOST = 2.0  # nats by which a word is made more or less likely at most

Floats = NDArray[np.float32]


class Guidance:
    """A linear map of low rank from the song part of the conditions to nats for each token."""

    def __init__(self, left: Floats, right: Floats) -> None:
        """Take (A, R) and (R, V)."""
        self._left, self._right = np.asarray(left, dtype=np.float32), np.asarray(right, dtype=np.float32)
        matched = self._left.ndim == self._right.ndim == 2 and self._left.shape[1] == self._right.shape[0]
        if not matched or not np.isfinite(self._left).all() or not np.isfinite(self._right).all():
            raise BundleError(f"{GUIDANCE} is broken: its two factors do not match; make the bundle again.")

    @classmethod
    def load(cls, path: Path) -> Guidance:
        """Read `left` and `right` from an .npz file."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(file["left"].astype(np.float32), file["right"].astype(np.float32))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise BundleError(f"{path.name} is no guidance; make the bundle again.") from error

    def save(self, path: Path) -> None:
        """Write what `load` reads, in half precision."""
        np.savez_compressed(path, left=self._left.astype(np.float16), right=self._right.astype(np.float16))

    @property
    def sizes(self) -> tuple[int, int]:
        """A and V."""
        return self._left.shape[0], self._right.shape[1]

    def bias(self, song: Floats, strength: float) -> Floats:
        """Nats for every token: (N, V) of song parts (N, A), or (1, V) when they are all of one song."""
        if len(song) and (song == song[0]).all():
            song = song[:1]
        return np.asarray(np.clip(strength * (song @ self._left) @ self._right, -_MOST, _MOST), dtype=np.float32)
