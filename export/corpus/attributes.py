"""Joining genres and audio features to documents, and the vectors of genres.

Order of fallback for features: track, album mean, artist mean, genre mean, unknown.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.conditions import FEATURE_RANGES, FEATURES
from inference.genre_names import normalise_genre
from inference.genres import GenreTable

_COARSE = {"Rap": "hip hop", "R&B": "r&b", "Global": "world", "Folk/Country": "folk", "Pop/R&B": "pop"}


def key(name: str) -> str:
    """A name for joining: no accents, case, article or punctuation, unless nothing else is in it; empty for no name."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode() or name.lower()
    return re.sub(r"[^\w]+", " ", re.sub(r"^the\s+", "", plain.replace("&", "and"))).strip() or name.lower().strip()


def coarse_genre(genre: str) -> str:
    """The name under which a magazine's coarse genre has a vector."""
    return _COARSE.get(genre, normalise_genre(genre))


@dataclass(frozen=True)
class Attributes:
    """What is known of the work that a document is about."""

    genres: tuple[str, ...]
    features: Mapping[str, float]
    level: str  # track, album, artist, genre or unknown: where the features come from


class Songs:
    """The tables of songs, albums and artists; empty when their folder is missing."""

    def __init__(self, folder: Path) -> None:
        """Read what there is of p4kxspotify, artist_genres, tracks and everynoise_genres."""
        self.tracks: dict[tuple[str, str], dict[str, float]] = {}
        self.albums: dict[tuple[str, str], dict[str, float]] = {}
        self.scores: dict[tuple[str, str], float] = {}
        self.artist_genres: dict[str, tuple[str, ...]] = {}
        self.map: dict[str, tuple[float, float]] = {}
        by_artist: dict[str, list[dict[str, float]]] = defaultdict(list)
        by_genre: dict[str, list[dict[str, float]]] = defaultdict(list)
        for row in _rows(folder / "tracks.csv.gz"):
            features, genres = _features(row), _genres(row.get("genres", "").split("|"))
            self.tracks[key(row["artist"]), key(row["title"])] = features
            by_artist[key(row["artist"])].append(features)
            if genres:
                self.artist_genres.setdefault(key(row["artist"]), genres)
            for genre in genres:
                by_genre[genre].append(features)
        for row in _rows(folder / "p4kxspotify.csv.gz"):
            features, album = _features(row), (key(row["artist"]), key(row["album"]))
            if features:
                self.albums[album] = features
                by_artist[album[0]].append(features)
                by_genre[coarse_genre(row.get("genre", ""))].append(features)
        path = folder / "artist_genres.jsonl.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    entry = json.loads(line)
                    self.artist_genres[key(entry["artist"])] = _genres(entry["genres"])
        for row in _rows(folder / "everynoise_genres.csv.gz"):
            self.map[normalise_genre(row["genre"])] = (float(row["x"]), float(row["y"]))
        self.artists = {name: _mean(rows) for name, rows in by_artist.items()}
        self.genre_means = {genre: _mean(rows) for genre, rows in by_genre.items() if len(rows) >= 5}

    def attributes(self, *, artist: str, album: str, songs: Iterable[str], genres: Iterable[str]) -> Attributes:
        """Genres and features of a work, by the order of fallback."""
        name = key(artist)
        told = _genres(coarse_genre(g) for g in genres)
        if not name:  # a caption, a book: nobody's features are its own
            return Attributes(told, {}, "unknown")
        known = self.artist_genres.get(name, ()) or told
        for song in songs:
            if features := self.tracks.get((name, key(song))):
                return Attributes(known, features, "track")
        if features := self.albums.get((name, key(album))):
            return Attributes(known, features, "album")
        if features := self.artists.get(name, {}):
            return Attributes(known, features, "artist")
        means = [self.genre_means[g] for g in known if g in self.genre_means]
        return Attributes(known, _mean(means), "genre") if means else Attributes(known, {}, "unknown")

    def genre_table(self, dims: int, *, seed: int) -> GenreTable:
        """Vectors of genres: positive PMI over the artists' lists, then a truncated SVD; the map places rare genres.

        Source: O. Levy and Y. Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", 2014.
        """
        from sklearn.utils.extmath import randomized_svd  # noqa: PLC0415 - training only, slow to load

        lists = [genres for genres in self.artist_genres.values() if genres]
        counts = Counter(g for genres in lists for g in set(genres))
        names = sorted(g for g, n in counts.items() if n >= 3) or ["pop", "rock"]
        index = {g: i for i, g in enumerate(names)}
        together = np.zeros((len(names), len(names)))
        for genres in lists:
            rows = sorted({index[g] for g in genres if g in index})
            together[np.ix_(rows, rows)] += 1.0
        total = max(together.sum(), 1.0)
        marginal = np.maximum(together.sum(axis=1), 1.0) ** 0.75
        marginal *= total / marginal.sum()
        with np.errstate(divide="ignore"):
            ppmi = np.maximum(np.log(together * total / np.outer(marginal, marginal)), 0.0)
        u, s, _ = randomized_svd(ppmi, n_components=min(dims, len(names)), random_state=seed)
        vectors = np.zeros((len(names), dims), dtype=np.float32)
        vectors[:, : u.shape[1]] = u * np.sqrt(s)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        return self._with_map(names, vectors)

    def _with_map(self, names: list[str], vectors: np.ndarray) -> GenreTable:
        """Add the genres that only the map knows, each as the mean of the nearest there."""
        placed = [i for i, name in enumerate(names) if name in self.map]
        rare = sorted(set(self.map) - set(names))
        if not placed or not rare:
            return GenreTable(names, vectors)
        nearest = min(5, len(placed))
        near = np.array([self.map[names[i]] for i in placed])
        rows = []
        for name in rare:
            distance = ((near - np.array(self.map[name])) ** 2).sum(axis=1)
            mean = vectors[[placed[k] for k in np.argpartition(distance, nearest - 1)[:nearest]]].mean(axis=0)
            rows.append(mean / max(float(np.linalg.norm(mean)), 1e-6))
        return GenreTable([*names, *rare], np.concatenate([vectors, np.array(rows, dtype=np.float32)]))


def _rows(path: Path) -> Iterable[dict[str, str]]:
    """Rows of a packed CSV table; none when it is missing."""
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _features(row: Mapping[str, str]) -> dict[str, float]:
    """The audio features of a row; none at all when it is a row of -1."""
    features = {}
    for name in FEATURES:
        try:
            value = float(row.get(name) or "nan")
        except ValueError:
            continue
        low, high = FEATURE_RANGES[name]
        if math.isfinite(value) and not (value == -1 and low == 0):
            features[name] = min(max(value, low), high)
    return features if len(features) >= 5 and "energy" in features else {}


def _genres(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise_genre(name) for name in names if name and name.strip()))[:12]


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    known = [row for row in rows if row]
    return {name: float(np.mean([r[name] for r in known if name in r])) for name in FEATURES if any(name in r for r in known)}
