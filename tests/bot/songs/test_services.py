"""Finding songs out from all services together: whom to believe, what is asked once only, and what happens when they fail."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.errors import DeclinedError
from bot.hype import Hype
from bot.links import Link
from bot.songs.cache import Cache
from bot.songs.resolver import LookUp, Resolver
from bot.songs.services import Services
from bot.songs.song import Song
from bot.stand_ins import faults
from bot.stand_ins.base import Handler, made_up_songs
from bot.stand_ins.music import MusicServices, music_services
from bot.stand_ins.short_links import ShortLinksStandIn
from bot.stand_ins.youtube import YouTubeStandIn
from bot.store.answers import Answers
from bot.store.database import Database
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.songs.fake_clock import FakeClock

SONGS = made_up_songs(8)
SONG = SONGS[0]
TRACK = Link("spotify", "track", SONG.ids["spotify"])
VIDEO = Link("youtube", "video", SONG.ids["youtube"])
DAY = 86_400.0


@pytest.fixture(autouse=True)
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the settings of a test decide whether services are asked."""
    monkeypatch.delenv("DEEPHYPEBOT_SONGS__ONLINE")


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
async def music() -> AsyncIterator[MusicServices]:
    """All services, healthy and at once."""
    async with music_services(SONGS) as services:
        yield services


def chosen(music: MusicServices, *, keys: bool = False, **songs: Any) -> Settings:
    """Settings that lead to the stand-ins."""
    return Settings.model_validate({"songs": {"service_deadline": 1.0, **songs}, **music.settings(keys=keys)})


@asynccontextmanager
async def opened(settings: Settings, *, url: str | None = None, clock: FakeClock | None = None) -> AsyncIterator[Resolver]:
    """A resolver over the services of the settings, with no catalogue, and with a database at `url`."""
    database = await Database.open(url) if url else None

    async def services() -> Services:
        return Services(settings, Cache(Answers(database) if database else None, clock=clock or FakeClock()))

    resolver = Resolver(None, services, deadline=settings.songs.deadline)
    try:
        yield resolver
    finally:
        await resolver.close()
        if database:
            await database.close()


def requests(music: MusicServices) -> int:
    """How many requests all services have had."""
    return sum(len(service.asked) for service in music.services.values())


def outcomes(found: LookUp) -> dict[tuple[str, str], str]:
    """What came of each call, by service and step."""
    return {(call.service, call.step): call.outcome for call in found.calls}


# --- what is found, and from whom ---------------------------------------------------------------------------------


