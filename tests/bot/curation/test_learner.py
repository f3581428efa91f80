"""A place's votes are learnt when there are new ones, not undone by what goes wrong, and heard in its replies."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bot.curation.learning import NOTHING, Correction, Example, Learner, learn
from bot.errors import StoreError
from bot.hype import Hype, subject_of
from bot.songs.catalogue import Catalogue
from bot.songs.resolver import Resolver
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.curation.liked import liking, points, strength


class Kept:
    """Votes in memory; counts how often they are read, and can be out of order."""

    def __init__(self) -> None:
        self.places: dict[str, list[Example]] = {}
        self.reads = 0
        self.broken = False
        self.reading = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def examples(self, scope: str) -> Sequence[Example]:
        self.reads += 1
        self.reading.set()
        found = list(self.places.get(scope, ()))
        await self.go_on.wait()
        if self.broken:
            raise StoreError("The database is gone.")
        return found

    async def reset(self, scope: str) -> None:
        if self.broken:
            raise StoreError("The database is gone.")
        self.places.pop(scope, None)


async def test_votes_take_effect_at_once_and_are_read_once_a_change() -> None:
    kept = Kept()
    learner = Learner(kept)
    assert await learner.correction("discord:1") == NOTHING
    kept.places["discord:1"] = liking("words", 10)
    assert await learner.correction("discord:1") == NOTHING
    for _ in range(1000):
        learner.changed("discord:1")
    assert kept.reads == 1
    asked = await asyncio.gather(*(learner.correction("discord:1") for _ in range(20)))
    assert points(asked[0], "words") > 0.3
    assert kept.reads == 2
    assert await learner.correction("discord:2") == NOTHING


async def test_in_a_large_place_nobody_waits_for_it() -> None:
    kept, now = Kept(), [0.0]
    learner = Learner(kept, lambda: now[0])
    kept.places["discord:1"] = liking("words", 101)
    first = await learner.correction("discord:1")  # but the first who asks
    kept.places["discord:1"] = liking("words", 101, sign=-1)
    learner.changed("discord:1")
    assert await learner.correction("discord:1") == first
    await asyncio.sleep(0)
    assert kept.reads == 1  # it has learnt just now
    now[0] = 60.0
    kept.reading.clear()
    assert [await learner.correction("discord:1") for _ in range(3)] == [first] * 3
    await asyncio.wait_for(kept.reading.wait(), 5)
    await learner.reset("discord:1")  # waits until that is learnt
    assert kept.reads == 2
    assert await learner.correction("discord:1") == NOTHING


async def test_what_is_being_learnt_at_the_end_is_left() -> None:
    kept, now = Kept(), [0.0]
    learner = Learner(kept, lambda: now[0])
    kept.places["discord:1"] = liking("words", 101)
    first = await learner.correction("discord:1")
    learner.changed("discord:1")
    now[0] = 1.0
    kept.go_on.clear()
    kept.reading.clear()
    assert await learner.correction("discord:1") == first
    await kept.reading.wait()
    await learner.close()
    assert await learner.correction("discord:1") == first
    await learner.close()


async def test_a_vote_that_comes_in_meanwhile_is_learnt_next() -> None:
    kept = Kept()
    learner = Learner(kept)
    kept.go_on.clear()
    asked = asyncio.create_task(learner.correction("slack:T1"))
    await kept.reading.wait()
    kept.places["slack:T1"] = liking("words", 10)
    learner.changed("slack:T1")
    kept.go_on.set()
    assert await asked == NOTHING
    assert points(await learner.correction("slack:T1"), "words") > 0.3


async def test_what_cannot_be_read_leaves_what_was_learnt(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept()
    learner = Learner(kept)
    kept.places["discord:1"] = liking("words", 10)
    learnt = await learner.correction("discord:1")
    kept.broken = True
    learner.changed("discord:1")
    with caplog.at_level(logging.WARNING):
        assert await learner.correction("discord:1") == learnt
    assert "an older correction stays: The database is gone." in caplog.text
    kept.broken = False
    kept.places["discord:1"] = liking("words", 30)
    assert strength(await learner.correction("discord:1")) > strength(learnt)


async def test_a_place_can_start_again() -> None:
    kept = Kept()
    learner = Learner(kept)
    for scope in ("discord:1", "discord:2"):
        kept.places[scope] = liking("words", 10)
        assert await learner.correction(scope) != NOTHING
    await learner.reset("discord:1")
    assert await learner.correction("discord:1") == NOTHING
    assert await learner.correction("discord:2") != NOTHING
    kept.broken = True
    with pytest.raises(StoreError):
        await learner.reset("discord:2")
    kept.broken = False
    assert await learner.correction("discord:2") != NOTHING


async def test_a_reset_is_not_undone_by_what_was_being_learnt() -> None:
    kept = Kept()
    learner = Learner(kept)
    kept.places["discord:1"] = liking("words", 10)
    kept.go_on.clear()
    asked = asyncio.create_task(learner.correction("discord:1"))
    await kept.reading.wait()
    reset = asyncio.create_task(learner.reset("discord:1"))
    kept.go_on.set()
    await asyncio.gather(asked, reset)
    assert await learner.correction("discord:1") == NOTHING


async def test_places_beyond_count_are_learnt_again_when_needed() -> None:
    kept = Kept()
    learner = Learner(kept)
    kept.places["discord:0"] = liking("words", 10)
    first = await learner.correction("discord:0")
    for number in range(1, 1002):
        await learner.correction(f"discord:{number}")
    assert await learner.correction("discord:0") == first != NOTHING
    assert kept.reads == 1003


async def test_the_loop_goes_on_while_it_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def watched(examples: Sequence[Example]) -> Correction:
        threads.append(threading.get_ident())
        return learn(examples)

    monkeypatch.setattr("bot.curation.learning.learn", watched)
    await Learner(Kept()).correction("discord:1")
    assert threads
    assert threading.get_ident() not in threads


async def test_a_place_that_votes_against_the_artist_s_name_hears_it_less_often(made_bundle: Path) -> None:
    speaker = Commentator(Bundle.open(made_bundle, device="cpu", threads=1), candidates=64)
    hype = Hype(Resolver.offline(), speaker, waiting=2, deadline=30)
    kept = Kept()
    learner = Learner(kept)

    async def said(seed: int) -> Mapping[str, float]:
        learnt = await learner.correction("discord:1")
        answer = await hype.answer("Rick Astley - Never Gonna Give You Up", seed=seed, correction=learnt.weights)
        return answer.replies[0].scores

    before = [await said(seed) for seed in range(12)]
    voted = kept.places["discord:1"] = []
    for seed in range(100, 120):
        scores = await said(seed)
        vote = -1 if scores["artist"] else 1
        voted.append(Example(dict(scores), {f"p{seed % 7}": vote, f"q{seed % 5}": vote}))
        learner.changed("discord:1")
    after = [await said(seed) for seed in range(12)]
    assert sum(scores["artist"] for scores in after) < 0.5 * sum(scores["artist"] for scores in before)
    assert "this place likes the artist left unnamed" in (await learner.correction("discord:1")).explained()[0]
    # What the bundle itself thinks of the replies has hardly changed.
    base = [sum(s["total"] - s["community"] for s in some) / len(some) for some in (before, after)]
    assert base[1] > base[0] - 0.5
    await hype.close()


def test_the_shipped_bundle_yields_to_a_place_but_not_its_sense() -> None:
    commentator = Commentator.open(device="cpu")
    songs = [subject_of(song) for song in Catalogue.load().songs[::9]]

    def said(correction: Correction) -> list[Mapping[str, float]]:
        asked = [commentator.comment(song, seed=11, correction=correction.weights) for song in songs]
        return [commentary.replies[0].scores for commentary in asked]

    def mean(some: list[Mapping[str, float]], name: str) -> float:
        return sum(scores[name] for scores in some) / len(some)

    plain, longer, cooler = said(NOTHING), said(learn(liking("words", 50))), said(learn(liking("warmth", 50, sign=-1)))
    assert mean(longer, "words") > mean(plain, "words") + 1
    assert mean(cooler, "warmth") < mean(plain, "warmth")
    for some in (longer, cooler):
        assert mean(some, "total") - mean(some, "community") > mean(plain, "total") - 1
