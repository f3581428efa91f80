"""Spotify's oEmbed service: the title behind a link with no key, but no artist."""

from __future__ import annotations

from bot.links import Link
from bot.songs.matching.names import fold
from bot.songs.matching.versions import split_version
from bot.songs.providers.base import Found, WebProvider, text_at
from bot.songs.song import Song

# What stands where the title should: the name of the service or of its player, as `fold` leaves them.
_NO_TITLES = frozenset(
    {
        "spotify",
        "spotify embed",
        "open spotify",
        "spotify web player",
        "spotify web player music for everyone",
        "page not found",
    }
)


class SpotifyOembedProvider(WebProvider):
    """Titles of tracks and albums, names of artists."""

    name = "spotify_oembed"
    label = "Spotify oEmbed"
    abilities = frozenset({"identity"})
    links = frozenset({("spotify", "track"), ("spotify", "album"), ("spotify", "artist")})

    async def identify(self, link: Link) -> Found | None:
        """The title of a track or an album, or the name of an artist; None where it tells nothing."""
        answer = await self._ask("oembed", {"url": link.url}, shape={"title": str}, missing=(400, 404))
        title = text_at(answer, "title")
        if title is None or fold(title) in _NO_TITLES or link.url in title:
            return None
        if link.kind == "artist":
            return Found(song=Song(kind="artist", artists=(title,), ids={"spotify_artist": link.id}))
        if link.kind == "album":
            return Found(song=Song(kind="album", title=title, album=title, ids={"spotify_album": link.id}))
        name, version = split_version(title)
        return Found(song=Song(title=name, version=version, ids={"spotify": link.id}))
