"""The use case: from a shared song to an answer, repeatable, off the event loop, and never for ever."""

import asyncio
import itertools
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app import answered_once
from bot.config import Settings
from bot.errors import BusyError, DeclinedError, QueryError
from bot.health.base import Health
from bot.hype import Answer, Blend, Hype, songs_in
from bot.links import Link, SpotifyKind
from bot.settings import ModelSettings
from bot.songs.catalogue import Catalogue
from bot.songs.query import Query
from bot.songs.resolver import LookUp, Resolver
from inference.bundle import Bundle
from inference.commentary import CANDIDATES, Commentary, Commentator
from inference.errors import BundleError

RICK = "Rick Astley - Never Gonna Give You Up"
DREAMS = "Fleetwood Mac - Dreams"
RICK_LINK = Link("youtube", "video", "dQw4w9WgXcQ")


class Held(Commentator):
    """A commentator that is slow for as long as a test wants it to be."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.go_on = threading.Event()
        self.threads: set[int] = set()
        self.begun = threading.Semaphore(0)
        self.seeds: list[int] = []  # of what was begun

    def comment(self, *args: Any, **options: Any) -> Commentary:
        self.threads.add(threading.get_ident())
        self.seeds.append(options["seed"])
        self.begun.release()
        self.go_on.wait(timeout=20)
        return super().comment(*args, **options)


class Meeting(Resolver):
    """A resolver that finds nothing out before two look-ups are under way."""

    def __init__(self) -> None:
        super().__init__(Catalogue.load())
        self.both = asyncio.Barrier(2)

    async def look_up(self, query: Query | str) -> LookUp:
        await self.both.wait()
        return await super().look_up(query)


class Listening(Health):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[LookUp | Answer] = []

    def looked_up(self, found: LookUp) -> None:
        self.told.append(found)

    def answered(self, answer: Answer) -> None:
        self.told.append(answer)


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
        "candidates": CANDIDATES,
    }


async def test_an_answer_is_a_look_up_and_a_text_about_what_it_found(hype: Hype) -> None:
    whole = await hype.answer(RICK, n=2, seed=7)
    found = await hype.look_up(RICK)
    assert found.known_before
    parts = await hype.answer_about(found, n=2, seed=7)
    again = await hype.answer_about(found.song, n=2, seed=7)
    assert texts(whole) == texts(parts) == texts(again)
    assert whole.timing_ms == parts.timing_ms
    # Nobody looked it up this time.
    assert again.timing_ms == {"generate": 1000.0, "total": 1000.0}
    assert again.conditions == whole.conditions


async def test_health_is_told_of_every_look_up_and_every_answer(tiny: Bundle) -> None:
    health = Listening()
    hype = Hype(Resolver.offline(), Commentator(tiny), waiting=2, deadline=30, health=health)
    answer = await hype.answer(RICK, seed=7)
    first, second = health.told
    assert isinstance(first, LookUp)
    assert (first.song, second) == (answer.song, answer)
    blend = await hype.blend_of(answer.song, answer.song)
    assert health.told[2:] == [blend]
    await hype.close()


async def test_what_might_have_been_said_instead_is_told(hype: Hype) -> None:
    answer = await hype.answer(RICK, n=2, seed=7, correction={})
    said = {sentence for reply in answer.replies for sentence in reply.sentences}
    assert 1 <= len(answer.others) <= 8
    assert said.isdisjoint(other.text for other in answer.others)
    assert {"total", "community", "words"} <= answer.others[0].scores.keys()


async def test_a_blend_lies_between_two_songs(hype: Hype) -> None:
    blend = await hype.blend(RICK_LINK, DREAMS, n=2, seed=7, praise=3, candidates=64)
    assert [song.title for song in blend.songs] == ["Never Gonna Give You Up", "Dreams"]
    assert len(set(texts(blend))) == 2
    assert not any(name in text for text in texts(blend) for song in blend.songs for name in (str(song.title), *song.artists))
    assert texts(blend) == texts(await hype.blend(DREAMS, RICK, n=2, seed=7, praise=3, candidates=64))
    assert texts(blend) not in [texts(await hype.answer_about(song, n=2, seed=7, praise=3)) for song in blend.songs]
    told = json.loads(json.dumps(blend.conditions))
    assert (told["title"], told["blend"]["title"]) == ("Never Gonna Give You Up", "Dreams")
    assert (told["praise"], told["candidates"]) == (3, 64)
    assert json.loads(json.dumps(blend.as_dict()))["other"]["title"] == "Dreams"
    assert isinstance(replace(blend, replies=()), Blend)


async def test_both_songs_of_a_blend_are_looked_up_side_by_side(tiny: Bundle) -> None:
    hype = Hype(Meeting(), Commentator(tiny), waiting=2, deadline=20)
    assert (await hype.blend(RICK, DREAMS, seed=7)).replies
    await hype.close()


async def test_what_is_no_song_makes_no_blend(hype: Hype) -> None:
    with pytest.raises(QueryError, match="empty"):
        await hype.blend(RICK, "  ")
    with pytest.raises(DeclinedError, match="share"):
        await hype.blend(Link("spotify", "playlist", "0" * 22), RICK)


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


async def test_looking_up_and_speaking_share_one_deadline(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=2, deadline=5)
    late = replace(await hype.look_up(RICK), ms=5_000.0)
    with pytest.raises(BusyError, match="longer than 5 s"):
        await hype.answer_about(late)
    assert held.seeds == []
    await hype.close()


async def test_what_is_given_up_before_its_turn_is_not_done(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=3, deadline=30)
    song = (await hype.look_up(RICK)).song
    asked = [asyncio.create_task(hype.answer_about(song, seed=seed)) for seed in range(3)]
    assert await asyncio.to_thread(held.begun.acquire, timeout=20)
    asked[2].cancel()
    await asyncio.wait(asked[2:])
    assert hype.busy == 2  # its place is free at once
    held.go_on.set()
    assert all(answer.replies for answer in await asyncio.gather(*asked[:2]))
    assert (await hype.answer_about(song, seed=3)).replies
    assert sorted(held.seeds) == [0, 1, 3]
    await hype.close()


async def test_many_at_once_are_all_answered_from_fewer_candidates(tiny: Bundle) -> None:
    held = Held(tiny)
    hype = Hype(Resolver.offline(), held, waiting=15, deadline=30)
    song = (await hype.look_up(RICK)).song
    asked = [asyncio.create_task(hype.answer_about(song, seed=seed)) for seed in range(15)]
    await asyncio.sleep(0)
    held.go_on.set()
    answers = await asyncio.gather(*asked)
    # By how many waited behind each of them; behind the first, which was begun at once, nobody knows.
    assert [answer.candidates for answer in answers[1:]] == [16] * 2 + [24] * 7 + [40] * 3 + [64, CANDIDATES]
    for answer in (answers[1], answers[-1]):
        again = await hype.answer_about(song, seed=answer.seed, candidates=answer.candidates)
        assert (again.replies, again.others) == (answer.replies, answer.others)
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
