"""Last.fm: what listeners call a track, an album or an artist, as tags of which some are genres; with a key.

After https://www.last.fm/api (track.getTopTags, album.getTopTags, artist.getTopTags). For non-commercial use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Unpack

from pydantic import SecretStr

from bot.errors import LimitedError, RefusedError, UnavailableError
from bot.songs.matching.names import fold, plain_name
from bot.songs.network.web import NO_RETRY_AFTER, Web, read_json, refuse, retry_after
from bot.songs.providers.base import Ability, Found, Options, WebProvider, at, number_at, text_at
from bot.songs.song import Song

MAX_GENRES = 8
MIN_COUNT = 10.0  # of the 100 that the most used tag has: below that it is one person's whim

_MAX_TAGS = 200  # of one answer that are looked at; they send at most 100

# What their error numbers mean. All other ones are faults of the request, which nobody can mend while the bot runs.
_UNKNOWN = {6, 7}
_NO_KEY = {4, 9, 10, 13, 14, 15, 26}
_LATER = {8, 11, 16}
_TOO_OFTEN = 29

_NO_GENRE = re.compile(
    r"""(?: my | i | me | seen | songs? | tracks? | albums? | artists? | bands? | check | want | love | heard | listen
        | best ) \b .*
      | .* \b (?: seen\ live | favou?rites? | loved | spotify | youtube | lastfm | last\.fm | playlists? | radio | mp3
        | albums?\ i\ own | to\ listen | listened | overrated | underrated | (?:fe)?male\ vocalists?
        | under\ 2000\ listeners ) \b .*
      | awesome | amazing | good | great | beautiful | sexy | cool | epic | fun | catchy | perfect | masterpiece | live
      | (?: 19 | 20 )? \d\d (?: 's | s )? | \d+ | [\W_]+""",
    re.IGNORECASE | re.VERBOSE,
)


class LastFmProvider(WebProvider):
    """Tags by names; knows no links and no ids of others."""

    name: ClassVar[str] = "lastfm"
    label: ClassVar[str] = "Last.fm"
    limit: ClassVar[tuple[int, float] | None] = (5, 1.0)
    abilities: ClassVar[frozenset[Ability]] = frozenset({"genres"})

    def __init__(self, web: Web, base: str, *, key: SecretStr, **options: Unpack[Options]) -> None:
        """Ask with `key`, which is told to nobody else; `jitter` and `clock` are as everywhere."""
        super().__init__(web, base, **options)
        self._key = key

    async def describe(self, song: Song) -> Found | None:
        """Tags that may be genres, the most used first; of a track its own, else its artist's. At most two requests."""
        if not self.can_describe(song):
            return None
        began = self._clock()
        artist = song.artists[0]
        if song.kind == "album":
            genres = self._tags(song, await self._top("album", artist=artist, album=plain_name(song.title or "")))
        elif song.kind == "artist" or not song.title:
            genres = self._tags(song, await self._top("artist", artist=artist))
        else:
            genres = self._tags(song, await self._top("track", artist=artist, track=plain_name(song.title)))
            if not genres:
                answer = await self._second(began, lambda patience: self._top("artist", patience, artist=artist))
                genres = self._tags(song, answer)
        return Found(song=Song(kind=song.kind, genres=genres)) if genres else None

    def can_describe(self, song: Song) -> bool:
        """By an artist, and of albums their title."""
        return bool(song.artists and (song.title or song.kind != "album"))

    async def _top(self, what: str, patience: float | None = None, **names: str) -> dict[str, Any] | None:
        params = {"method": f"{what}.getTopTags", **names, "autocorrect": "1", "format": "json"}
        params["api_key"] = self._key.get_secret_value()
        return await self._ask("/", params, shape={"toptags": dict}, endpoint=what, check=_checked, patience=patience)

    def _refuse(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Read the number of the error, which tells more than the status that it comes with."""
        try:
            answer = read_json(body)
        except UnavailableError:
            answer = None
        if isinstance(answer, dict):
            _checked(answer, headers)
            if number_at(answer, "error") in _UNKNOWN:
                return
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise _wrong_key()
        refuse(status, headers, body)

    @staticmethod
    def _tags(song: Song, answer: dict[str, Any] | None) -> tuple[str, ...]:
        """The tags that may be genres, the most used first."""
        listed = at(answer, "toptags", "tag")
        listed = listed[:_MAX_TAGS] if isinstance(listed, list) else [listed]  # a single one comes without a list
        names = {fold(name) for name in (*song.artists, song.title or "", song.album or "")}
        counts: dict[str, float] = {}
        for entry in listed:
            name, count = text_at(entry, "name"), _count(entry)
            if name and count >= MIN_COUNT and fold(name) not in names and not _NO_GENRE.fullmatch(name):
                counts.setdefault(name.lower(), count)
        return tuple(sorted(counts, key=lambda name: -counts[name]))[:MAX_GENRES]


def _checked(answer: dict[str, Any], headers: Mapping[str, str] | None = None) -> dict[str, Any] | None:
    """The answer itself, None where it says "unknown"; raises ServiceError for any other error in it."""
    error = number_at(answer, "error")
    if error is None:
        return answer
    if error in _UNKNOWN:
        return None
    if error in _NO_KEY:
        raise _wrong_key()
    if error == _TOO_OFTEN:
        raise LimitedError("was asked too often", retry_after((headers or {}).get("Retry-After"), NO_RETRY_AFTER))
    raise UnavailableError(f"answered with its error {error:g}", passing=error in _LATER)


def _wrong_key() -> RefusedError:
    return RefusedError("does not accept the key: check `key` in [lastfm], or leave it empty to go without", whole=True)


def _count(entry: Any) -> float:
    """How often a tag is used, from 0 to 100; given as a number or as digits, and where it is not, just often enough."""
    given = at(entry, "count")
    if given is None:
        return MIN_COUNT
    if isinstance(given, str) and given.isascii() and given.isdigit():
        return float(given[:9])
    return number_at(entry, "count") or 0.0
