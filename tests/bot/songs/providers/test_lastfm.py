"""Last.fm: real HTTP to its stand-in, with a key that must show nowhere."""

import contextlib
import json
import logging
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.errors import LeftAloneError, LimitedError, RefusedError, ServiceError, UnavailableError
from bot.songs.network.gate import Gate, Pace
from bot.songs.network.web import Web
from bot.songs.providers.base import Found
from bot.songs.providers.lastfm import MAX_GENRES, LastFmProvider
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.lastfm import LastFmStandIn as Server
from tests.bot.songs.fake_clock import FakeClock

KEY = "feedc0ffee5eafeedc0ffee5eafeed01"
KNOWN, BARE = made_up_songs(2)
KNOWN = replace(KNOWN, genres=("shoegaze", "seen live", "Dream Pop"))
BARE = replace(BARE, genres=())
DEADLINE = 3.0


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    albums = {KNOWN.album or "": {"ambient": 100, "2011": 50, "best of 2011": 40}}
    artists = {KNOWN.artists[0]: {"rock": 100}, BARE.artists[0]: {"Metal": 100, "doom": 9, "sludge": 10}}
    async with Server((KNOWN, BARE), key=KEY, album_tags=albums, artist_tags=artists) as stand_in:
        yield stand_in


@contextlib.asynccontextmanager
async def provider(server: Server, key: str = KEY, **more: Any) -> AsyncIterator[LastFmProvider]:
    client = Web(deadline=DEADLINE, agent="nobody")
    try:
        yield LastFmProvider(client, server.base, key=SecretStr(key), **{"deadline": DEADLINE, "jitter": lambda: 0.0, **more})
    finally:
        await client.close()


def genres_of(found: Found | None) -> tuple[str, ...]:
    assert found is not None
    return found.song.genres


def tags(*named: tuple[Any, Any]) -> str:
    return json.dumps({"toptags": {"tag": [{"name": name, "count": count, "url": "x"} for name, count in named]}})


# --- right answers ---------------------------------------------------------------------------------------------


async def test_a_track_has_its_own_tags_the_most_used_first(server: Server) -> None:
    async with provider(server) as asked:
        found = await asked.describe(replace(KNOWN, title=f"{KNOWN.title} (Official Video)", genres=()))
    assert found == Found(song=Song(genres=("shoegaze", "dream pop")))
    query = dict(server.asked[0].query)
    assert query.pop("api_key") == KEY
    assert query == {
        "method": "track.getTopTags",
        "artist": KNOWN.artists[0],
        "track": KNOWN.title,
        "autocorrect": "1",
        "format": "json",
    }


async def test_a_track_without_usable_tags_has_those_of_its_artist(server: Server) -> None:
    async with provider(server) as asked:
        assert genres_of(await asked.describe(BARE)) == ("metal", "sludge")
        assert genres_of(await asked.describe(replace(BARE, title="Not known to them"))) == ("metal", "sludge")
    assert [each.query["method"].split(".")[0] for each in server.asked] == ["track", "artist"] * 2


async def test_albums_and_artists(server: Server) -> None:
    async with provider(server) as asked:
        album = await asked.describe(Song(kind="album", title=KNOWN.album, artists=KNOWN.artists))
        artist = await asked.describe(Song(kind="artist", artists=KNOWN.artists))  # a single tag, which comes without a list
    assert album == Found(song=Song(kind="album", genres=("ambient",)))
    assert artist == Found(song=Song(kind="artist", genres=("rock",)))


async def test_unknown_songs_are_none(server: Server) -> None:
    async with provider(server) as asked:
        for song in (
            Song(),
            Song(title="No artist"),
            Song(title="No such song", artists=("Nobody",)),
            Song(kind="album", title="No such album", artists=("Nobody",)),
            Song(kind="album", artists=("Nobody",)),
            Song(kind="artist", artists=("Nobody",)),
        ):
            assert await asked.describe(song) is None
        assert asked.gate.counts == {"answered": 4}


# --- tags ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag",
    [
        *("seen live", "favorites", "Favourite Songs", "my music", "My Favorites", "i love this song", "spotify", "on Spotify"),
        *("1994", "90s", "00's", "80", "2010s", "best songs of 2012", "albums I own", "female vocalists", "love", "awesome"),
        *(
            "love at first listen",
            "songs i love",
            "youtube",
            "radio paradise",
            "under 2000 listeners",
            "!!!",
            "...",
            "12345",
            " ",
        ),
        *(KNOWN.title or "", KNOWN.artists[0].upper(), KNOWN.album or ""),
    ],
)
async def test_tags_that_are_no_genres_are_dropped(server: Server, tag: str) -> None:
    server.fault = faults.json(tags((tag, 100), ("pop", 50)))
    async with provider(server) as asked:
        assert genres_of(await asked.describe(KNOWN)) == ("pop",)


@pytest.mark.parametrize(
    "genre",
    [
        *("rock", "indie pop", "drum and bass", "2 tone", "8-bit", "post-punk", "hip-hop", "r&b", "uk garage", "80s pop"),
        *("lovers rock", "cool jazz", "epic doom metal", "beautiful music", "live electronics", "new wave", "k-pop", "メタル"),
    ],
)
async def test_genres_are_no_such_tags(server: Server, genre: str) -> None:
    server.fault = faults.json(tags((genre, 100)))
    async with provider(server) as asked:
        assert genres_of(await asked.describe(KNOWN)) == (genre,)


