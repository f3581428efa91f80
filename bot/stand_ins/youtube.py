"""A stand-in for YouTube: the oEmbed service, and the Data API's list of videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.links import find_links
from bot.songs.song import Song
from bot.stand_ins.base import Handler, StandIn

_WORDS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass
class YouTubeStandIn(StandIn):
    """YouTube below `base`: "/oembed" and "/youtube/v3/videos".

    Songs are videos by their id "youtube", from the artist's channel or, with `provided`, as the label handed them over.
    `closed` goes from a video's id to the status with which oEmbed refuses it. `snippets`, by id, replaces fields of the
    Data API's snippet; `topics` are of every video; `trouble` makes the Data API answer with that reason, and status 403.
    """

    key: str = "made-up-key"
    provided: bool = False
    closed: Mapping[str, int] = field(default_factory=dict)
    snippets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    topics: tuple[str, ...] | None = ("https://en.wikipedia.org/wiki/Music", "https://en.wikipedia.org/wiki/Pop_music")
    trouble: str | None = None

    @property
    def api_base(self) -> str:
        """The address for `[youtube] api_base`."""
        return f"{self.base}/youtube/v3"

    def routes(self) -> Mapping[str, Handler]:
        """Both services."""
        return {"/oembed": self._oembed, "/youtube/v3/videos": self._videos}

    async def _oembed(self, request: web.Request) -> web.StreamResponse:
        links = find_links(request.query.get("url", ""), "plain")
        if not links or links[0].kind != "video" or request.query.get("format", "json") != "json":
            return _refused(400)
        video_id = links[0].id
        song = self.by_id("youtube", video_id)
        if song is None or video_id in self.closed:
            return _refused(self.closed.get(video_id, 404))
        snippet = self._snippet(song)
        channel = snippet["channelTitle"]
        told = {
            "title": snippet["title"],
            "author_name": channel,
            "author_url": "https://www.youtube.com/@madeup",
            "type": "video",
            "height": 113,
            "width": 200,
            "version": "1.0",
            "provider_name": "YouTube",
            "provider_url": "https://www.youtube.com/",
            "thumbnail_height": 360,
            "thumbnail_width": 480,
            "thumbnail_url": f"https://i.ytimg.com/vi/{video_id}/hqdefault.jpg",
            "html": f'<iframe width="200" height="113" src="https://www.youtube.com/embed/{video_id}?feature=oembed"></iframe>',
        }
        return web.json_response(told)

    async def _videos(self, request: web.Request) -> web.StreamResponse:
        if (request.headers.get("X-Goog-Api-Key") or request.query.get("key")) != self.key:
            message, details = "API key not valid. Please pass a valid API key.", [{"reason": "API_KEY_INVALID"}]
            return _error(400, message, "badRequest", "global", {"status": "INVALID_ARGUMENT", "details": details})
        if self.trouble:
            message = 'The request cannot be completed because you have exceeded your <a href="#">quota</a>.'
            return _error(403, message, self.trouble, "youtube.quota")
        parts = request.query.get("part", "").split(",")
        song = self.by_id("youtube", request.query.get("id", ""))
        items = [self._item(song, parts)] if song else []
        told = {
            "kind": "youtube#videoListResponse",
            "etag": "made-up",
            "items": items,
            "pageInfo": {"totalResults": len(items), "resultsPerPage": len(items)},
        }
        return web.json_response(told)

    def _item(self, song: Song, parts: list[str]) -> dict[str, Any]:
        item: dict[str, Any] = {"kind": "youtube#video", "etag": "made-up", "id": song.ids["youtube"]}
        if "snippet" in parts:
            item["snippet"] = self._snippet(song)
        if "contentDetails" in parts:
            minutes, seconds = divmod(round(song.duration or 0), 60)
            hours, minutes = divmod(minutes, 60)
            length = f"PT{hours}H{minutes}M{seconds}S" if hours else f"PT{minutes}M{seconds}S"
            item["contentDetails"] = {
                "duration": length if song.duration else "P0D",
                "dimension": "2d",
                "definition": "hd",
                "caption": "false",
                "licensedContent": True,
                "contentRating": {},
                "projection": "rectangular",
            }
        if "topicDetails" in parts and self.topics is not None:
            item["topicDetails"] = {"topicCategories": list(self.topics)}
        return item

    def _snippet(self, song: Song) -> dict[str, Any]:
        artist = song.artists[0] if song.artists else "Somebody"
        if self.provided:
            lines = (
                "Provided to YouTube by Made Up Music",
                " · ".join((song.title or "", *song.artists)),
                song.album or song.title,
                "℗ 2019 Made Up Records",
                "Released on: 2019-05-17",
                "Auto-generated by YouTube.",
            )
            title, channel, description = song.title, f"{artist} - Topic", "\n\n".join(map(str, lines))
        else:
            title, channel, description = f"{artist} - {song.title} (Official Video)", artist, "Out now."
        return {
            "publishedAt": "2019-05-17T10:00:00Z",
            "channelId": "UCmadeupmadeupmadeupmade",
            "title": title,
            "description": description,
            "thumbnails": {"default": {"url": "https://i.ytimg.com/vi/made-up/default.jpg", "width": 120, "height": 90}},
            "channelTitle": channel,
            "categoryId": "10",
            "liveBroadcastContent": "none",
            "localized": {"title": title, "description": description},
            **self.snippets.get(song.ids["youtube"], {}),
        }


def _refused(status: int) -> web.StreamResponse:
    """How oEmbed refuses: in plain words, no JSON."""
    return web.Response(status=status, text=_WORDS[status])


def _error(status: int, message: str, reason: str, domain: str, more: Mapping[str, Any] | None = None) -> web.StreamResponse:
    """An error as Google writes it."""
    told = {"message": message, "domain": domain, "reason": reason}
    return web.json_response({"error": {"code": status, "message": message, "errors": [told], **(more or {})}}, status=status)
