"""Votes on messages: many at once, before their message is known; what the learner reads; and what is erased."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.drafts import Drafts
from bot.store.lessons import Lessons
from bot.store.posts import Posts
from bot.store.privacy import Privacy
from bot.store.replies import Replies
from bot.store.tables import KeptDraft, KeptDraftEvent
from bot.store.vote_writer import VoteWriter
from bot.store.votes import MessageVote, Tally, Votes
from bot.store.wishes import Wishes
from tests.bot.store.kept import NOON, a_post, a_reply, at, execute, post_sent


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database."""
    opened = await Database.open(database_url)
    yield opened
    await opened.close()


async def test_a_storm_of_votes_is_kept(database: Database) -> None:
    for name in "ab":
        await post_sent(database, name)
    writer = VoteWriter(Votes(database).write)
    storm = [MessageVote(f"ours-{'ab'[n % 2]}", f"p{n}", -1 if n % 10 == 0 else 1, at()) for n in range(1_200)]
    assert set(await asyncio.gather(*map(writer.write, storm))) == {"discord:g"}
    assert [await Votes(database).tally(f"reply-{name}") for name in "ab"] == [Tally(480, 120), Tally(600, 0)]
    await asyncio.gather(*(writer.write(MessageVote(each.message, each.person, None, at())) for each in storm[::2]))
    await writer.close()
    assert await Votes(database).on("reply-a") == {}


async def test_the_last_of_a_persons_votes_counts(database: Database) -> None:
    await post_sent(database, "a")
    turns = [1, -1, None, 1, None, -1]
    assert await Votes(database).write([MessageVote("ours-a", "p", turn, at()) for turn in turns]) == ["discord:g"] * 6
    assert await Votes(database).on("reply-a") == {"p": -1}
    assert await Votes(database).write([]) == []


