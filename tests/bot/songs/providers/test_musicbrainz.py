"""MusicBrainz: real HTTP to its stand-in, which answers politeness only; on a clock of our own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LeftAloneError, LimitedError, RefusedError, UnavailableError
from bot.links import Link
from bot.songs.network.gate import Gate, Pace
from bot.songs.network.web import Web
from bot.songs.providers import musicbrainz
from bot.songs.providers.base import Found
from bot.songs.providers.musicbrainz import MAX_GENRES, MusicBrainzProvider
from bot.songs.query import NameQuery
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.musicbrainz import MusicBrainzStandIn as Server
from bot.stand_ins.musicbrainz import mbid
from tests.bot.songs.fake_clock import FakeClock

KNOWN, OTHER, BARE = made_up_songs(3)
KNOWN = replace(KNOWN, genres=("shoegaze", "dream pop"))
BARE = replace(BARE, genres=())
TRACK = Link("spotify", "track", KNOWN.ids["spotify"])
ALBUM = Link("spotify", "album", "a" * 22)
ARTIST = Link("spotify", "artist", "b" * 22)
VIDEO = Link("youtube", "video", KNOWN.ids["youtube"])
LINKED = {
    TRACK.url: ("recording", KNOWN),
    VIDEO.url: ("recording", BARE),
    ALBUM.url: ("release", KNOWN),
    ARTIST.url: ("artist", KNOWN),
}
DEADLINE = 3.0

LIMIT = MusicBrainzProvider.limit or (0, 0.0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[Server]:
    albums = {KNOWN.album or "": {"ambient": 1}, BARE.album or "": {"trip hop": 3, "soul": -2, "jazz": 5}}
    artists = {KNOWN.artists[0]: {"rock": 9}, BARE.artists[0]: {"metal": 2, "bad": 0}, OTHER.artists[0]: {"soul": 4, "funk": 7}}
    songs = (KNOWN, OTHER, BARE)
    async with Server(songs, clock=clock, album_genres=albums, artist_genres=artists, linked=LINKED) as stand_in:
        yield stand_in


@contextlib.asynccontextmanager
async def provider(server: Server, clock: FakeClock, **more: Any) -> AsyncIterator[MusicBrainzProvider]:
    client = Web(deadline=DEADLINE, agent="nobody")
    settings = {
        "deadline": DEADLINE,
        "jitter": lambda: 0.0,
        "contact": "me@example.org",
        "pace": Pace(*LIMIT, clock=clock, sleep=clock.skip),
        **more,
    }
    try:
        yield MusicBrainzProvider(client, server.base, clock=clock, **settings)
    finally:
        await client.close()


def without(song: Song, *names: str) -> Song:
    """The song with no genres and without these ids."""
    return replace(song, genres=(), ids={name: value for name, value in song.ids.items() if name not in names})


def song_of(found: Found | None) -> Song:
    assert found is not None
    return found.song


# --- describing ------------------------------------------------------------------------------------------------


async def test_one_request_by_isrc_brings_the_genres_of_the_recording_by_votes(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(without(KNOWN)))
    assert song.genres == ("shoegaze", "dream pop")
    assert (song.title, song.artists, song.duration) == (KNOWN.title, KNOWN.artists, KNOWN.duration)
    assert song.ids == {"musicbrainz": mbid("recording", f"{KNOWN.line} "), "isrc": KNOWN.ids["isrc"]}
    assert dict(song.sources) == {}
    assert [(each.path, each.query["fmt"]) for each in server.asked] == [(f"/isrc/{KNOWN.ids['isrc']}", "json")]


async def test_without_genres_of_the_recording_those_of_its_artist_come_with_the_same_answer(
    server: Server, clock: FakeClock
) -> None:
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(without(BARE)))
    assert song.genres == ("metal",)
    assert len(server.asked) == 1


async def test_where_neither_has_any_a_second_request_asks_for_those_of_the_album(server: Server, clock: FakeClock) -> None:
    server.artist_genres = {}
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(without(BARE)))
    assert song.genres == ("jazz", "trip hop")
    assert song.album == BARE.album
    assert [each.path.split("/")[1] for each in server.asked] == ["isrc", "recording"]


async def test_by_names_it_is_a_search_and_a_lookup_where_an_album_is_preferred_to_the_artist(
    server: Server, clock: FakeClock
) -> None:
    async with provider(server, clock) as asked:
        assert song_of(await asked.describe(without(BARE, "isrc"))).genres == ("jazz", "trip hop")
    assert [each.path.split("/")[1] for each in server.asked] == ["recording", "recording"]


async def test_names_are_compared_without_case_and_notes(server: Server, clock: FakeClock) -> None:
    named = Song(title=f"{OTHER.title} (Official Video)", artists=(OTHER.artists[0].upper(),))
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(named))
    assert set(song.genres) == set(OTHER.genres)
    assert song.ids["isrc"] == OTHER.ids["isrc"]


async def test_a_known_id_is_looked_up_at_once(server: Server, clock: FakeClock) -> None:
    song = Song(title="Whatever", ids={"musicbrainz": mbid("recording", f"{KNOWN.line} ")})
    async with provider(server, clock) as asked:
        assert song_of(await asked.describe(song)).genres == ("shoegaze", "dream pop")
        assert await asked.describe(Song(ids={"musicbrainz": mbid("recording", "none")})) is None
        assert await asked.describe(Song(title="Whatever", ids={"musicbrainz": "../../secret"})) is None
    assert len(server.asked) == 2


async def test_an_isrc_they_do_not_know_leads_to_a_search(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(replace(without(OTHER), ids={"isrc": "GB-AYE-06-01498"})))
    assert set(song.genres) == set(OTHER.genres)
    assert [each.path for each in server.asked] == ["/isrc/GBAYE0601498", "/recording"]


async def test_unknown_songs_are_none(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        for song in (
            Song(),
            Song(title="No such song"),
            Song(title="No such song", artists=("Nobody",)),
            Song(ids={"isrc": "GBAYE0601498"}),
            Song(title=KNOWN.title, artists=("The Beatles",)),
            Song(kind="album", title="No such album", artists=("Nobody",)),
            Song(kind="album", title="No such album"),
            Song(kind="artist", artists=("Nobody",)),
            Song(kind="artist"),
        ):
            assert await asked.describe(song) is None
            clock.now += 10
        assert not asked.gate.shut


async def test_albums_and_artists(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        album = song_of(await asked.describe(Song(kind="album", title=BARE.album, artists=BARE.artists)))
        clock.now += 10
        artist = song_of(await asked.describe(Song(kind="artist", artists=OTHER.artists)))
        clock.now += 10
        assert song_of(await asked.describe(replace(album, genres=()))) == album
        clock.now += 10
        assert song_of(await asked.describe(replace(artist, genres=()))) == artist
    assert (album.kind, album.title, album.genres) == ("album", BARE.album, ("jazz", "trip hop"))
    assert (artist.kind, artist.title, artist.artists, artist.genres) == ("artist", None, OTHER.artists, ("funk", "soul"))
    assert len(server.asked) == 6


# --- identifying and searching ---------------------------------------------------------------------------------


async def test_links_lead_to_recordings_albums_and_artists(server: Server, clock: FakeClock) -> None:
    found = {}
    async with provider(server, clock) as asked:
        for link in (TRACK, VIDEO, ALBUM, ARTIST):
            assert (link.service, link.kind) in asked.links
            found[link] = song_of(await asked.identify(link))
            clock.now += 10
    assert (found[TRACK].title, found[TRACK].artists, found[TRACK].genres[0]) == (KNOWN.title, KNOWN.artists, "shoegaze")
    assert (found[VIDEO].title, found[VIDEO].artists, found[VIDEO].kind) == (BARE.title, BARE.artists, "track")
    assert (found[ALBUM].kind, found[ALBUM].title, found[ALBUM].artists) == ("album", KNOWN.album, KNOWN.artists)
    assert found[ALBUM].ids == {"musicbrainz_album": mbid("release-group", KNOWN.album or "")}
    assert (found[ARTIST].kind, found[ARTIST].artists) == ("artist", KNOWN.artists)
    assert server.asked[0].query["resource"] == TRACK.url


async def test_unknown_links_are_none(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        assert await asked.identify(Link("spotify", "track", "c" * 22)) is None
        clock.now += 2
        server.linked = {TRACK.url: ("artist", KNOWN)}  # not what a track's link is asked for
        assert await asked.identify(TRACK) is None


async def test_where_the_second_answer_fails_the_first_still_counts(server: Server, clock: FakeClock) -> None:
    usual = server.routes()["/url"]
    for fault in (faults.status(500), faults.closed, faults.json("[]"), faults.too_often()):
        answers = iter((usual, fault))
        server.fault = lambda request, answers=answers: next(answers)(request)
        async with provider(server, clock, gate=Gate("MusicBrainz", clock=clock)) as asked:
            song = song_of(await asked.identify(TRACK))
        assert (song.title, song.artists) == (KNOWN.title, ())
        assert song.duration == KNOWN.duration
        clock.now += 10


async def test_a_second_request_that_does_not_fit_is_not_made(server: Server, clock: FakeClock) -> None:
    server.artist_genres = {}
    pace = Pace(1, DEADLINE, clock=clock, sleep=clock.skip)
    async with provider(server, clock, pace=pace) as asked:
        song = song_of(await asked.describe(without(BARE)))
    assert (song.title, song.genres) == (BARE.title, ())
    assert len(server.asked) == 1
    assert not asked.gate.shut


async def test_search_finds_recordings_with_what_tells_them_apart(server: Server, clock: FakeClock) -> None:
    live = replace(KNOWN, version="live, 2011-05-13: Astoria", ids={"isrc": "GBAYE0601498"})
    edition = replace(KNOWN, version="explicit", ids={"isrc": "GBAYE0601499"})
    server.songs = (KNOWN, OTHER, live, edition)
    async with provider(server, clock) as asked:
        found = await asked.search(NameQuery(title=KNOWN.title or "", artist=KNOWN.artists[0]))
        clock.now += 2
        by_words = await asked.search(NameQuery(title=f"{OTHER.artists[0]} {OTHER.title}"))
    assert [each.song.version for each in found] == [None, "live, 2011-05-13: Astoria", None]
    assert [each.song.ids["isrc"] for each in found] == [KNOWN.ids["isrc"], "GBAYE0601498", "GBAYE0601499"]
    assert found[0].song.duration == KNOWN.duration
    assert found[0].song.album == KNOWN.album
    assert found[0].song.genres == ()  # only free tags come with a search
    assert [each.song.title for each in by_words] == [OTHER.title]
    assert server.asked[1].query["dismax"] == "true"


@pytest.mark.parametrize(
    "name", ['say "hi"', "back\\slash", 'AND OR NOT (x) [y TO z] {a} ^~*?:/!+-&&||"\\"', '" OR artist:"Queen', "\\", "*:*", "?"]
)
async def test_hostile_names_are_searched_for_as_they_are(server: Server, clock: FakeClock, name: str) -> None:
    server.songs = (replace(KNOWN, title=name, artists=(name,)), OTHER)
    async with provider(server, clock) as asked:
        found = await asked.search(NameQuery(title=name, artist=name))
        clock.now += 2
        assert await asked.search(NameQuery(title=f"{name} 2", artist=name)) == []
    assert [each.song.title for each in found] == [name]


# --- politeness ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        ("me@example.org", "( me@example.org )"),
        ("https://example.org/bot?a=b", "( https://example.org/bot?a=b )"),
        ("me@example.org )\r\nX-Evil: 1 (", "( me@example.orgX-Evil:1 )"),
        ("mé@exämple.org\x00\u202e", "( m@exmple.org )"),
        ("x" * 5000, f"( {'x' * 200} )"),
    ],
)
async def test_everybody_is_told_who_asks(server: Server, clock: FakeClock, contact: str, agent: str) -> None:
    async with provider(server, clock, contact=contact) as asked:
        assert await asked.describe(KNOWN)
    name, _, rest = server.asked[0].headers["User-Agent"].partition(" ")
    assert name.startswith("deephypebot/")
    assert rest == agent
    assert "X-Evil" not in server.asked[0].headers


async def test_without_a_contact_the_refusal_says_what_to_set(
    server: Server, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with provider(server, clock, contact="") as asked:
        with pytest.raises(RefusedError, match=r"403: make `contact` in \[musicbrainz\] your e-mail or web address"):
            await asked.describe(KNOWN)
        with pytest.raises(LeftAloneError):
            await asked.describe(KNOWN)
    assert len(server.asked) == 1
    assert len(caplog.records) == 1


async def test_too_fast_is_a_short_pause_and_no_failure(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock, pace=Pace(9, 1, clock=clock), gate=Gate("", clock=clock)) as asked:
        assert await asked.describe(KNOWN)
        with pytest.raises(LimitedError, match=r"^was asked too fast$") as caught:
            await asked.describe(OTHER)
        assert caught.value.retry_after == 5
        with pytest.raises(LeftAloneError):
            await asked.describe(OTHER)
        clock.now += 5.1
        assert await asked.describe(OTHER)


async def test_a_503_with_a_wish_or_for_another_reason_is_taken_as_such(server: Server, clock: FakeClock) -> None:
    async with provider(server, clock) as asked:
        server.fault = faults.status(503, '{"error": "The MusicBrainz web server is currently busy."}')
        with pytest.raises(UnavailableError, match="503"):
            await asked.describe(KNOWN)
        assert len(server.asked) == 2  # tried again, in its turn
        server.fault = faults.status(503, "exceeding the allowable rate limit", headers={"Retry-After": "77"})
        with pytest.raises(LimitedError, match=r"asked for a pause \(status 503\)") as caught:
            await asked.describe(KNOWN)
        assert caught.value.retry_after == 77


async def test_many_at_once_are_asked_in_turn_never_faster_than_once_a_second(server: Server, clock: FakeClock) -> None:
    arrived: asyncio.Queue[float] = asyncio.Queue()
    usual = server.routes()["/isrc/{id}"]

    async def answer(request: web.Request) -> web.StreamResponse:
        arrived.put_nowait(clock.now)
        return await usual(request)

    server.fault = answer
    async with provider(server, clock, pace=Pace(*LIMIT, clock=clock, sleep=clock.sleep), deadline=60.0) as asked:
        work = asyncio.gather(*(asked.describe(KNOWN) for _ in range(20)))
        moments = []
        for _ in range(20):
            moments.append(await arrived.get())
            clock.wake()
        assert None not in await work
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 1


# --- half and wrong answers ------------------------------------------------------------------------------------

ID = mbid("recording", "x")


@pytest.mark.parametrize(
    ("recording", "genres"),
    [
        ({"genres": [{"name": "pop", "count": 3}, {"name": "rock", "count": 9}, {"name": "no", "count": -1}]}, ("rock", "pop")),
        (
            {"genres": [{"name": "pop"}, {"count": 3}, None, "x", {"name": 5, "count": 5}, {"name": "jazz", "count": 1}]},
            ("jazz",),
        ),
        ({"genres": [{"name": f"g{n:02}", "count": 1} for n in range(50)]}, tuple(f"g{n:02}" for n in range(MAX_GENRES))),
        ({"genres": [], "tags": [{"name": "shoegaze", "count": 2}]}, ("shoegaze",)),
        ({"genres": "pop", "tags": {"name": "pop"}, "artist-credit": 5, "isrcs": {}, "releases": [None, 5]}, ()),
        ({"genres": [{"name": "pop", "count": "9"}, {"name": "soul", "count": True}, {"name": "ok", "count": 1e300}]}, ("ok",)),
        ({"artist-credit": [{"artist": {"genres": [{"name": "funk", "count": 1}]}}]}, ("funk",)),
        ({"length": -5, "disambiguation": ["live"], "isrcs": ["x", 5, None]}, ()),
        ({"length": 10**400, "title": "y" * 9000}, ()),
    ],
)
async def test_of_half_and_wrong_answers_what_is_right_is_taken(
    server: Server, clock: FakeClock, recording: Mapping[str, Any], genres: tuple[str, ...]
) -> None:
    entry = {"id": ID, "title": "x", **recording}
    server.fault = faults.json(json.dumps({"isrc": "x", "recordings": [None, 5, {}, {"id": 7, "title": "no"}, entry], **entry}))
    async with provider(server, clock) as asked:
        song = song_of(await asked.describe(without(KNOWN)))
    assert song.genres == genres
    assert song.ids == {"musicbrainz": ID}
    assert song.duration is None


@pytest.mark.parametrize("lists", ["[]", "[null, 7, {}]"])
async def test_answers_with_nothing_in_them_are_none(server: Server, clock: FakeClock, lists: str) -> None:
    server.fault = faults.json(f'{{"recordings": {lists}, "relations": {lists}}}')
    async with provider(server, clock) as asked:
        assert await asked.describe(KNOWN) is None
        assert await asked.identify(TRACK) is None
        assert list(await asked.search(NameQuery(title="x"))) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(ID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("id title name count genres tags artist artist-credit isrcs releases length".split()), inner
        )
    ),
    max_leaves=15,
)


@given(_JSON)
def test_no_answer_whatever_makes_reading_it_fail(value: Any) -> None:
    for read in (musicbrainz._recording, musicbrainz._release, musicbrainz._album, musicbrainz._artist):
        song = read(value)
        assert song is None or isinstance(song, Song)
