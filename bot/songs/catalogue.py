"""The sample catalogue: some sixty well-known songs, so that the bot has something to say with no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from importlib import resources
from itertools import product
from typing import Any

from bot.errors import InputError
from bot.links import Link
from bot.songs.matching.names import fold, plain_name, similarity, without_brackets
from bot.songs.query import MAX_QUERY
from bot.songs.song import AudioFeatures, Song

SOURCE = "sample catalogue"
SCHEMA = 1
TRUNCATED_ARTIST = 0.95  # certainty when an artist's name is shortened ("Dave Brubeck" for his quartet)

_ID_SHAPES = {"spotify": re.compile(r"[0-9A-Za-z]{22}"), "youtube": re.compile(r"[0-9A-Za-z_-]{11}")}
_SONG_LINKS = {("spotify", "track"), ("youtube", "video")}
_KEYS = {"title", "artists", "album", "ids", "genres", "features"}


class Catalogue:
    """A fixed list of songs, found by link, by names or by free text; None where the answer is not certain."""

    name = "catalogue"  # in the settings

    def __init__(self, songs: Sequence[Song]) -> None:
        """Index the songs; raises InputError when two of them share an id."""
        self.songs = tuple(songs)
        self._by_id: dict[tuple[str, str], Song] = {}
        for song in self.songs:
            for key in song.ids.items():
                if key in self._by_id:
                    raise InputError(f"The catalogue has the {key[0]} id {key[1]} twice: give it to one song only.")
                self._by_id[key] = song
        self._titles = [_title_keys(song) for song in self.songs]
        self._artists = [_artist_keys(song) for song in self.songs]
        self._phrases = [_phrases(*names) for names in zip(self._titles, self._artists, strict=True)]

    @classmethod
    def load(cls) -> Catalogue:
        """The catalogue that is shipped with the bot."""
        return cls.parse(resources.files("bot.songs").joinpath("catalogue.json").read_text("utf-8"))

    @classmethod
    def parse(cls, text: str) -> Catalogue:
        """Read a catalogue from JSON, `{"schema": 1, "songs": [...]}`; raises InputError naming the first fault."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise InputError(f"The catalogue is no JSON ({error}): correct the file.") from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise InputError(f'The catalogue has no "schema": {SCHEMA}: it is made for another version of the bot.')
        entries = document.get("songs")
        if not isinstance(entries, list):
            raise InputError('The catalogue has no list of "songs": add one.')
        return cls([_read_song(entry, f"Song {number} of the catalogue") for number, entry in enumerate(entries, 1)])

    def by_link(self, link: Link) -> Song | None:
        """The song of a Spotify track or a YouTube video."""
        return self._by_id.get((link.service, link.id)) if (link.service, link.kind) in _SONG_LINKS else None

    def by_name(self, artist: str, title: str) -> Song | None:
        """The song of that artist with that title, forgiving case, accents, punctuation, "feat." and small typos."""
        if len(artist) + len(title) > MAX_QUERY:
            return None
        artist_key = fold(plain_name(artist))
        title_key = fold(plain_name(title))
        scores = []
        for titles, artists in zip(self._titles, self._artists, strict=True):
            title_score = max(similarity(title_key, key) for key in titles)
            # Most titles differ, and then the artist need not be looked at.
            scores.append(title_score and title_score * max(_artist_score(artist_key, key) for key in artists))
        return self._certain(scores)

    def by_text(self, text: str) -> Song | None:
        """The song that a text without a separator names: a title, or title and artist in either order."""
        if len(text) > MAX_QUERY:
            return None
        key = fold(plain_name(text))
        scores = []
        for titles, phrases in zip(self._titles, self._phrases, strict=True):
            alone = max(_title_score(key, title) for title in titles)
            together = max(similarity(key, phrase) for phrase in phrases)
            scores.append(max(alone, together))
        return self._certain(scores)

    def _certain(self, scores: Sequence[float]) -> Song | None:
        """The song with the best score above 0; None when several share it."""
        best = max(scores, default=0.0)
        return self.songs[scores.index(best)] if best > 0 and scores.count(best) == 1 else None


def _title_keys(song: Song) -> frozenset[str]:
    """The folded title, with and without its bracketed part."""
    title = song.title or ""
    return frozenset({fold(title), fold(without_brackets(title))})


def _artist_keys(song: Song) -> frozenset[str]:
    """Each folded artist alone and all of them together."""
    return frozenset(fold(name) for name in (*song.artists, " ".join(song.artists)))


def _artist_score(query: str, artist: str) -> float:
    """How certainly a folded name means a folded artist, from 0 to 1."""
    words = set(query.split())
    shortened = len(words) > 1 and words < set(artist.split())
    return TRUNCATED_ARTIST if shortened else similarity(query, artist)


def _title_score(query: str, title: str) -> float:
    """How certainly a text means a title with no artist beside it: one word has to be spelt exactly."""
    score = similarity(query, title)
    return score if score == 1 or " " in title else 0.0


def _phrases(titles: Iterable[str], artists: Iterable[str]) -> frozenset[str]:
    """The ways to say title and artist in one breath."""
    forms = ("{artist} {title}", "{title} {artist}", "{title} by {artist}")
    return frozenset(form.format(artist=a, title=t) for form in forms for t, a in product(titles, artists))


def _read_song(entry: Any, where: str) -> Song:
    """One entry of the file as a song; raises InputError starting with `where` when anything in it is wrong."""
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise InputError(f"{where} must have exactly the keys {', '.join(sorted(_KEYS))}.")
    if not (_is_text(entry["title"]) and _is_text(entry["album"])):
        raise InputError(f"{where} must have a title and an album: give both as text.")
    for name in ("artists", "genres"):
        if not (isinstance(entry[name], list) and entry[name] and all(map(_is_text, entry[name]))):
            raise InputError(f"{where} must have {name}: give a list with at least one text.")
    ids = entry["ids"]
    if not (isinstance(ids, dict) and ids):
        raise InputError(f"{where} must have ids: give the Spotify or the YouTube one.")
    for service, value in ids.items():
        if service not in _ID_SHAPES or not (_is_text(value) and _ID_SHAPES[service].fullmatch(value)):
            raise InputError(f"{where} has the {service} id {value!r:.40}, which is none: correct it or leave it out.")
    try:
        features = AudioFeatures(**entry["features"])
    except (TypeError, ValueError) as error:
        raise InputError(f"{where} has wrong features ({error}): correct them or leave them out.") from None
    return Song(
        title=entry["title"],
        artists=tuple(entry["artists"]),
        album=entry["album"],
        ids=ids,
        genres=tuple(entry["genres"]),
        features=features,
        sources=dict.fromkeys(sorted(_KEYS), SOURCE),
    )


def _is_text(value: Any) -> bool:
    """Whether a JSON value is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())
