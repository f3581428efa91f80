"""What conversations remember: posts, drafts, wishes and seen events; of several who do the same at once, one wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.curation.blocks import Blocks
from bot.store.database import Database
from bot.store.drafts import Drafts
from bot.store.posts import Posts
from bot.store.replies import Replies
from bot.store.retention import forget_old
from bot.store.seen import Seen
from bot.store.tables import KeptDraft, KeptDraftEvent, KeptPost, stamp
from bot.store.votes import MessageVote, Tally, Votes
from bot.store.wishes import Wishes
from tests.bot.store.kept import NOON, a_post, a_reply, at, post_sent


@pytest.fixture
async def databases(database_url: str) -> AsyncIterator[list[Database]]:
    """An empty database, as two programs have it open."""
    opened = [await Database.open(database_url), await Database.open(database_url)]
    yield opened
    for database in opened:
        await database.close()


@pytest.fixture
def database(databases: list[Database]) -> Database:
    """The same for one program."""
    return databases[0]


def a_draft(name: str, post: str, minutes: int = 60) -> KeptDraft:
    """A draft that expires so many minutes after noon."""
    candidates = [{"text": "One."}, {"text": "Two."}]
    return KeptDraft(
        id=name, post=post, scope="discord:g", place="discord:g:cur", candidates=candidates, expires=at(minutes), at=at()
    )


def did(draft: str, who: str, what: str = "approved") -> KeptDraftEvent:
    """Something that somebody did."""
    return KeptDraftEvent(draft=draft, at=at(), who=who, what=what)


# --- posts -----------------------------------------------------------------------------------------------------


async def test_of_many_claims_at_once_one_wins(databases: list[Database]) -> None:
    claims = [Posts(databases[turn % 2]).claim(a_post(f"p{turn}", source="m")) for turn in range(10)]
    assert sorted(await asyncio.gather(*claims)) == [False] * 9 + [True]
    assert await Posts(databases[0]).claim(a_post("other", source="m", link="another"))
    assert len(await Posts(databases[1]).of_source("m")) == 2
    assert await Posts(databases[1]).of_source("n") == []


async def test_who_asks_takes_over_what_was_given_up_unanswered(database: Database) -> None:
    posts = Posts(database)

    def asked(name: str, link: str = "link") -> KeptPost:
        post = a_post(name, source="m", link=link)
        post.asked = True
        return post

    for name, link in (("p", "link"), ("drafted", "other"), ("posted", "third")):
        assert await posts.claim(a_post(name, source="m", link=link))
    assert not await posts.claim(asked("q"))
    assert await Drafts(database).create(a_draft("d", "drafted"), "song")
    assert await posts.sending("posted", a_reply("r"), "song")
    for name in ("p", "drafted", "posted"):
        assert await posts.dropped(name)
    assert not await posts.claim(a_post("q", source="m", link="link"))
    assert await posts.claim_all([asked("q"), asked("s", "other"), asked("t", "third"), asked("u", "new")]) == {"q", "u"}
    assert await posts.dropped("q")
    assert not await posts.claim(asked("v"))
    assert {post.id for post in await posts.of_source("m")} == {"q", "drafted", "posted", "u"}


async def test_what_is_to_be_removed_is_known_until_it_is(database: Database) -> None:
    posts = Posts(database)
    for name in ("p", "q", "r"):
        await post_sent(database, name)
        await posts.removing(name)
    await posts.claim(a_post("late"))
    await posts.dropped("late")
    await posts.removing("late", "ours-late")
    await posts.stays("q", sent=True)
    await posts.stays("r", sent=False)
    assert await posts.removed("p")
    await posts.removing("p")
    assert [(post.id, post.message) for post in await posts.to_remove()] == [("late", "ours-late")]
    states = [(await posts.get(name)).state for name in "pqr"]  # type: ignore[union-attr] # they are all there
    assert states == ["removed", "sent", "dropped"]


async def test_a_post_goes_its_way(database: Database) -> None:
    posts = Posts(database)
    assert await posts.claim(a_post("p"))
    assert not await posts.sent("p", "ours")
    assert await posts.sending("p", a_reply("r"), "song:1")
    assert not await posts.sending("p", a_reply("r2"), "song:1")
    assert await Replies(database).get("r2") is None
    assert await posts.sent("p", "ours")
    assert not await posts.sent("p", "theirs")
    assert not await posts.dropped("p")
    kept = await posts.of_message("ours")
    assert kept is not None
    assert (kept.id, kept.state, kept.reply, kept.song, kept.person) == ("p", "sent", "r", "song:1", "discord:ann")
    for found in (await posts.get("p"), await posts.of_reply("r")):
        assert found is not None
        assert found.message == "ours"
    assert await posts.of_message("theirs") is await posts.of_reply("r2") is await posts.get("q") is None
    assert await posts.removed("p")
    assert not await posts.removed("p")


async def test_of_two_who_send_one_wins_and_nothing_is_left_of_the_other(databases: list[Database]) -> None:
    await Posts(databases[0]).claim(a_post("p"))
    sends = [Posts(one).sending("p", a_reply(f"r{turn}"), "song") for turn, one in enumerate(databases)]
    assert sorted(await asyncio.gather(*sends)) == [False, True]
    kept = [await Replies(databases[0]).get(f"r{turn}") for turn in range(2)]
    assert sum(reply is not None for reply in kept) == 1


async def test_what_was_not_finished_is_found_or_given_up(database: Database) -> None:
    posts = Posts(database)
    for name, minutes in (("old", -20), ("claimed", 1), ("sending", 2), ("dropped", 3), ("making", 4)):
        await posts.claim(a_post(name, minutes=minutes))
    await posts.sending("sending", a_reply("r"), "song")
    assert await posts.dropped("dropped")
    assert await Drafts(database).create(a_draft("d", "making"), "song")
    await post_sent(database, "sent")
    assert [post.id for post in await posts.unfinished(at(-10))] == ["claimed", "sending"]
    assert await posts.drop_older(at(-10)) == 1
    assert [post.id for post in await posts.unfinished("")] == ["claimed", "sending"]


async def test_the_same_song_is_known_for_a_while(database: Database) -> None:
    posts = Posts(database)
    await post_sent(database, "p", song="song:1")
    assert await posts.said("discord:g:c", "song:1", at())
    assert not await posts.said("discord:g:c", "song:1", at(1))
    assert not await posts.said("discord:g:c", "song:2", "")
    assert not await posts.said("discord:g:d", "song:1", "")
    await posts.removed("p")
    assert not await posts.said("discord:g:c", "song:1", at())
    await posts.claim(a_post("q"))
    await Drafts(database).create(a_draft("d", "q"), "song:3")
    assert await posts.said("discord:g:c", "song:3", at())


async def test_the_last_post_of_a_place_and_our_newest_messages_are_found(database: Database) -> None:
    posts = Posts(database)
    for minutes, name in enumerate("abc"):
        await post_sent(database, name, minutes=minutes)
    await post_sent(database, "other", scope="discord:h", minutes=3)
    await post_sent(database, "slack", scope="slack:t", minutes=4)
    await posts.claim(a_post("unsent", minutes=5))
    assert await posts.removed("b")
    assert await posts.recent("discord", at(), 9) == ["ours-other", "ours-c", "ours-a"]
    assert await posts.recent("discord", at(1), 1) == ["ours-other"]
    assert [await posts.recent("disc%", at(), 9), await posts.recent("discord", at(4), 9)] == [[], []]
    last = await posts.last("discord:g:c")
    assert last is not None
    assert last.id == "c"
    assert await posts.last("discord:g:nowhere") is None


async def test_the_top_are_those_with_most_votes_for_them(database: Database) -> None:
    posts = Posts(database)
    likes = {"one": (1, 0), "three": (4, 1), "disliked": (1, 2), "none": (0, 0), "old": (5, 0), "gone": (9, 0)}
    for name, (up, down) in likes.items():
        await post_sent(database, name, minutes=-90 if name == "old" else 0)
        votes = [MessageVote(f"ours-{name}", f"{sign}-{n}", sign, at()) for sign, n in [*zip([1] * up, range(up), strict=True)]]
        votes += [MessageVote(f"ours-{name}", f"down-{n}", -1, at()) for n in range(down)]
        await Votes(database).write(votes)
    await posts.removed("gone")
    await post_sent(database, "elsewhere", scope="discord:h")
    best = await posts.top("discord:g", at(-10), 10)
    assert [(liked.post.id, liked.reply.id, liked.tally) for liked in best] == [
        ("three", "reply-three", Tally(4, 1)),
        ("one", "reply-one", Tally(1, 0)),
    ]
    assert [liked.post.id for liked in await posts.top("discord:g", "", 2)] == ["old", "three"]


async def test_posts_go_with_their_replies_and_drafts_with_their_posts(database: Database) -> None:
    await post_sent(database, "p")
    await Posts(database).claim(a_post("q"))
    await Drafts(database).create(a_draft("d", "q"), "song")
    assert await forget_old(database, 7, NOON + timedelta(days=8)) == 1
    gone = [await Posts(database).get("p"), await Posts(database).get("q"), await Drafts(database).get("d")]
    assert gone == [None, None, None]


# --- drafts ----------------------------------------------------------------------------------------------------


async def test_a_draft_is_made_once_for_a_claim(databases: list[Database]) -> None:
    await Posts(databases[0]).claim(a_post("p"))
    made = [Drafts(one).create(a_draft(f"d{turn}", "p"), "song") for turn, one in enumerate(databases)]
    assert sorted(await asyncio.gather(*made)) == [False, True]
    kept = await Drafts(databases[0]).of_post("p")
    assert kept is not None
    assert [draft.id for draft in await Drafts(databases[0]).in_states("open")] == [kept.id]
    assert await Drafts(databases[0]).of_post("q") is None


async def test_of_two_curators_at_once_one_wins(databases: list[Database]) -> None:
    drafts = Drafts(databases[0])
    await Posts(databases[0]).claim(a_post("p"))
    await drafts.create(a_draft("d", "p"), "song")
    people = ["ann", "bob"]
    rounds = [
        Drafts(one).transition("d", ["open"], "open", did("d", who, "round"), at_round=1, round=2, candidates=[{"text": who}])
        for one, who in zip(databases, people, strict=True)
    ]
    redone = [draft for draft in await asyncio.gather(*rounds) if draft]
    assert len(redone) == 1
    assert (redone[0].round, redone[0].state) == (2, "open")
    approvals = [
        Drafts(one).transition("d", ["open"], "approved", did("d", who), by=who, chosen=turn)
        for turn, (one, who) in enumerate(zip(databases, people, strict=True))
    ]
    won = [draft for draft in await asyncio.gather(*approvals) if draft]
    assert len(won) == 1
    assert won[0].state == "approved"
    assert won[0].by == people[won[0].chosen or 0]
    events = await drafts.events("d")
    assert [event.what for event in events] == ["created", "round", "approved"]
    assert events[2].who == won[0].by
    assert await Posts(databases[0]).sending("p", a_reply("r"), "song")


async def test_a_draft_edited_shown_and_expired(database: Database) -> None:
    drafts = Drafts(database)
    for name, minutes in (("late", 60), ("soon", 10), ("sooner", 5)):
        await Posts(database).claim(a_post(name))
        await drafts.create(a_draft(name, name, minutes), "song")
    await drafts.shown("late", "message")
    edited = await drafts.transition("late", ["open"], "edited", did("late", "ann", "edited"), by="ann", text="Mine.")
    assert edited is not None
    assert (edited.text, edited.message, edited.candidates) == ("Mine.", "message", [{"text": "One."}, {"text": "Two."}])
    assert await drafts.transition("late", ["open"], "expired", did("late", "")) is None
    assert [draft.id for draft in await drafts.expired(at(10))] == ["sooner", "soon"]
    assert await drafts.expired(at(4)) == []
    exported = {row["draft"]: row for row in await drafts.export()}
    assert [event["what"] for event in exported["late"]["events"]] == ["created", "edited"]
    assert (exported["late"]["text"], exported["late"]["state"], len(exported)) == ("Mine.", "edited", 3)
    assert "ann" not in str(exported)


# --- wishes and events -----------------------------------------------------------------------------------------


async def test_settings_that_are_set_at_once_are_all_kept(databases: list[Database]) -> None:
    wishes = Wishes(databases[0])
    assert await wishes.settings("discord:g") == {}
    both = zip(databases * 3, ("mode", "praise", "quiet", "window", "up", "down"), strict=True)
    await asyncio.gather(*(Wishes(one).set("discord:g", key, f"{key}!", "ann", at()) for one, key in both))
    assert await wishes.settings("discord:g") == {key: f"{key}!" for key in ("mode", "praise", "quiet", "window", "up", "down")}
    for key in ("praise", "quiet", "window", "up", "down"):
        left = await wishes.set("discord:g", key, None, None, at())
    assert left == await wishes.settings("discord:g") == {"mode": "mode!"}
    assert await wishes.settings("discord:g:c") == {}


async def test_who_opted_out_stays_out_until_in_again(database: Database) -> None:
    wishes = Wishes(database)
    await wishes.opt_out("discord:ann", at())
    await wishes.opt_out("discord:ann", at())
    assert [await wishes.opted_out(who) for who in ("discord:ann", "discord:bob")] == [True, False]
    await wishes.opt_in("discord:ann")
    assert not await wishes.opted_out("discord:ann")


async def test_blocks_come_back_as_blocks(database: Database) -> None:
    wishes = Wishes(database)
    for kind, value in (("word", "moist"), ("word", "lush"), ("artist", "Nobody"), ("word", "moist")):
        await wishes.block("discord:g", kind, value, "ann", at())
    assert Blocks.from_dict(await wishes.blocks("discord:g")).listed("word") == ("lush", "moist")
    assert await wishes.unblock("discord:g", "word", "moist")
    assert not await wishes.unblock("discord:g", "word", "moist")
    assert await wishes.blocks("discord:g") == {"artist": ["Nobody"], "word": ["lush"]}
    assert Blocks.from_dict(await wishes.blocks("discord:h")) == Blocks()


async def test_an_event_comes_for_the_first_time_once(databases: list[Database]) -> None:
    firsts = [Seen(databases[turn % 2]).first("e", at()) for turn in range(6)]
    assert sorted(await asyncio.gather(*firsts)) == [False] * 5 + [True]
    assert await Seen(databases[0]).forget(at()) == 0
    assert await Seen(databases[0]).forget(stamp(NOON + timedelta(seconds=1))) == 1
    assert await Seen(databases[0]).first("e", at())
