"""ReccoBeats, against a stand-in: names and audio features by Spotify id and ISRC, and entries of other songs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import LimitedError, UnavailableError
from bot.links import Link
from bot.songs.providers.base import Found
from bot.songs.providers.reccobeats import ReccoBeatsProvider
from bot.songs.song import AudioFeatures, Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.reccobeats import ReccoBeatsStandIn
from tests.bot.songs.servers import asking

SONGS = made_up_songs(3)
SONG = SONGS[1]
ID, ISRC = SONG.ids["spotify"], SONG.ids["isrc"]


@asynccontextmanager
async def reccobeats(songs: tuple[Song, ...] = SONGS) -> AsyncIterator[tuple[ReccoBeatsProvider, ReccoBeatsStandIn]]:
    """A provider that asks a stand-in, which knows these songs."""
    async with ReccoBeatsStandIn(songs) as server, asking(2.5) as web:
        yield ReccoBeatsProvider(web, server.base, deadline=2.5), server


async def test_a_track_is_its_names_length_and_isrc() -> None:
    async with reccobeats() as (provider, server):
        found = await provider.identify(Link("spotify", "track", ID))
    song = Song(title=SONG.title, artists=SONG.artists, duration=SONG.duration, ids={"spotify": ID, "isrc": ISRC})
    assert found == Found(song=song, popularity=0.61)
    assert [(asked.path, asked.query) for asked in server.asked] == [("/v1/track", {"ids": ID})]


async def test_the_version_is_parted_from_the_title() -> None:
    async with reccobeats((replace(SONG, version="Live at Home"),)) as (provider, _):
        found = await provider.identify(Link("spotify", "track", ID))
    assert found is not None
    assert (found.song.title, found.song.version) == (SONG.title, "Live at Home")


async def test_albums_and_artists_by_their_own_ids() -> None:
    album, artist = "A" * 22, "B" * 22
    songs = (replace(SONG, ids={"spotify_album": album}), replace(SONGS[0], ids={"spotify_artist": artist}))
    async with reccobeats(songs) as (provider, _):
        found = await provider.identify(Link("spotify", "album", album))
        assert found is not None
        assert found.song == Song(kind="album", title=SONG.album, artists=SONG.artists, ids={"spotify_album": album})
        found = await provider.identify(Link("spotify", "artist", artist))
        assert found is not None
        assert found.song == Song(kind="artist", artists=SONGS[0].artists, ids={"spotify_artist": artist})


@pytest.mark.parametrize("ids", [{"spotify": ID}, {"isrc": ISRC}, {"spotify": ID, "isrc": ISRC}, {"isrc": ISRC.lower()}])
async def test_audio_features_take_one_request(ids: dict[str, str]) -> None:
    async with reccobeats() as (provider, server):
        found = await provider.describe(Song(title="Whatever", ids=ids))
    assert found == Found(song=Song(features=SONG.features))
    assert len(server.asked) == 1


async def test_many_who_ask_at_once_share_a_request_and_each_gets_its_own() -> None:
    songs = made_up_songs(50)
    async with reccobeats(songs) as (provider, server):
        found = await asyncio.gather(*(provider.identify(Link("spotify", "track", song.ids["spotify"])) for song in songs))
        nobody = await asyncio.gather(*(provider.describe(Song(ids={"spotify": id_ * 22})) for id_ in "012"))
    assert [each and each.song.title for each in found] == [song.title for song in songs]
    assert nobody == [None] * 3
    assert [len(asked.query["ids"].split(",")) for asked in server.asked] == [40, 10, 3]


async def test_a_slow_request_for_many_is_one_failure_and_ends_before_they_have_had_enough() -> None:
    async with ReccoBeatsStandIn(SONGS) as server, asking(0.4) as web:
        server.fault = faults.slow_headers
        provider = ReccoBeatsProvider(web, server.base, deadline=0.4)
        async with asyncio.timeout(0.4):  # as whoever asks gives it
            waiting = (provider.describe(Song(ids={"spotify": letter * 22})) for letter in "abcdef")
            answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["took longer than 0.4 s"] * 6
    assert provider.gate.failures_seen == 1
    assert len(server.asked) == 1


async def test_who_stops_waiting_takes_nothing_from_the_others() -> None:
    async with reccobeats() as (provider, _):
        gone, stays = (
            asyncio.ensure_future(provider.identify(Link("spotify", "track", song.ids["spotify"]))) for song in SONGS[:2]
        )
        await asyncio.sleep(0)
        gone.cancel()
        found = await stays
    assert found is not None
    assert found.song.title == SONG.title


async def test_an_unknown_id_is_tried_by_its_isrc() -> None:
    async with reccobeats() as (provider, server):
        found = await provider.describe(Song(ids={"spotify": "0" * 22, "isrc": ISRC}))
    assert found == Found(song=Song(features=SONG.features))
    assert [asked.query["ids"] for asked in server.asked] == ["0" * 22, ISRC]


async def test_what_is_unknown_is_none() -> None:
    unheard = replace(SONG, features=AudioFeatures())
    async with reccobeats((unheard,)) as (provider, _):
        assert await provider.identify(Link("spotify", "track", "0" * 22)) is None
        assert await provider.describe(unheard) is None
        assert await provider.describe(Song(ids={"spotify": "0" * 22, "isrc": "QZAAA0000000"})) is None


@pytest.mark.parametrize("song", [Song(), Song(ids={"spotify": "../x", "isrc": "?"}), Song(kind="album", ids={"spotify": ID})])
async def test_nothing_is_asked_where_nothing_can_come_of_it(song: Song) -> None:
    async with reccobeats() as (provider, server):
        assert await provider.describe(song) is None
    assert server.asked == []


FEATURES = {"tempo": 120.5, "energy": 0.5, "key": 3}
HERE = f"https://open.spotify.com/track/{ID}"


@pytest.mark.parametrize(
    ("content", "features"),
    [
        # An entry is known by its page, never by its place.
        ([{"href": f"https://open.spotify.com/track/{'9' * 22}", "energy": 0.9}, {"href": HERE, **FEATURES}], FEATURES),
        ([{"href": HERE + "?si=abc", **FEATURES}], FEATURES),
        ([{"href": HERE + "x", **FEATURES}], {}),
        ([{"href": f"https://example.org/{ID}", **FEATURES}], {}),
        ([{"id": ID, **FEATURES}], {}),
        # Of half an entry what is right of it.
        ([{"href": HERE, "tempo": 0, "energy": "0.5", "valence": None, "liveness": 7, "loudness": -9.5}], {"loudness": -9.5}),
        ([{"href": HERE, "energy": True, "valence": [0.5], "tempo": 10**400, "danceability": 0.25}], {"danceability": 0.25}),
        ([{"href": HERE}], {}),
        ([None, 7, [], {"href": None}, {"href": {"a": 1}}], {}),
    ],
)
async def test_of_a_strange_answer_what_is_right_of_it(content: Any, features: dict[str, float]) -> None:
    async with reccobeats() as (provider, server):
        server.fault = faults.json(json.dumps({"content": content}))
        found = await provider.describe(SONG if features else replace(SONG, ids={"spotify": ID}))
    wanted = AudioFeatures.believable(features)
    assert found == (Found(song=Song(features=wanted)) if features else None)


@pytest.mark.parametrize(
    "entry",
    [
        {"href": HERE},
        {"href": HERE, "trackTitle": 7},
        {"href": HERE, "trackTitle": "\u202e \u0000"},
        {"trackTitle": "A"},
    ],
)
async def test_a_track_with_no_title_is_none(entry: Any) -> None:
    async with reccobeats() as (provider, server):
        server.fault = faults.json(json.dumps({"content": [entry]}))
        assert await provider.identify(Link("spotify", "track", ID)) is None


async def test_a_track_with_a_title_alone() -> None:
    entry = {"href": HERE, "trackTitle": "A", "artists": [{"name": None}, 7], "durationMs": -1, "isrc": "x", "popularity": 900}
    async with reccobeats() as (provider, server):
        server.fault = faults.json(json.dumps({"content": [entry]}))
        found = await provider.identify(Link("spotify", "track", ID))
    assert found == Found(song=Song(title="A", ids={"spotify": ID}))


async def test_of_an_isrc_the_first_recording_is_taken() -> None:
    entries = [{"isrc": "QZXXX0000009", "energy": 0.1}, {"energy": 0.2}, {"isrc": ISRC, "energy": 0.3}]
    async with reccobeats() as (provider, server):
        server.fault = faults.json(json.dumps({"content": entries}))
        found = await provider.describe(Song(ids={"isrc": ISRC}))
    assert found == Found(song=Song(features=AudioFeatures(energy=0.2)))


async def test_a_request_that_they_cannot_read_and_too_many_of_them() -> None:
    async with reccobeats() as (provider, server):
        server.fault = faults.status(400, '{"status": 4004, "errors": [{"message": "size must be between 1 and 40"}]}')
        with pytest.raises(UnavailableError, match="status 400"):
            await provider.describe(SONG)
        server.fault = faults.too_often("30")
        with pytest.raises(LimitedError, match="too often"):
            await provider.describe(SONG)
    assert len(server.asked) == 2
