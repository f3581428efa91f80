"""A Bloom filter over 64-bit hashes: the small, one-sided memory behind the novelty filter and the word list."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import BundleError

_MOST_PROBES = 16
_LEAST_BITS = 1 << 13  # in fewer, a hash's probes meet too often
_CHUNK = 1 << 20  # hashes put in at once


def mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64-bit values so that every output bit depends on every input bit (the finaliser of splitmix64)."""
    x = hashes + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


class BloomFilter:
    """A set of hashes that never forgets one it was given, and seldom claims one it was not."""

    def __init__(self, bits: NDArray[np.uint8], probes: int, entries: int) -> None:
        """Take the packed bits, how many of them each hash sets, and how many hashes were put in."""
        if bits.ndim != 1 or bits.dtype != np.uint8 or not len(bits) or not 1 <= probes <= _MOST_PROBES:
            raise BundleError("A filter of the bundle is broken; make the bundle again.")
        self._bits = bits
        self.probes = probes
        self.entries = entries

    @classmethod
    def build(cls, hashes: NDArray[np.uint64], *, size: int, bits_per_entry: float) -> BloomFilter:
        """Put in these distinct hashes, with `bits_per_entry` bits each, but a kilobyte at least and `size` bytes at most."""
        length = max(_LEAST_BITS, min(size * 8, math.ceil(len(hashes) * bits_per_entry)) // 8 * 8)
        ideal = round(math.log(2) * length / max(1, len(hashes)))
        probes = min(max(1, ideal), _MOST_PROBES)
        bits = np.zeros(length, dtype=np.bool_)
        for start in range(0, len(hashes), _CHUNK):
            bits[_places(hashes[start : start + _CHUNK], probes, length)] = True
        return cls(np.packbits(bits), probes, len(hashes))

    def contains(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each hash was put in: True for all that were, and for a few that were not."""
        places = _places(hashes, self.probes, len(self._bits) * 8)  # (probes, n)
        masks = np.uint8(128) >> (places & np.uint64(7)).astype(np.uint8)
        return np.asarray((self._bits[places >> np.uint64(3)] & masks != 0).all(axis=0))

    def false_positive_rate(self) -> float:
        """Chance that a hash never put in is claimed: the measured share of set bits, to the power of the probes."""
        share = int.from_bytes(self._bits.tobytes(), "little").bit_count() / (len(self._bits) * 8)
        return float(share**self.probes)

    def save(self, path: Path) -> None:
        """Write what `load` reads; random bits do not compress, so it does not try."""
        np.savez(path, bits=self._bits, probes=np.int64(self.probes), entries=np.int64(self.entries))

    @classmethod
    def load(cls, path: Path) -> BloomFilter:
        """Read a filter from an .npz file; BundleError when it is none."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(file["bits"], int(file["probes"]), int(file["entries"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BundleError(f"{path.name} is no filter; make the bundle again.") from error


def _places(hashes: NDArray[np.uint64], probes: int, length: int) -> NDArray[np.uint64]:
    """Bit numbers (probes, n) of n hashes, by double hashing (Kirsch & Mitzenmacher 2006)."""
    spread = mix(hashes)
    first, step = spread & np.uint64(0xFFFFFFFF), (spread >> np.uint64(32)) | np.uint64(1)
    probe = np.arange(probes, dtype=np.uint64)[:, None]
    return np.asarray((first + probe * step) % np.uint64(length))
