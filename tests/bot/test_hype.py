"""The use case: from a shared song to an answer, repeatable, off the event loop, and never for ever."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import answered_once
from bot.config import Settings
from bot.errors import BusyError, DeclinedError, QueryError
from bot.hype import Answer, Hype, songs_in
from bot.links import Link, SpotifyKind
from bot.settings import ModelSettings
from bot.songs.resolver import Resolver
from inference.bundle import Bundle
from inference.commentary import Commentary, Commentator
from inference.errors import BundleError

RICK = "Rick Astley - Never Gonna Give You Up"
RICK_LINK = Link("youtube", "video", "dQw4w9WgXcQ")


class Held(Commentator):
    """A commentator that is slow for as long as a test wants it to be."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.go_on = threading.Event()
        self.threads: set[int] = set()

    def comment(self, *args: Any, **options: Any) -> Commentary:
        self.threads.add(threading.get_ident())
        self.go_on.wait(timeout=20)
        return super().comment(*args, **options)


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
async def hype(tiny: Bundle) -> AsyncIterator[Hype]:
    """The use case over the tiny bundle; its clock ticks once a look, its seeds are 41, 42 and so on."""
    ticks, seeds = itertools.count(), itertools.count(41)
    made = Hype(
        Resolver.offline(),
        Commentator(tiny),
        waiting=4,
        deadline=30,
        clock=lambda: float(next(ticks)),
        seeds=lambda: next(seeds),
    )
    yield made
    await made.close()


def texts(answer: Answer) -> list[str]:
    """What an answer says."""
    return [reply.text for reply in answer.replies]


async def test_a_known_song_is_looked_up_and_talked_about(hype: Hype) -> None:
    answer = await hype.answer(RICK_LINK, n=2, seed=7, praise=3)
    assert answer.song.line == "Rick Astley — Never Gonna Give You Up"
    assert len(set(texts(answer))) == 2
    assert answer.bundle == {"name": "tiny", "version": "1", "device": "cpu"}
    assert answer.timing_ms == {"lookup": 1000.0, "generate": 1000.0, "total": 2000.0}
    assert answer.conditions == {
        "artist": "Rick Astley",
        "title": "Never Gonna Give You Up",
        "genres": list(answer.song.genres),
        "features": answer.song.features.known(),
        "praise": 3,
    }


async def test_the_same_query_and_seed_give_the_same_texts_and_another_seed_gives_others(hype: Hype) -> None:
    one, same = [await hype.answer(RICK, n=3, seed=7) for _ in range(2)]
    other = await hype.answer(RICK, n=3, seed=8)
    assert texts(one) == texts(same)
    assert texts(one) != texts(other)


async def test_without_a_seed_one_is_picked_and_told(hype: Hype) -> None:
    picked = [await hype.answer(RICK), await hype.answer(RICK)]
    assert [answer.seed for answer in picked] == [41, 42]
    assert texts(picked[0]) == texts(await hype.answer(RICK, seed=41))


async def test_what_was_heard_is_not_said_again(hype: Hype) -> None:
    first = texts(await hype.answer(RICK, seed=7))
    again = texts(await hype.answer(RICK, seed=7, heard=first))
    assert first != again


async def test_a_song_of_which_only_the_name_is_known_is_talked_about(hype: Hype) -> None:
    answer = await hype.answer("Nobody Known - Nothing Heard", seed=1)
    assert answer.song.unknown == ("genres", "audio features")
    assert answer.replies


async def test_a_link_of_which_nothing_is_known_is_talked_about(hype: Hype) -> None:
    answer = await hype.answer(Link("spotify", "track", "0" * 22), seed=1)
    assert answer.song.unknown == ("artist", "title", "genres", "audio features")
    assert answer.replies


async def test_what_names_no_song_is_refused(hype: Hype) -> None:
    with pytest.raises(QueryError, match="empty"):
        await hype.answer("  ")


async def test_the_loop_goes_on_while_the_model_works(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=2, deadline=30)
    asked = asyncio.create_task(hype.answer(RICK, seed=7))
    # Nothing but this loop can let the model go on.
    asyncio.get_running_loop().call_soon(held.go_on.set)
    assert (await asked).replies
    assert threading.get_ident() not in held.threads
    await hype.close()


async def test_more_than_may_wait_are_turned_away_and_places_come_free_again(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=2, deadline=30)
    asked = [asyncio.create_task(hype.answer(RICK, seed=7)) for _ in range(3)]
    done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    (turned_away,) = done
    with pytest.raises(BusyError, match="2 replies are in the making already"):
        turned_away.result()
    held.go_on.set()
    answers = await asyncio.gather(*(task for task in asked if task not in done))
    assert [bool(answer.replies) for answer in answers] == [True, True]
    assert (await hype.answer(RICK, seed=7)).replies
    await hype.close()


async def test_a_reply_that_takes_too_long_is_given_up(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=2, deadline=0.1)
    with pytest.raises(BusyError, match=r"longer than 0\.1 s"):
        await hype.answer(RICK, seed=7)
    held.go_on.set()
    await hype.close()


async def test_a_bundle_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = Settings(model=ModelSettings(bundle=str(tmp_path)))
    with pytest.raises(BundleError, match="There is no bundle"):
        await answered_once(settings, RICK, n=1, seed=1, praise=8)


@pytest.mark.parametrize("kind", ["playlist", "episode"])
async def test_what_holds_many_songs_or_none_is_declined_politely(hype: Hype, kind: SpotifyKind) -> None:
    with pytest.raises(DeclinedError, match="share"):
        await hype.answer(Link("spotify", kind, "0" * 22))


async def test_an_album_and_an_artist_get_an_answer_too(hype: Hype) -> None:
    for kind in ("album", "artist"):
        answer = await hype.answer(Link("spotify", kind, "1" * 22), seed=1)
        assert (answer.song.kind, bool(answer.replies)) == (kind, True)


def test_a_message_asks_about_its_links_or_else_is_the_name_itself() -> None:
    assert songs_in(f"this: {RICK_LINK.url} and spotify:track:4uLU6hMCjMI75M1A2tKUQC", "plain") == (
        RICK_LINK,
        Link("spotify", "track", "4uLU6hMCjMI75M1A2tKUQC"),
    )
    assert songs_in(RICK, "plain") == (RICK,)
