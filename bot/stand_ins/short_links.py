"""Answers as Spotify's shorteners do: redirects for programs, a page with a script for some, 404 for what nobody made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from bot.links import SHORT_HOSTS, Link
from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

_PAGE = """<!DOCTYPE html><html><head><title>Spotify</title><link rel="canonical" href="{address}"/>
<meta property="og:url" content="{address}"><meta property="al:ios:url" content="spotify:track:{id}">
<script>window.onload = function () {{ window.location = "spotify://track/{id}"; }};</script></head><body></body></html>"""
_NOTHING = "<!DOCTYPE html><html><head><title>404</title></head><body>Nothing here</body></html>"


@dataclass
class ShortLinksStandIn(StandIn):
    """All shorteners in one; `bases` moves their hosts here.

    `targets` goes from the path of a link to the Location that it answers with, besides the songs' own. With `as_page`
    it answers the songs' links with a page, as Branch does for browsers, unless it is asked for the web alone.
    """

    targets: dict[str, str] = field(default_factory=dict)
    as_page: bool = False

    def routes(self) -> Mapping[str, Handler]:
        """One path for every link."""
        return {"/{code}": self._answer}

    @property
    def bases(self) -> Mapping[str, str]:
        """For each shortener's host, this server's address."""
        return dict.fromkeys(SHORT_HOSTS, self.base)

    def link(self, song: Song, host: str = "spotify.link") -> Link:
        """A short link to a song that has a Spotify id."""
        return Link("spotify", "short_link", _code(song), shortener=host)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        code = request.match_info["code"]
        if target := self.targets.get(code):
            return web.Response(status=307, headers={"Location": target})
        song = next((song for song in self.songs if "spotify" in song.ids and _code(song) == code), None)
        if song is None:
            return web.Response(status=404, text=_NOTHING, content_type="text/html")
        id_ = song.ids["spotify"]
        address = f"https://open.spotify.com/track/{id_}"
        if self.as_page and request.query.get("$web_only") != "true":
            return web.Response(text=_PAGE.format(address=address, id=id_), content_type="text/html")
        query = "?si=0123456789abcdef&_branch_match_id=1&utm_medium=sharing&_branch_referrer=H4sIAAAAAAAA%2F8soKSkottLX"
        return web.Response(status=307, headers={"Location": address + query, "Set-Cookie": "_s=1; Max-Age=31536000"})


def _code(song: Song) -> str:
    """The path of a song's short link: eleven characters, as real ones have."""
    return song.ids["spotify"][:11]
