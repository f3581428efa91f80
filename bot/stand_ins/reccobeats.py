"""A stand-in for ReccoBeats: names and audio features by Spotify id or ISRC, after its documentation."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

_MOST = 40  # ids of one request


@dataclass
class ReccoBeatsStandIn(StandIn):
    """Knows its songs by "spotify" and "isrc", their albums by "spotify_album" and their artists by "spotify_artist"."""

    def routes(self) -> Mapping[str, Handler]:
        """The paths of the service."""
        return {
            "/v1/track": self._track,
            "/v1/album": self._album,
            "/v1/artist": self._artist,
            "/v1/audio-features": self._features,
        }

    async def _track(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, ("spotify", "isrc"), _track)

    async def _album(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, ("spotify_album",), _album)

    async def _artist(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, ("spotify_artist",), _artist)

    async def _features(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, ("spotify", "isrc"), _features)

    def _answer(self, request: web.Request, services: tuple[str, ...], entry: Any) -> web.StreamResponse:
        """All that is known of the ids asked for; those that are not are missing, and the order is no promise."""
        asked = [id_ for given in request.query.getall("ids", []) for id_ in given.split(",")]
        if not 1 <= len(asked) <= _MOST:
            return _error(request, f"size must be between 1 and {_MOST}")
        known = [song for song in self.songs if any(song.ids.get(service) in asked for service in services)]
        return web.json_response({"content": [told for song in reversed(known) if (told := entry(song))]})


def _track(song: Song) -> dict[str, Any]:
    return {
        "id": _id("track", song),
        "trackTitle": f"{song.title} - {song.version}" if song.version else song.title,
        "artists": _artists(song),
        "durationMs": round((song.duration or 0) * 1000),
        "isrc": song.ids.get("isrc"),
        "ean": None,
        "upc": None,
        "href": f"https://open.spotify.com/track/{song.ids.get('spotify')}",
        "availableCountries": "DE,FR,GB,US",
        "popularity": 61,
    }


def _album(song: Song) -> dict[str, Any]:
    return {
        "id": _id("album", song),
        "artists": _artists(song),
        "name": song.album or song.title,
        "albumType": "album",
        "releaseDate": "2019-05-17",
        "releaseDateFormat": "yyyy-MM-dd",
        "totalTracks": 11,
        "isrc": None,
        "ean": None,
        "upc": "123456789012",
        "href": f"https://open.spotify.com/album/{song.ids['spotify_album']}",
        "label": "Made Up Records",
        "availableCountries": "DE,FR,GB,US",
        "popularity": 54,
    }


def _artist(song: Song) -> dict[str, Any]:
    href = f"https://open.spotify.com/artist/{song.ids['spotify_artist']}"
    return {"id": _id("artist", song), "name": song.artists[0], "href": href}


def _features(song: Song) -> dict[str, Any] | None:
    known = song.features.known()
    if not known:
        return None
    href = f"https://open.spotify.com/track/{song.ids.get('spotify')}"
    return {"id": _id("track", song), "href": href, "isrc": song.ids.get("isrc"), **known, "key": 0, "mode": 1}


def _artists(song: Song) -> list[dict[str, str]]:
    return [
        {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)), "name": name, "href": f"https://open.spotify.com/artist/{at:022}"}
        for at, name in enumerate(song.artists)
    ]


def _id(what: str, song: Song) -> str:
    """An id of theirs, always the same for the same song."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{what}:{song.line}"))


def _error(request: web.Request, message: str) -> web.StreamResponse:
    told = {
        "timestamp": "2026-11-01T10:00:00.000+00:00",
        "error": "Bad Request",
        "path": request.path,
        "status": 4004,
        "errors": [{"path": "ids", "message": message}],
    }
    return web.json_response(told, status=400)
