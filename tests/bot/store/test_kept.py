"""What is kept comes back as it was, on every kind of database: replies, votes, answers; and what is old goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.app import Lazily
from bot.config import load
from bot.errors import StoreError
from bot.store.answers import Answers
from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.retention import forget_old
from bot.store.tables import stamp
from bot.store.votes import Tally, Votes
from tests.bot.store.kept import NOON, a_reply


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


async def test_a_reply_comes_back_as_it_was_kept(database: Database) -> None:
    await Replies(database).keep(a_reply("one", text="“Naïve” — 漢字"))
    kept = await Replies(database).get("one")
    assert kept is not None
    assert (kept.text, kept.seed, kept.at) == ("“Naïve” — 漢字", 2**63 - 1, "2026-11-21T12:00:00.000+00:00")
    assert (kept.song, kept.conditions, kept.bundle, kept.scores) == (
        {"title": "Wuthering Heights", "artists": ["Kate Bush"]},
        {"genres": ["art pop"], "praise": 8.0},
        {"name": "tiny", "version": "1", "device": "cpu"},
        {"fluency": 0.5},
    )
    assert await Replies(database).get("two") is None


async def test_the_last_texts_of_one_channel_come_oldest_first(database: Database) -> None:
    replies = Replies(database)
    for minutes, text in ((3, "third"), (1, "first"), (2, "second")):
        await replies.keep(a_reply(text, text=text, minutes=minutes))
    await replies.keep(a_reply("elsewhere", channel="discord:1", minutes=4))
    assert await replies.texts("terminal", 2) == ["second", "third"]
    assert await replies.texts("slack:1", 2) == []


def test_moments_of_any_zone_sort_by_time_as_texts() -> None:
    early = NOON.astimezone(timezone(timedelta(hours=14)))
    late = (NOON + timedelta(milliseconds=1)).astimezone(timezone(timedelta(hours=-11)))
    assert stamp(early) < stamp(late)


async def test_characters_that_cannot_be_kept_are_replaced_and_found_again(database: Database) -> None:
    hostile = "a\x00b\ud800c\U0001f600"
    await Replies(database).keep(a_reply(hostile, channel=hostile, text=hostile))
    kept = await Replies(database).get(hostile)
    assert kept is not None
    assert await Replies(database).texts(hostile, 1) == ["a\ufffdb\ufffdc\U0001f600"]


async def test_json_may_hold_any_characters_and_depth_but_no_nan(database: Database) -> None:
    answers = Answers(database)
    value = {"a\x00\ud800": ["\udfff\x00", None, True, 1e308, -(2**70)], "": {"b": {}}}
    await answers.put([("key", value, 5.5)], now=0.0)
    assert await answers.get("key") == ("key", value, 5.5)
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    for wrong in (float("nan"), float("inf"), deep):
        with pytest.raises(StoreError, match="cannot be used"):
            await answers.put([("wrong", {"x": wrong}, 5.5)], now=0.0)
    assert await answers.get("wrong") is None


async def test_answers_are_replaced_and_dropped_when_they_expire(database: Database) -> None:
    answers = Answers(database)
    await answers.put([], now=0.0)
    await answers.put([("b", {"v": 1}, 10.0), ("a", {"v": 1}, 20.0)], now=0.0)
    await answers.put([("a", {"v": 2}, 30.0), ("c", {"v": 3}, 15.5), ("c", {"v": 4}, 16.5)], now=11.0)
    assert [await answers.get(key) for key in "abc"] == [("a", {"v": 2}, 30.0), None, ("c", {"v": 4}, 16.5)]
    assert [sorted(await answers.keys(now)) for now in (16.0, 16.5)] == [["a", "c"], ["a"]]


async def test_programs_that_write_the_same_answers_at_once_get_in_nobodys_way(database: Database, database_url: str) -> None:
    others = [database, await Database.open(database_url), await Database.open(database_url)]
    rows = [(str(key), {"v": key}, float(key)) for key in range(50)]
    writes = [Answers(one).put(rows[turn:] + rows[:turn], now=25.0 - turn / 2) for turn in (0, 20, 40) for one in others]
    await asyncio.gather(*writes)
    assert await Answers(database).get("49") == ("49", {"v": 49}, 49.0)
    for other in others[1:]:
        await other.close()


async def test_every_vote_counts_when_many_programs_take_them_at_once(database: Database, database_url: str) -> None:
    await Replies(database).keep(a_reply("one"))
    others = [database, await Database.open(database_url)]

    def turn(vote: int | None) -> int | None:
        return 1 if vote is None else None

    casts = [Votes(one).change(person, "one", turn, stamp(NOON)) for person in "abcdeaaaaaaa" for one in others]
    await asyncio.gather(*casts)
    assert await Votes(database).tally("one") == Tally(0, 0)
    for person in "ab":
        await Votes(database).change(person, "one", lambda _: -1, stamp(NOON))
    assert await Votes(others[1]).tally("one") == Tally(0, 2)
    with pytest.raises(StoreError, match="There is no reply 'two' to vote on"):
        await Votes(database).change("a", "two", turn, stamp(NOON))
    await others[1].close()


@pytest.mark.parametrize(("keep_days", "left"), [(0, ["old", "edge", "new"]), (7, ["edge", "new"]), (1, ["new"])])
async def test_replies_go_with_their_votes_when_they_were_kept_long_enough(
    keep_days: int, left: list[str], database: Database
) -> None:
    now = NOON + timedelta(days=7)
    for name, minutes in (("old", -1), ("edge", 0), ("new", 7 * 24 * 60)):
        await Replies(database).keep(a_reply(name, minutes=minutes))
        await Votes(database).change("ann", name, lambda _: 1, stamp(now))
    assert await forget_old(database, keep_days, now) == 3 - len(left)
    assert sorted(reply.id for _, reply in await Votes(database).with_replies()) == sorted(left)
    assert [name for name in ("old", "edge", "new") if await Replies(database).get(name)] == left


async def test_the_bot_forgets_what_is_old_whenever_it_opens_its_database(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    young, old = a_reply("young"), a_reply("old")
    young.at, old.at = (stamp(datetime.now(UTC) - timedelta(days=days)) for days in (29, 31))
    for reply in (young, old):
        await Replies(database).keep(reply)
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", database_url)
    for keep_days, left in (("0", 2), ("30", 1)):
        monkeypatch.setenv("DEEPHYPEBOT_STORE__KEEP_DAYS", keep_days)
        kept = Lazily(load())
        opened = await kept.open()
        assert opened is not None
        assert len(await Replies(opened).texts("terminal", 5)) == left
        await kept.close()
