"""All music services at once, on the loopback: the same songs behind each of them, and the settings that lead there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.songs.song import Song
from bot.stand_ins.base import StandIn
from bot.stand_ins.deezer import DeezerStandIn
from bot.stand_ins.itunes import ITunesStandIn
from bot.stand_ins.lastfm import LastFmStandIn
from bot.stand_ins.musicbrainz import MusicBrainzStandIn
from bot.stand_ins.reccobeats import ReccoBeatsStandIn
from bot.stand_ins.short_links import ShortLinksStandIn
from bot.stand_ins.spotify import SpotifyStandIn
from bot.stand_ins.youtube import YouTubeStandIn

CONTACT = "nobody@example.org"


@dataclass(frozen=True)
class MusicServices:
    """The running stand-ins by name."""

    services: Mapping[str, StandIn]

    def settings(self, *, keys: bool = False) -> dict[str, dict[str, str]]:
        """The settings, by section, that lead to the stand-ins; with `keys` those of all accounts too."""
        base = {name: service.base for name, service in self.services.items()}
        spotify, youtube, lastfm = self.services["spotify"], self.services["youtube"], self.services["lastfm"]
        sections = {
            "spotify": {
                "api_base": base["spotify"] + "/v1",
                "accounts_base": base["spotify"],
                "oembed_base": base["spotify"],
                "short_base": base["short_links"],
            },
            "youtube": {"api_base": base["youtube"] + "/youtube/v3", "oembed_base": base["youtube"]},
            "reccobeats": {"api_base": base["reccobeats"]},
            "musicbrainz": {"api_base": base["musicbrainz"], "contact": CONTACT},
            "lastfm": {"api_base": base["lastfm"]},
            "deezer": {"api_base": base["deezer"]},
            "itunes": {"api_base": base["itunes"]},
        }
        if keys and isinstance(spotify, SpotifyStandIn):
            sections["spotify"] |= {"client_id": spotify.client_id, "client_secret": spotify.client_secret}
        if keys and isinstance(youtube, YouTubeStandIn):
            sections["youtube"]["key"] = youtube.key
        if keys and isinstance(lastfm, LastFmStandIn):
            sections["lastfm"]["key"] = lastfm.key
        return sections


@asynccontextmanager
async def music_services(songs: Sequence[Song], *, delay: float = 0.0) -> AsyncIterator[MusicServices]:
    """Stand-ins for all services, each of which knows `songs` and takes `delay` seconds for an answer."""
    services = {
        "spotify": SpotifyStandIn(songs, delay),
        "youtube": YouTubeStandIn(songs, delay),
        "reccobeats": ReccoBeatsStandIn(songs, delay),
        "musicbrainz": MusicBrainzStandIn(songs, delay),
        "lastfm": LastFmStandIn(songs, delay),
        "deezer": DeezerStandIn(songs, delay),
        "itunes": ITunesStandIn(songs, delay),
        "short_links": ShortLinksStandIn(songs, delay),
    }
    async with AsyncExitStack() as stack:
        for service in services.values():
            await stack.enter_async_context(service)
        yield MusicServices(services)
