"""What a sentence is conditioned on, as one vector: genres, audio features, praise and style, each maskable.

The same code trains and speaks, so that the two can never disagree about a place in the vector. Layout, with a mask of
one number (1 known, 0 unknown) behind every part: genre embedding | genre families | audio features with a mask
each | praise | kind of source | descriptiveness | length | slots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from inference.errors import BundleError, ConditionError

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

# Coarse families and the words in a genre's name that put it there; `*` stands for any letters.
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ambient": ("ambient", "drone", "new age", "meditation", "sleep", "soundscape"),
        "blues": ("blues",),
        "classical": (
            "*classical",
            "orchestra*",
            "baroque",
            "opera",
            "choral",
            "symphon*",
            "chamber",
            "piano",
        ),
        "country": ("country", "bluegrass", "americana", "honky", "cowboy", "nashville"),
        "electronic": (
            *("electro*", "techno", "house", "edm", "*trance", "dubstep", "drum and bass", "dnb", "jungle"),
            *("breakbeat", "idm", "rave", "*synth*", "big beat", "bass", "downtempo", "chill*", "vapor*"),
            *("glitch*", "trip hop", "eurodance", "hardstyle", "grime", "uk garage", "*tronica"),
        ),
        "experimental": ("experimental", "avant*", "*noise", "industrial", "free improvisation"),
        "folk": ("*folk*", "*songwriter", "acoustic", "celtic", "stomp"),
        "funk": ("*funk", "*disco", "boogie", "groove"),
        "hip hop": ("hip hop", "hip-hop", "*rap", "trap", "drill", "boom bap", "crunk", "grime"),
        "jazz": ("*jazz", "bebop", "swing", "big band", "bossa", "fusion"),
        "latin": (
            *("latin*", "reggaeton", "salsa", "cumbia", "bachata", "mpb", "samba", "bossa", "mexican"),
            *("tropical", "ranchera", "tango", "banda", "sertanejo", "spanish"),
        ),
        "metal": ("*metal", "doom", "grindcore", "djent", "deathcore", "metalcore", "sludge", "thrash"),
        "pop": ("*pop", "idol", "boy band", "girl group", "adult standards", "show tunes"),
        "punk": ("*punk", "hardcore", "*emo", "screamo", "riot grrrl", "oi"),
        "reggae": ("reggae", "dub", "ska", "dancehall", "rocksteady"),
        "rock": (
            *("*rock", "grunge", "*gaze", "britpop", "psych*", "indie", "new wave", "post-*", "alternative"),
            *("mellow gold", "madchester", "surf", "garage"),
        ),
        "soul": ("*soul", "r&b", "rnb", "motown", "gospel", "quiet storm", "urban contemporary", "new jack"),
        "world": (
            "afro*",
            "world",
            "highlife",
            "raga",
            "indian",
            "arab*",
            "turkish",
            "fado",
            "flamenco",
            "desert",
        ),
    }
)
_FAMILY_PATTERNS = {
    family: re.compile("|".join(r"(?<!\w)" + re.escape(w).replace(r"\*", "[a-z]*") + r"(?!\w)" for w in words))
    for family, words in FAMILIES.items()
}
_FAMILY_NAMES = tuple(FAMILIES)
_SONG_PARTS = ("genre", "family", "feature:")


def families_of(genres: Iterable[str]) -> frozenset[str]:
    """Coarse families that the names of genres belong to; empty when none is recognised."""
    names = [normalise_genre(genre) for genre in genres]
    return frozenset(f for f, pattern in _FAMILY_PATTERNS.items() if any(pattern.search(name) for name in names))


def normalise_genre(genre: str) -> str:
    """The form in which genres are compared: lower case, single spaces."""
    return " ".join(genre.lower().replace("_", " ").split())


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


class GenreTable:
    """Vectors of genres by name, made from which genres the same artists carry."""

    def __init__(self, names: Iterable[str], vectors: NDArray[np.float32]) -> None:
        """Take G names and (G, D) vectors of about unit length."""
        self._index = {normalise_genre(name): i for i, name in enumerate(names)}
        self.vectors = np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or len(self._index) != len(self.vectors) or not np.isfinite(self.vectors).all():
            raise BundleError("The genre table is broken: names and vectors do not match; make the bundle again.")

    @classmethod
    def load(cls, path: Path) -> GenreTable:
        """Read `names` (one string, a genre a line) and `vectors` from an .npz file."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(str(file["names"]).split("\n"), file["vectors"].astype(np.float32))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise BundleError(f"{path.name} is no genre table; make the bundle again.") from error

    def save(self, path: Path) -> None:
        """Write what `load` reads, vectors in half precision."""
        names = np.array("\n".join(self._index))
        np.savez_compressed(path, names=names, vectors=self.vectors.astype(np.float16))

    def __contains__(self, genre: str) -> bool:
        """Whether the genre, under exactly this name, has a vector."""
        return normalise_genre(genre) in self._index

    def mean(self, genres: Iterable[str]) -> NDArray[np.float32] | None:
        """Mean vector (D,) of those genres that are known, or None; "dark detroit techno" falls back to "techno"."""
        rows = [row for genre in genres if (row := self._find(genre)) is not None]
        return np.asarray(self.vectors[rows].mean(axis=0), dtype=np.float32) if rows else None

    def _find(self, genre: str) -> int | None:
        words = normalise_genre(genre).split(" ")[:8]
        return next((i for n in range(len(words)) if (i := self._index.get(" ".join(words[n:]))) is not None), None)


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

    def _genres(self, row: NDArray[np.float32], genres: tuple[str, ...]) -> None:
        mean = self.genres.mean(genres)
        if mean is not None:
            self._put(row, "genre", mean)
        families = families_of(genres)
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
