"""iTunes: names, a genre, and an excerpt, from the search of Apple's shop; no key.

After https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI, which allows about 20
requests a minute. Whoever asks more often is answered with 403 and no body for a while, and told nothing of how long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Unpack

from bot.errors import LimitedError
from bot.songs.matching.match import best_recording
from bot.songs.matching.names import plain_name
from bot.songs.matching.versions import split_version
from bot.songs.network.web import NO_RETRY_AFTER, Web, refuse
from bot.songs.providers.base import MAX_CANDIDATES, Ability, Found, Options, WebProvider, list_at, seconds_at, text_at
from bot.songs.query import NameQuery
from bot.songs.song import Song

_LIMIT = "10"  # results of a search
_MAX_WORDS = 200  # characters of a search
_ENTITIES = {"track": "song", "album": "album", "artist": "musicArtist"}


class ITunesProvider(WebProvider):
    """Finds songs, albums and artists by names; of each it tells one genre."""

    name: ClassVar[str] = "itunes"
    label: ClassVar[str] = "iTunes"
    limit: ClassVar[tuple[int, float] | None] = (20, 60.0)
    abilities: ClassVar[frozenset[Ability]] = frozenset({"search", "genres"})

    def __init__(self, web: Web, base: str, *, country: str = "US", **options: Unpack[Options]) -> None:
        """Ask the shop of `country`, two capital letters; everything else is as in any WebProvider."""
        super().__init__(web, base, **options)
        self._country = country

    async def search(self, query: NameQuery) -> Sequence[Found]:
        """Songs by the words of artist and title."""
        return await self._search("track", query.artist or "", query.title)

    async def describe(self, song: Song) -> Found | None:
        """The genre of a track, an album or an artist, and what else the shop says of it; one request."""
        if not self.can_describe(song):
            return None
        title = "" if song.kind == "artist" else song.title or ""
        return best_recording(song, await self._search(song.kind, song.artists[0], title))

    def can_describe(self, song: Song) -> bool:
        """By an artist, and but for artists themselves a title."""
        return song.kind in _ENTITIES and bool(song.artists and (song.title or song.kind == "artist"))

    async def _search(self, kind: str, *names: str) -> tuple[Found, ...]:
        term = " ".join(plain_name(name) or name for name in names if name)[:_MAX_WORDS]
        params = {"term": term, "media": "music", "entity": _ENTITIES[kind], "limit": _LIMIT, "country": self._country}
        answer = await self._ask("search", params, shape={"results": list})
        read = _READ[kind]
        found = (read(entry) for entry in list_at(answer, "results"))
        return tuple(each for each in found if each)[:MAX_CANDIDATES]

    def _refuse(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """403 is how they say "too often"."""
        if status == HTTPStatus.FORBIDDEN:
            raise LimitedError(f"was asked too often (status {status})", NO_RETRY_AFTER)
        refuse(status, headers, body)


# --- reading answers -------------------------------------------------------------------------------------------


def _track(entry: Any) -> Found | None:
    title, version = split_version(text_at(entry, "trackName") or "")
    if not title:
        return None
    song = Song(
        title=title,
        version=version,
        artists=_artist(entry),
        album=text_at(entry, "collectionName"),
        duration=seconds_at(entry, "trackTimeMillis", unit=0.001),
        genres=_genre(entry),
    )
    preview = text_at(entry, "previewUrl") or ""
    return Found(song=song, preview=preview if preview.startswith("https://") else None)


def _album(entry: Any) -> Found | None:
    title = text_at(entry, "collectionName")
    return Found(song=Song(kind="album", title=title, artists=_artist(entry), genres=_genre(entry))) if title else None


def _musician(entry: Any) -> Found | None:
    artist = _artist(entry)
    return Found(song=Song(kind="artist", artists=artist, genres=_genre(entry))) if artist else None


def _artist(entry: Any) -> tuple[str, ...]:
    name = text_at(entry, "artistName")
    return (name,) if name else ()


def _genre(entry: Any) -> tuple[str, ...]:
    name = text_at(entry, "primaryGenreName")
    return (name,) if name else ()


_READ: dict[str, Callable[[Any], Found | None]] = {"track": _track, "album": _album, "artist": _musician}
