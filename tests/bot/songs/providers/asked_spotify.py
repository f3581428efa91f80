"""What the tests of Spotify's provider share: a provider that asks a stand-in, and what there is to ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.links import Link
from bot.songs.providers.spotify import SpotifyProvider
from bot.stand_ins.base import StandIn, made_up_songs
from bot.stand_ins.spotify import SpotifyStandIn, made_up_id

SONGS = made_up_songs(60)
SONG = SONGS[0]
TRACK = Link("spotify", "track", SONG.ids["spotify"])
ALBUM = Link("spotify", "album", made_up_id(f"{SONG.album}/{SONG.artists}"))
ARTIST = Link("spotify", "artist", made_up_id(SONG.artists[0]))

DEEP = '{"name": ' * 10_000 + "1" + "}" * 10_000  # nested so that no parser goes to the end


@asynccontextmanager
async def spotify(
    server: SpotifyStandIn | None = None, *, given: str | None = None, deadline: float = 2.5, use_features: bool = False
) -> AsyncIterator[tuple[SpotifyProvider, SpotifyStandIn]]:
    """A provider that asks a stand-in, which is told what to do by its fields."""
    async with server or SpotifyStandIn(songs=SONGS) as running:
        provider = SpotifyProvider(
            running.client_id,
            SecretStr(running.client_secret if given is None else given),
            api_base=f"{running.api_base}/",
            accounts_base=running.base,
            deadline=deadline,
            use_features=use_features,
            jitter=lambda: 0.0,
        )
        try:
            yield provider, running
        finally:
            await provider.close()


def paths(server: StandIn) -> list[str]:
    """What was asked, but for tokens."""
    return [asked.path for asked in server.asked if asked.path != "/api/token"]
