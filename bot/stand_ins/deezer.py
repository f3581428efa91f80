"""A stand-in for Deezer: searches, tracks and albums, after its documentation; its errors come with status 200."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

_STRICT = re.compile(r'(artist|track|album):"([^"]*)"')
_FIRST_ALBUM = 700_000  # the ids of albums count from here, in the order of the songs


@dataclass
class DeezerStandIn(StandIn):
    """Knows its songs by "deezer" and "isrc"; each of them is on an album of its own, which has the song's genres.

    `trouble` is an error code that comes instead of every answer; `bare` leaves tempo and loudness unmeasured.
    """

    trouble: int = 0
    bare: bool = False

    def routes(self) -> Mapping[str, Handler]:
        """The paths of the service."""
        return {
            "/search": self._search,
            "/search/album": self._search_albums,
            "/track/{id}": self._one_track,
            "/album/{id}": self._one_album,
        }

    async def _search(self, request: web.Request) -> web.StreamResponse:
        return self._list(request, self._hit)

    async def _search_albums(self, request: web.Request) -> web.StreamResponse:
        return self._list(request, self._album_hit)

    async def _one_track(self, request: web.Request) -> web.StreamResponse:
        id_ = request.match_info["id"]
        song = self.by_id("isrc", id_[5:]) if id_.startswith("isrc:") else self.by_id("deezer", id_)
        return self._told(self._track(song) if song and "deezer" in song.ids else None)

    async def _one_album(self, request: web.Request) -> web.StreamResponse:
        id_ = request.match_info["id"]
        song = next((song for at, song in enumerate(self.songs) if id_ == str(_FIRST_ALBUM + at)), None)
        return self._told(self._album(song) if song else None)

    def _told(self, told: dict[str, Any] | None) -> web.StreamResponse:
        if self.trouble:
            return _error(self.trouble)
        return _error(800) if told is None else web.json_response(told)

    def _list(self, request: web.Request, entry: Any) -> web.StreamResponse:
        """The songs that a search finds; with no word it is an error."""
        words, limit = request.query.get("q", ""), request.query.get("limit", "25")
        if self.trouble or not words.strip():
            return _error(self.trouble or 501)
        found = [entry(song) for song in self.songs if "deezer" in song.ids and _fits(song, words)]
        return web.json_response({"data": found[: int(limit)], "total": len(found)})

    # --- entries -----------------------------------------------------------------------------------------------

    def _hit(self, song: Song) -> dict[str, Any]:
        """A track as a search tells it: without tempo and loudness."""
        title = f"{song.title} ({song.version})" if song.version else song.title
        return {
            "id": int(song.ids["deezer"]),
            "readable": True,
            "title": title,
            "title_short": song.title,
            "title_version": f"({song.version})" if song.version else "",
            "isrc": song.ids.get("isrc", ""),
            "link": f"https://www.deezer.com/track/{song.ids['deezer']}",
            "duration": round(song.duration or 0),
            "rank": 743_210,
            "explicit_lyrics": False,
            "explicit_content_lyrics": 0,
            "explicit_content_cover": 0,
            "preview": f"https://cdnt-preview.dzcdn.net/api/1/1/0/0/0/0/{song.ids['deezer']}.mp3",
            "md5_image": "0" * 32,
            "artist": self._artist(song, 0),
            "album": {"id": self._album_id(song), "title": song.album or song.title, "md5_image": "0" * 32, "type": "album"},
            "type": "track",
        }

    def _track(self, song: Song) -> dict[str, Any]:
        known = {} if self.bare else song.features.known()
        return self._hit(song) | {
            "share": f"https://www.deezer.com/track/{song.ids['deezer']}?utm_source=deezer",
            "track_position": 3,
            "disk_number": 1,
            "release_date": "2019-05-17",
            "bpm": known.get("tempo", 0),
            "gain": round(known["loudness"] - 2.3, 1) if "loudness" in known else 0,
            "available_countries": ["DE", "FR", "GB", "US"],
            "contributors": [
                self._artist(song, at) | {"role": "Featured" if at else "Main"} for at in range(len(song.artists))
            ],
        }

    def _album_hit(self, song: Song) -> dict[str, Any]:
        return {
            "id": self._album_id(song),
            "title": song.album or song.title,
            "link": f"https://www.deezer.com/album/{self._album_id(song)}",
            "genre_id": 132,
            "nb_tracks": 11,
            "record_type": "album",
            "explicit_lyrics": False,
            "artist": self._artist(song, 0),
            "type": "album",
        }

    def _album(self, song: Song) -> dict[str, Any]:
        genres = [{"id": 100 + at, "name": name, "type": "genre"} for at, name in enumerate(song.genres)]
        return self._album_hit(song) | {
            "upc": "123456789012",
            "genres": {"data": genres},
            "label": "Made Up Records",
            "duration": 2711,
            "fans": 4321,
            "release_date": "2019-05-17",
            "available": True,
            "contributors": [self._artist(song, 0) | {"role": "Main"}],
        }

    def _album_id(self, song: Song) -> int:
        return _FIRST_ALBUM + list(self.songs).index(song)

    def _artist(self, song: Song, at: int) -> dict[str, Any]:
        name = song.artists[at] if song.artists else ""
        return {"id": 500_000 + at, "name": name, "link": f"https://www.deezer.com/artist/{500_000 + at}", "type": "artist"}


def _fits(song: Song, words: str) -> bool:
    """Whether a search finds a song: every field of it, or every word in its names."""
    artists, title, album = " ".join(song.artists).lower(), (song.title or "").lower(), (song.album or "").lower()
    fields = _STRICT.findall(words.lower())
    if fields:
        return all(value in {"artist": artists, "track": title, "album": album}[name] for name, value in fields)
    return all(word in f"{artists} {title} {album}" for word in words.lower().split())


def _error(code: int) -> web.StreamResponse:
    """An error as they write it."""
    kinds = {
        4: ("Exception", "Quota limit exceeded"),
        200: ("OAuthException", "An active access token must be used to query information about the current user"),
        300: ("OAuthException", "Invalid OAuth access token."),
        500: ("ParameterException", "Wrong parameter"),
        501: ("MissingParameterException", "Missing parameters: q"),
        600: ("InvalidQueryException", "Unknown path components"),
        700: ("Exception", "Service busy"),
        800: ("DataException", "no data"),
    }
    kind, message = kinds[code]
    return web.json_response({"error": {"type": kind, "message": message, "code": code}})
