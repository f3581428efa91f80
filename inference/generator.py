"""The generator proposes latents z, the seeds of sentences, for the decoder to put into words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class TruncatedPrior:
    """Latents from a normal distribution whose tails are cut off: far from the middle, sentences lose their sense.

    The conditions are not looked at; a learnt generator reads them, and has the same `propose`.
    """

    def __init__(self, latent: int, *, scale: float, truncation: float) -> None:
        """Draw `latent` numbers each, of standard deviation `scale` before cutting at `truncation` deviations."""
        self.latent = latent
        self.scale = scale
        self.truncation = truncation

    def propose(self, rng: np.random.Generator, condition: NDArray[np.float32]) -> NDArray[np.float32]:
        """One z for each row of conditions (N, A): (N, Z)."""
        z = rng.standard_normal((len(condition), self.latent))  # (N, Z)
        while (outside := np.abs(z) > self.truncation).any():
            z[outside] = rng.standard_normal(int(outside.sum()))
        return np.asarray(z * self.scale, dtype=np.float32)
