"""Deezer, against a stand-in: searches, tempo and loudness by id, ISRC or names, genres, and errors with status 200."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import LeftAloneError, LimitedError, UnavailableError
from bot.songs.providers.base import Found
from bot.songs.providers.deezer import DeezerProvider
from bot.songs.query import NameQuery
from bot.songs.song import AudioFeatures, Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.deezer import DeezerStandIn
from tests.bot.songs.servers import asking

SONGS = made_up_songs(4)
SONG = SONGS[2]
NAMES = Song(title=SONG.title, artists=SONG.artists)
TITLE, ARTIST = SONG.title or "", SONG.artists[0]
SOUND = AudioFeatures(tempo=SONG.features.tempo, loudness=SONG.features.loudness)


@asynccontextmanager
async def deezer(songs: tuple[Song, ...] = SONGS, **options: Any) -> AsyncIterator[tuple[DeezerProvider, DeezerStandIn]]:
    """A provider that asks a stand-in, which knows these songs."""
    async with DeezerStandIn(songs, **options) as server, asking(2.5) as web:
        yield DeezerProvider(web, server.base, deadline=2.5, jitter=lambda: 0), server


def sounds(found: Found | None) -> dict[str, float]:
    """Tempo and loudness of what was found, to the tenth that Deezer gives."""
    assert found is not None
    return {name: round(value, 1) for name, value in found.song.features.known().items()}


async def test_a_search_tells_names_ids_and_what_tells_them_apart() -> None:
    async with deezer() as (provider, server):
        (found,) = await provider.search(NameQuery(title=TITLE, artist=ARTIST))
    assert found.song == Song(
        title=TITLE,
        artists=SONG.artists,
        album=SONG.album,
        duration=SONG.duration,
        ids={"deezer": SONG.ids["deezer"], "isrc": SONG.ids["isrc"], "deezer_album": "700002"},
    )
    assert found.popularity == 0.74321
    assert found.preview is not None
    assert [(asked.path, asked.query) for asked in server.asked] == [
        ("/search", {"q": f'artist:"{ARTIST}" track:"{TITLE}"', "limit": "10"})
    ]


async def test_where_the_strict_search_finds_nothing_the_words_are_searched_once() -> None:
    async with deezer() as (provider, server):
        (found,) = await provider.search(NameQuery(title=f"{TITLE} {ARTIST}", artist=ARTIST))
        assert found.song.title == TITLE
        assert [asked.query["q"] for asked in server.asked][1:] == [f"{ARTIST} {TITLE} {ARTIST}"]
        assert list(await provider.search(NameQuery(title="Unheard of"))) == []
    assert [asked.query["q"] for asked in server.asked][2:] == ["Unheard of"]


async def test_quotation_marks_and_notes_do_not_reach_the_search() -> None:
    async with deezer() as (provider, server):
        await provider.search(NameQuery(title='"Heroes" (Official Video)', artist='A" track:"B'))
    assert server.asked[0].query["q"] == 'artist:"A  track: B" track:"Heroes"'


@pytest.mark.parametrize(
    ("ids", "paths"),
    [
        ({"deezer": SONG.ids["deezer"], "isrc": "QZAAA0000000"}, [f"/track/{SONG.ids['deezer']}", "/album/700002"]),
        ({"isrc": SONG.ids["isrc"]}, [f"/track/isrc:{SONG.ids['isrc']}", "/album/700002"]),
        ({"isrc": "qz-aaa-00-00000"}, ["/track/isrc:QZAAA0000000", "/search", f"/track/{SONG.ids['deezer']}", "/album/700002"]),
        ({"deezer": "../user/me", "isrc": "x"}, ["/search", f"/track/{SONG.ids['deezer']}", "/album/700002"]),
        ({}, ["/search", f"/track/{SONG.ids['deezer']}", "/album/700002"]),
    ],
)
async def test_a_track_is_described_by_id_isrc_or_names(ids: dict[str, str], paths: list[str]) -> None:
    async with deezer() as (provider, server):
        found = await provider.describe(replace(NAMES, ids=ids))
    assert found is not None
    assert (found.song.ids["isrc"], found.song.genres) == (SONG.ids["isrc"], SONG.genres)
    assert sounds(found) == pytest.approx({name: round(value, 1) for name, value in SOUND.known().items()}, abs=0.11)
    assert [asked.path for asked in server.asked] == paths


async def test_genres_are_asked_for_only_where_there_are_none() -> None:
    async with deezer() as (provider, server):
        found = await provider.describe(replace(NAMES, ids={"deezer": SONG.ids["deezer"]}, genres=("soul",)))
    assert found is not None
    assert found.song.genres == ()
    assert len(server.asked) == 1


async def test_another_song_is_never_taken_for_this_one() -> None:
    other = replace(SONG, artists=("Somebody Else", ARTIST), title=f"{TITLE} Again")
    async with deezer((other,)) as (provider, _):
        assert await provider.describe(NAMES) is None
        assert await provider.describe(Song(title=TITLE)) is None
        assert await provider.describe(Song(ids={"deezer": "1"})) is None


async def test_a_live_recording_is_told_from_the_common_one() -> None:
    live = replace(SONG, version="Live at Home", ids={"deezer": "5"})
    async with deezer((live, SONG)) as (provider, _):
        found = await provider.describe(NAMES)
        assert found is not None
        assert (found.song.title, found.song.version, found.song.ids["deezer"]) == (TITLE, None, SONG.ids["deezer"])
        found = await provider.describe(replace(NAMES, version="live"))
        assert found is not None
        assert (found.song.title, found.song.version, found.song.ids["deezer"]) == (TITLE, "Live at Home", "5")


async def test_what_was_not_measured_is_not_known() -> None:
    async with deezer(bare=True) as (provider, _):
        found = await provider.describe(replace(NAMES, ids={"deezer": SONG.ids["deezer"]}))
    assert sounds(found) == {}


@pytest.mark.parametrize(
    ("told", "sound"),
    [
        ({"bpm": 0, "gain": -12.4}, {"loudness": -10.1}),
        ({"bpm": 123.4, "gain": 0}, {"tempo": 123.4}),
        ({"bpm": "123", "gain": None}, {}),
        ({"bpm": -5, "gain": 12}, {}),
        ({"bpm": 1e9, "gain": -1e9}, {}),
        ({"bpm": True, "gain": -0.5}, {"loudness": 0.0}),
    ],
)
async def test_tempo_or_loudness_alone(told: dict[str, Any], sound: dict[str, float]) -> None:
    async with deezer() as (provider, server):
        server.fault = faults.json(json.dumps({"id": 1, "title": "A", **told}))
        found = await provider.describe(Song(ids={"deezer": "1"}, genres=("soul",)))
    assert sounds(found) == sound


async def test_the_genres_of_an_album_and_of_an_artist() -> None:
    async with deezer() as (provider, server):
        album = await provider.describe(Song(kind="album", title=SONG.album, artists=SONG.artists))
        artist = await provider.describe(Song(kind="artist", artists=(ARTIST.lower(),)))
        again = await provider.describe(Song(kind="album", ids={"deezer_album": "700002"}))
    ids = {"deezer_album": "700002"}
    assert album is not None
    assert album.song == Song(kind="album", title=SONG.album, artists=SONG.artists, ids=ids, genres=SONG.genres)
    assert artist is not None
    assert artist.song == Song(kind="artist", artists=SONG.artists, ids=ids, genres=SONG.genres)
    assert again == album
    assert [asked.path for asked in server.asked] == ["/search/album", "/album/700002"] * 2 + ["/album/700002"]


async def test_albums_and_artists_that_are_not_there() -> None:
    async with deezer() as (provider, _):
        assert await provider.describe(Song(kind="album", title="Nothing", artists=SONG.artists)) is None
        assert await provider.describe(Song(kind="album", title=SONG.album)) is None
        assert await provider.describe(Song(kind="artist", artists=("Nobody",))) is None
        assert await provider.describe(Song(kind="artist")) is None
        assert await provider.describe(Song(kind="video", title=TITLE)) is None


@pytest.mark.parametrize("code", [500, 501, 600, 800])
async def test_no_data_is_none(code: int) -> None:
    async with deezer(trouble=code) as (provider, _):
        assert await provider.describe(SONG) is None
        assert list(await provider.search(NameQuery(title=TITLE, artist=ARTIST))) == []
    assert provider.gate.counts.keys() == {"answered"}


@pytest.mark.parametrize(("code", "tries"), [(200, 1), (300, 1), (700, 2)])
async def test_their_errors_come_with_status_200(code: int, tries: int) -> None:
    async with deezer(trouble=code) as (provider, server):
        with pytest.raises(UnavailableError, match=f"^answered with its error {code}$"):
            await provider.describe(SONG)
    assert len(server.asked) == tries


async def test_a_quota_that_is_used_up_lets_them_alone_for_five_seconds() -> None:
    async with deezer(trouble=4) as (provider, server):
        with pytest.raises(LimitedError, match="more often than its quota allows") as caught:
            await provider.describe(SONG)
        assert caught.value.retry_after == 5
        with pytest.raises(LeftAloneError):
            await provider.search(NameQuery(title=TITLE))
    assert len(server.asked) == 1


async def test_what_the_first_answer_told_survives_the_failure_of_the_second() -> None:
    async with deezer() as (provider, server):
        routes = server.routes()

        async def only_search(request: Any) -> Any:
            return await (routes["/search"] if request.path == "/search" else faults.closed)(request)

        server.fault = only_search
        found = await provider.describe(NAMES)
    assert found is not None
    assert (found.song.ids["isrc"], sounds(found)) == (SONG.ids["isrc"], {})


@pytest.mark.parametrize("error", ["Quota", ["Quota"], {"type": "Exception"}, {"code": "4"}, {"code": None, "message": 7}])
async def test_an_error_that_cannot_be_read_is_an_error(error: Any) -> None:
    async with deezer() as (provider, server):
        server.fault = faults.json(json.dumps({"error": error}))
        with pytest.raises(UnavailableError, match="an error that cannot be read"):
            await provider.describe(SONG)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 7, [], {}, {"id": 7}, {"title": "A"}, {"id": None, "title": "A"}, {"id": -7, "title": "A"}),
        *({"id": True, "title": "A"}, {"id": "7/../8", "title": "A"}, {"id": 7, "title": {"a": 1}}, {"id": 7.5, "title": "A"}),
    ],
)
async def test_entries_with_no_id_or_title_are_left_out(entry: Any) -> None:
    right = {"id": 8, "title": "B", "artist": None, "album": 7, "rank": -5, "duration": "long", "preview": "http://x/y"}
    async with deezer() as (provider, server):
        server.fault = faults.json(json.dumps({"data": [entry, right], "total": 2}))
        found = await provider.search(NameQuery(title="B"))
    assert list(found) == [Found(song=Song(title="B", ids={"deezer": "8"}), popularity=0.0)]
