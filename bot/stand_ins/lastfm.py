"""A stand-in for Last.fm: the top tags of tracks, albums and artists, after its documentation, for those with a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from aiohttp import web

from bot.stand_ins.base import Handler, StandIn


@dataclass
class LastFmStandIn(StandIn):
    """Knows the tags of its songs' tracks, albums and artists for whoever has `key`.

    A song's genres are its track's tags. `album_tags` and `artist_tags` go from a name to counts by tag.
    """

    key: str = "0123456789abcdef0123456789abcdef"
    album_tags: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    artist_tags: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def routes(self) -> Mapping[str, Handler]:
        """The one path of the service, below /2.0 there and below nothing here."""
        return {"/": self._answer}

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("api_key") != self.key:
            return _error(10, "Invalid API key - You must be granted a valid key by last.fm", status=403)
        if query.get("format") != "json":
            return web.Response(text='<lfm status="ok"></lfm>', content_type="text/xml")
        what = query.get("method", "").lower().removesuffix(".gettoptags")
        if what not in {"track", "album", "artist"}:
            return _error(3, "Invalid Method - No method with that name in this package", status=400)
        if not query.get("artist") or not query.get(what):
            return _error(6, "Invalid parameters - Your request is missing a required parameter", status=400)
        tags = self._tags(what, query["artist"], query[what])
        if tags is None:
            return _error(6, f"{what.capitalize()} not found")
        listed = [
            {"count": count, "name": name, "url": f"https://www.last.fm/tag/{quote_plus(name)}"}
            for name, count in sorted(tags.items(), key=lambda each: -each[1])
        ]
        names = {"artist": query["artist"]} | ({} if what == "artist" else {what: query[what]})
        # A single one comes without a list, as their JSON is made from XML.
        return web.json_response({"toptags": {"tag": listed[0] if len(listed) == 1 else listed, "@attr": names}})

    def _tags(self, what: str, artist: str, name: str) -> Mapping[str, int] | None:
        """The counts by tag, None for what is not known."""
        songs = [song for song in self.songs if artist.lower() in {each.lower() for each in song.artists}]
        if what == "artist":
            return self.artist_tags.get(artist, {}) if songs or artist in self.artist_tags else None
        if what == "album":
            known = [song.album for song in songs if song.album and song.album.lower() == name.lower()]
            return self.album_tags.get(known[0], {}) if known else None
        track = next((song for song in songs if song.title and song.title.lower() == name.lower()), None)
        return None if track is None else {genre: 100 - 10 * place for place, genre in enumerate(track.genres)}


def _error(number: int, message: str, status: int = 200) -> web.Response:
    body: dict[str, Any] = {"message": message, "error": number, "links": []}
    return web.json_response(body, status=status)
