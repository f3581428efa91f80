"""Coverage: how many of the genres that artists carry the bundle's genre table maps, and how well it maps those it lacks."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from export.errors import CorpusError
from inference.genres import HOWS, GenreTable

FILE = "artist_genres.jsonl.gz"
LEVELS = (*HOWS, "unknown")
WITH_VECTOR = frozenset(HOWS) - {"family"}

_FOLDS = 10
_RANDOM_PAIRS = 20_000


@dataclass(frozen=True)
class Mapped:
    """One distinct genre of the data."""

    genre: str
    pairs: int  # artists who carry it
    level: str  # one of LEVELS
    became: str  # empty if unknown


@dataclass(frozen=True)
class Coverage:
    """What became of the genres that artists carry."""

    mapped: tuple[Mapped, ...]  # the most frequent first
    microseconds: float  # for a genre that was not looked at before

    @property
    def pairs(self) -> int:
        """Artist–genre pairs in all."""
        return sum(row.pairs for row in self.mapped)

    def at(self, level: str) -> tuple[int, int]:
        """Pairs and distinct genres at one of LEVELS."""
        rows = [row for row in self.mapped if row.level == level]
        return sum(row.pairs for row in rows), len(rows)

    def with_vector(self) -> tuple[float, float]:
        """Share of the pairs and of the distinct genres that get a vector, 0 to 1."""
        pairs, genres = (sum(counts) for counts in zip(*(self.at(level) for level in WITH_VECTOR), strict=True))
        return pairs / max(self.pairs, 1), genres / max(len(self.mapped), 1)


@dataclass(frozen=True)
class HeldOut:
    """What becomes of the table's own genres when the table has never heard of them."""

    shares: dict[str, float]  # by level, of the genres
    cosine: float  # mean, between the vector that a genre gets and its own; NaN if none gets one
    chance: float  # mean cosine of the vectors of two genres drawn at random


def count_genres(folder: Path) -> Counter[str]:
    """Artists for each genre, as written in the folder's table; CorpusError if it is missing or not what it must be."""
    path = folder / FILE
    counts: Counter[str] = Counter()
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                counts.update(_genres(line, f"{path.name}, line {number}"))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CorpusError(
            f"There is no readable {path.name} in {folder}; give --songs the folder of the song tables."
        ) from error
    if not counts:
        raise CorpusError(f"{path.name} in {folder} names no genre; give --songs the folder of the song tables.")
    return counts


def measure(table: GenreTable, counts: Counter[str], progress: Progress) -> Coverage:
    """Match each distinct genre once, in a table that has matched nothing yet if the time is to mean anything."""
    task = progress.add_task("genres", total=len(counts))
    rows, seconds = [], 0.0
    for genre, pairs in counts.most_common():
        start = time.perf_counter()
        match = table.match(genre)
        seconds += time.perf_counter() - start
        rows.append(Mapped(genre, pairs, match.how if match else "unknown", match.name if match else ""))
        progress.advance(task)
    return Coverage(tuple(rows), seconds / max(len(rows), 1) * 1e6)


def hold_out(table: GenreTable, progress: Progress, *, seed: int) -> HeldOut:
    """Take a tenth of the genres out of the table, match them in what is left, and so on with every tenth.

    The data that coverage is measured on is what the table was made from, so this is what tells of names never seen.
    """
    names = list(table)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(names))
    unit = table.vectors / np.maximum(np.linalg.norm(table.vectors, axis=1, keepdims=True), 1e-9)  # (G, D)
    levels: Counter[str] = Counter()
    cosines: list[float] = []
    task = progress.add_task("held out", total=len(names))
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        kept = np.sort(np.setdiff1d(order, out))
        rest = GenreTable([names[i] for i in kept], table.vectors[kept])
        for i in out:
            match, vector = rest.match(names[i]), rest.mean([names[i]])
            levels[match.how if match else "unknown"] += 1
            if vector is not None:
                cosines.append(float(unit[i] @ vector / max(float(np.linalg.norm(vector)), 1e-9)))
            progress.advance(task)
    first, second = rng.integers(len(names), size=(2, _RANDOM_PAIRS))
    return HeldOut(
        {level: levels[level] / len(names) for level in LEVELS},
        float(np.mean(cosines)) if cosines else float("nan"),
        float(np.mean(np.einsum("pd,pd->p", unit[first], unit[second]))),
    )


def as_json(coverage: Coverage, held_out: HeldOut) -> dict[str, Any]:
    """All figures, and each genre that is not in the table by its own name."""
    share = coverage.with_vector()
    return {
        "pairs": coverage.pairs,
        "genres": len(coverage.mapped),
        "levels": {level: dict(zip(("pairs", "genres"), coverage.at(level), strict=True)) for level in LEVELS},
        "with_vector": {"pairs": share[0], "genres": share[1]},
        "microseconds_each": coverage.microseconds,
        "held_out": {
            "levels": held_out.shares,
            "cosine": held_out.cosine if np.isfinite(held_out.cosine) else None,
            "cosine_of_random_pairs": held_out.chance,
        },
        "not_exact": [
            {"genre": row.genre, "pairs": row.pairs, "how": row.level, "became": row.became}
            for row in coverage.mapped
            if row.level != "exact"
        ],
    }


def _genres(line: str, place: str) -> list[str]:
    """The genres of one artist."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    genres = entry.get("genres") if isinstance(entry, dict) else None
    if not isinstance(genres, list) or not all(isinstance(genre, str) for genre in genres):
        raise CorpusError(f"{place} has no list of genres; each line is an object with artist and genres.")
    return list(dict.fromkeys(genre for genre in genres if genre.strip()))
