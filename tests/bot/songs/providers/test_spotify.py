"""Spotify's Web API through spotipy, against a stand-in: what is found, whatever it refuses, and that no secret leaks."""

from __future__ import annotations

import time
import traceback
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import LeftAloneError, LimitedError, RefusedError, UnavailableError
from bot.links import Link
from bot.songs.providers.spotify import SpotifyProvider
from bot.songs.query import NameQuery
from bot.songs.song import AudioFeatures, Song
from bot.stand_ins import faults
from bot.stand_ins.base import StandIn
from bot.stand_ins.spotify import SpotifyStandIn
from tests.bot.songs.providers.asked_spotify import ALBUM, ARTIST, DEEP, SONG, SONGS, TRACK, paths, spotify

# --- right answers -------------------------------------------------------------------------------------------------


async def test_a_track_is_found_by_its_link() -> None:
    async with spotify() as (provider, _):
        found = await provider.identify(TRACK)
    assert found is not None
    ids = {"spotify": TRACK.id, "isrc": SONG.ids["isrc"]}
    assert found.song == replace(SONG, ids=ids, genres=(), features=AudioFeatures())
    assert (found.popularity, found.preview, found.video) == (None, None, None)


async def test_albums_and_artists_are_found_as_such() -> None:
    async with spotify() as (provider, _):
        album, artist = await provider.identify(ALBUM), await provider.identify(ARTIST)
    assert album is not None
    assert artist is not None
    wanted = Song(kind="album", title=SONG.album, album=SONG.album, artists=SONG.artists, ids={"spotify_album": ALBUM.id})
    assert album.song == wanted
    assert album.song.ids == wanted.ids
    assert artist.song == Song(kind="artist", artists=SONG.artists, ids={"spotify_artist": ARTIST.id})


async def test_a_note_on_the_recording_becomes_the_version() -> None:
    async with spotify(SpotifyStandIn(songs=(replace(SONG, version="Live at Wembley / 2011 Remaster"),))) as (provider, _):
        found = await provider.identify(TRACK)
    assert found is not None
    assert (found.song.title, found.song.version) == (SONG.title, "Live at Wembley")


@pytest.mark.parametrize("kind", ["track", "album", "artist"])
@pytest.mark.parametrize("item_id", ["0" * 22, "z" * 23])
async def test_an_unknown_id_is_none_and_no_failure(kind: Any, item_id: str) -> None:
    async with spotify() as (provider, _):
        assert await provider.identify(Link("spotify", kind, item_id)) is None
        assert not provider.gate.shut
        assert provider.gate.counts == {"answered": 1}


@pytest.mark.parametrize("artist", [SONG.artists[0], None])
async def test_names_are_searched_for(artist: str | None) -> None:
    async with spotify() as (provider, server):
        found = await provider.search(NameQuery(title=SONG.title or "", artist=artist))
        asked = server.asked[-1].query
    assert [each.song.ids["spotify"] for each in found] == [TRACK.id]
    assert asked["q"] == (f'track:"{SONG.title}" artist:"{artist}"' if artist else SONG.title)
    assert asked["limit"] == "10"


@pytest.mark.parametrize("title", ['say "track:x" to: *me*', "long " * 60, '"":**'])
async def test_no_name_can_spoil_the_query(title: str) -> None:
    async with spotify() as (provider, _):
        assert await provider.search(NameQuery(title=title, artist=title)) == ()
        assert "unavailable" not in provider.gate.counts


async def test_features_and_genres_are_taken_only_where_they_may_be() -> None:
    old_app = SpotifyStandIn(songs=SONGS, audio_features=True, genres=True)
    async with spotify(old_app) as (provider, server):
        assert provider.abilities == {"identity", "search"}
        assert await provider.describe(SONG) is None
        assert paths(server) == []
        artist = await provider.identify(ARTIST)
        assert artist is not None
        assert artist.song.genres == ()
    assert SpotifyProvider.abilities == {"identity", "search"}
    async with spotify(old_app, use_features=True) as (provider, _):
        assert provider.abilities == {"identity", "search", "features", "genres"}
        described, artist = await provider.describe(SONG), await provider.identify(ARTIST)
    assert described is not None
    assert (described.song.features, described.song.genres) == (SONG.features, SONG.genres)
    assert artist is not None
    assert artist.song.genres == SONG.genres


async def test_an_app_of_today_gets_neither_and_that_endpoint_alone_is_left_alone() -> None:
    async with spotify(use_features=True) as (provider, server):
        found = await provider.identify(TRACK)
        assert found is not None
        with pytest.raises(RefusedError, match="set use_spotify_features in \\[spotify\\] to false"):
            await provider.describe(found.song)
        assert list(provider.gate.shut) == ["audio-features"]
        assert await provider.identify(ALBUM) is not None
        with pytest.raises(LeftAloneError):
            await provider.describe(found.song)
        assert sum("audio-features" in path for path in paths(server)) == 1


