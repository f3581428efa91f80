"""Voting: emoji and buttons count as they came, at once, and once; whatever the database does, nothing is raised."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.conversation.context import Context
from bot.conversation.voting import Voting
from bot.health.numbers import Numbers
from bot.hype import Hype
from bot.platforms.outlet import Asker, Place
from bot.songs.resolver import Resolver
from bot.store.database import Database
from bot.store.votes import Tally
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.store.kept import NOON, a_post, a_reply, at, execute, post_sent, url_of

PLACE = Place("discord", "g", "c")
SCOPE = PLACE.scope


class Ballots:
    """Voting on replies in a real database, with the learner of a conversation and a clock of its own."""

    def __init__(self, hype: Hype, url: str, database: Database) -> None:
        self.now: datetime = NOON
        self.url, self.database, self.numbers = url, database, Numbers()
        self.context = Context(hype, database, clock=lambda: self.now, health=self.numbers)
        self.voting = Voting(self.context)

    async def votes(self, name: str = "a") -> dict[str, int]:
        return await self.context.votes.on(f"reply-{name}")

    async def react(self, person: str, emoji: str, *, added: bool = True, name: str = "a", place: Place = PLACE) -> None:
        await self.voting.reacted(f"ours-{name}", person, emoji, place, added=added)

    async def press(self, person: str, sign: int, key: str = "", *, name: str = "a", place: Place = PLACE) -> str:
        return await self.voting.pressed(Asker(place, person, key), f"reply-{name}", 1 if sign > 0 else -1)

    def counted(self) -> dict[str, int]:
        """How many votes the operator sees, by sign."""
        found = re.findall(r'^deephypebot_votes_total{sign="(\w+)"} (\d+)', self.numbers.text()[0].decode(), re.MULTILINE)
        return {sign: int(count) for sign, count in found}


@pytest.fixture(scope="module")
def hype(made_bundle: Path) -> Hype:
    """The use case with the tiny bundle."""
    return Hype(Resolver.offline(), Commentator(Bundle.open(made_bundle, device="cpu", threads=1)), waiting=1, deadline=30)


@pytest.fixture
async def ballots(hype: Hype, tmp_path: Path) -> AsyncIterator[Ballots]:
    """One reply "a" that was sent at noon, and now it is noon."""
    url = url_of(tmp_path / "bot.sqlite3")
    database = await Database.open(url)
    await post_sent(database, "a")
    made = Ballots(hype, url, database)
    yield made
    await made.voting.close()
    await database.close()


async def test_emoji_count_as_their_place_says_and_the_learner_knows_at_once(ballots: Ballots) -> None:
    assert (await ballots.context.learner.correction(SCOPE)).votes == 0
    nope = "<:nope:123456789012345678>"
    for person, emoji in (
        ("up", "👍🏽"),
        ("heart", "❤"),
        ("down", ":zzz:"),
        ("none", "🥑"),
        ("custom", nope),
    ):
        await ballots.react(person, emoji)
    assert await ballots.votes() == {"up": 1, "heart": 1, "down": -1}
    assert (await ballots.context.learner.correction(SCOPE)).votes == 3
    assert ballots.counted() == {"up": 2, "down": 1}
    await ballots.context.change_setting(SCOPE, "down", nope, "discord:boss")
    await ballots.context.change_setting(str(PLACE), "up", "🥑", "discord:boss")
    for person, emoji in (("none", "🥑"), ("custom", "nope:123456789012345678"), ("new", "👍")):
        await ballots.react(person, emoji)
    assert await ballots.votes() == {"up": 1, "heart": 1, "down": -1, "none": 1, "custom": -1}
    await ballots.react("down", "💤", added=False)  # which means nothing any more
    assert "down" not in await ballots.votes()
    assert (await ballots.context.learner.correction(SCOPE)).votes == 4


async def test_a_thread_has_the_emoji_of_its_channel(ballots: Ballots) -> None:
    await ballots.context.change_setting(str(PLACE), "up", "🥑", "discord:boss")
    thread = Place("discord", "g", "thread")
    await ballots.voting.reacted("ours-a", "p", "🥑", thread, added=True, parent="c")
    await ballots.voting.reacted("ours-a", "q", "🥑", thread, added=True)
    assert await ballots.votes() == {"p": 1}


async def test_what_happens_at_once_counts_in_the_order_in_which_it_happened(ballots: Ballots) -> None:
    react = ballots.react
    await asyncio.gather(
        *(react("twice", "👍"), react("twice", "👍", added=False), react("again", "👍", added=False), react("again", "👍")),
        *(react("changed", "👍"), react("changed", "💤"), react("changed", "👍", added=False), react("cleared", "🔥")),
        ballots.voting.cleared("ours-a", "🔥"),
        *(react("after", "🔥"), react("shown", "👎")),
        ballots.voting.read_back("ours-a", {"again": ["👍"], "changed": ["💤"], "after": ["🥑", "🔥"], "shown": ["👍"]}),
        react("last", "👎"),
    )
    assert await ballots.votes() == {"again": 1, "changed": -1, "after": 1, "shown": 1, "last": -1}
    assert (await ballots.context.learner.correction(SCOPE)).votes == 5
    await ballots.voting.cleared("ours-a")
    await ballots.voting.cleared("strange")
    assert await ballots.votes() == {}
    assert (await ballots.context.learner.correction(SCOPE)).votes == 0


async def test_a_storm_is_counted_to_the_last_vote(ballots: Ballots) -> None:
    began = time.monotonic()
    await asyncio.gather(*(ballots.react(f"p{number}", "👎" if number % 10 == 0 else "🔥") for number in range(1_000)))
    assert time.monotonic() - began < 2
    assert await ballots.context.votes.tally("reply-a") == Tally(900, 100)
    assert ballots.counted() == {"up": 900, "down": 100}


async def test_a_vote_that_is_faster_than_our_own_message_is_not_lost(ballots: Ballots) -> None:
    posts = ballots.context.posts
    await posts.claim(a_post("b"))
    await posts.sending("b", a_reply("reply-b"), "song")
    for person, emoji, added in (("p", "👍", True), ("q", "👍", True), ("q", "👍", False), ("s", "👎", True)):
        await ballots.react(person, emoji, added=added, name="b")
    await posts.sent("b", "ours-b")
    assert await ballots.votes("b") == {"p": 1, "s": -1}
    await ballots.react("p", "👍", name="strange")
    assert await execute(ballots.url, "SELECT * FROM early_votes") == []


async def test_buttons_set_change_and_withdraw_and_tell_how_it_stands(ballots: Ballots) -> None:
    await ballots.react("p", "👍")
    assert await ballots.press("p", -1, "k1") == "Counted as a minus: +0 −1 so far."
    await ballots.react("p", "👍", added=False)
    assert await ballots.press("q", 1, "k2") == "Counted as a plus: +1 −1 so far."
    assert await ballots.press("q", 1, "k2") == "Counted as a plus: +1 −1 so far."  # the same press, delivered twice
    assert await ballots.press("q", 1, "k3") == "Vote withdrawn: +0 −1 so far."
    await ballots.voting.cleared("ours-a")
    assert await ballots.votes() == {"p": -1}
    assert ballots.counted()["withdrawn"] == 2


@pytest.mark.parametrize(("name", "place"), [("a", Place("discord", "h", "c")), ("unknown", PLACE), ("\ud800\0", PLACE)])
async def test_nobody_votes_on_what_another_community_has_seen(name: str, place: Place, ballots: Ballots) -> None:
    assert await ballots.press("p", 1, name=name, place=place) == "That reply is not here any more: share the song again."
    assert await ballots.votes() == {}


async def test_votes_from_while_nobody_listened_are_read_back(ballots: Ballots) -> None:
    for name, age in (("new", 1), ("edge", 14), ("old", 15)):
        await post_sent(ballots.database, name, minutes=-age * 24 * 60)
    await ballots.react("gone", "👍")
    await ballots.press("button", -1)
    await ballots.context.change_setting(SCOPE, "up", "🥑 👍", "discord:boss")
    assert await ballots.voting.recent("discord") == ["ours-a", "ours-new", "ours-edge"]
    assert [await ballots.voting.recent("discord", 1), await ballots.voting.recent("slack")] == [["ours-a"], []]
    assert await ballots.voting.recent("discord", -1) == []
    given = {"p": ["🥑"], "q": ["🔥"], "s": ["👎", "🥑"], "hostile": ["\ud800", "", "x" * 100_000]}
    await ballots.voting.read_back("ours-a", given)
    await ballots.voting.read_back("strange", given)
    assert await ballots.votes() == {"p": 1, "s": 1, "button": -1}


async def test_taking_one_of_two_emoji_back_leaves_the_other_to_count(
    ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.voting.AGAIN", 0.0)
    asked: list[str] = []
    read = asyncio.Event()

    async def platform(message: str) -> None:
        asked.append(message)
        await ballots.voting.read_back(message, {"p": ["❤"], "s": ["👎"]})
        read.set()

    ballots.voting.reads("discord", platform)
    for person, emoji in (("p", "❤"), ("p", "👍"), ("q", "👍"), ("r", "👍")):
        await ballots.react(person, emoji)
    await ballots.voting.reacted("strange", "p", "👍", PLACE, added=False)
    await asyncio.gather(*(ballots.react(person, "👍", added=False) for person in "pqr"))
    assert await ballots.votes() == {}
    await read.wait()
    assert (asked, await ballots.votes()) == (["ours-a"], {"p": 1, "s": -1})
    ballots.now += timedelta(days=15)
    await ballots.react("p", "❤", added=False)
    await ballots.voting.read_back("ours-a", {"p": ["👍"]})  # nothing as old as that is read back
    assert await ballots.votes() == {"s": -1}


async def test_while_the_database_fails_votes_wait_and_that_is_told_once(
    ballots: Ballots, caplog: pytest.LogCaptureFixture
) -> None:
    await execute(ballots.url, "ALTER TABLE votes RENAME TO elsewhere")
    await asyncio.gather(*(ballots.react(person, "👍") for person in "pqs"))
    await ballots.react("q", "👎")
    await ballots.voting.cleared("ours-a", "👎")
    assert "cannot be used" in await ballots.press("t", 1)
    await ballots.voting.tidy()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert ballots.numbers.condition.modes == {"votes": True}
    await execute(ballots.url, "ALTER TABLE elsewhere RENAME TO votes")
    await ballots.voting.tidy()
    assert await ballots.votes() == {"p": 1, "s": 1}
    assert ballots.numbers.condition.modes == {"votes": False}
    assert caplog.messages[1:] == ["Votes can be kept again."]
    await execute(ballots.url, "ALTER TABLE votes RENAME TO elsewhere")
    await ballots.react("late", "👍")
    await execute(ballots.url, "ALTER TABLE elsewhere RENAME TO votes")
    ballots.now += timedelta(minutes=11)
    await ballots.react("new", "👍")
    assert await ballots.votes() == {"p": 1, "s": 1, "new": 1}


async def test_no_messages_are_named_while_the_database_fails(ballots: Ballots) -> None:
    await execute(ballots.url, "ALTER TABLE posts RENAME TO elsewhere")
    assert await ballots.voting.recent("discord") == []
    assert ballots.numbers.condition.modes == {"votes": True}


async def test_where_settings_cannot_be_read_emoji_mean_what_they_usually_do(
    ballots: Ballots, caplog: pytest.LogCaptureFixture
) -> None:
    await ballots.context.wishes.set(SCOPE, "up", "no emoji", None, at())
    for person, emoji in (("p", "👍"), ("q", "👎"), ("s", "🥑")):
        await ballots.react(person, emoji)
    assert await ballots.votes() == {"p": 1, "q": -1}
    (line,) = caplog.messages
    assert line.startswith('In discord:g:c emoji mean what they usually mean: up is "no emoji"')
