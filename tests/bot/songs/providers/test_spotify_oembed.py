"""Spotify's oEmbed service, against a stand-in: a title and nothing else, and titles that are none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.links import Link
from bot.songs.providers.spotify_oembed import SpotifyOembedProvider
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.spotify import SpotifyStandIn, made_up_id
from tests.bot.songs.servers import asking

SONG = made_up_songs(1)[0]
TRACK = Link("spotify", "track", SONG.ids["spotify"])
ALBUM = Link("spotify", "album", made_up_id(f"{SONG.album}/{SONG.artists}"))
ARTIST = Link("spotify", "artist", made_up_id(SONG.artists[0]))


@asynccontextmanager
async def oembed(song: Song = SONG) -> AsyncIterator[tuple[SpotifyOembedProvider, SpotifyStandIn]]:
    """A provider that asks a stand-in, which knows one song."""
    async with SpotifyStandIn(songs=(song,)) as server, asking(2.5) as web:
        yield SpotifyOembedProvider(web, server.base, deadline=2.5), server


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        (TRACK, Song(title=SONG.title, ids={"spotify": TRACK.id})),
        (ALBUM, Song(kind="album", title=SONG.album, album=SONG.album, ids={"spotify_album": ALBUM.id})),
        (ARTIST, Song(kind="artist", artists=SONG.artists, ids={"spotify_artist": ARTIST.id})),
    ],
)
async def test_the_title_is_all_there_is(link: Link, wanted: Song) -> None:
    async with oembed() as (provider, server):
        found = await provider.identify(link)
        assert server.asked[0].query == {"url": link.url}
    assert found is not None
    assert found.song == wanted


async def test_a_note_on_the_recording_becomes_the_version() -> None:
    async with oembed(replace(SONG, title="Tide - Some Remix")) as (provider, _):
        found = await provider.identify(TRACK)
    assert found is not None
    assert (found.song.title, found.song.version) == ("Tide", "Some Remix")


@pytest.mark.parametrize("kind", ["track", "album", "artist"])
async def test_an_unknown_id_is_none(kind: Any) -> None:
    async with oembed() as (provider, _):
        assert await provider.identify(Link("spotify", kind, "0" * 22)) is None
        assert not provider.gate.shut


@pytest.mark.parametrize(
    "title", ["", " \u200b", "Spotify", "Spotify – Web Player", "SPOTIFY Embed", "Page not found", TRACK.url]
)
async def test_a_title_that_says_nothing_is_none(title: Any) -> None:
    async with oembed() as (provider, server):
        server.fault = faults.json(json.dumps({"title": title, "type": "rich"}))
        assert await provider.identify(TRACK) is None
        assert provider.gate.counts == {"answered": 1}


@pytest.mark.parametrize("title", ["Untitled", "Track", "Not Found", "Spotify Killed the Radio Star"])
async def test_titles_that_only_seem_to_say_nothing_are_taken(title: str) -> None:
    async with oembed(replace(SONG, title=title)) as (provider, _):
        found = await provider.identify(TRACK)
    assert found is not None
    assert found.song.title == title
