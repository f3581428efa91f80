"""Genres: the coarse families of their names, and the table that gives each of them, however it is written, a vector."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from inference.errors import BundleError
from inference.genre_names import (
    HEADS,
    LEADS,
    LONGEST,
    QUALITIES,
    SYNONYMS,
    everyday,
    key,
    normalise_genre,
    plain,
    readings,
    spelled,
)

# How a name was matched, from the surest to the vaguest.
How = Literal["exact", "normalised", "synonym", "part", "family"]
HOWS: tuple[How, ...] = ("exact", "normalised", "synonym", "part", "family")

_MOST_WORDS = 5  # in a name whose parts are looked at; longer ones are sentences
_MOST_PARTS = 8  # of a list of genres
_USUAL, _USUAL_BEFORE = 10, 100  # names that end in a word: it is a genre though none itself, at the end or also before others
_AMBIGUOUS = frozenset(("bass", "meditation", "sleep", "world"))  # genres, and words for much else
_REMEMBERED = 8192  # names whose match is kept
_LIST = re.compile(r"[/;|\\\u00b7\u2022]")  # between genres of which some may be unknown
_PAIR = re.compile(r"[,&]|\+|(?<=\s)(?:and|y|e|et|und)(?=\s)", re.IGNORECASE)  # between genres, but within names of bands too

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


def families_of(genres: Iterable[str]) -> frozenset[str]:
    """Coarse families that the names of genres belong to; empty when none is recognised.

    It takes what it is given for genres: that "my house" is none, `GenreTable.match` knows.
    """
    return frozenset(family for genre in genres for family in _families(genre[:LONGEST]))


@lru_cache(maxsize=_REMEMBERED)
def _families(genre: str) -> frozenset[str]:
    name, bare = normalise_genre(genre), " ".join(plain(genre))
    found = _by_pattern(name) or (_by_pattern(bare) if bare != name else frozenset())
    words = () if found else spelled(genre)
    for reading in () if everyday(words) else readings(words):
        found = found or frozenset(f for name in SYNONYMS.get(key(reading), ()) for f in _by_pattern(name))
    return found


def _by_pattern(name: str) -> frozenset[str]:
    return frozenset(family for family, pattern in _FAMILY_PATTERNS.items() if pattern.search(name))


@dataclass(frozen=True)
class GenreMatch:
    """What a genre's name became: genres of the table, or where it has none, coarse families."""

    names: tuple[str, ...]  # never empty; several for "Soul & Funk"
    how: How

    @property
    def name(self) -> str:
        """The names in one string, such as "soul + funk"."""
        return " + ".join(self.names)


class _Spellings:
    """The words of all names: how else they are spelt, and which stand beside, behind and at the end of genres."""

    def __init__(self, names: Iterable[str]) -> None:
        self.keys: dict[str, str] = {}  # of two names with one key the first has it, as the rarest stand last
        self.beside = set(QUALITIES)  # words that stand beside genres
        self.behind: set[str] = set()  # words that stand behind them, as "italiano" does
        self.ends: Counter[str] = Counter()  # how often a word is the last of several
        for name in names:
            words = spelled(name)
            self.keys.setdefault(key(words), name)
            self.beside.update(words)
            if len(words) > 1:
                self.ends[words[-1]] += 1
                self.behind.update(words[1:] if _families(words[0]) else ())


