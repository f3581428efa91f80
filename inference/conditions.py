"""What a sentence is conditioned on, as one vector: genres, audio features, praise and style, each maskable.

The same code trains and speaks, so that the two can never disagree about a place in the vector. Layout, with a mask of
one number (1 known, 0 unknown) behind every part: genre embedding | genre families | audio features with a mask
each | praise | kind of source | descriptiveness | length | slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from inference.errors import ConditionError
from inference.genres import FAMILIES, GenreTable, families_of

# Lowest and highest value of each audio feature, in its own unit; outside it is clipped.
FEATURE_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "danceability": (0.0, 1.0),
        "energy": (0.0, 1.0),
        "valence": (0.0, 1.0),
        "acousticness": (0.0, 1.0),
        "instrumentalness": (0.0, 1.0),
        "liveness": (0.0, 1.0),
        "speechiness": (0.0, 1.0),
        "tempo": (50.0, 210.0),  # beats a minute
        "loudness": (-40.0, 0.0),  # dB
    }
)
FEATURES = tuple(FEATURE_RANGES)

SOURCES = ("review", "blog", "caption", "book", "encyclopaedia", "release", "film", "other")

_FAMILY_NAMES = tuple(FAMILIES)
_SONG_PARTS = ("genre", "family", "feature:")


@dataclass(frozen=True)
class Conditions:
    """What is known or wanted of a sentence; None and emptiness mean unknown."""

    genres: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)  # FEATURES, in their own units
    praise: float | None = None  # 0 (a slating) to 10 (adoration)
    source: str | None = None  # one of SOURCES
    descriptive: float | None = None  # 0 (says nothing of the sound) to 1 (all about the sound)
    words: float | None = None  # length of the sentence in words
    artist_slot: bool | None = None  # whether `<artist>` is in the sentence
    title_slot: bool | None = None  # whether `<title>` is in it
    masks: bool | None = None  # whether a mask that cannot be filled is in it


class ConditionEncoder:
    """Turns Conditions into the vector that the decoder reads."""

    def __init__(self, genres: GenreTable) -> None:
        """Use this table for the genre embedding."""
        self.genres = genres
        dims = genres.vectors.shape[1]
        sizes = {
            "genre": dims,
            "family": len(_FAMILY_NAMES),
            **{f"feature:{name}": 1 for name in FEATURES},
            "praise": 1,
            "source": len(SOURCES),
            "descriptive": 1,
            "words": 1,
            "slots": 3,
        }
        self.parts: dict[str, slice] = {}  # each part with its mask as the last place
        start = 0
        for name, size in sizes.items():
            self.parts[name] = slice(start, start + size + 1)
            start += size + 1
        self.size = start

    def encode(self, conditions: Conditions) -> NDArray[np.float32]:
        """One row (1, A); raise ConditionError for a value that is no number or not of its kind."""
        row = np.zeros((1, self.size), dtype=np.float32)
        self._genres(row, conditions.genres)
        for name, value in conditions.features.items():
            if name not in FEATURE_RANGES:
                raise ConditionError(f"There is no audio feature {name!r}; known are {', '.join(FEATURES)}.")
            low, high = FEATURE_RANGES[name]
            self._put(row, f"feature:{name}", [2 * _scale(name, value, low, high) - 1])
        if conditions.praise is not None:
            self._put(row, "praise", [2 * _scale("praise", conditions.praise, 0, 10) - 1])
        if conditions.source is not None:
            if conditions.source not in SOURCES:
                raise ConditionError(f"There is no kind of source {conditions.source!r}; use {', '.join(SOURCES)}.")
            self._put(row, "source", [float(kind == conditions.source) for kind in SOURCES])
        if conditions.descriptive is not None:
            self._put(row, "descriptive", [2 * _scale("descriptive", conditions.descriptive, 0, 1) - 1])
        if conditions.words is not None:
            self._put(row, "words", [2 * _scale("words", conditions.words, 0, 40) - 1])
        slots = (conditions.artist_slot, conditions.title_slot, conditions.masks)
        if None not in slots:
            self._put(row, "slots", [float(bool(slot)) for slot in slots])
        return row

    def song_part(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same rows (N, A) with everything blank that does not tell of the song, but of how to write about it."""
        kept = np.zeros_like(rows)
        for name, place in self.parts.items():
            if name.startswith(_SONG_PARTS):
                kept[:, place] = rows[:, place]
        return kept

    def between(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """One row (1, A) of what some rows (N, A) have in common: the mean of each part, the families of all.

        What only some of them know is as with them, and unknown where none does.
        """
        row = np.zeros((1, self.size), dtype=np.float32)
        for name, place in self.parts.items():
            known = rows[rows[:, place.stop - 1] > 0, place]  # (n, size of the part)
            if len(known):
                row[0, place] = known.max(axis=0) if name == "family" else known.mean(axis=0)
        return row

    def _genres(self, row: NDArray[np.float32], genres: tuple[str, ...]) -> None:
        mean = self.genres.mean(genres)
        if mean is not None:
            self._put(row, "genre", mean)
        families = families_of(genre for genre in genres if self.genres.match(genre))
        if families:
            self._put(row, "family", [float(name in families) for name in _FAMILY_NAMES])

    def _put(self, row: NDArray[np.float32], part: str, values: Iterable[float]) -> None:
        place = self.parts[part]
        row[0, place.start : place.stop - 1] = np.asarray(list(values), dtype=np.float32)
        row[0, place.stop - 1] = 1.0


def _scale(name: str, value: float, low: float, high: float) -> float:
    """Place of a value between two limits, 0 to 1."""
    if not np.isfinite(value):
        raise ConditionError(f"{name} is {value}, which is no number; leave it out if it is not known.")
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