# --- half and hostile answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            '{"name": "A", "artists": [null, 7, {"name": 7}, {"name": "B"}], "popularity": 1e999}',
            Song(title="A", artists=("B",)),
        ),
        ('{"name": "A", "album": [], "duration_ms": true, "external_ids": {"isrc": "x"}, "popularity": -1}', Song(title="A")),
        ('{"name": "A\\ud800", "artists": {"name": "B"}, "duration_ms": NaN}', Song(title="A")),
        ('\ufeff{"name": "A"}', Song(title="A")),
        ('{"name": null, "artists": [{"name": "B"}]}', Song(artists=("B",))),
        ('{"name": ["A"], "artists": []}', None),
    ],
)
async def test_of_half_an_answer_the_right_half_is_taken(body: str, wanted: Song | None) -> None:
    async with spotify(SpotifyStandIn(api_fault=faults.json(body))) as (provider, _):
        found = await provider.identify(TRACK)
    assert (found and found.song) == (wanted and replace(wanted, ids={"spotify": TRACK.id}))
    assert found is None or found.popularity is None


@pytest.mark.parametrize("body", ["null", "[]", '"track"', "<html>", "", '{"name": "A', DEEP, "\xff\xfe"])
async def test_what_is_no_object_is_said_to_be_none(body: str) -> None:
    async with spotify(SpotifyStandIn(api_fault=faults.json(body))) as (provider, _):
        with pytest.raises(UnavailableError, match="sent an answer"):
            await provider.identify(TRACK)


@pytest.mark.parametrize("tracks", ['{"items": [null, {"id": "x", "name": "A"}, {"id": 7}]}', '{"items": null}', "{}"])
async def test_results_without_an_id_are_left_out(tracks: str) -> None:
    body = f'{{"tracks": {tracks}}}'
    async with spotify(SpotifyStandIn(api_fault=faults.json(body))) as (provider, _):
        assert await provider.search(NameQuery(title="A")) == ()


# --- refusals ------------------------------------------------------------------------------------------------------


async def test_wrong_credentials_are_named_with_the_remedy_and_tried_once(caplog: pytest.LogCaptureFixture) -> None:
    async with spotify(given="wrong-secret-of-somebody") as (provider, server):
        with pytest.raises(RefusedError, match="check client_id and client_secret in \\[spotify\\]") as caught:
            await provider.identify(TRACK)
        with pytest.raises(LeftAloneError):
            await provider.search(NameQuery(title="A"))
        assert len(server.asked) == 1
    assert len(caplog.records) == 1
    assert "wrong-secret" not in caplog.text + "".join(traceback.format_exception(caught.value))


async def test_letters_that_no_secret_has_are_a_wrong_secret() -> None:
    async with spotify(given="schlüssel-\U0001f511") as (provider, server):
        with pytest.raises(RefusedError, match="check client_id"):
            await provider.identify(TRACK)
        assert server.asked == []


async def test_an_owner_without_premium_is_told_so() -> None:
    async with spotify(SpotifyStandIn(songs=SONGS, premium=False)) as (provider, server):
        with pytest.raises(RefusedError, match="Spotify Premium"):
            await provider.identify(TRACK)
        with pytest.raises(LeftAloneError):
            await provider.search(NameQuery(title="A"))
        assert len(paths(server)) == 1


@pytest.mark.parametrize("body", ["", "Forbidden", '{"error": {"status": 403, "message": "Forbidden"}}', '{"error": null}'])
async def test_a_refused_endpoint_is_left_alone_and_no_other(body: str) -> None:
    async with spotify() as (provider, server):
        server.api_fault = faults.status(403, body)
        with pytest.raises(RefusedError):
            await provider.identify(TRACK)
        server.api_fault = None
        with pytest.raises(LeftAloneError):
            await provider.identify(TRACK)
        assert await provider.identify(ALBUM) is not None


@pytest.mark.parametrize(
    ("body", "quota"), [('{"error": {"status": 429}}', False), ('{"error": {"status": 429, "reason": "QUOTA_EXCEEDED"}}', True)]
)
async def test_two_hours_of_retry_after_are_kept_but_not_slept_through(body: str, quota: bool) -> None:
    async with spotify() as (provider, server):
        server.api_fault = faults.too_often("7200", body)
        began = time.monotonic()
        with pytest.raises(LimitedError) as caught:
            await provider.identify(TRACK)
        server.api_fault = None
        with pytest.raises(LeftAloneError):
            await provider.identify(ALBUM)
        assert time.monotonic() - began < 1
        assert len(paths(server)) == 1
    assert caught.value.retry_after == 7200
    assert ("quota" in str(caught.value)) == quota


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_passing_failure_is_tried_once_more(status: int) -> None:
    async with spotify() as (provider, server):
        server.api_fault = faults.status(status)
        with pytest.raises(UnavailableError):
            await provider.identify(TRACK)
        assert len(paths(server)) == 2


async def test_no_redirect_is_followed_so_nobody_else_sees_the_token() -> None:
    async with StandInElsewhere() as elsewhere, spotify() as (provider, server):
        server.api_fault = faults.redirect(f"{elsewhere.base}/v1/tracks/{TRACK.id}")
        with pytest.raises(UnavailableError, match="redirect"):
            await provider.identify(TRACK)
        assert elsewhere.asked == []


class StandInElsewhere(StandIn):
    """A server that nobody should ask."""

    def routes(self) -> dict[str, Any]:
        return {}