@pytest.mark.parametrize(
    ("answer", "genres"),
    [
        (tags(("pop", 100), ("rock", 10), ("jazz", 9), ("soul", 0), ("funk", -5)), ("pop", "rock")),
        (tags(("pop", "100"), ("rock", "5"), ("jazz", True), ("soul", "many"), ("funk", [1])), ("pop",)),
        (tags(("Pop", 50), ("pop", 40), ("rock", 45)), ("pop", "rock")),
        (tags(*((f"genre {n}", 100 - n) for n in range(60))), tuple(f"genre {n}" for n in range(MAX_GENRES))),
        (tags((None, 100), (5, 100), ("", 100), ("a\ud800b", 100)), ("ab",)),
        ('{"toptags": {"tag": [null, 5, "pop", {"name": "pop", "count": 100}]}}', ("pop",)),
        ('{"toptags": {"tag": {"name": "pop", "count": 100}, "@attr": {}}}', ("pop",)),
        ('{"toptags": {"tag": [{"name": "pop", "url": "x"}]}}', ("pop",)),
    ],
)
async def test_of_half_and_wrong_answers_what_is_right_is_taken(server: Server, answer: str, genres: tuple[str, ...]) -> None:
    server.fault = faults.json(answer)
    async with provider(server) as asked:
        assert genres_of(await asked.describe(KNOWN)) == genres


@pytest.mark.parametrize(
    "answer", ['{"toptags": {}}', '{"toptags": {"tag": "pop"}}', '{"toptags": {"tag": []}}', '{"toptags": {"tag": null}}']
)
async def test_answers_with_no_tags_in_them_are_none(server: Server, answer: str) -> None:
    server.fault = faults.json(answer)
    async with provider(server) as asked:
        assert await asked.describe(KNOWN) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["toptags", "tag", "name", "count"]), inner),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["toptags", "error"]), _JSON))
def test_no_answer_whatever_makes_reading_it_fail(answer: dict[str, Any]) -> None:
    assert len(LastFmProvider._tags(KNOWN, answer)) <= MAX_GENRES


# --- errors ----------------------------------------------------------------------------------------------------


def error(number: Any, status: int = 200) -> Any:
    return faults.status(status, json.dumps({"message": f"wrong {KEY}", "error": number}), kind="application/json")


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (error(10), RefusedError, r"check `key` in \[lastfm\]"),
        (error(10, 403), RefusedError, r"check `key` in \[lastfm\]"),
        (error(10, 400), RefusedError, r"check `key` in \[lastfm\]"),
        (error(26, 403), RefusedError, r"check `key` in \[lastfm\]"),
        (faults.status(403, "<html>"), RefusedError, r"check `key` in \[lastfm\]"),
        (error(29), LimitedError, "^was asked too often$"),
        (error(29, 429), LimitedError, "^was asked too often$"),
        (faults.too_often("120"), LimitedError, r"^was asked too often \(status 429\)$"),
        (error(8), UnavailableError, "its error 8"),
        (error(11, 503), UnavailableError, "its error 11"),
        (error(16, 500), UnavailableError, "its error 16"),
        (error(3, 400), UnavailableError, "its error 3"),
        (error(-1e300), UnavailableError, "its error"),
        (error("10", 400), UnavailableError, "status 400"),
        (faults.status(500, "oops"), UnavailableError, "status 500"),
    ],
)
async def test_each_error_is_what_its_number_means_and_tells_no_key(
    server: Server, fault: Any, kind: type[ServiceError], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fault = fault
    async with provider(server) as asked:
        with pytest.raises(kind, match=message) as caught:
            await asked.describe(KNOWN)
        assert KEY not in repr(asked) + repr(vars(asked))
    shown = caplog.text + "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert len(caught.value.args[0]) < 100
    # Only what they call temporary is tried again, once.
    passing = getattr(caught.value, "passing", False)
    assert passing == ("error 8" in str(caught.value) or "error 11" in str(caught.value) or "error 16" in str(caught.value))
    assert len(server.asked) == 1 + passing


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_not_found_is_none_whatever_status_it_comes_with(server: Server, status: int) -> None:
    server.fault = error(6, status)
    async with provider(server) as asked:
        assert await asked.describe(KNOWN) is None
        assert not asked.gate.shut


async def test_a_wrong_key_is_told_of_once_and_not_sent_again_that_day(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with provider(server, key="0" * 32) as asked:
        for _ in range(3):
            with pytest.raises(ServiceError):
                await asked.describe(KNOWN)
    assert len(server.asked) == 1
    assert len(caplog.records) == 1


async def test_where_the_artist_cannot_be_asked_the_track_still_has_nothing_and_no_error(server: Server) -> None:
    usual = server.routes()["/"]
    answers = iter((usual, faults.status(500)))

    async def first_right_then_wrong(request: web.Request) -> web.StreamResponse:
        return await next(answers)(request)

    server.fault = first_right_then_wrong
    async with provider(server) as asked:
        assert await asked.describe(BARE) is None


async def test_the_pace_is_kept(server: Server) -> None:
    clock = FakeClock()
    async with provider(server, pace=Pace(5, 1, clock=clock), gate=Gate("Last.fm", clock=clock), deadline=1.0) as asked:
        for _ in range(5):
            assert await asked.describe(KNOWN)
        with pytest.raises(LeftAloneError, match="at most 5 times in 1 s"):
            await asked.describe(KNOWN)
        clock.now += 1
        assert await asked.describe(KNOWN)
