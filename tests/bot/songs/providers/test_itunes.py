"""iTunes, against a stand-in: songs, albums and artists by names, each with its genre, and how it says "too often"."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import LeftAloneError, LimitedError, UnavailableError
from bot.songs.network.gate import Pace
from bot.songs.providers.base import Found
from bot.songs.providers.itunes import ITunesProvider
from bot.songs.query import NameQuery
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.itunes import ITunesStandIn
from tests.bot.songs.servers import asking

SONGS = made_up_songs(4)
SONG = SONGS[2]
TITLE, ARTIST = SONG.title or "", SONG.artists[0]
TRACK = Song(title=TITLE, artists=SONG.artists, album=SONG.album, duration=SONG.duration, genres=SONG.genres[:1])

LIMIT = ITunesProvider.limit or (0, 0.0)


@asynccontextmanager
async def itunes(
    songs: tuple[Song, ...] = SONGS, country: str = "US", pace: Pace | None = None, **options: Any
) -> AsyncIterator[tuple[ITunesProvider, ITunesStandIn]]:
    """A provider that asks a stand-in, which knows these songs."""
    async with ITunesStandIn(songs, **options) as server, asking(2.5) as web:
        yield ITunesProvider(web, server.base, deadline=2.5, country=country, pace=pace, jitter=lambda: 0), server


async def test_a_search_tells_names_length_genre_and_an_excerpt() -> None:
    async with itunes(country="SE") as (provider, server):
        (found,) = await provider.search(NameQuery(title=f"{TITLE} (Official Video)", artist=ARTIST))
    assert found.song == TRACK
    assert found.preview is not None
    words = {"term": f"{ARTIST} {TITLE}", "media": "music", "entity": "song", "limit": "10", "country": "SE"}
    assert [(asked.path, asked.query) for asked in server.asked] == [("/search", words)]


async def test_a_title_alone_and_nothing_found() -> None:
    async with itunes() as (provider, _):
        assert [found.song.title for found in await provider.search(NameQuery(title=TITLE))] == [TITLE]
        assert list(await provider.search(NameQuery(title="Unheard of"))) == []


async def test_a_track_an_album_and_an_artist_are_described() -> None:
    async with itunes() as (provider, server):
        track = await provider.describe(Song(title=TITLE, artists=SONG.artists))
        album = await provider.describe(Song(kind="album", title=SONG.album, artists=SONG.artists))
        artist = await provider.describe(Song(kind="artist", artists=SONG.artists))
    assert track is not None
    assert track.song == TRACK
    genres = SONG.genres[:1]
    assert album == Found(song=Song(kind="album", title=SONG.album, artists=SONG.artists, genres=genres))
    assert artist == Found(song=Song(kind="artist", artists=SONG.artists, genres=genres))
    assert [asked.query["entity"] for asked in server.asked] == ["song", "album", "musicArtist"]


async def test_another_song_is_never_taken_for_this_one() -> None:
    others = (replace(SONG, title=f"{TITLE} Again"), replace(SONG, version="Karaoke Version"))
    async with itunes(others) as (provider, _):
        assert await provider.describe(Song(title=TITLE, artists=SONG.artists)) is None


async def test_duos_come_as_one_name_and_are_found_by_one_of_them() -> None:
    async with itunes((replace(SONG, artists=("Queen", "David Bowie")),)) as (provider, _):
        found = await provider.describe(Song(title=TITLE, artists=("David Bowie",)))
    assert found is not None
    assert found.song.artists == ("Queen & David Bowie",)


@pytest.mark.parametrize("song", [Song(), Song(title="A"), Song(artists=("A",)), Song(kind="video", title="A", artists=("A",))])
async def test_nothing_is_asked_where_nothing_can_come_of_it(song: Song) -> None:
    async with itunes() as (provider, server):
        assert await provider.describe(song) is None
    assert server.asked == []


async def test_a_forbidden_answer_means_too_often() -> None:
    async with itunes(too_often=True) as (provider, server):
        with pytest.raises(LimitedError, match="too often") as caught:
            await provider.search(NameQuery(title=TITLE))
        assert caught.value.retry_after == 60
        with pytest.raises(LeftAloneError, match="left alone for 60 s"):
            await provider.describe(SONG)
    assert len(server.asked) == 1


async def test_the_twenty_first_request_of_a_minute_is_not_made() -> None:
    async with itunes(pace=Pace(*LIMIT, clock=lambda: 0.0)) as (provider, server):
        for _ in range(20):
            await provider.search(NameQuery(title=TITLE))
        with pytest.raises(LeftAloneError, match="at most 20 times in 60 s"):
            await provider.search(NameQuery(title=TITLE))
    assert len(server.asked) == 20


async def test_a_country_that_is_none_is_their_fault_400() -> None:
    async with itunes(country="Nowhere") as (provider, _):
        with pytest.raises(UnavailableError, match="status 400"):
            await provider.search(NameQuery(title=TITLE))


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        (None, None),
        ({"trackName": 7}, None),
        ({"collectionName": "A"}, None),
        ({"trackName": "A", "artistName": None, "trackTimeMillis": "7"}, Found(song=Song(title="A"))),
        ({"trackName": "A", "trackTimeMillis": -5, "previewUrl": "http://x/y"}, Found(song=Song(title="A"))),
        ({"trackName": "A", "primaryGenreName": ["Pop"], "previewUrl": 7}, Found(song=Song(title="A"))),
        (
            {"trackName": "A (Live)", "previewUrl": "https://x/y", "primaryGenreName": "Pop"},
            Found(song=Song(title="A", version="Live", genres=("Pop",)), preview="https://x/y"),
        ),
    ],
)
async def test_of_a_strange_entry_what_is_right_of_it(entry: Any, wanted: Found | None) -> None:
    async with itunes() as (provider, server):
        server.fault = faults.json(json.dumps({"resultCount": 1, "results": [entry]}))
        found = await provider.search(NameQuery(title="A"))
    assert list(found) == ([wanted] if wanted else [])


@pytest.mark.parametrize("results", [None, 7, {"a": 1}, "A"])
async def test_no_list_of_results_is_a_failure(results: Any) -> None:
    async with itunes() as (provider, server):
        server.fault = faults.json(json.dumps({"results": results}))
        with pytest.raises(UnavailableError, match="another shape"):
            await provider.search(NameQuery(title="A"))