FIRE, THUMB, SLEEP = "🔥", "👍", "💤"
# Turns of one person, as (vote, emoji), and what is left of them.
TURNS: list[tuple[list[tuple[int | None, str | None]], int | None]] = [
    ([(1, THUMB), (None, THUMB)], None),
    ([(1, THUMB), (-1, SLEEP), (None, THUMB)], -1),
    ([(1, THUMB), (-1, SLEEP), (None, SLEEP)], None),
    ([(1, THUMB), (None, FIRE)], 1),
    ([(None, THUMB), (1, THUMB)], 1),
    ([(1, THUMB), (None, FIRE), (None, None)], None),
    ([(1, THUMB), (None, THUMB), (-1, None), (None, THUMB)], -1),
    ([(1, FIRE), (None, THUMB), (None, FIRE)], None),
    ([(-1, "\ud800"), (None, "\ud800")], None),
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("early", [True, False])
async def test_a_withdrawn_emoji_takes_back_no_other_vote(early: bool, at_once: bool, database: Database) -> None:
    posts, votes = Posts(database), Votes(database)
    await posts.claim(a_post("a"))
    await posts.sending("a", a_reply("r"), "song")
    if not early:
        await posts.sent("a", "ours")
    cast = [
        MessageVote("ours", f"p{number}", vote, at(), emoji) for number, (turns, _) in enumerate(TURNS) for vote, emoji in turns
    ]
    for some in [cast] if at_once else [[each] for each in cast]:
        assert set(await votes.write(some)) == {None if early else "discord:g"}
    if early:
        await posts.sent("a", "ours")
    assert await votes.on("r") == {f"p{number}": left for number, (_, left) in enumerate(TURNS) if left}


async def test_a_button_takes_the_place_of_an_emoji_which_withdraws_it_no_more(database: Database) -> None:
    await post_sent(database, "a")
    votes = Votes(database)
    await votes.write([MessageVote("ours-a", "p", 1, at(), THUMB)])
    assert await votes.change("p", "reply-a", lambda _: -1, at()) == (-1, Tally(0, 1))
    await votes.write([MessageVote("ours-a", "p", None, at(), THUMB)])
    assert await votes.on("reply-a") == {"p": -1}


async def test_a_press_that_is_told_of_twice_counts_once(database: Database) -> None:
    await post_sent(database, "a")
    votes = Votes(database)

    def press(once: str) -> Coroutine[Any, Any, tuple[int | None, Tally]]:
        return votes.change("p", "reply-a", lambda before: None if before else 1, at(), once=once)

    assert set(await asyncio.gather(*(press("x") for _ in range(4)))) == {(1, Tally(1, 0))}
    assert [await press("y"), await press(""), await press("")] == [(None, Tally(0, 0)), (1, Tally(1, 0)), (None, Tally(0, 0))]


async def test_votes_by_emoji_are_cleared_and_buttons_stay(database: Database) -> None:
    await post_sent(database, "a")
    votes = Votes(database)
    await votes.change("button", "reply-a", lambda _: -1, at())
    await votes.write([MessageVote("ours-a", who, 1, at(), emoji) for who, emoji in (("p", THUMB), ("q", FIRE), ("s", FIRE))])
    assert [await votes.clear("reply-a", FIRE), await votes.on("reply-a")] == [2, {"button": -1, "p": 1}]
    assert [await votes.clear("reply-a"), await votes.clear("reply-a"), await votes.clear("none")] == [1, 0, 0]
    assert await votes.on("reply-a") == {"button": -1}


async def test_votes_that_are_read_back_are_what_the_platform_shows(database: Database) -> None:
    await post_sent(database, "a")
    votes = Votes(database)
    for person in ("button", "both"):
        await votes.change(person, "reply-a", lambda _: -1, at())
    before = {"stays": THUMB, "withdrew": THUMB, "changed": SLEEP}
    await votes.write([MessageVote("ours-a", person, 1, at(), emoji) for person, emoji in before.items()])
    await Wishes(database).opt_out("left", at())
    shown = {
        "both": [(THUMB, 1)],
        "stays": [(THUMB, 1), (SLEEP, -1)],
        "changed": [(FIRE, 1), (SLEEP, -1)],
        "new": [(FIRE, 1), (SLEEP, -1)],
        "left": [(FIRE, 1)],
        "none": [],
    }
    assert await votes.read_back("ours-a", shown, at(1)) == "discord:g"
    now = {"button": -1, "both": -1, "stays": 1, "changed": -1, "new": -1}
    assert await votes.on("reply-a") == now
    assert await votes.read_back("ours-a", shown, at(2)) is None
    assert await votes.read_back("never", shown, at(2)) is None
    kept = {vote.person: vote.at for vote, _ in await votes.with_replies()}
    assert {person for person, when in kept.items() if when == at(1)} == {"changed", "new"}
    many = {f"p{number}": [(THUMB, 1)] for number in range(1_100)}
    await votes.read_back("ours-a", many, at(3))
    assert await votes.tally("reply-a") == Tally(1_100, 2)
    await votes.read_back("ours-a", {}, at(4))
    assert await votes.on("reply-a") == {"button": -1, "both": -1}


async def test_a_vote_that_a_button_withdrew_does_not_come_back_with_the_emoji(database: Database) -> None:
    await post_sent(database, "a")
    votes = Votes(database)
    await votes.write([MessageVote("ours-a", person, 1, at(), THUMB) for person in "pq"])
    for person in "pq":
        await votes.change(person, "reply-a", lambda _: None, at(1))
    assert await votes.read_back("ours-a", {person: [(THUMB, 1)] for person in "pqr"}, at(2)) == "discord:g"
    assert await votes.on("reply-a") == {"r": 1}
    await votes.write([MessageVote("ours-a", "p", -1, at(3), SLEEP)])
    assert await votes.read_back("ours-a", {person: [(THUMB, 1), (SLEEP, -1)] for person in "pq"}, at(4)) == "discord:g"
    assert await votes.on("reply-a") == {"p": -1}


async def test_erased_votes_stay_erased_until_a_new_emoji(database: Database, database_url: str) -> None:
    votes, privacy = Votes(database), Privacy(database)
    await post_sent(database, "old")
    await votes.write([MessageVote("ours-old", "discord:bob", 1, at(), THUMB)])
    assert await privacy.erase("discord:bob", at(1)) == 1
    await post_sent(database, "new", minutes=2)
    shown = {"discord:bob": [(THUMB, 1)]}
    assert await votes.read_back("ours-old", shown, at(3)) is None
    assert await votes.read_back("ours-new", shown, at(3)) == "discord:g"
    assert (await votes.on("reply-old"), await votes.on("reply-new")) == ({}, {"discord:bob": 1})
    await votes.write([MessageVote("ours-old", "discord:bob", -1, at(4), SLEEP)])
    assert await votes.read_back("ours-old", {"discord:bob": [(THUMB, 1), (SLEEP, -1)]}, at(5)) is None
    assert await votes.on("reply-old") == {"discord:bob": -1}
    await votes.read_back("ours-old", shown, at(6))
    assert await votes.on("reply-old") == {}
    assert "bob" not in str(await execute(database_url, "SELECT * FROM uncounted"))
    await votes.forget_uncounted(at(1))
    assert len(await execute(database_url, "SELECT * FROM uncounted")) == 1
    await votes.forget_uncounted(at(2))
    assert await execute(database_url, "SELECT * FROM uncounted") == []


async def test_a_vote_on_a_strangers_message_is_not_kept(database: Database) -> None:
    await post_sent(database, "a")
    assert await Votes(database).write([MessageVote("strange", "p", 1, at(), THUMB)]) == [None]
    assert (await Privacy(database).show("p"))["early_votes"] == []


async def test_votes_from_before_the_message_was_known_count_once_it_is(database: Database) -> None:
    posts, votes = Posts(database), Votes(database)
    await posts.claim(a_post("a"))
    await posts.sending("a", a_reply("r"), "song")
    early = [("p", 1), ("q", -1), ("s", 1), ("s", None), ("t", 1), ("t", -1)]
    for person, vote in early:
        assert await votes.write([MessageVote("ours", person, vote, at())]) == [None]
    await votes.write([MessageVote("never", "p", 1, at())])
    await votes.change("q", "r", lambda _: 1, at(1))
    assert await posts.sent("a", "ours")
    assert await votes.on("r") == {"p": 1, "q": 1, "t": -1}
    assert len((await Privacy(database).show("p"))["early_votes"]) == 1
    await votes.forget_early(at(1))
    assert (await Privacy(database).show("p"))["early_votes"] == []


async def test_no_vote_is_lost_while_its_message_becomes_known(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    for turn in range(10):
        await Posts(database).claim(a_post(f"p{turn}"))
        await Posts(database).sending(f"p{turn}", a_reply(f"r{turn}"), "song")
        await asyncio.gather(
            Votes(other).write([MessageVote(f"ours{turn}", "ann", 1, at())]),
            Posts(database).sent(f"p{turn}", f"ours{turn}"),
            Votes(other).write([MessageVote(f"ours{turn}", "bob", -1, at())]),
        )
        assert await Votes(database).on(f"r{turn}") == {"ann": 1, "bob": -1}
    await other.close()


async def test_two_programs_that_write_the_same_votes_at_once_get_in_nobodys_way(database: Database, database_url: str) -> None:
    other = await Database.open(database_url)
    for name in "abcd":
        await post_sent(database, name)
    storm = [MessageVote(f"ours-{name}", f"p{n}", 1, at()) for name in "abcd" for n in range(50)]
    await asyncio.gather(*(Votes(one).write(storm[turn:] + storm[:turn]) for turn in (0, 70, 140) for one in (database, other)))
    assert {await Votes(database).tally(f"reply-{name}") for name in "abcd"} == {Tally(50, 0)}
    await other.close()


async def test_a_vote_that_cannot_be_kept_says_so(database: Database, database_url: str) -> None:
    await post_sent(database, "a")
    writer = VoteWriter(Votes(database).write)
    await execute(database_url, "ALTER TABLE votes RENAME TO elsewhere")
    said = await asyncio.gather(
        *(writer.write(MessageVote("ours-a", person, 1, at())) for person in "pq"), return_exceptions=True
    )
    assert [type(each) for each in said] == [StoreError] * 2
    await execute(database_url, "ALTER TABLE elsewhere RENAME TO votes")
    assert await writer.write(MessageVote("ours-a", "p", 1, at())) == "discord:g"


async def test_who_gives_up_waiting_keeps_nobody_else_from_voting(database: Database) -> None:
    await post_sent(database, "a")
    writer = VoteWriter(Votes(database).write)
    tasks = [asyncio.create_task(writer.write(MessageVote("ours-a", person, 1, at()))) for person in "pq"]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert await tasks[1] == "discord:g"
    await writer.close()
    assert await Votes(database).on("reply-a") == {"p": 1, "q": 1}


async def test_the_learner_reads_what_was_seen_since_the_reset(database: Database) -> None:
    for name, minutes in (("old", 0), ("new", 60)):
        said = a_reply(f"reply-{name}", minutes=minutes)
        said.candidates = [{"text": "Else.", "scores": {"fluency": 0.1}}, {"text": "no scores"}, None]
        await post_sent(database, name, minutes=minutes, reply=said)
    await post_sent(database, "elsewhere", scope="discord:h")
    unsent = a_reply("unsent")
    unsent.scope = "discord:g"
    await Replies(database).keep(unsent)
    await Votes(database).write([MessageVote(f"ours-{name}", "p", 1, at()) for name in ("new", "elsewhere")])
    lessons = Lessons(database, lambda: NOON + timedelta(days=1))
    new, old = await lessons.examples("discord:g")
    assert (new.votes, old.votes, new.age, old.age) == ({"p": 1}, {}, 23 / 24, 1.0)
    assert (new.scores, list(new.others)) == ({"fluency": 0.5}, [{"fluency": 0.1}])
    await Lessons(database, lambda: NOON + timedelta(minutes=30)).reset("discord:g")
    assert await lessons.examples("discord:g") == [new]
    await lessons.reset("discord:g")
    assert await lessons.examples("discord:g") == []
    assert len(await lessons.examples("discord:h")) == 1


async def test_whoever_asks_is_shown_and_erased_and_replies_stay(database: Database) -> None:
    ann, privacy = "discord:ann", Privacy(database)
    for name in "ab":
        await post_sent(database, name)
    await Posts(database).claim(a_post("d"))
    await Posts(database).sending("d", a_reply("reply-d"), "song")
    both = [MessageVote(message, who, 1, at(), "👍") for message in ("ours-a", "later") for who in (ann, "discord:bob")]
    await Votes(database).write(both)
    await Posts(database).claim(a_post("c"))
    draft = KeptDraft(id="d", post="c", scope="discord:g", place="x", candidates=[], expires=at(9), at=at())
    await Drafts(database).create(draft, "song")
    event = KeptDraftEvent(draft="d", at=at(), who=ann, what="rejected")
    await Drafts(database).transition("d", ["open"], "rejected", event, by=ann)
    await Wishes(database).set("discord:g", "mode", "off", ann, at())
    await Wishes(database).block("discord:g", "word", "lush", ann, at())
    await Wishes(database).opt_out(ann, at())
    shown = await privacy.show(ann)
    counts = {name: len(rows) for name, rows in shown.items() if isinstance(rows, list)}
    once = dict.fromkeys(("votes", "early_votes", "drafts", "draft_events", "settings", "blocks", "optouts"), 1)
    assert counts == once | {"posts": 4}
    assert shown["votes"] == [{"reply": "reply-a", "vote": 1, "emoji": "👍", "at": at()}]
    assert await privacy.erase(ann, at()) == 10
    left = {name: rows for name, rows in (await privacy.show(ann)).items() if rows and isinstance(rows, list)}
    assert left == {"optouts": [{"at": at()}]}
    assert await Votes(database).on("reply-a") == {"discord:bob": 1}
    assert await Replies(database).get("reply-a") is not None
    assert (await Drafts(database).events("d"))[1].who is None
    assert await privacy.erase(ann, at()) == 0
