"""Deezer: names, ISRC, genres, and of a recording's sound the tempo and the loudness; no key.

After https://developers.deezer.com/api (search, track, album, errors). Errors arrive with status 200.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from bot.errors import LimitedError, UnavailableError
from bot.songs.matching.match import best_recording
from bot.songs.matching.names import plain_name
from bot.songs.matching.versions import split_version
from bot.songs.providers.base import MAX_CANDIDATES, Ability, Found, WebProvider, at, list_at, number_at, seconds_at, text_at
from bot.songs.query import NameQuery
from bot.songs.song import AudioFeatures, Song

# Deezer's `gain` is no gain but the loudness that they measured, in dB as loudness meters give it, and negative: players
# that want a ReplayGain of it take -(gain + 18.4), which would bring a song to -18 of those dB. Spotify measures in its
# own way: for 24 well-known songs whose two numbers are public, its loudness is 2.3 dB above Deezer's gain (median),
# half of them within 1.1 dB of that and nine in ten within 3.4 dB, from -6 to -16 dB (correlation 0.74; part of the
# difference are other masters of the same song).
GAIN_TO_LOUDNESS = 2.3  # dB
_GAINS = (-40.0, -0.1)  # dB that are believed; 0 means that it was not measured

_LIMIT = 10  # results of a search
_MAX_NAME = 100  # characters of a name in a search
_MOST_RANK = 1_000_000
_PAUSE = 5.0  # seconds after which their quota is counted anew

# Their error codes; all others mean that they will not answer, whatever is asked.
_QUOTA, _BUSY = 4, 700
_NOTHING = frozenset({500, 501, 600, 800})  # no data, and names that their search cannot read
_ID = re.compile(r"[0-9]{1,20}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


class DeezerProvider(WebProvider):
    """Finds songs by names, and tells more of one by its id, its ISRC or its names."""

    name: ClassVar[str] = "deezer"
    label: ClassVar[str] = "Deezer"
    limit: ClassVar[tuple[int, float] | None] = (50, 5.0)  # their quota for one address
    abilities: ClassVar[frozenset[Ability]] = frozenset({"search", "features", "genres"})
    details: ClassVar[bool] = True

    async def search(self, query: NameQuery) -> Sequence[Found]:
        """Songs by artist and title; where that finds none, or for a title alone, by the words of both."""
        words = _plain(" ".join(filter(None, (query.artist, query.title))))
        if not query.artist:
            return await self._search(words)
        began = self._clock()
        found = await self._search(_strict(query.artist, "track", query.title))
        return found or await self._second(began, lambda patience: self._search(words, patience)) or ()

    async def describe(self, song: Song) -> Found | None:
        """What is known of a track; of an album its genres, of an artist those of one album.

        The first request finds it, others add to that where there is time for them.
        """
        if not self.can_describe(song):
            return None
        began = self._clock()
        found = await _WAYS[song.kind](self, song, began)
        album = found.song.ids.get("deezer_album") if found else None
        if not (found and album) or song.genres or found.song.genres:
            return found
        described = await self._second(began, lambda patience: self._album(album, patience))
        genres = described.song.genres if described else ()
        return replace(found, song=replace(found.song, genres=genres))

    def can_describe(self, song: Song) -> bool:
        """By an id of theirs, a track also by its ISRC, an artist by name; else by title and artist."""
        if song.kind == "artist":
            return bool(song.artists)
        ids = {"track": _known_id(song, "deezer") or _known_isrc(song), "album": _known_id(song, "deezer_album")}
        return song.kind in ids and bool(ids[song.kind] or (song.title and song.artists))

    # --- one kind each -----------------------------------------------------------------------------------------

    async def _find_track(self, song: Song, began: float) -> Found | None:
        """A track by its id, else by its ISRC, else by its names."""
        if id_ := _known_id(song, "deezer"):
            return await self._track(id_)
        isrc = _known_isrc(song)
        if isrc and (found := await self._track(f"isrc:{isrc}")):
            return found
        if not (song.title and song.artists):
            return None
        words = _strict(song.artists[0], "track", song.title)
        offers = await self._second(began, lambda left: self._search(words, left)) if isrc else await self._search(words)
        match = best_recording(song, offers or ())
        if match is None:
            return None
        # Only the track itself tells how it sounds.
        return await self._second(began, lambda left: self._track(match.song.ids["deezer"], left)) or match

    async def _find_album(self, song: Song, _: float) -> Found | None:
        if id_ := _known_id(song, "deezer_album"):
            return await self._album(id_)
        answer = await self._look_for("search/album", _strict(song.artists[0], "album", song.title or ""))
        return best_recording(song, [found for entry in list_at(answer, "data") if (found := _read_album(entry))])

    async def _find_artist(self, song: Song, _: float) -> Found | None:
        """An artist, with the album of theirs that is found first: artists themselves have no genres there."""
        answer = await self._look_for("search/album", f'artist:"{_plain(song.artists[0])}"')
        return best_recording(song, [found for entry in list_at(answer, "data") if (found := _read_artist(entry))])

    # --- asking ------------------------------------------------------------------------------------------------

    async def _search(self, words: str, patience: float | None = None) -> tuple[Found, ...]:
        answer = await self._look_for("search", words, patience)
        return tuple(found for entry in list_at(answer, "data") if (found := _read_track(entry)))[:MAX_CANDIDATES]

    async def _track(self, id_: str, patience: float | None = None) -> Found | None:
        return _read_track(await self._get(f"track/{id_}", patience))

    async def _album(self, id_: str, patience: float | None = None) -> Found | None:
        return _read_album(await self._get(f"album/{id_}", patience))

    async def _look_for(self, path: str, words: str, patience: float | None = None) -> dict[str, Any] | None:
        params = {"q": words, "limit": str(_LIMIT)}
        return await self._ask(path, params, shape={"data": list}, check=_checked, patience=patience)

    async def _get(self, path: str, patience: float | None = None) -> dict[str, Any] | None:
        return await self._ask(path, shape={"id": int, "title": str}, missing=(404,), check=_checked, patience=patience)


_WAYS: dict[str, Callable[[DeezerProvider, Song, float], Awaitable[Found | None]]] = {
    "track": DeezerProvider._find_track,
    "album": DeezerProvider._find_album,
    "artist": DeezerProvider._find_artist,
}


def _strict(artist: str, what: str, title: str) -> str:
    """What asks the search for exactly that artist and title."""
    return f'artist:"{_plain(artist)}" {what}:"{_plain(title)}"'


def _known_id(song: Song, name: str) -> str:
    """An id of theirs, "" for what is none."""
    id_ = song.ids.get(name, "")
    return id_ if _ID.fullmatch(id_) else ""


def _known_isrc(song: Song) -> str:
    isrc = song.ids.get("isrc", "").replace("-", "").upper()
    return isrc if _ISRC.fullmatch(isrc) else ""


def _plain(name: str) -> str:
    """A name as the search takes it: without quotation marks, which it has for itself, and without notes."""
    return (plain_name(name) or name).replace('"', " ")[:_MAX_NAME].strip()


# --- reading answers -------------------------------------------------------------------------------------------


def _checked(answer: dict[str, Any]) -> dict[str, Any] | None:
    """The answer itself, None where it says that there is nothing; raises ServiceError for any other error in it."""
    error = answer.get("error")
    if not error:
        return answer
    code = number_at(error, "code")
    if code in _NOTHING:
        return None
    if code == _QUOTA:
        raise LimitedError("was asked more often than its quota allows", _PAUSE)
    told = "an error that cannot be read" if code is None else f"its error {code:.0f}"
    raise UnavailableError(f"answered with {told}", passing=code == _BUSY)


def _read_track(entry: Any) -> Found | None:
    """The song that an entry of a search, or a track, is; None where it has no title or no id."""
    title, version = split_version(text_at(entry, "title") or text_at(entry, "title_short") or "")
    id_, isrc = _id(entry, "id"), (text_at(entry, "isrc") or "").upper()
    if not (title and id_):
        return None
    ids = {"deezer": id_, "isrc": isrc if _ISRC.fullmatch(isrc) else "", "deezer_album": _id(entry, "album", "id")}
    song = Song(
        title=title,
        version=version,
        artists=_artists(entry),
        album=text_at(entry, "album", "title"),
        duration=seconds_at(entry, "duration"),
        ids=ids,
        features=AudioFeatures.believable({"tempo": number_at(entry, "bpm"), "loudness": _loudness(entry)}),
    )
    rank = number_at(entry, "rank")
    preview = text_at(entry, "preview") or ""
    return Found(
        song=song,
        popularity=None if rank is None else min(max(rank / _MOST_RANK, 0.0), 1.0),
        preview=preview if preview.startswith("https://") else None,
    )


def _read_album(entry: Any) -> Found | None:
    title, id_ = text_at(entry, "title"), _id(entry, "id")
    if not (title and id_):
        return None
    genres = tuple(name for genre in list_at(entry, "genres", "data") if (name := text_at(genre, "name")))
    return Found(song=Song(kind="album", title=title, artists=_artists(entry), ids={"deezer_album": id_}, genres=genres))


def _read_artist(album: Any) -> Found | None:
    """The artist of an album, with the album's id."""
    name, id_ = text_at(album, "artist", "name"), _id(album, "id")
    return Found(song=Song(kind="artist", artists=(name,), ids={"deezer_album": id_})) if name and id_ else None


def _artists(entry: Any) -> tuple[str, ...]:
    """The main artist, then those who contributed."""
    names = [text_at(entry, "artist", "name"), *(text_at(each, "name") for each in list_at(entry, "contributors"))]
    return tuple(filter(None, names))


def _loudness(entry: Any) -> float | None:
    gain = number_at(entry, "gain")
    return None if gain is None or not _GAINS[0] <= gain <= _GAINS[1] else min(gain + GAIN_TO_LOUDNESS, 0.0)


def _id(entry: Any, *path: str) -> str:
    """The id at a path, "" for none."""
    found = at(entry, *path)
    text = str(found) if isinstance(found, int | str) and not isinstance(found, bool) else ""
    return text if _ID.fullmatch(text) else ""
