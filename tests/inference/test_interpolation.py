"""The way along the sphere, for many latents at once."""

from __future__ import annotations

import numpy as np

from inference.interpolation import spherical


def test_each_latent_goes_its_own_way() -> None:
    rng = np.random.default_rng(3)
    start, end = (rng.normal(size=(6, 5)).astype(np.float32) for _ in range(2))
    start[0], end[1], end[2], end[3] = 0, 0, -start[2], 3 * start[3]  # no plane to turn in
    half = spherical(start, end, 0.5)
    for row in range(6):
        np.testing.assert_array_equal(half[row], spherical(start[row], end[row], 0.5))
    np.testing.assert_allclose(half[:4], (start[:4] + end[:4]) / 2, rtol=1e-6)
    lengths = [np.linalg.norm(each[4:], axis=1) for each in (start, half, end)]
    np.testing.assert_allclose(lengths[1], (lengths[0] + lengths[2]) / 2, rtol=1e-5)


def test_the_ends_are_the_ends() -> None:
    start, end = np.array([3, 0, 0], dtype=np.float32), np.array([0, 4, 0], dtype=np.float32)
    way = spherical(start, end, np.array([[0.0], [0.5], [1.0]]))
    np.testing.assert_allclose(way, [[3, 0, 0], [3.5 / np.sqrt(2), 3.5 / np.sqrt(2), 0], [0, 4, 0]], atol=1e-6)
