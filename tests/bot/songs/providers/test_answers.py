"""What no provider takes for "I do not know": strange answers and endpoints that are gone; and what each can describe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import LeftAloneError, RefusedError, UnavailableError
from bot.links import Link
from bot.songs.network.gate import MANY_UNKNOWN
from bot.songs.providers.base import Provider
from bot.songs.providers.deezer import DeezerProvider
from bot.songs.providers.itunes import ITunesProvider
from bot.songs.providers.lastfm import LastFmProvider
from bot.songs.providers.musicbrainz import MusicBrainzProvider
from bot.songs.providers.reccobeats import ReccoBeatsProvider
from bot.songs.providers.spotify import SpotifyProvider
from bot.songs.providers.spotify_oembed import SpotifyOembedProvider
from bot.songs.providers.youtube import YouTubeProvider
from bot.songs.providers.youtube_oembed import YouTubeOembedProvider
from bot.songs.query import NameQuery
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import Handler
from bot.stand_ins.spotify import SpotifyStandIn
from tests.bot.songs.servers import asking

ID, MBID, ISRC = "a" * 22, "0b0b0b0b-0b0b-4b0b-8b0b-0b0b0b0b0b0b", "QZAAA0000001"
NAMES: dict[str, Any] = {"title": "Tide", "artists": ("Somebody",)}
TRACK, VIDEO = Link("spotify", "track", ID), Link("youtube", "video", "a" * 11)

Call = Callable[[Provider], Awaitable[Any]]


@asynccontextmanager
async def providers(server: SpotifyStandIn) -> AsyncIterator[dict[str, Provider]]:
    """Each of them, asking the same server, which answers with its fault."""
    base = server.base
    spotify = SpotifyProvider(
        *(server.client_id, SecretStr(server.client_secret)),
        api_base=base,
        accounts_base=base,
        deadline=2.5,
        use_features=True,
        jitter=lambda: 0.0,
    )
    async with asking(2.5) as web:
        made: tuple[Provider, ...] = (
            spotify,
            YouTubeProvider(web, base, key=SecretStr("a"), deadline=2.5),
            SpotifyOembedProvider(web, base, deadline=2.5),
            YouTubeOembedProvider(web, base, deadline=2.5),
            ReccoBeatsProvider(web, base, deadline=2.5),
            MusicBrainzProvider(web, base, contact="me@example.org", deadline=2.5),
            LastFmProvider(web, base, key=SecretStr("a"), deadline=2.5),
            DeezerProvider(web, base, deadline=2.5),
            ITunesProvider(web, base, deadline=2.5),
        )
        try:
            yield {provider.name: provider for provider in made}
        finally:
            await spotify.close()


@dataclass
class Anything(SpotifyStandIn):
    """Gives tokens, and answers everything else alike."""

    answer: Handler = field(default=faults.json("{}"))

    def routes(self) -> Any:
        async def answer(request: Any) -> Any:
            return await self.answer(request)

        return {"/api/token": super().routes()["/api/token"], "/{path:.*}": answer}


@pytest.fixture
async def server() -> AsyncIterator[Anything]:
    async with Anything(songs=()) as running:
        yield running


SEARCHES: dict[str, tuple[str, Call]] = {
    "Spotify search": ("spotify", lambda p: p.search(NameQuery(title="Tide"))),
    "Spotify features": ("spotify", lambda p: p.describe(Song(ids={"spotify": ID, "spotify_artist": ID}))),
    "YouTube videos": ("youtube", lambda p: p.identify(VIDEO)),
    "ReccoBeats tracks": ("reccobeats", lambda p: p.identify(TRACK)),
    "ReccoBeats features": ("reccobeats", lambda p: p.describe(Song(ids={"isrc": ISRC}))),
    "MusicBrainz recordings": ("musicbrainz", lambda p: p.search(NameQuery(title="Tide", artist="Somebody"))),
    "MusicBrainz albums": ("musicbrainz", lambda p: p.describe(Song(kind="album", **NAMES))),
    "MusicBrainz artists": ("musicbrainz", lambda p: p.describe(Song(kind="artist", artists=("Somebody",)))),
    "Last.fm": ("lastfm", lambda p: p.describe(Song(**NAMES))),
    "Deezer search": ("deezer", lambda p: p.search(NameQuery(title="Tide"))),
    "Deezer albums": ("deezer", lambda p: p.describe(Song(kind="album", **NAMES))),
    "iTunes": ("itunes", lambda p: p.search(NameQuery(title="Tide"))),
}
BY_ID: dict[str, tuple[str, Call]] = {
    "Spotify track": ("spotify", lambda p: p.identify(TRACK)),
    "Spotify oEmbed": ("spotify_oembed", lambda p: p.identify(TRACK)),
    "YouTube oEmbed": ("youtube_oembed", lambda p: p.identify(VIDEO)),
    "MusicBrainz link": ("musicbrainz", lambda p: p.identify(TRACK)),
    "MusicBrainz recording": ("musicbrainz", lambda p: p.describe(Song(ids={"musicbrainz": MBID}))),
    "MusicBrainz ISRC": ("musicbrainz", lambda p: p.describe(Song(ids={"isrc": ISRC}))),
    "MusicBrainz album": ("musicbrainz", lambda p: p.describe(Song(kind="album", ids={"musicbrainz_album": MBID}))),
    "MusicBrainz artist": ("musicbrainz", lambda p: p.describe(Song(kind="artist", ids={"musicbrainz_artist": MBID}))),
    "Deezer track": ("deezer", lambda p: p.describe(Song(ids={"deezer": "7"}))),
    "Deezer album": ("deezer", lambda p: p.describe(Song(kind="album", ids={"deezer_album": "7"}))),
}


@pytest.mark.parametrize("name", SEARCHES)
async def test_a_search_that_is_not_there_is_refused_and_told_of_once(
    server: Anything, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = faults.status(404)
    who, call = SEARCHES[name]
    async with providers(server) as made:
        with pytest.raises(RefusedError, match="404"):
            await call(made[who])
        with pytest.raises(LeftAloneError, match=r"is left alone for 24 h since it .*404"):
            await call(made[who])
        assert "is left alone for a day; going on without it." in caplog.text


@pytest.mark.parametrize("name", BY_ID)
async def test_one_thing_that_is_not_there_is_unknown(server: Anything, name: str) -> None:
    server.answer = faults.status(404)
    who, call = BY_ID[name]
    async with providers(server) as made:
        assert await call(made[who]) is None
        assert not made[who].gate.shut


STRANGE = ["null", "[]", "{}", '{"error": "no such thing"}', '{"message": "Welcome", "items_": []}']


@pytest.mark.parametrize("body", STRANGE)
async def test_an_answer_of_another_shape_is_a_failure_and_not_unknown(server: Anything, body: str) -> None:
    server.answer = faults.json(body)
    # One provider anew for each call, as MusicBrainz takes its time between two.
    for who, call in (SEARCHES | BY_ID).values():
        async with providers(server) as made:
            with pytest.raises(UnavailableError, match=r"^(sent an answer|answered with) "):
                await call(made[who])
            assert made[who].gate.counts == {"unavailable": made[who].gate.failures_seen}


async def test_who_knows_none_of_many_ids_is_doubted(server: Anything, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = faults.status(404)
    async with providers(server) as made:
        provider = made["spotify"]
        for number in range(MANY_UNKNOWN + 5):
            assert provider.gate.doubted is (number >= MANY_UNKNOWN)
            assert await provider.identify(Link("spotify", "track", f"{number:022}")) is None
        assert [record.getMessage() for record in caplog.records] == [
            "Spotify has known none of the last 20 things that tracks was asked for; is its address still right?"
        ]
        server.answer = faults.json('{"name": "Tide"}')
        assert await provider.identify(TRACK)
        assert not provider.gate.doubted


# --- what can be described -----------------------------------------------------------------------------------------

MUCH: dict[str, Song] = {
    "musicbrainz": Song(ids={"isrc": ISRC}),
    "lastfm": Song(artists=("Somebody",)),
    "itunes": Song(**NAMES),
    "deezer": Song(ids={"isrc": ISRC}),
    "reccobeats": Song(ids={"spotify": ID}),
    "spotify": Song(ids={"spotify": ID}),
}
LITTLE = [
    *(Song(), Song(title="Tide"), Song(kind="album", title="Tide"), Song(kind="artist")),
    Song(kind="album", ids={"isrc": ISRC}),
    Song(ids={"spotify": "x", "isrc": "x", "deezer": "x", "musicbrainz": "x", "spotify_artist": "x"}),
]


@pytest.mark.parametrize("song", LITTLE)
async def test_what_cannot_be_described_is_asked_of_nobody(server: Anything, song: Song) -> None:
    async with providers(server) as made:
        for provider in made.values():
            assert not provider.can_describe(song)
            if provider.name in MUCH:
                assert await provider.describe(song) is None
        assert server.asked == []


@pytest.mark.parametrize("name", MUCH)
async def test_what_can_be_described_is_asked_for(server: Anything, name: str) -> None:
    async with providers(server) as made:
        assert made[name].can_describe(MUCH[name])
        with pytest.raises(UnavailableError):
            await made[name].describe(MUCH[name])
        assert server.asked


@pytest.mark.parametrize("kind", ["track", "album", "artist"])
async def test_names_are_enough_for_all_who_go_by_names(server: Anything, kind: Any) -> None:
    song = Song(kind=kind, **NAMES)
    async with providers(server) as made:
        able = {name for name, provider in made.items() if provider.can_describe(song)}
    assert able == {"musicbrainz", "lastfm", "deezer", "itunes"}
