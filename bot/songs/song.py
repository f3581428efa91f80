"""A song as the bot knows it: names, ids, genres and audio features, each optional, each with where it came from."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Literal, Self, get_args

Kind = Literal["track", "album", "artist", "video"]

MAX_TITLE = 200  # characters, for titles and albums
MAX_NAME = 100  # characters, for artists, genres, ids and sources
MAX_NAMES = 32  # artists of one song, or its genres

# Letters that show nothing: a name made of them would look empty.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# Lowest and highest believable value of each audio feature, in its own unit.
_SHARE = (0.0, 1.0)
_TEMPO = (20.0, 400.0)  # beats a minute
_LOUDNESS = (-80.0, 10.0)  # dB
MAX_DURATION = 86_400.0  # seconds


def clean_text(text: str, limit: int) -> str:
    """Make text from outside safe to show on one line; may be empty afterwards.

    Control characters, line breaks, blank letters and runs of white space become one space; invisible format characters
    (bidirectional overrides, zero-width joiners, byte order marks), private-use, unassigned and lone surrogate code
    points vanish; the rest is composed (NFC), trimmed and cut to at most `limit` characters.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:limit].rstrip()
    kept = "".join(_shown(character) for character in text)
    return " ".join(unicodedata.normalize("NFC", kept).split())[:limit].rstrip()


def _shown(character: str) -> str:
    """What stands for a character in clean text: itself, a space, or nothing."""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp", "Zs"} or character in _BLANK_LETTERS:
        return " "
    return "" if category.startswith("C") else character


