"""ReccoBeats: audio features as Spotify used to give them, and names, by Spotify id or ISRC; no key.

After https://reccobeats.com/docs/apis (Get tracks, Get albums, Get audio features). What it does not know is missing in
its answer, and its own ids mean nothing elsewhere: an entry is known by `href`, its page on Spotify, or by its ISRC.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from bot.links import Kind, Link, Service
from bot.songs.matching.versions import split_version
from bot.songs.network.web import Web
from bot.songs.providers.base import Ability, Found, Options, WebProvider, list_at, number_at, seconds_at, text_at
from bot.songs.song import AudioFeatures, Song

MOST_IDS = 40  # in one request
_GATHER_S = 0.01  # for which ids are gathered that are asked for at about the same time

_OWN_SHARE = 0.95  # of the deadline that a request may take which others wait for

_FEATURES = "danceability energy valence acousticness instrumentalness liveness speechiness tempo loudness".split()
_ID = re.compile(r"[0-9A-Za-z]{22}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_HREF = re.compile(r"https://open\.spotify\.com/(?:track|album|artist)/([0-9A-Za-z]{22})(?![0-9A-Za-z])")


@dataclass
class _Batch:
    """Ids that are asked for together, and the task that brings what is known of them."""

    ids: list[str]
    begun: float
    answer: asyncio.Task[list[Any]] | None = None


class ReccoBeatsProvider(WebProvider):
    """Knows some 85 % of the songs on Spotify, and how they sound."""

    name: ClassVar[str] = "reccobeats"
    label: ClassVar[str] = "ReccoBeats"
    limit: ClassVar[tuple[int, float] | None] = (20, 2.0)  # they publish no limit, and answer 429 with a Retry-After
    abilities: ClassVar[frozenset[Ability]] = frozenset({"identity", "features"})
    links: ClassVar[frozenset[tuple[Service, Kind]]] = frozenset(
        {("spotify", "track"), ("spotify", "album"), ("spotify", "artist")}
    )

    def __init__(self, web: Web, base: str, **options: Unpack[Options]) -> None:
        """Ask below `base`, with no key; everything else is as in any WebProvider."""
        super().__init__(web, base, **options)
        self._batches: dict[str, _Batch] = {}  # by endpoint, those that more ids may still join

    async def identify(self, link: Link) -> Found | None:
        """What a track, album or artist on Spotify is called and who made it."""
        entry = _of_id(await self._entries(link.kind, link.id), link.id)
        song = entry and _READ[link.kind](entry, link.id)
        return Found(song=song, popularity=_popularity(entry)) if song else None

    async def describe(self, song: Song) -> Found | None:
        """The audio features of a track, by its Spotify id, else by its ISRC; at most two requests."""
        if not self.can_describe(song):
            return None
        spotify, isrc = _known_ids(song)
        began = self._clock()
        entry = None
        if spotify:
            entry = _of_id(await self._entries("audio-features", spotify), spotify)
        if not entry and isrc:
            answer = (
                self._entries("audio-features", isrc)
                if not spotify
                else self._second(began, lambda patience: self._entries("audio-features", isrc, patience))
            )
            entry = _of_isrc(await answer or (), isrc)
        features = AudioFeatures.believable({name: number_at(entry, name) for name in _FEATURES})
        return Found(song=Song(features=features)) if features.known() else None

    def can_describe(self, song: Song) -> bool:
        """A track by its Spotify id or its ISRC."""
        return song.kind == "track" and any(_known_ids(song))

    async def close(self) -> None:
        """Ask no more for what was being gathered."""
        for batch in self._batches.values():
            if batch.answer:
                batch.answer.cancel()

    async def _entries(self, what: str, id_: str, patience: float | None = None) -> list[Any]:
        """What is known of one id, which may be several recordings where it is an ISRC."""
        if patience is not None:
            return await self._content(what, id_, patience)
        batch = self._batches.get(what)
        if batch is None or batch.answer is None or len(batch.ids) >= MOST_IDS:
            batch = self._batches[what] = _Batch([], self._clock())
            batch.answer = asyncio.get_running_loop().create_task(self._together(what, batch))
            batch.answer.add_done_callback(lambda task: task.cancelled() or task.exception())
        batch.ids.append(id_)
        entries = await asyncio.shield(batch.answer)
        # Among entries that were asked for by several ISRCs, one that tells none stands for nobody knows which.
        alone = len(batch.ids) == 1 or _ID.fullmatch(id_) or all(text_at(entry, "isrc") for entry in entries)
        return entries if alone else await self._content(what, id_)

    async def _together(self, what: str, batch: _Batch) -> list[Any]:
        """What is known of all ids that come within a moment, or before there is a turn for them."""
        try:
            await asyncio.sleep(_GATHER_S)
            await self._turn(what)
        finally:
            if self._batches.get(what) is batch:
                del self._batches[what]
        # It ends before the first of those who wait has had enough, so that it fails once and not once for each.
        within = max(self._deadline * _OWN_SHARE - (self._clock() - batch.begun), 0.0)
        return await self._content(what, ",".join(dict.fromkeys(batch.ids)), within=within)

    async def _content(self, what: str, ids: str, patience: float | None = None, *, within: float | None = None) -> list[Any]:
        shape = {"content": list}
        answer = await self._ask(f"v1/{what}", {"ids": ids}, shape=shape, endpoint=what, patience=patience, within=within)
        return list_at(answer, "content")


# --- reading answers -------------------------------------------------------------------------------------------


def _known_ids(song: Song) -> tuple[str, str]:
    """The Spotify id and the ISRC, "" for what is none."""
    spotify, isrc = song.ids.get("spotify", ""), song.ids.get("isrc", "").replace("-", "").upper()
    return spotify if _ID.fullmatch(spotify) else "", isrc if _ISRC.fullmatch(isrc) else ""


def _of_id(entries: Iterable[Any], id_: str) -> Any:
    """The entry of a Spotify id, None for none."""
    return next((entry for entry in entries if _spotify_id(entry) == id_), None)


def _of_isrc(entries: Iterable[Any], isrc: str) -> Any:
    """The first entry of an ISRC; one that tells none was asked for by it alone."""
    return next((entry for entry in entries if (text_at(entry, "isrc") or isrc).upper() == isrc), None)


def _spotify_id(entry: Any) -> str | None:
    page = _HREF.match(text_at(entry, "href") or "")
    return page[1] if page else None


def _track(entry: Any, id_: str) -> Song | None:
    title, version = split_version(text_at(entry, "trackTitle") or "")
    isrc = (text_at(entry, "isrc") or "").upper()
    if not title:
        return None
    ids = {"spotify": id_} | ({"isrc": isrc} if _ISRC.fullmatch(isrc) else {})
    duration = seconds_at(entry, "durationMs", unit=0.001)
    return Song(title=title, version=version, artists=_artists(entry), duration=duration, ids=ids)


def _album(entry: Any, id_: str) -> Song | None:
    title = text_at(entry, "name")
    return Song(kind="album", title=title, artists=_artists(entry), ids={"spotify_album": id_}) if title else None


def _artist(entry: Any, id_: str) -> Song | None:
    name = text_at(entry, "name")
    return Song(kind="artist", artists=(name,), ids={"spotify_artist": id_}) if name else None


def _artists(entry: Any) -> tuple[str, ...]:
    return tuple(name for artist in list_at(entry, "artists") if (name := text_at(artist, "name")))


def _popularity(entry: Any) -> float | None:
    percent = number_at(entry, "popularity")
    return percent / 100 if percent is not None and 0 <= percent <= 100 else None


_READ: dict[str, Callable[[Any, str], Song | None]] = {"track": _track, "album": _album, "artist": _artist}
