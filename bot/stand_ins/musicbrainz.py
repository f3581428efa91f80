"""A stand-in for MusicBrainz: lookups by id, ISRC and link, and searches, after its own documentation and test suite."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

_AGENT = re.compile(r"[^/\s]+/\S+ \( \S+ \)")
_QUERY = re.compile(r'(?P<field>recording|releasegroup|artist):"(?P<value>(?:[^"\\]|\\.)*)"')
_RELATIONS = frozenset({"recording-rels", "release-rels", "release-group-rels", "artist-rels"})
_INCS = {
    "recording": frozenset({"artist-credits", "genres", "tags", "isrcs", "releases", "release-groups"}),
    "isrc": frozenset({"artist-credits", "genres", "tags", "isrcs", "releases"}),
    "release": frozenset({"artist-credits", "genres", "tags", "release-groups"}),
    "release-group": frozenset({"artist-credits", "genres", "tags"}),
    "artist": frozenset({"genres", "tags"}),
    "url": _RELATIONS,
}
_TOO_FAST = (
    "Your requests are exceeding the allowable rate limit. "
    "Please see http://wiki.musicbrainz.org/XMLWebService for more information."
)


def mbid(what: str, name: str) -> str:
    """The id of that thing here, always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{what}:{name}"))


@dataclass
class MusicBrainzStandIn(StandIn):
    """Knows the recordings, albums and artists of its songs; `clock` gives seconds, by which one request a second is let in.

    A song's genres belong to its recording. `album_genres` and `artist_genres` go from a name to votes by genre, which
    may be negative. `linked` goes from an address to the kind of thing that it leads to and its song.
    """

    album_genres: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    artist_genres: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    linked: Mapping[str, tuple[str, Song]] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _last: float = float("-inf")

    def routes(self) -> Mapping[str, Handler]:
        """The paths of the service, below /ws/2 there and below nothing here."""
        return {
            "/isrc/{id}": self._polite("isrc", self._isrc),
            "/url": self._polite("url", self._url),
            "/recording": self._polite("recording", self._search_recordings),
            "/recording/{id}": self._polite("recording", self._recording_by_id),
            "/release/{id}": self._polite("release", self._release_by_id),
            "/release-group": self._polite("release-group", self._search_albums),
            "/release-group/{id}": self._polite("release-group", self._album_by_id),
            "/artist": self._polite("artist", self._search_artists),
            "/artist/{id}": self._polite("artist", self._artist_by_id),
        }

    def _polite(self, what: str, answer: Callable[[web.Request, frozenset[str]], Any]) -> Handler:
        """An answer for those who say who they are, come no faster than once a second, and ask for what there is."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if not _AGENT.fullmatch(request.headers.get("User-Agent", "")):
                return web.Response(status=403, text="<html><h1>403 Forbidden</h1></html>", content_type="text/html")
            now = self.clock()
            too_fast, self._last = now - self._last < 1, now
            if too_fast:
                return web.json_response({"error": _TOO_FAST, "help": "https://musicbrainz.org/development"}, status=503)
            incs = frozenset(request.query.get("inc", "").split())
            if wrong := incs - _INCS[what]:
                return _error(f"{min(wrong)} is not a valid inc parameter for the {what} resource.", 400)
            body = answer(request, incs)
            if body is None:
                return _error("Not Found", 404)
            return body if isinstance(body, web.Response) else web.json_response(body)

        return handle

    # --- lookups -----------------------------------------------------------------------------------------------

    def _isrc(self, request: web.Request, incs: frozenset[str]) -> Any:
        if not re.fullmatch("[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", request.match_info["id"]):
            return _error("Invalid isrc.", 400)
        song = self.by_id("isrc", request.match_info["id"])
        return song and {"isrc": song.ids["isrc"], "recordings": [self._recording(song, incs)]}

    def _url(self, request: web.Request, incs: frozenset[str]) -> Any:
        address = request.query.get("resource", "")
        if address not in self.linked:
            return None
        kind, song = self.linked[address]
        thing = {
            "recording": lambda: self._recording(song, frozenset()),
            "release": lambda: self._release(song, frozenset()),
            "release_group": lambda: self._album(song, frozenset()),
            "artist": lambda: self._artist(song.artists[0], frozenset()),
        }[kind]()
        relation: dict[str, Any] = {
            "type": "free streaming",
            "type-id": mbid("type", "free streaming"),
            "direction": "backward",
            "target-type": kind,
            "begin": None,
            "end": None,
            "ended": False,
            "attributes": [],
            "attribute-ids": {},
            "attribute-values": {},
            "source-credit": "",
            "target-credit": "",
            kind: thing,
        }
        asked = f"{kind.replace('_', '-')}-rels" in incs
        return {"id": mbid("url", address), "resource": address, "relations": [relation] if asked else []}

    def _recording_by_id(self, request: web.Request, incs: frozenset[str]) -> Any:
        song = next((song for song in self.songs if self._recording_id(song) == request.match_info["id"]), None)
        return song and self._recording(song, incs)

    def _release_by_id(self, request: web.Request, incs: frozenset[str]) -> Any:
        song = next((song for song in self.songs if mbid("release", song.album or "") == request.match_info["id"]), None)
        return song and self._release(song, incs)

    def _album_by_id(self, request: web.Request, incs: frozenset[str]) -> Any:
        song = next((song for song in self.songs if mbid("release-group", song.album or "") == request.match_info["id"]), None)
        return song and self._album(song, incs)

    def _artist_by_id(self, request: web.Request, incs: frozenset[str]) -> Any:
        names = {name for song in self.songs for name in song.artists}
        name = next((name for name in names if mbid("artist", name) == request.match_info["id"]), None)
        return name and self._artist(name, incs)

    # --- searches ----------------------------------------------------------------------------------------------

    def _search_recordings(self, request: web.Request, _: frozenset[str]) -> Any:
        found = []
        for song in self.songs:
            texts = {"recording": song.title or "", "artist": " ".join(song.artists)}
            if _matches(request, texts):
                entry = self._recording(song, frozenset({"artist-credits", "isrcs", "releases", "release-groups"}))
                tags = [{"count": 1, "name": genre} for genre in song.genres]
                found.append({**entry, "score": 100, "artist-credit-id": mbid("credit", song.line), "tags": tags})
        return _list("recordings", found)

    def _search_albums(self, request: web.Request, _: frozenset[str]) -> Any:
        albums = {song.album: song for song in self.songs if song.album}
        found = [
            {**self._album(song, frozenset({"artist-credits"})), "score": 100, "count": 1}
            for song in albums.values()
            if _matches(request, {"releasegroup": song.album or "", "artist": " ".join(song.artists)})
        ]
        return _list("release-groups", found)

    def _search_artists(self, request: web.Request, _: frozenset[str]) -> Any:
        names = dict.fromkeys(name for song in self.songs for name in song.artists)
        found = [{**self._artist(name, frozenset()), "score": 100} for name in names if _matches(request, {"artist": name})]
        return _list("artists", found)

    # --- things ------------------------------------------------------------------------------------------------

    @staticmethod
    def _recording_id(song: Song) -> str:
        return song.ids.get("musicbrainz") or mbid("recording", f"{song.line} {song.version or ''}")

    def _recording(self, song: Song, incs: frozenset[str]) -> dict[str, Any]:
        votes = {genre: len(song.genres) - place for place, genre in enumerate(song.genres)}
        body: dict[str, Any] = {
            "id": self._recording_id(song),
            "title": song.title,
            "length": song.duration and round(song.duration * 1000),
            "video": False,
            "disambiguation": song.version or "",
            "first-release-date": "2011-05-13",
            **self._extras(song, votes, incs),
        }
        if "isrcs" in incs:
            body["isrcs"] = [song.ids["isrc"]] if "isrc" in song.ids else []
        if "releases" in incs and song.album:
            body["releases"] = [self._release(song, incs)]
        return body

    def _release(self, song: Song, incs: frozenset[str]) -> dict[str, Any]:
        body = {
            "id": mbid("release", song.album or ""),
            "title": song.album,
            "status": "Official",
            "status-id": mbid("status", "Official"),
            "date": "2011-05-13",
            "country": "XW",
            "barcode": None,
            "quality": "normal",
            "packaging": None,
            "packaging-id": None,
            "disambiguation": "",
            "text-representation": {"language": "eng", "script": "Latn"},
            **self._extras(song, {}, incs),
        }
        if "release-groups" in incs:
            body["release-group"] = self._album(song, incs)
        return body

    def _album(self, song: Song, incs: frozenset[str]) -> dict[str, Any]:
        return {
            "id": mbid("release-group", song.album or ""),
            "title": song.album,
            "primary-type": "Album",
            "primary-type-id": mbid("type", "Album"),
            "secondary-types": [],
            "secondary-type-ids": [],
            "first-release-date": "2011-05-13",
            "disambiguation": "",
            **self._extras(song, self.album_genres.get(song.album or "", {}), incs),
        }

    def _artist(self, name: str, incs: frozenset[str]) -> dict[str, Any]:
        body = {
            "id": mbid("artist", name),
            "name": name,
            "sort-name": name,
            "disambiguation": "",
            "country": None,
            "type": "Group",
            "type-id": mbid("type", "Group"),
        }
        return {**body, **_voted(self.artist_genres.get(name, {}), incs)}

    def _extras(self, song: Song, votes: Mapping[str, int], incs: frozenset[str]) -> dict[str, Any]:
        """What most things have if it is asked for."""
        body = _voted(votes, incs)
        if "artist-credits" in incs:
            last = len(song.artists) - 1
            body["artist-credit"] = [
                {"name": name, "joinphrase": "" if place == last else " feat. ", "artist": self._artist(name, incs)}
                for place, name in enumerate(song.artists)
            ]
        return body


def _voted(votes: Mapping[str, int], incs: frozenset[str]) -> dict[str, Any]:
    """Genres and tags, in the order of their names as there."""
    tags = [{"name": name, "count": votes[name]} for name in sorted(votes)]
    genres = [{**tag, "id": mbid("genre", str(tag["name"])), "disambiguation": ""} for tag in tags]
    return {name: value for name, value in (("genres", genres), ("tags", tags)) if name in incs}


def _matches(request: web.Request, texts: Mapping[str, str]) -> bool:
    """Whether these fields hold every phrase of the query, or all its words where it has no syntax."""
    query = request.query.get("query", "")
    if request.query.get("dismax") == "true":
        return set(query.lower().split()) <= set(" ".join(texts.values()).lower().split())
    phrases = [(each["field"], re.sub(r"\\(.)", r"\1", each["value"]).lower()) for each in _QUERY.finditer(query)]
    return bool(phrases) and all(value in texts.get(name, "").lower() for name, value in phrases)


def _list(name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"created": "2026-11-21T12:00:00.000Z", "count": len(found), "offset": 0, name: found}


def _error(message: str, status: int) -> web.Response:
    return web.json_response(
        {"error": message, "help": "For usage, please see: https://musicbrainz.org/development/mmd"}, status=status
    )
