"""YouTube's oEmbed service, against a stand-in: titles and channels, and videos that it tells nothing of."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.errors import LimitedError
from bot.links import Link
from bot.songs.providers.base import Video
from bot.songs.providers.youtube_oembed import YouTubeOembedProvider
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.youtube import YouTubeStandIn
from tests.bot.songs.servers import asking

SONG = made_up_songs(1)[0]
LINK = Link("youtube", "video", SONG.ids["youtube"])


@asynccontextmanager
async def oembed(**options: Any) -> AsyncIterator[tuple[YouTubeOembedProvider, YouTubeStandIn]]:
    """A provider that asks a stand-in, which knows one video."""
    async with YouTubeStandIn(songs=(SONG,), **options) as server, asking(2.5) as web:
        yield YouTubeOembedProvider(web, server.base, deadline=2.5), server


async def test_a_video_is_its_title_and_channel() -> None:
    async with oembed() as (provider, server):
        found = await provider.identify(LINK)
        assert server.asked[0].query == {"url": LINK.url, "format": "json"}
    assert found is not None
    assert found.video == Video(title=f"{SONG.artists[0]} - {SONG.title} (Official Video)", author=SONG.artists[0])
    assert dict(found.song.ids) == {"youtube": LINK.id}
    assert (found.song.title, found.song.artists) == (None, ())


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_closed_or_lost_video_is_unknown_and_the_next_one_is_asked_for(status: int) -> None:
    async with oembed(closed={LINK.id: status}) as (provider, server):
        assert await provider.identify(LINK) is None
        assert not provider.gate.shut
        server.closed = {}
        assert await provider.identify(LINK) is not None


async def test_an_id_that_nobody_has_is_unknown() -> None:
    async with oembed() as (provider, _):
        assert await provider.identify(Link("youtube", "video", "-" * 11)) is None


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"title": "Tide", "author_name": None}, Video(title="Tide", author="")),
        ({"title": "Tide\x00\u202e", "author_name": ["x"]}, Video(title="Tide", author="")),
        ({"title": " ", "author_name": "Somebody"}, None),
    ],
)
async def test_of_half_an_answer_the_right_half_is_taken(told: Any, wanted: Video | None) -> None:
    async with oembed() as (provider, server):
        server.fault = faults.json(json.dumps(told))
        found = await provider.identify(LINK)
    assert (found and found.video) == wanted


async def test_too_many_questions_are_noticed() -> None:
    async with oembed() as (provider, server):
        server.fault = faults.too_often("7200")
        with pytest.raises(LimitedError):
            await provider.identify(LINK)
