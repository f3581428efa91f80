"""Interpolation: the way along the sphere between latents, whose straight way leads through a middle where none lies.

After T. White, "Sampling Generative Networks", 2016. Legend of shapes: Z latent; any dimensions may stand before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PARALLEL = 1e-4  # sine of an angle below which the sphere is a straight line

Floats = NDArray[np.float32]


def spherical(start: Floats, end: Floats, place: float | NDArray[np.float64]) -> Floats:
    """Vectors (…, Z) at a place from 0 (`start`) to 1 (`end`); all three are broadcast against each other.

    The direction turns evenly and the length changes evenly; where there is no direction to turn (a vector of zeros, or
    two on one line), the way is straight.
    """
    a, b, t = start.astype(np.float64), end.astype(np.float64), np.asarray(place, dtype=np.float64)
    long_a, long_b = np.linalg.norm(a, axis=-1, keepdims=True), np.linalg.norm(b, axis=-1, keepdims=True)  # (…, 1)
    some = (long_a > 0) & (long_b > 0)
    u, v = a / np.where(long_a > 0, long_a, 1.0), b / np.where(long_b > 0, long_b, 1.0)
    angle = np.arccos(np.clip((u * v).sum(axis=-1, keepdims=True), -1.0, 1.0))
    turns = some & (np.sin(angle) >= _PARALLEL)
    angle = np.where(turns, angle, 1.0)
    direction = (np.sin((1 - t) * angle) * u + np.sin(t * angle) * v) / np.sin(angle)  # (…, Z), of length 1
    turned = direction * ((1 - t) * long_a + t * long_b)
    return np.asarray(np.where(turns, turned, (1 - t) * a + t * b), dtype=np.float32)