class GenreTable:
    """Vectors of genres by name, made from which genres the same artists carry."""

    def __init__(self, names: Iterable[str], vectors: NDArray[np.float32]) -> None:
        """Take G names and (G, D) vectors of about unit length."""
        self._index = {normalise_genre(name): i for i, name in enumerate(names)}
        self.vectors = np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or len(self._index) != len(self.vectors) or not np.isfinite(self.vectors).all():
            raise BundleError("The genre table is broken: names and vectors do not match; make the bundle again.")
        self._match = lru_cache(maxsize=_REMEMBERED)(self._matched)

    @cached_property
    def _spellings(self) -> _Spellings:
        """What is told by all names together; made only when a name comes that is not among them."""
        return _Spellings(self._index)

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

    def __iter__(self) -> Iterator[str]:
        """The names, in the order of `vectors`."""
        return iter(self._index)

    @property
    def mark(self) -> str:
        """A short text that tells this table's names from those of others."""
        return hashlib.sha256("\n".join(self._index).encode()).hexdigest()[:8]

    def mean(self, genres: Iterable[str]) -> NDArray[np.float32] | None:
        """Mean vector (D,) of those genres that have one, each counted once however many it spans, or None."""
        vectors = [vector for genre in genres if (vector := self._vector(genre)) is not None]
        return np.asarray(np.stack(vectors).mean(axis=0), dtype=np.float32) if vectors else None

    def match(self, genre: str) -> GenreMatch | None:
        """What a service's genre is in this table, and how that was found; None for what is no genre, or not known.

        In this order: its exact name; another spelling of it; what a service is known to mean by it; its parts, be it a list
        ("Techno/House") or the longest genre within ("norwegian black metal": black metal), words before it being dropped
        first; a coarse family only. Only the first 100 characters are read.
        """
        return self._match(genre[:LONGEST])

    def _vector(self, genre: str) -> NDArray[np.float32] | None:
        match = self.match(genre)
        if match is None or match.how == "family":
            return None
        rows = self.vectors[[self._index[name] for name in match.names]]
        return np.asarray(rows[0] if len(rows) == 1 else rows.mean(axis=0))

    def _matched(self, genre: str) -> GenreMatch | None:
        name = normalise_genre(genre)
        if name in self._index:
            return GenreMatch((name,), "exact")
        words = spelled(genre)
        return self._whole(words) or self._list(genre) or self._part(words) or self._family(genre, words)

    def _whole(self, words: tuple[str, ...]) -> GenreMatch | None:
        """Another spelling, or a synonym, of something in the table."""
        keys = [key(reading) for reading in readings(words)]
        for spelling in keys:
            if spelling in self._spellings.keys:
                return GenreMatch((self._spellings.keys[spelling],), "normalised")
        for spelling in keys:
            names = tuple(name for name in SYNONYMS.get(spelling, ()) if name in self._index)
            if names:
                return GenreMatch(names, "synonym")
        for spelling in keys if len(words) > 1 else ():  # "Pixies" and "Grimes" are no genres
            if spelling.endswith("s") and spelling[:-1] in self._spellings.keys:
                return GenreMatch((self._spellings.keys[spelling[:-1]],), "normalised")
        return None

    def _list(self, genre: str) -> GenreMatch | None:
        """Several genres in one string; in "A, B and C" most must be known, of a pair both, as bands have such names."""
        for separator in (_LIST, _PAIR):
            parts = separator.split(genre, maxsplit=_MOST_PARTS)[:_MOST_PARTS]
            if len(parts) < 2:
                continue
            found = [self._whole(words) or self._part(words) for words in map(spelled, parts)]
            known = [match for match in found if match is not None]
            many = len(known) > 1 and 2 * len(known) >= len(parts)
            if known and (separator is _LIST or len(known) == len(parts) or (many and len(parts) > 2)):
                names = tuple(dict.fromkeys(name for match in known for name in match.names))
                return GenreMatch(names, max((match.how for match in known), key=HOWS.index))
        return None

    def _part(self, words: tuple[str, ...]) -> GenreMatch | None:
        """The longest genre at the end of a name, else within it or at its start."""
        words = list(readings(words))[-1] if words else ()
        if len(words) > _MOST_WORDS:
            return None
        for start, end in _spans(len(words)):
            before, part, after = words[:start], words[start:end], words[end:]
            if everyday(before + after) or (len(part) == 1 and not self._tells(before, part[0], after)):
                continue
            match = self._whole(part)
            if match is not None and (len(part) == 1 or not self._run_together(match)):
                return GenreMatch(match.names, "part")
        return None

    def _run_together(self, match: GenreMatch) -> bool:
        """Whether several words are one word in the table that need not be meant, as in "a groovy bass line"."""
        name = match.names[0]
        return match.how == "normalised" and len(spelled(name)) == 1 and not (name in HEADS or _families(name))

    def _tells(self, before: tuple[str, ...], word: str, after: tuple[str, ...]) -> bool:
        """Whether one word tells the genre: it is one, and the others are known to stand on that side of genres."""
        known = (
            word in self._spellings.keys or word in HEADS or self._spellings.ends[word] >= (_USUAL_BEFORE if after else _USUAL)
        )
        return (
            known
            and word not in _AMBIGUOUS
            and (word in HEADS or word in LEADS or bool(_families(word)))
            and self._spellings.beside.issuperset(before)
            and (word in LEADS or self._spellings.behind.issuperset(after))
        )

    def _family(self, genre: str, words: tuple[str, ...]) -> GenreMatch | None:
        if everyday(words) or len(words) > _MOST_WORDS:
            return None
        if len(words) > 1 and (words[-1] in _AMBIGUOUS or not _families(words[-1])):
            return None  # "Banda Zirahuen", "Soul Asylum"
        families = families_of((genre,))
        return GenreMatch(tuple(sorted(families)), "family") if families else None


def _spans(count: int) -> Iterator[tuple[int, int]]:
    """Places of the runs of words within `count` words: those at the end, the longest first, then all others likewise."""
    yield from ((start, count) for start in range(1, count))
    for size in range(count - 1, 0, -1):
        yield from ((start, start + size) for start in range(1, count - size))
        yield 0, size
