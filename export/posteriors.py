"""Where sentences lie in a bundle's latent space, as its encoder tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.bundle import Bundle

_BATCH = 128


def posteriors(bundle: Bundle, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation (N, Z) of q(z|x) for texts in slot form, in their order."""
    ids = bundle.tokenizer.encode_batch(texts)
    latent = bundle.manifest.sizes.latent
    mean, deviation = (np.zeros((len(ids), latent), dtype=np.float32) for _ in range(2))
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    for length in np.unique(lengths[lengths > 0]):
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), _BATCH):
            rows = same[start : start + _BATCH]
            tokens = np.array([ids[i] for i in rows], dtype=np.int64)  # (B, T)
            mean[rows], logvar = bundle.encoder.run(["mean", "logvar"], {"tokens": tokens})
            deviation[rows] = np.exp(0.5 * logvar)
    return mean, deviation
