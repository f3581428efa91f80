"""YouTube's oEmbed service: the title and the channel of a video with no key."""

from __future__ import annotations

from bot.links import Link
from bot.songs.providers.base import Found, Video, WebProvider, text_at
from bot.songs.song import Song

# A link it cannot read, a video whose owner wants it embedded nowhere, a private one, and one that is gone: each is
# the answer to this link, and says nothing of the next one.
_MISSING = (400, 401, 403, 404)


class YouTubeOembedProvider(WebProvider):
    """Titles and channels of videos."""

    name = "youtube_oembed"
    label = "YouTube oEmbed"
    abilities = frozenset({"identity"})
    links = frozenset({("youtube", "video")})

    async def identify(self, link: Link) -> Found | None:
        """The video's title and channel, in which the song has still to be found."""
        answer = await self._ask("oembed", {"url": link.url, "format": "json"}, shape={"title": str}, missing=_MISSING)
        title = text_at(answer, "title")
        if title is None:
            return None
        return Found(song=Song(ids={"youtube": link.id}), video=Video(title=title, author=text_at(answer, "author_name") or ""))
