"""A stand-in for Spotify: the Web API with its tokens, as apps of 2026 see it, and the oEmbed service."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.links import find_links
from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

MAX_LIMIT = 10  # results of a search
_LETTERS = string.digits + string.ascii_letters


def made_up_id(name: str) -> str:
    """The 22 letters by which this Spotify knows an artist or an album of such a name."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])
    letters = ""
    for _ in range(22):
        number, rest = divmod(number, 62)
        letters += _LETTERS[rest]
    return letters


@dataclass
class SpotifyStandIn(StandIn):
    """Spotify below `base`: "/v1" (the Web API), "/api/token" and "/oembed".

    Songs are tracks by their id "spotify"; their albums and artists have `made_up_id` of "album/artist" and of the name,
    unless a song has the id "spotify_album" or "spotify_artist". `audio_features` and `genres` say whether this is an app
    that is still given them, `premium` whether its owner pays; `api_fault` and `token_fault` answer instead of those alone.
    """

    client_id: str = "made-up-app"
    client_secret: str = "made-up-secret-of-the-app"  # noqa: S105 - of a server that does not exist
    audio_features: bool = False
    genres: bool = False
    premium: bool = True
    token_life: float = 3600.0  # seconds
    api_fault: Handler | None = None
    token_fault: Handler | None = None
    tokens: set[str] = field(default_factory=set)  # that are good
    tokens_given: int = 0

    @property
    def api_base(self) -> str:
        """The address for `[spotify] api_base`."""
        return f"{self.base}/v1"

    def routes(self) -> Mapping[str, Handler]:
        """The endpoints that answer, and those that have been taken away."""
        return {
            "/api/token": self._token,
            "/v1/tracks/{id}": self._allowed(self._track),
            "/v1/albums/{id}": self._allowed(self._album),
            "/v1/artists/{id}": self._allowed(self._artist),
            "/v1/search": self._allowed(self._search),
            "/v1/audio-features/{id}": self._allowed(self._audio_features),
            **dict.fromkeys(
                ("/v1/tracks", "/v1/albums", "/v1/artists", "/v1/audio-features", "/v1/audio-analysis/{id}"),
                self._allowed(_gone),
            ),
            "/oembed": self._oembed,
        }

    # --- who may ask -----------------------------------------------------------------------------------------------

    async def _token(self, request: web.Request) -> web.StreamResponse:
        if self.token_fault:
            return await self.token_fault(request)
        form = await request.post()
        if request.method != "POST" or form.get("grant_type") != "client_credentials":
            told = {"error": "unsupported_grant_type", "error_description": "grant_type must be client_credentials"}
            return web.json_response(told, status=400)
        if _basic(request) != f"{self.client_id}:{self.client_secret}":
            return web.json_response({"error": "invalid_client", "error_description": "Invalid client secret"}, status=400)
        self.tokens_given += 1
        token = f"made-up-token-{self.tokens_given}"
        self.tokens.add(token)
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": self.token_life})

    def _allowed(self, handler: Handler) -> Handler:
        """The handler for those who have a token."""

        async def answer(request: web.Request) -> web.StreamResponse:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            if not token:
                return _error(401, "No token provided")
            if kind != "Bearer" or token not in self.tokens:
                return _error(401, "Invalid access token")
            if not self.premium:
                text = (
                    "Active premium subscription required for the owner of the app. "
                    "When the subscription status changes, it can take a few hours before requests are allowed again."
                )
                return web.Response(status=403, text=text)
            return await (self.api_fault or handler)(request)

        return answer

    # --- what they get ---------------------------------------------------------------------------------------------

    async def _track(self, request: web.Request) -> web.StreamResponse:
        song = self.by_id("spotify", request.match_info["id"])
        return web.json_response(self._track_object(song)) if song else _unknown(request)

    async def _album(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info["id"]
        song = next((song for song in self.songs if _album_id(song) == wanted), None)
        return web.json_response(self._album_object(song)) if song else _unknown(request)

    async def _artist(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info["id"]
        for song in self.songs:
            for name in song.artists:
                if _artist_id(song, name) == wanted:
                    told = {**self._artist_object(song, name), "images": []}
                    if self.genres:
                        told |= {"genres": list(song.genres), "popularity": 40, "followers": {"href": None, "total": 1234}}
                    return web.json_response(told)
        return _unknown(request)

    async def _search(self, request: web.Request) -> web.StreamResponse:
        query, limit = request.query.get("q", ""), request.query.get("limit", "5")
        if not query or len(query) > 250:
            return _error(400, "No search query" if not query else "Query exceeds maximum length of 250 characters")
        if not limit.isdecimal() or not 1 <= int(limit) <= MAX_LIMIT:
            return _error(400, "Invalid limit")
        named = dict(re.findall(r'(track|artist):"([^"]*)"', query))
        plain = "" if named else query
        found = [song for song in self.songs if song.kind == "track" and _means(song, plain, named)]
        page = {
            "href": f"{self.api_base}/search",
            "items": [self._track_object(song) for song in found[: int(limit)]],
            "limit": int(limit),
            "next": None,
            "offset": 0,
            "previous": None,
            "total": len(found),
        }
        return web.json_response({"tracks": page})

    async def _audio_features(self, request: web.Request) -> web.StreamResponse:
        song = self.by_id("spotify", request.match_info["id"])
        if not self.audio_features:
            return web.Response(status=403)
        if song is None:
            return _unknown(request)
        track_id = song.ids["spotify"]
        told = {
            **song.features.known(),
            "key": 5,
            "mode": 1,
            "type": "audio_features",
            "id": track_id,
            "uri": f"spotify:track:{track_id}",
            "track_href": f"{self.api_base}/tracks/{track_id}",
            "analysis_url": f"{self.api_base}/audio-analysis/{track_id}",
            "duration_ms": _ms(song),
            "time_signature": 4,
        }
        return web.json_response(told)

    async def _oembed(self, request: web.Request) -> web.StreamResponse:
        links = find_links(request.query.get("url", ""), "plain")
        if not links or links[0].service != "spotify":
            return web.Response(status=400, text="Bad Request")
        link = links[0]
        titles: dict[str, dict[str | None, str | None]] = {
            "track": {song.ids.get("spotify"): song.title for song in self.songs},
            "album": {_album_id(song): song.album or song.title for song in self.songs},
            "artist": {_artist_id(song, name): name for song in self.songs for name in song.artists},
        }
        title = titles.get(link.kind, {}).get(link.id)
        if title is None:
            return web.Response(status=404, text="Not Found")
        player = f"https://open.spotify.com/embed/{link.kind}/{link.id}?utm_source=oembed"
        told = {
            "html": f'<iframe width="100%" height="152" title="Spotify Embed: {title}" src="{player}"></iframe>',
            "iframe_url": player,
            "width": 456,
            "height": 152,
            "version": "1.0",
            "provider_name": "Spotify",
            "provider_url": "https://spotify.com",
            "type": "rich",
            "title": title,
            "thumbnail_url": "https://i.scdn.co/image/made-up",
            "thumbnail_width": 300,
            "thumbnail_height": 300,
        }
        return web.json_response(told)

    def _track_object(self, song: Song) -> dict[str, Any]:
        track_id = song.ids["spotify"]
        return {
            "album": self._album_object(song),
            "artists": [self._artist_object(song, name) for name in song.artists],
            "disc_number": 1,
            "duration_ms": _ms(song),
            "explicit": False,
            "external_ids": {"isrc": song.ids["isrc"]} if "isrc" in song.ids else {},
            "external_urls": {"spotify": f"https://open.spotify.com/track/{track_id}"},
            "href": f"{self.api_base}/tracks/{track_id}",
            "id": track_id,
            "is_local": False,
            "name": f"{song.title} - {song.version}" if song.version else song.title,
            "preview_url": None,
            "track_number": 1,
            "type": "track",
            "uri": f"spotify:track:{track_id}",
        }

    def _album_object(self, song: Song) -> dict[str, Any]:
        album_id = _album_id(song)
        return {
            "album_type": "album",
            "artists": [self._artist_object(song, name) for name in song.artists[:1]],
            "external_urls": {"spotify": f"https://open.spotify.com/album/{album_id}"},
            "href": f"{self.api_base}/albums/{album_id}",
            "id": album_id,
            "images": [{"url": "https://i.scdn.co/image/made-up", "height": 640, "width": 640}],
            "name": song.album or song.title,
            "release_date": "2019-05-17",
            "release_date_precision": "day",
            "total_tracks": 10,
            "type": "album",
            "uri": f"spotify:album:{album_id}",
        }

    def _artist_object(self, song: Song, name: str) -> dict[str, Any]:
        artist_id = _artist_id(song, name)
        return {
            "external_urls": {"spotify": f"https://open.spotify.com/artist/{artist_id}"},
            "href": f"{self.api_base}/artists/{artist_id}",
            "id": artist_id,
            "name": name,
            "type": "artist",
            "uri": f"spotify:artist:{artist_id}",
        }


def _album_id(song: Song) -> str:
    return song.ids.get("spotify_album") or made_up_id(f"{song.album or song.title}/{song.artists[:1]}")


def _artist_id(song: Song, name: str) -> str:
    main = name == song.artists[0]
    return (song.ids.get("spotify_artist") if main else None) or made_up_id(name)


def _ms(song: Song) -> int:
    return round((song.duration or 0) * 1000)


def _means(song: Song, plain: str, named: Mapping[str, str]) -> bool:
    """Whether a search for words, or for a track and an artist, finds this song."""
    title, artists = (song.title or "").casefold(), " ".join(song.artists).casefold()
    if named:
        return named.get("track", "").casefold() in title and named.get("artist", "").casefold() in artists
    return set(plain.casefold().split()) <= set(f"{title} {artists}".split())


def _basic(request: web.Request) -> str:
    """The id and the secret that came along."""
    try:
        return base64.b64decode(request.headers.get("Authorization", "").removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _error(status: int, message: str) -> web.StreamResponse:
    return web.json_response({"error": {"status": status, "message": message}}, status=status)


def _unknown(request: web.Request) -> web.StreamResponse:
    if not re.fullmatch("[0-9A-Za-z]{22}", request.match_info["id"]):
        return _error(400, "Invalid base62 id")
    return _error(404, "Resource not found")


async def _gone(_: web.Request) -> web.StreamResponse:
    """An endpoint for many at once."""
    return _error(403, "Forbidden")
