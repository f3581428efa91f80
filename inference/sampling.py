"""Sampling: which of the likeliest next tokens is taken, given one random number for each sentence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.manifest import Sampling


def pick(log_prob: NDArray[np.float32], uniform: NDArray[np.float64], sampling: Sampling) -> NDArray[np.intp]:
    """Place (N,) of the token taken in each row of natural-log probabilities (N, K), sorted from the likeliest.

    Tokens at -inf are never taken; one at least must be above. The choice is where `uniform` (N,), from [0, 1), falls
    in the summed probabilities, so that it depends on nothing but its own row. Nucleus and min-p look at the model's
    probabilities, before temperature sharpens or flattens what they leave.
    """
    relative = log_prob - log_prob.max(axis=1, keepdims=True)  # (N, K)
    possible = np.isfinite(relative)
    kept = possible & (possible.cumsum(axis=1) <= sampling.top_k)
    if sampling.min_p > 0:
        kept &= relative >= np.log(sampling.min_p)
    if sampling.top_p < 1:
        prob = np.exp(relative)
        before = prob.cumsum(axis=1) - prob
        kept &= before < sampling.top_p * prob.sum(axis=1, keepdims=True)
    weight = np.where(kept, np.exp(relative / np.float32(sampling.temperature)), 0)
    total = weight.cumsum(axis=1, dtype=np.float64)  # (N, K)
    # A hair below the sum, so that rounding can never pass the last token kept.
    wanted = np.minimum(uniform, 1 - 1e-9) * total[:, -1]
    return np.asarray((total <= wanted[:, None]).sum(axis=1))
