"""The generator proposes latents z, the seeds of sentences, for the decoder to put into words.

Legend of shapes: N candidates, D draws for each, Z latent, A condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.bundle import Bundle
from inference.errors import BundleError

_LEAST = 1e-6  # what a score is kept above before its logarithm is taken

Floats = NDArray[np.float32]


class Generator(Protocol):
    """Whatever proposes latents."""

    def propose(self, rng: np.random.Generator, condition: Floats) -> Floats:
        """One z for each row of conditions (N, A): (N, Z)."""


class TruncatedPrior:
    """Latents from a normal distribution whose tails are cut off: far from the middle, sentences lose their sense.

    The conditions are not looked at; a learnt generator reads them, and has the same `propose`.
    """

    def __init__(self, latent: int, *, scale: float, truncation: float) -> None:
        """Draw `latent` numbers each, of standard deviation `scale` before cutting at `truncation` deviations."""
        self.latent = latent
        self.scale = scale
        self.truncation = truncation

    def propose(self, rng: np.random.Generator, condition: Floats) -> Floats:
        """One z for each row of conditions (N, A): (N, Z)."""
        z = rng.standard_normal((len(condition), self.latent))  # (N, Z)
        while (outside := np.abs(z) > self.truncation).any():
            z[outside] = rng.standard_normal(int(outside.sum()))
        return np.asarray(z * self.scale, dtype=np.float32)


class LearntGenerator:
    """Moves latents of the prior to where sentences are as wanted (`generator.onnx` of a bundle)."""

    def __init__(self, prior: TruncatedPrior, session: onnxruntime.InferenceSession) -> None:
        """Move what this prior proposes."""
        self._prior, self._session = prior, session

    def propose(self, rng: np.random.Generator, condition: Floats) -> Floats:
        """One z for each row of conditions (N, A): (N, Z)."""
        (moved,) = self._session.run(["moved"], {"z": self._prior.propose(rng, condition), "condition": condition})
        return np.asarray(moved, dtype=np.float32)


class Chosen:
    """Has D latents proposed where one is wanted, and takes the one whose sentence the critics expect most of.

    They choose among latents of one row of conditions only, so that the candidates stay as different as what is asked.
    """

    def __init__(
        self, source: Generator, session: onnxruntime.InferenceSession, weights: Mapping[str, float], draws: int
    ) -> None:
        """Choose by the sum of weighed logarithms of the scores that `critics.onnx` returns under these names."""
        self._source, self._session, self._draws = source, session, draws
        self._names = list(weights)
        self._weights = np.array(list(weights.values()))

    def propose(self, rng: np.random.Generator, condition: Floats) -> Floats:
        """One z for each row of conditions (N, A): (N, Z)."""
        repeated = np.repeat(condition, self._draws, axis=0)  # (N*D, A)
        z = self._source.propose(rng, repeated)  # (N*D, Z)
        scores = np.stack(self._session.run(self._names, {"z": z, "condition": repeated}))  # (names, N*D)
        worth = self._weights @ np.log(np.maximum(scores, _LEAST))  # (N*D,)
        best = worth.reshape(len(condition), self._draws).argmax(axis=1)  # (N,)
        return np.asarray(z.reshape(len(condition), self._draws, -1)[np.arange(len(condition)), best])


def open_generator(bundle: Bundle, *, learnt: bool | None = None, critics: bool | None = None) -> Generator:
    """What proposes latents for a bundle; None takes what it ships with.

    Without anything learnt in the bundle that is its truncated prior; asking for more then raises BundleError.
    """
    sampling, proposals, latent = bundle.manifest.sampling, bundle.manifest.proposals, bundle.manifest.sizes.latent
    prior = TruncatedPrior(latent, scale=sampling.scale, truncation=sampling.truncation)
    if proposals is None or bundle.generator is None or bundle.critics is None:
        if learnt or critics:
            raise BundleError(
                f"The bundle {bundle.manifest.name} has no learnt generator and critics; leave both off, or add them "
                "with `python -m export lcgan --into DIR`."
            )
        return prior
    source: Generator = prior
    moves = proposals.generator if learnt is None else learnt
    if moves:
        wide = TruncatedPrior(latent, scale=proposals.scale, truncation=proposals.truncation)
        source = LearntGenerator(wide, bundle.generator)
    if proposals.critics if critics is None else critics:
        source = Chosen(source, bundle.critics, proposals.weights, proposals.draws)
    return source