@dataclass(frozen=True, kw_only=True)
class AudioFeatures:
    """How a recording sounds, as numbers; None where it is not known.

    Shares from 0 to 1, but for `tempo` in beats a minute (20 to 400) and `loudness` in dB (-80 to 10). `brightness` is
    where the middle of the spectrum lies, from dull to sharp; the model is not told of it. Raises ValueError for
    anything else, NaN among it.
    """

    danceability: float | None = None
    energy: float | None = None
    valence: float | None = None
    acousticness: float | None = None
    instrumentalness: float | None = None
    liveness: float | None = None
    speechiness: float | None = None
    tempo: float | None = None
    loudness: float | None = None
    brightness: float | None = None

    def __post_init__(self) -> None:
        """Refuse values that no recording can have."""
        for name, value in self.known().items():
            low, high = {"tempo": _TEMPO, "loudness": _LOUDNESS}.get(name, _SHARE)
            if not (_is_number(value) and low <= value <= high):
                raise ValueError(
                    f"the audio feature {name} is {value!r:.40}, but must be a number from {low:g} to {high:g}: "
                    "leave it out where it is not known"
                )

    @classmethod
    def believable(cls, values: Mapping[str, Any]) -> Self:
        """Those of the values, by name, that a recording can have; all else from outside is left out."""
        kept = {}
        for name, value in values.items():
            try:
                cls(**{name: value})
            except (TypeError, ValueError):
                continue
            kept[name] = value
        return cls(**kept)

    def known(self) -> dict[str, float]:
        """The features that are known, by name, in their raw units."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Song:
    """Everything known of one song; nothing of it has to be.

    `kind` says what was shared: a track, an album (then `title` is its title), an artist (then there is no title) or a
    video that seems to be no music. `artists` starts with the main one, guests come last; bands and duos are one name.
    `version` names another recording ("live at …", "… remix"), `duration` is in seconds (up to a day). `ids` goes from
    service ("spotify", "youtube", "isrc", "deezer", "musicbrainz") to that service's id of the song; an id of something
    else is named as such ("spotify_album"). `sources` goes from a field's name, or for features and ids "features.energy"
    and "ids.isrc" where they differ, to where it came from. All texts are passed through `clean_text` (titles, versions
    and albums to 200 characters, everything else to 100), empty ones dropped; of the artists and genres the first 32
    different ones are kept. Raises ValueError for a kind or a duration that none can be.
    """

    kind: Kind = "track"
    title: str | None = None
    version: str | None = None
    artists: tuple[str, ...] = ()
    album: str | None = None
    duration: float | None = None
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    genres: tuple[str, ...] = ()
    features: AudioFeatures = AudioFeatures()
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Clean every text, so that whoever shows a song need not."""
        if self.kind not in get_args(Kind):
            raise ValueError(f"the kind is {self.kind!r:.40}, but must be one of {', '.join(get_args(Kind))}")
        if self.duration is not None and not (_is_number(self.duration) and 0 < self.duration <= MAX_DURATION):
            raise ValueError(f"the duration is {self.duration!r:.40}, but must be seconds up to {MAX_DURATION:g}")
        # A frozen dataclass sets its own fields only this way.
        put = object.__setattr__
        put(self, "title", clean_text(self.title or "", MAX_TITLE) or None)
        put(self, "version", clean_text(self.version or "", MAX_TITLE) or None)
        put(self, "album", clean_text(self.album or "", MAX_TITLE) or None)
        put(self, "artists", _clean_names(self.artists))
        put(self, "genres", _clean_names(self.genres))
        put(self, "ids", _clean_mapping(self.ids))
        put(self, "sources", _clean_mapping(self.sources))

    @property
    def line(self) -> str:
        """The song on one line, "Artist — Title", or as much of it as is known."""
        parts = (", ".join(self.artists), self.title)
        return " — ".join(part for part in parts if part) or "Unknown song"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Which of the main things are not known: any of "artist", "title", "genres" and "audio features".

        An artist has no title, and neither artists nor albums have audio features of their own.
        """
        main: dict[str, object] = {"artist": self.artists}
        if self.kind != "artist":
            main["title"] = self.title
        main["genres"] = self.genres
        if self.kind not in {"artist", "album"}:
            main["audio features"] = self.features.known()
        return tuple(name for name, value in main.items() if not value)

    def as_dict(self) -> dict[str, Any]:
        """The song as JSON-ready values; of the features only those known."""
        return {
            "kind": self.kind,
            "title": self.title,
            "version": self.version,
            "artists": list(self.artists),
            "album": self.album,
            "duration": self.duration,
            "ids": dict(self.ids),
            "genres": list(self.genres),
            "features": self.features.known(),
            "sources": dict(self.sources),
        }

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The song that `as_dict` wrote down; raises ValueError for anything else."""
        try:
            names = {each.name for each in fields(cls)}
            if set(values) != names:
                raise ValueError(f"a song has the fields {', '.join(sorted(names))}")
            texts = {"artists": tuple(values["artists"]), "genres": tuple(values["genres"])}
            return cls(**{**values, **texts, "features": AudioFeatures(**values["features"])})
        except (TypeError, AttributeError) as error:
            raise ValueError(f"this is no song: {error}") from None

    def with_found(self, found: Song, source: str) -> Song:
        """This song with whatever else `found` knows, marked with `source`; what is known already stays as it is."""
        fresh: dict[str, Any] = {
            name: getattr(found, name)
            for name in ("title", "version", "artists", "album", "duration", "genres")
            if getattr(found, name) and not getattr(self, name)
        }
        fresh_names = tuple(fresh)
        features, ids = self.features.known(), dict(self.ids)
        new_features = {name: value for name, value in found.features.known().items() if name not in features}
        new_ids = {service: value for service, value in found.ids.items() if service not in ids}
        fresh |= {"features": AudioFeatures(**features, **new_features), "ids": {**ids, **new_ids}}
        told = [*fresh_names, *(f"features.{name}" for name in new_features), *(f"ids.{name}" for name in new_ids)]
        sources = {**self.sources, **dict.fromkeys(told, source)}
        return replace(self, **fresh, sources=sources)


def between(one: Song, other: Song) -> Song:
    """What two songs come to as one: both names, the genres of both in turn, and features in the middle where both have them.

    A field that comes from both has both sources, but what either took from a "query" counts as being from one.
    """
    known = other.features.known()
    features = {name: (value + known[name]) / 2 for name, value in one.features.known().items() if name in known}
    told = ["title", "artists", "genres", *(f"features.{name}" for name in features)]
    return Song(
        title=" × ".join(each.title or "a song" for each in (one, other)),
        artists=tuple(dict.fromkeys((*one.artists, *other.artists))),
        genres=tuple(genre for pair in zip_longest(one.genres, other.genres) for genre in pair if genre),
        features=AudioFeatures(**features),
        sources={name: _both(one, other, name) for name in told},
    )


def _both(one: Song, other: Song, field: str) -> str:
    """Where a field of two songs is from."""
    sources = dict.fromkeys(source for each in (one, other) if (source := each.sources.get(field)))
    return "query" if "query" in sources else " and ".join(sources)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Clean names, each once, in their order."""
    cleaned = (clean_text(name, MAX_NAME) for name in names)
    return tuple(dict.fromkeys(name for name in cleaned if name))[:MAX_NAMES]


def _clean_mapping(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """A read-only copy with clean keys and values."""
    cleaned = {clean_text(key, MAX_NAME): clean_text(value, MAX_NAME) for key, value in mapping.items()}
    return MappingProxyType({key: value for key, value in cleaned.items() if key and value})