async def test_a_spotify_link_is_known_without_any_key(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        song = await resolver.resolve(TRACK)
    assert (song.title, song.artists) == (SONG.title, SONG.artists)
    assert song.features.known() == pytest.approx(SONG.features.known(), abs=0.01)
    assert set(song.genres) <= set(SONG.genres)
    assert song.ids["isrc"] == SONG.ids["isrc"]
    assert song.sources["title"] == song.sources["artists"] == "ReccoBeats"
    assert song.sources["features.energy"] == "ReccoBeats"
    assert song.sources["genres"] == "MusicBrainz"
    assert song.unknown == ()


async def test_a_youtube_link_is_read_checked_and_known_as_well(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        found = await resolver.look_up(VIDEO)
    song = found.song
    assert (song.kind, song.title, song.artists) == ("track", SONG.title, SONG.artists)
    assert song.ids["youtube"] == VIDEO.id
    assert song.features.energy == pytest.approx(SONG.features.energy, abs=0.01)
    assert song.unknown == ()
    assert outcomes(found)["YouTube oEmbed", "identify"] == "found"


@pytest.mark.parametrize("text", [f"{SONG.artists[0]} - {SONG.title}", f"{SONG.title} - {SONG.artists[0]}"])
async def test_names_are_looked_up_in_either_order(text: str, music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        song = await resolver.resolve(text)
    assert (song.title, song.artists) == (SONG.title, SONG.artists)
    assert song.unknown == ()


async def test_a_title_alone_is_looked_up(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        song = await resolver.resolve(str(SONG.title))
    assert (song.title, song.artists) == (SONG.title, SONG.artists)


async def test_with_keys_spotify_and_lastfm_are_asked_too_and_the_order_decides(music: MusicServices) -> None:
    order = ["spotify", "lastfm", "reccobeats", "musicbrainz"]
    async with opened(chosen(music, keys=True, providers=order)) as resolver:
        song = await resolver.resolve(TRACK)
    assert song.sources["title"] == "Spotify"
    assert song.sources["album"] == "Spotify"
    assert song.sources["genres"] == "Last.fm"
    assert song.sources["features.energy"] == "ReccoBeats"  # Spotify's own are not asked for


async def test_a_song_that_nobody_knows_is_answered_with_what_the_query_tells(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        link = await resolver.resolve(Link("spotify", "track", "0" * 22))
        names = await resolver.resolve("Nobody At All - A Song Never Written")
    assert link.unknown == ("artist", "title", "genres", "audio features")
    assert (names.artists, names.title) == (("Nobody At All",), "A Song Never Written")
    assert names.sources == {"title": "query", "artists": "query"}


async def test_an_artist_and_an_album_are_known_by_name() -> None:
    album, artist = "A" * 22, "B" * 22
    songs = (replace(SONG, ids={"spotify_album": album}), replace(SONGS[1], ids={"spotify_artist": artist}))
    async with music_services(songs) as music, opened(chosen(music)) as resolver:
        record = await resolver.resolve(Link("spotify", "album", album))
        band = await resolver.resolve(Link("spotify", "artist", artist))
    assert (record.kind, record.title, record.artists) == ("album", SONG.album, SONG.artists)
    assert (band.kind, band.title, band.artists) == ("artist", None, SONGS[1].artists)
    assert band.unknown in {(), ("genres",)}


async def watched(music: MusicServices, title: str, channel: str) -> Song:
    """What is found out of a video of that title on that channel, where services know the songs above."""
    youtube = music.services["youtube"]
    assert isinstance(youtube, YouTubeStandIn)
    youtube.snippets = {VIDEO.id: {"title": title, "channelTitle": channel}}
    async with opened(chosen(music)) as resolver:
        return await resolver.resolve(VIDEO)


@pytest.mark.parametrize("note", ["Jane Doe Cover", "cover by Jane Doe", "Acoustic Cover by Jane Doe"])
async def test_a_cover_is_by_who_plays_it_and_has_nothing_of_the_original_but_its_name(note: str, music: MusicServices) -> None:
    song = await watched(music, f"{SONG.artists[0]} - {SONG.title} ({note})", "Jane Doe")
    assert (song.title, song.artists[:1]) == (SONG.title, ("Jane Doe",))
    assert "isrc" not in song.ids
    assert song.features.known() == {}


@pytest.mark.parametrize("note", ["Instrumental", "Acoustic Version", "Live at Home"])
async def test_another_recording_has_the_names_of_the_song_and_none_of_its_numbers(note: str, music: MusicServices) -> None:
    song = await watched(music, f"{SONG.artists[0]} - {SONG.title} ({note})", SONG.artists[0])
    assert (song.title, song.artists, song.version) == (SONG.title, SONG.artists, note)
    assert "isrc" not in song.ids
    assert song.features.known() == {}


async def test_two_names_on_a_channel_that_tells_nothing_are_a_song_if_a_service_says_so(music: MusicServices) -> None:
    known = await watched(music, f"{SONG.artists[0]} - {SONG.title}", "some channel 99")
    other = await watched(music, "Breaking Plates - Say Nothing", "some channel 99")
    assert (known.kind, known.artists) == ("track", SONG.artists)
    assert (other.kind, other.artists) == ("video", ())


async def test_a_video_that_is_no_music_is_told_as_such(music: MusicServices) -> None:
    song = await watched(music, "How to cook pasta like a chef", "Kitchen Lessons")
    assert (song.kind, song.title, song.artists) == ("video", "How to cook pasta like a chef", ())


async def test_names_of_signs_alone_are_told_apart(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        parties = await resolver.resolve("\U0001f389\U0001f389")
        others = await resolver.resolve("\U0001f4a9\U0001f4a9")
    assert (parties.title, others.title) == ("\U0001f389\U0001f389", "\U0001f4a9\U0001f4a9")


async def test_what_is_switched_off_is_not_answered_from_the_cache(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kept.sqlite3"
    async with music_services(SONGS) as music:
        music.services["spotify"].audio_features = True  # type: ignore[attr-defined]  # of this stand-in alone
        sources = []
        for use in (True, False):
            settings = chosen(music, keys=True, providers=["spotify"])
            spotify = settings.spotify.model_copy(update={"use_spotify_features": use})
            async with opened(settings.model_copy(update={"spotify": spotify}), url=url) as resolver:
                sources.append((await resolver.resolve(TRACK)).sources.get("features.energy"))
    assert sources == ["Spotify", None]


# --- what is asked once only --------------------------------------------------------------------------------------


async def test_what_is_known_is_not_asked_again_even_after_a_restart(music: MusicServices, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kept.sqlite3"
    clock = FakeClock()
    async with opened(chosen(music), url=url, clock=clock) as resolver:
        first = await resolver.look_up(TRACK)
        asked = requests(music)
        again = await resolver.look_up(TRACK)
    async with opened(chosen(music), url=url, clock=clock) as resolver:
        restarted = await resolver.look_up(TRACK)
    assert requests(music) == asked
    assert first.song == again.song == restarted.song
    assert (first.known_before, again.known_before, restarted.known_before) == (False, True, True)


async def test_a_known_song_is_believed_for_a_month_and_an_unknown_one_for_a_day(music: MusicServices) -> None:
    clock = FakeClock()
    unknown = Link("spotify", "track", "0" * 22)
    async with opened(chosen(music, providers=["reccobeats", "musicbrainz"]), clock=clock) as resolver:
        for _ in range(2):
            await resolver.look_up(TRACK)
            await resolver.look_up(unknown)
        assert requests(music) > 0
        for wait, asks in ((0.9 * DAY, (False, False)), (0.2 * DAY, (False, True)), (30 * DAY, (True, True))):
            clock.now += wait
            for link, expected in zip((TRACK, unknown), asks, strict=True):
                before = requests(music)
                await resolver.look_up(link)
                assert (requests(music) > before) is expected


@pytest.mark.parametrize("link", [TRACK, VIDEO], ids=["track", "video"])
async def test_many_who_ask_for_one_song_make_one_request_to_each_service(link: Link, music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        found = await asyncio.gather(*(resolver.look_up(link) for _ in range(40)))
    assert {each.song.line for each in found} == {SONG.line}
    for service in music.services.values():
        most = Counter((asked.path, tuple(sorted(asked.query.items()))) for asked in service.asked)
        assert set(most.values()) <= {1}


# --- hostile and broken services ----------------------------------------------------------------------------------

FAULTS: dict[str, Handler] = {
    "403 empty": faults.status(403),
    "403 plain text": faults.status(403, "Active premium subscription required for the owner of the app."),
    "429 for hours": faults.too_often("7200"),
    "429 quota": faults.too_often("", '{"error": {"status": 429, "reason": "QUOTA_EXCEEDED"}}'),
    "429 with nonsense": faults.too_often("soon"),
    "500": faults.status(500, "<html>oops</html>", kind="text/html"),
    "503": faults.status(503),
    "200 with an error": faults.json('{"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}'),
    "HTML": faults.status(200, "<!doctype html><title>Welcome</title>", kind="text/html"),
    "no JSON": faults.json("Not Found"),
    "null": faults.json("null"),
    "a list": faults.json("[]"),
    "nested": faults.json("[" * 100_000),
    "all null": faults.json('{"data": null, "content": [null], "results": null, "title": null, "items": [{}], "isrc": {}}'),
    "wrong types": faults.json('{"data": 7, "content": {"a": 1}, "results": "x", "title": [], "recordings": [1, "x", null]}'),
    "surrogates": faults.json('{"title": "\\ud800", "author_name": "\\udfff", "content": [{"trackTitle": "\\ud800"}]}'),
    "empty": faults.json(""),
    "truncated": faults.truncated,
    "huge": faults.huge,
    "slow headers": faults.slow_headers,
    "slow body": faults.slow_body,
    "closed": faults.closed,
    "redirect loop": faults.redirect(),
    "private redirect": faults.redirect("http://169.254.169.254/latest/meta-data/"),
}


@pytest.mark.parametrize("link", [TRACK, VIDEO], ids=["track", "video"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_all_services_do_the_reply_comes_in_time(
    fault: str, link: Link, music: MusicServices, tiny: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    settings = chosen(music, keys=True, service_deadline=0.4, deadline=1.5)
    for service in music.services.values():
        service.fault = FAULTS[fault]
    async with opened(settings) as resolver, asyncio.timeout(10):
        hype = Hype(resolver, Commentator(tiny, candidates=8), waiting=1, deadline=10)
        found = await resolver.look_up(link)
        answer = await hype.answer(link, seed=7)
    assert answer.song.ids == {link.service: link.id}
    assert set(answer.song.unknown) >= {"artist", "genres"}
    assert found.calls
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert {record.levelno for record in ours} <= {logging.WARNING}
    labels = sorted({call.service for call in found.calls if call.outcome == "failed"}, key=len, reverse=True)
    told = Counter(next((label for label in labels if record.getMessage().startswith(f"{label} ")), "") for record in ours)
    assert all(1 <= told[label] <= 2 for label in labels)  # the service itself, or an endpoint of it
    assert not any(record.exc_info for record in ours)
    secrets = (settings.spotify.client_secret, settings.youtube.key, settings.lastfm.key)
    assert not [word for word in ("http://", *(secret.get_secret_value() for secret in secrets)) if word in caplog.text]


@pytest.mark.parametrize("broken", ["spotify", "youtube", "reccobeats", "musicbrainz", "lastfm", "deezer", "itunes"])
async def test_one_broken_service_costs_no_more_than_what_it_alone_knows(broken: str, music: MusicServices) -> None:
    music.services[broken].fault = faults.closed
    async with opened(chosen(music, keys=True)) as resolver:
        track = await resolver.resolve(TRACK)
        video = await resolver.resolve(Link("youtube", "video", SONGS[1].ids["youtube"]))
    assert (track.title, track.artists) == (SONG.title, SONG.artists)
    assert track.genres
    if broken != "youtube":
        assert (video.title, video.artists) == (SONGS[1].title, SONGS[1].artists)
    if broken != "reccobeats":
        assert track.features.energy == pytest.approx(SONG.features.energy, abs=0.01)


async def test_who_wants_to_be_left_alone_is_even_by_the_next_program(music: MusicServices, tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/kept.sqlite3"
    music.services["reccobeats"].fault = faults.too_often("7200")
    async with opened(chosen(music), url=url) as resolver:
        await resolver.look_up(TRACK)
    asked = len(music.services["reccobeats"].asked)
    async with opened(chosen(music), url=url) as resolver:
        found = await resolver.look_up(Link("spotify", "track", SONGS[1].ids["spotify"]))
    assert len(music.services["reccobeats"].asked) == asked
    assert outcomes(found)["ReccoBeats", "identify"] == "left alone"


async def test_a_service_that_failed_is_asked_about_the_song_again_after_five_minutes(music: MusicServices) -> None:
    clock = FakeClock()
    music.services["lastfm"].fault = faults.status(500)
    async with opened(chosen(music, keys=True, providers=["reccobeats", "lastfm"]), clock=clock) as resolver:
        assert (await resolver.resolve(TRACK)).genres == ()
        music.services["lastfm"].fault = None
        assert (await resolver.resolve(TRACK)).genres == ()
        clock.now += 301
        assert (await resolver.resolve(TRACK)).genres


async def test_nothing_is_asked_twice_because_something_else_failed(music: MusicServices) -> None:
    clock = FakeClock()
    music.services["musicbrainz"].fault = faults.status(500)
    async with opened(chosen(music, providers=["reccobeats", "musicbrainz"]), clock=clock) as resolver:
        await resolver.resolve(TRACK)
        before = len(music.services["reccobeats"].asked)
        clock.now += 301
        await resolver.resolve(TRACK)
    assert len(music.services["reccobeats"].asked) == before


async def test_a_short_link_is_followed_and_remembered(music: MusicServices) -> None:
    short = music.services["short_links"]
    assert isinstance(short, ShortLinksStandIn)
    async with opened(chosen(music)) as resolver:
        found = await resolver.look_up(short.link(SONG))
        long = await resolver.look_up(TRACK)
    assert found.song == long.song
    assert found.song.line == SONG.line
    assert outcomes(found)["Spotify's short links", "follow"] == "found"
    assert len(short.asked) == 1


async def test_a_short_link_to_a_playlist_is_declined_too(music: MusicServices) -> None:
    short = music.services["short_links"]
    assert isinstance(short, ShortLinksStandIn)
    short.targets["mix"] = f"https://open.spotify.com/playlist/{'0' * 22}"
    async with opened(chosen(music)) as resolver:
        with pytest.raises(DeclinedError, match="playlist"):
            await resolver.look_up(Link("spotify", "short_link", "mix"))


async def test_a_playlist_is_declined_before_anybody_is_asked(music: MusicServices) -> None:
    async with opened(chosen(music)) as resolver:
        with pytest.raises(DeclinedError, match="playlist"):
            await resolver.look_up(Link("spotify", "playlist", "0" * 22))
    assert requests(music) == 0


def test_songs_made_up_are_all_different() -> None:
    assert len({song.line for song in made_up_songs(200)}) == 200
    assert all(not Song.from_dict(song.as_dict()).unknown for song in SONGS)
