"""A stand-in for the search of Apple's shop: songs, albums and artists by words, after its documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn


@dataclass
class ITunesStandIn(StandIn):
    """Finds its songs, their albums and their artists; of each it tells the song's first genre.

    With `too_often` it answers 403 with nothing, as it does to whoever asks more than some 20 times a minute.
    """

    too_often: bool = False

    def routes(self) -> Mapping[str, Handler]:
        """The one path of the service that is asked."""
        return {"/search": self._search}

    async def _search(self, request: web.Request) -> web.StreamResponse:
        if self.too_often:
            return web.Response(status=403, headers={"Cache-Control": "max-age=0, no-cache, no-store"})
        query = request.query
        country, entity, limit = query.get("country", "US"), query.get("entity", "song"), query.get("limit", "50")
        read = {"song": _song, "album": _album, "musicArtist": _artist}.get(entity)
        if read is None or not re.fullmatch(r"[A-Za-z]{2}", country):
            wrong, key = ("entity", "entity") if read is None else ("country", "country")
            told = {"errorMessage": f"Invalid value(s) for key(s): [{wrong}]", "queryParameters": {key: query.get(key)}}
            return _answer(told, status=400)
        words = query.get("term", "").lower().split()
        found = [read(at, song) for at, song in enumerate(self.songs) if words and _fits(song, words)][: int(limit)]
        return _answer({"resultCount": len(found), "results": found})


def _fits(song: Song, words: list[str]) -> bool:
    names = " ".join((*song.artists, song.title or "", song.album or "")).lower()
    return all(word in names for word in words)


def _answer(told: dict[str, Any], status: int = 200) -> web.StreamResponse:
    """JSON under the name that it has there, after some empty lines."""
    text = "\n\n\n" + json.dumps(told, ensure_ascii=False)
    return web.Response(text=text, status=status, content_type="text/javascript", charset="utf-8")


def _maker(at: int, song: Song) -> dict[str, Any]:
    return {
        "artistId": 300_000 + at,
        "artistName": " & ".join(song.artists),
        "artistViewUrl": f"https://music.apple.com/us/artist/{300_000 + at}?uo=4",
        "primaryGenreName": song.genres[0] if song.genres else "Music",
    }


def _collection(at: int, song: Song) -> dict[str, Any]:
    return _maker(at, song) | {
        "collectionId": 200_000 + at,
        "collectionName": song.album or song.title,
        "collectionCensoredName": song.album or song.title,
        "collectionViewUrl": f"https://music.apple.com/us/album/{200_000 + at}?uo=4",
        "artworkUrl100": "https://is1-ssl.mzstatic.com/image/thumb/made-up/100x100bb.jpg",
        "collectionPrice": 9.99,
        "releaseDate": "2019-05-17T07:00:00Z",
        "collectionExplicitness": "notExplicit",
        "trackCount": 11,
        "country": "USA",
        "currency": "USD",
    }


def _song(at: int, song: Song) -> dict[str, Any]:
    name = f"{song.title} ({song.version})" if song.version else song.title
    return _collection(at, song) | {
        "wrapperType": "track",
        "kind": "song",
        "trackId": 100_000 + at,
        "trackName": name,
        "trackCensoredName": name,
        "trackViewUrl": f"https://music.apple.com/us/album/{200_000 + at}?i={100_000 + at}&uo=4",
        "previewUrl": f"https://audio-ssl.itunes.apple.com/itunes-assets/made-up/{100_000 + at}.m4a",
        "trackPrice": 1.29,
        "trackExplicitness": "notExplicit",
        "discCount": 1,
        "discNumber": 1,
        "trackNumber": 3,
        "trackTimeMillis": round((song.duration or 0) * 1000),
        "isStreamable": True,
    }


def _album(at: int, song: Song) -> dict[str, Any]:
    return _collection(at, song) | {
        "wrapperType": "collection",
        "collectionType": "Album",
        "copyright": "℗ 2019 Made Up Records",
    }


def _artist(at: int, song: Song) -> dict[str, Any]:
    return _maker(at, song) | {"wrapperType": "artist", "artistType": "Artist", "primaryGenreId": 20}
