"""Curators: what they decide is posted once, whoever clicks how often, whatever fails, and whenever the program ends."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation.context import is_draft
from bot.conversation.review import MOST_ROUNDS, fault
from bot.hype import Hype
from bot.platforms.on_discord.cards import message as on_discord
from bot.platforms.on_slack.cards import message as on_slack
from bot.platforms.outlet import Asker, Card, Place
from bot.songs.resolver import Resolver
from bot.store.database import Database
from bot.store.tables import KeptDraft, KeptDraftEvent, KeptReply
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.conversation.chat import Chat, Shown
from tests.bot.conversation.evening import PLACE, RICK, Evening
from tests.bot.store.kept import execute

MUSIC, CURATORS = "10", "20"  # channels
CURATOR = Asker(replace(PLACE, channel=CURATORS), "discord:cur", "discord:interaction:1", roles=("30", "7"))
OTHER = replace(CURATOR, person="discord:other", key="discord:interaction:2")
OPEN = ("approve", "edit", "again", "reject")


class Curated(Evening):
    """An evening in a server whose curators see everything first; what the model says is the same every time."""

    def start(self) -> None:
        super().start()
        seeds = itertools.count(41)
        self.hype = Hype(Resolver.offline(), Commentator(self.bundle), waiting=8, deadline=30, seeds=lambda: next(seeds))
        self.context.hype = self.hype

    async def prepare(self) -> None:
        for key, value in (("mode", "review"), ("curators_channel", "20"), ("curators", "30")):
            await self.context.change_setting(PLACE.scope, key, value, "discord:boss")

    async def drafts(self, *messages: str) -> list[Shown]:
        """Links are shared; the curators' cards."""
        for number, message in enumerate(messages or ("m1",)):
            await self.says(RICK if not number else f"https://youtu.be/9bZkp7q19f{number}", message=message)
        return self.chat.said(CURATORS)

    async def draft(self) -> Shown:
        """A link is shared; the curators' card."""
        (shown,) = await self.drafts()
        return shown

    async def kept(self) -> KeptDraft:
        """The only draft."""
        (draft,) = await self.context.drafts.newest(2)
        return draft

    async def reply(self) -> KeptReply:
        """The reply of the last post in the music channel."""
        post = await self.context.posts.last(str(PLACE))
        assert post is not None
        assert post.reply is not None
        reply = await self.context.replies.get(post.reply)
        assert reply is not None
        return reply

    async def did(self) -> list[tuple[str | None, str, str]]:
        """Who did what with the only draft."""
        return [(each.who, each.what, each.detail) for each in await self.context.drafts.events((await self.kept()).id)]


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


async def opened(tiny: Bundle, url: str) -> AsyncIterator[Curated]:
    database = await Database.open(url)
    made = Curated(tiny, database)
    await made.prepare()
    yield made
    await made.bot.close()
    await made.hype.close()
    await database.close()


@pytest.fixture
async def evening(tiny: Bundle, tmp_path: Path) -> AsyncIterator[Curated]:
    async for made in opened(tiny, f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3"):
        yield made


@pytest.fixture
async def anywhere(tiny: Bundle, database_url: str) -> AsyncIterator[Curated]:
    """The same on each kind of database, on a platform that drops no second message by its nonce."""
    async for made in opened(tiny, database_url):
        made.chat = Chat(forgets_nonces=True)
        made.start()
        yield made


# --- from a link to the reply ----------------------------------------------------------------------------------


async def test_what_a_curator_approves_is_posted_where_the_song_was_shared(evening: Curated) -> None:
    card = (await evening.draft()).card
    assert evening.texts() == []
    assert (card.kind, card.buttons, card.channel) == ("draft", OPEN, MUSIC)
    assert card.title == "Rick Astley — Never Gonna Give You Up"
    assert card.footer.endswith("machine-written · waits until 2026-11-22 20:00 UTC")
    assert "discord:ann" not in repr(card)
    assert is_draft(card.reply)
    assert 2 <= len(set(card.choices)) == len(card.choices) <= 5
    told = await evening.bot.review.approve(CURATOR, card.reply, 2)
    assert told == f"Approved by a curator (2 of {len(card.choices)}) and posted."
    (said,) = evening.chat.said(MUSIC)
    assert (said.card.text, said.answering, said.card.kind) == (card.choices[1], "m1", "reply")
    (decided,) = evening.chat.said(CURATORS)
    assert decided.card.text == f"{told}\n{card.choices[1]}"
    assert decided.card.buttons == decided.card.choices == ()
    reply = await evening.reply()
    first = (await evening.kept()).candidates
    assert (reply.text, reply.scores, reply.seed) == (first[1]["text"], first[1]["scores"], first[1]["seed"])
    assert first[0]["text"] in {each["text"] for each in reply.candidates or ()}
    assert reply.song["title"] == "Never Gonna Give You Up"
    assert await evening.did() == [(None, "created", ""), ("discord:cur", "approved", "2"), (None, "posted", "")]
    told = await evening.bot.voting.pressed(replace(CURATOR, place=PLACE), said.card.reply, 1)
    assert "+1" in told


async def test_a_platform_shows_for_which_channel_a_draft_is(evening: Curated) -> None:
    card = (await evening.draft()).card
    assert on_discord(card)["embeds"][0]["description"].startswith("For <#10>\nWhat shall I say about it?\n**1.** ")
    assert on_discord(card, embeds=False)["content"].splitlines()[2] == "For <#10>"
    assert "<#" not in str(on_discord(replace(card, channel="10> @everyone <#1")))
    in_slack = on_slack(replace(card, channel="C1:1700000000.000100"))
    assert {"type": "mrkdwn", "text": "For <#C1>", "verbatim": True} in in_slack["blocks"][1]["elements"]
    assert "For" not in str(on_slack(replace(card, channel="C1x|<!channel>"))["blocks"][1])


async def test_what_a_curator_writes_is_posted_and_says_so(evening: Curated) -> None:
    card = (await evening.draft()).card
    assert await evening.bot.review.edit_text(CURATOR, card.reply) == (card.choices[0], "")
    told = await evening.bot.review.edit(CURATOR, card.reply, "  Pure\u202e joy. \n\n\n Every time.\x00 ")
    assert told == "Written by a curator and posted."
    (said,) = evening.chat.said(MUSIC)
    assert said.card.text == "Pure joy.\n\nEvery time."
    assert said.card.footer.endswith("· machine-written, edited by a curator")
    assert evening.texts(CURATORS) == [f"{told}\nPure joy.\n\nEvery time."]
    reply = await evening.reply()
    assert (reply.scores, reply.bundle["edited_by"], reply.bundle["name"]) == ({}, "curator", "tiny")
    assert len(reply.candidates or ()) >= len(card.choices)


async def test_a_candidate_that_is_sent_back_unchanged_is_approved(evening: Curated) -> None:
    card = (await evening.draft()).card
    told = await evening.bot.review.edit(CURATOR, card.reply, f" {card.choices[1]} ")
    assert told.startswith("Approved by a curator (2 of ")
    assert "edited_by" not in (await evening.reply()).bundle


async def test_what_no_reply_may_be_is_not_taken(evening: Curated) -> None:
    card = (await evening.draft()).card
    await evening.context.wishes.block(PLACE.scope, "word", "moist", "discord:boss", evening.context.at())
    evening.context.blocks_changed(PLACE.scope)
    for text, why in (
        ("", "The text is empty"),
        ("\u200b \n", "The text is empty"),
        ("x" * 601, "The text has 601 characters, and 600 are the most"),
        ("x" * 100_000, "The text has 100000 characters, and 600 are the most"),
        ("hello <@123>", "The text calls somebody"),
        ("hello @\u200beveryone", "The text calls somebody"),
        ("hello <!subteam^S1|x>", "The text calls somebody"),
        ("a Moist sound", '"moist" is blocked here'),
    ):
        assert (await evening.bot.review.edit(CURATOR, card.reply, text)).startswith(why)
    for choice in (0, -1, len(card.choices) + 1):
        assert (await evening.bot.review.approve(CURATOR, card.reply, choice)).startswith(f"There is no candidate {choice}")
    await evening.context.wishes.block(PLACE.scope, "artist", "Rick Astley", "discord:boss", evening.context.at())
    evening.context.blocks_changed(PLACE.scope)
    assert (await evening.bot.review.approve(CURATOR, card.reply, 1)).startswith('"Rick Astley" is blocked here')
    assert (await evening.kept()).state == "open"
    assert evening.texts() == []


async def test_another_round_has_other_candidates_and_old_buttons_do_nothing(evening: Curated) -> None:
    first = (await evening.draft()).card
    assert await evening.bot.review.another(CURATOR, first.reply) == "Round 2 is here: the card shows other candidates."
    (shown,) = evening.chat.said(CURATORS)
    second = shown.card
    assert second.text == "What shall I say about it? Round 2."
    assert second.buttons == OPEN
    assert not {*first.choices} & {*second.choices}
    for late in (
        await evening.bot.review.approve(OTHER, first.reply, 1),
        await evening.bot.review.another(OTHER, first.reply),
        await evening.bot.review.reject(OTHER, first.reply),
        (await evening.bot.review.edit_text(OTHER, first.reply))[1],
    ):
        assert late == "Too late. Round 2 is open: choose from that."
    await evening.bot.review.approve(CURATOR, second.reply, 1)
    assert evening.texts() == [second.choices[0]]
    (told,) = await evening.context.drafts.export()
    assert [[each["text"] for each in told[key]] for key in ("candidates",)] == [[*second.choices]]
    assert [[each["text"] for each in some] for some in told["earlier"]] == [[*first.choices]]
    assert len({each["seed"] for each in [*told["candidates"], *told["earlier"][0]]}) == 2


async def test_there_is_an_end_to_rounds(evening: Curated) -> None:
    draft = await evening.draft()
    event = KeptDraftEvent(draft=(await evening.kept()).id, at=evening.context.at(), who=None, what="round")
    await evening.context.drafts.transition(event.draft, ["open"], "open", event, round=MOST_ROUNDS - 1)
    await evening.bot.review.reject(CURATOR, draft.card.reply)  # an old card, so it is shown anew
    assert "Round 10 is here" in await evening.bot.review.another(CURATOR, draft.card.reply)
    assert await evening.bot.review.another(CURATOR, draft.card.reply) == "10 rounds are the most: approve, edit or reject."


async def test_rejected_and_too_late(evening: Curated) -> None:
    card = (await evening.draft()).card
    told = "Rejected by a curator: nothing is posted."
    assert await evening.bot.review.reject(CURATOR, card.reply) == told
    assert evening.texts(CURATORS) == [told]
    for late in (await evening.bot.review.approve(OTHER, card.reply, 1), await evening.bot.review.edit(OTHER, card.reply, "x")):
        assert late == f"Too late. {told}"
    assert await evening.bot.review.edit_text(OTHER, card.reply) == ("", f"Too late. {told}")
    assert evening.texts() == []


@pytest.mark.parametrize("tidied", [True, False])
async def test_nobody_decided_in_time(evening: Curated, tidied: bool) -> None:
    card = (await evening.draft()).card
    evening.now += timedelta(hours=23, minutes=59)
    await evening.bot.review.expire()
    assert (await evening.kept()).state == "open"
    evening.now += timedelta(minutes=1)
    if tidied:
        await evening.bot.review.expire()
    told = "Nobody decided in time: nothing is posted."
    assert await evening.bot.review.approve(CURATOR, card.reply, 1) == f"Too late. {told}"
    assert (evening.texts(CURATORS), evening.texts()) == ([told], [])
    assert (await evening.kept()).state == "expired"


# --- who decides -----------------------------------------------------------------------------------------------


async def test_only_curators_of_the_same_community_decide(evening: Curated) -> None:
    carried = (await evening.draft()).card.reply
    review = evening.bot.review
    no_curator = [replace(CURATOR, roles=("31",)), replace(CURATOR, roles=(), person="discord:30")]
    for asker in no_curator:
        for told in (
            await review.approve(asker, carried, 1),
            await review.edit(asker, carried, "x"),
            (await review.edit_text(asker, carried))[1],
            await review.another(asker, carried),
            await review.reject(asker, carried),
        ):
            assert told.startswith("Only curators decide that")
    elsewhere = [Place("discord", "2", CURATORS), Place("discord", "", CURATORS), Place("slack", "1", CURATORS)]
    strangers = [(replace(CURATOR, place=place, manages=True), carried) for place in elsewhere]
    nothing = [
        "",
        "x",
        carried.partition(".")[2],
        f"0{carried}",
        f"9{carried}x",
        "1." + "d" * 500,
        "1.\ud800",
        "²." + carried[2:],
    ]
    for asker, draft in [*strangers, *((CURATOR, draft) for draft in nothing)]:
        assert await review.approve(asker, draft, 1) == "This draft is not known here any more."
    assert (await evening.kept()).state == "open"
    assert (await review.approve(replace(CURATOR, roles=(), manages=True), carried, 1)).endswith("and posted.")


async def test_in_private_whoever_asked_decides_there(evening: Curated) -> None:
    private = Place("discord", "", "50")
    for key, value in (("mode", "review"), ("curators_channel", "20")):
        await evening.context.change_setting(private.scope, key, value, "discord:ann")
    await evening.says(RICK, place=private, asked=True)
    assert evening.chat.said(CURATORS) == []
    (shown,) = evening.chat.said("50")
    asker = Asker(private, "discord:ann", "k", manages=True)
    await evening.bot.review.approve(asker, shown.card.reply, 1)
    assert evening.texts("50")[1:] == [shown.earlier[0].choices[0]]


async def test_two_curators_of_two_programs_at_once_post_once(anywhere: Curated, tiny: Bundle, database_url: str) -> None:
    carried = (await anywhere.draft()).card.reply
    other = Curated(tiny, await Database.open(database_url))
    other.chat = anywhere.chat
    other.start()
    clicks = [
        evening.bot.review.approve(asker, carried, choice)
        for choice in (1, 2, 1)
        for evening, asker in ((anywhere, CURATOR), (other, OTHER))
    ]
    edits = [other.bot.review.edit(OTHER, carried, "Mine."), anywhere.bot.review.reject(CURATOR, carried)]
    told = await asyncio.gather(*clicks, *edits)
    assert sum(not each.startswith("Too late.") for each in told) == 1, told
    decided = await anywhere.kept()
    assert len(anywhere.chat.said(MUSIC)) == (decided.state == "posted")
    assert len([each for each in await anywhere.did() if each[0]]) == 1
    for evening in (anywhere, other):
        await evening.bot.tidy()
    assert len(anywhere.chat.said(MUSIC)) == (decided.state == "posted")
    await other.hype.close()
    await other.database.close()


async def test_two_who_want_another_round_get_one(evening: Curated) -> None:
    carried = (await evening.draft()).card.reply
    told = await asyncio.gather(*(evening.bot.review.another(asker, carried) for asker in (CURATOR, CURATOR, OTHER)))
    assert sorted(each.split()[0] for each in told) == ["Another", "Another", "Round"]
    assert (await evening.kept()).round == 2


# --- what fails, and when the program ends ---------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
async def test_what_was_approved_and_not_posted_is_posted_after_a_restart(anywhere: Curated, after: bool) -> None:
    card = (await anywhere.draft()).card
    anywhere.now += timedelta(hours=20)  # long after the link was shared
    anywhere.chat.refuse("post", "down", channel=MUSIC, after=after, times=1 if after else 2)
    told = await anywhere.bot.review.approve(CURATOR, card.reply, 1)
    assert told.endswith("and it is posted as soon as that can be done.")
    assert anywhere.texts(CURATORS) == [f"{told}\n{card.choices[0]}"]
    assert (await anywhere.bot.review.approve(OTHER, card.reply, 2)).startswith("Too late. Approved by a curator (1 of ")
    for _ in range(3):
        anywhere.start()
        await anywhere.bot.resume("discord")
    assert anywhere.texts() == [card.choices[0]]
    assert anywhere.texts(CURATORS)[0].startswith(f"Approved by a curator (1 of {len(card.choices)}) and posted.")
    assert await anywhere.did() == [(None, "created", ""), ("discord:cur", "approved", "1"), (None, "posted", "")]


@pytest.mark.parametrize("channel", [MUSIC, CURATORS])
async def test_a_program_that_is_killed_while_it_posts_posts_once(anywhere: Curated, channel: str) -> None:
    work: asyncio.Task[str]
    if channel == CURATORS:
        anywhere.chat.open.clear()
        work = asyncio.create_task(anywhere.says(RICK))
    else:
        carried = (await anywhere.draft()).card.reply
        anywhere.chat.posting.clear()
        anywhere.chat.open.clear()
        work = asyncio.create_task(anywhere.bot.review.approve(CURATOR, carried, 1))
    await anywhere.chat.posting.wait()
    killed = anywhere.bot
    work.cancel()
    await killed.close(patience=0)
    await asyncio.gather(work, return_exceptions=True)
    anywhere.chat.open.set()
    for _ in range(2):
        anywhere.start()
        await anywhere.bot.resume("discord")
    assert len(anywhere.chat.said(channel)) == 1
    if channel == CURATORS:
        await anywhere.bot.review.approve(CURATOR, anywhere.chat.said(CURATORS)[0].card.reply, 1)
    assert len(anywhere.texts()) == 1
    assert (await anywhere.kept()).state == "posted"


async def test_a_program_that_is_killed_while_it_rejects_lets_go_of_the_post_later(evening: Curated) -> None:
    await evening.draft()
    draft = await evening.kept()
    event = KeptDraftEvent(draft=draft.id, at=evening.context.at(), who="discord:cur", what="rejected")
    await evening.context.drafts.transition(draft.id, ["open"], "rejected", event)  # and that is all that it came to
    evening.start()
    await evening.bot.resume("discord")
    (shown,) = evening.chat.said(CURATORS)
    assert shown.card.buttons == ()
    post = await evening.context.posts.get(draft.post)
    assert post
    assert post.state == "dropped"


async def test_a_card_whose_posting_was_never_told_of_is_found_again(anywhere: Curated) -> None:
    anywhere.chat.refuse("post", "down", channel=CURATORS, after=True)
    (shown,) = await anywhere.drafts()
    assert (await anywhere.kept()).message is None
    anywhere.start()
    await anywhere.bot.resume("discord")
    assert (await anywhere.kept()).message == shown.id
    assert len(anywhere.chat.said(CURATORS)) == 1
    anywhere.chat.refuse("find", "forbidden", times=99)
    assert (await anywhere.bot.review.approve(CURATOR, shown.card.reply, 1)).endswith("and posted.")


async def test_a_card_that_could_not_be_shown_for_now_is_shown_later(evening: Curated) -> None:
    evening.chat.refuse("post", "limited", channel=CURATORS)
    assert await evening.drafts() == []
    await evening.bot.tidy()
    (shown,) = evening.chat.said(CURATORS)
    await evening.bot.tidy()
    assert (len(evening.chat.said(CURATORS)), shown.earlier) == (1, [])
    assert (await evening.bot.review.approve(CURATOR, shown.card.reply, 1)).endswith("and posted.")


@pytest.mark.parametrize("asked", [True, False])
async def test_where_curators_cannot_be_reached_whoever_asked_is_told(
    evening: Curated, asked: bool, caplog: pytest.LogCaptureFixture
) -> None:
    evening.chat.refuse("post", "forbidden", channel=CURATORS, times=99)
    with caplog.at_level(logging.WARNING):
        told = await evening.says(RICK, asked=asked)
    assert told.startswith("I cannot write to the curators' channel") if asked else told == ""
    assert [record.message for record in caplog.records] == ["Curators cannot be shown a draft: The chat refuses: forbidden."]
    assert 'reason="forbidden"} 1' in evening.numbers.text()[0].decode()
    (post,) = await evening.context.posts.of_source("m1")
    assert ((await evening.kept()).state, post.state) == ("dropped", "dropped")
    evening.chat.mend()
    await evening.bot.tidy()
    assert evening.chat.messages == []


async def test_what_may_not_be_posted_is_given_up_and_told(evening: Curated) -> None:
    card = (await evening.draft()).card
    evening.chat.refuse("post", "forbidden", channel=MUSIC, times=99)
    told = await evening.bot.review.approve(CURATOR, card.reply, 1)
    assert told == "Given up: I may not post where the song was shared."
    assert evening.texts(CURATORS) == [f"{told}\n{card.choices[0]}"]
    evening.chat.mend()
    await evening.bot.tidy()
    assert evening.texts() == []


async def test_what_cannot_be_posted_for_a_day_is_given_up(evening: Curated) -> None:
    card = (await evening.draft()).card
    evening.chat.refuse("post", "down", channel=MUSIC, times=99)
    await evening.bot.review.edit(CURATOR, card.reply, "Mine.")
    changes = len(evening.chat.said(CURATORS)[0].earlier)
    evening.now += timedelta(hours=23)
    await evening.bot.tidy()
    assert ((await evening.kept()).state, len(evening.chat.said(CURATORS)[0].earlier)) == ("edited", changes)
    evening.now += timedelta(hours=1)
    await evening.bot.tidy()
    assert evening.texts(CURATORS) == ["Given up: it could not be posted in time.\nMine."]
    evening.chat.mend()
    await evening.bot.tidy()
    assert evening.texts() == []


async def test_what_was_perhaps_posted_and_may_not_be_looked_for_is_given_up(
    anywhere: Curated, caplog: pytest.LogCaptureFixture
) -> None:
    card = (await anywhere.draft()).card
    anywhere.chat.refuse("post", "down", channel=MUSIC, after=True)
    await anywhere.bot.review.approve(CURATOR, card.reply, 1)
    anywhere.chat.refuse("find", "forbidden", times=99)
    anywhere.start()
    caplog.clear()
    for _ in range(2):
        await anywhere.bot.tidy()
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert anywhere.texts() == [card.choices[0]]
    assert (
        f"Approved by a curator (1 of {len(card.choices)}), but perhaps not posted, which I may not"
        in (anywhere.texts(CURATORS)[0])
    )


async def test_who_opted_out_meanwhile_is_not_answered(evening: Curated) -> None:
    card = (await evening.draft()).card
    await evening.context.wishes.opt_out("discord:ann", evening.context.at())
    told = await evening.bot.review.approve(CURATOR, card.reply, 1)
    assert told == "Given up: it is not wanted any more where the song was shared."
    assert evening.texts() == []


@pytest.mark.parametrize("told_of", [True, False])
async def test_a_draft_goes_with_its_message(evening: Curated, told_of: bool) -> None:
    card = (await evening.draft()).card
    await evening.bot.answering.gone("m1")
    told = "Given up: the song's message or its channel is gone."
    if told_of:
        (post,) = await evening.context.posts.of_source("m1")
        await evening.bot.review.withdraw(post)
        assert evening.texts(CURATORS) == [told]
    assert await evening.bot.review.approve(CURATOR, card.reply, 1) == f"Too late. {told}"
    assert (evening.texts(CURATORS), evening.texts()) == ([told], [])


async def test_a_card_that_somebody_deletes_is_shown_again(anywhere: Curated) -> None:
    shown = await anywhere.draft()
    for told_of in (True, False):
        await anywhere.chat.remove(shown.id)
        if told_of:
            await anywhere.bot.answering.gone("m0", shown.id)
        else:
            assert (await anywhere.bot.review.another(CURATOR, shown.card.reply)).startswith("Round 2 is here")
        await anywhere.bot.tidy()
        await anywhere.bot.tidy()
        before, (shown,) = shown, anywhere.chat.said(CURATORS)
        assert (shown.nonce != before.nonce, shown.card.buttons) == (True, OPEN)
    assert (await anywhere.bot.review.approve(CURATOR, shown.card.reply, 1)).endswith("and posted.")
    await anywhere.chat.remove(shown.id)
    await anywhere.bot.answering.gone(shown.id)
    await anywhere.bot.tidy()
    assert anywhere.chat.said(CURATORS) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A line.", ""),
        (" \n", "is empty"),
        ("x" * 601, "has 601 "),
        ("hi <@1>", "calls somebody"),
        ("x" * 9_000, "9000"),
    ],
)
def test_a_form_can_ask_what_stands_against_a_text(text: str, said: str) -> None:
    assert said in fault(text)
    assert bool(fault(text)) == bool(said)


async def test_a_deleted_card_and_a_failing_database_raise_nothing(evening: Curated) -> None:
    shown = await evening.draft()
    await evening.chat.remove(shown.id)
    assert (await evening.bot.review.approve(CURATOR, shown.card.reply, 1)).endswith("and posted.")
    await evening.database.close()
    broken = Curated(evening.bundle, await Database.open("sqlite+aiosqlite:///:memory:"))
    await broken.prepare()
    card: Card = (await broken.draft()).card
    async with broken.database.session() as session:
        await session.run_sync(lambda sync: KeptDraft.metadata.drop_all(sync.get_bind()))
    for told in (
        await broken.bot.review.approve(CURATOR, card.reply, 1),
        (await broken.bot.review.edit_text(CURATOR, card.reply))[1],
    ):
        assert told.startswith("The database ")
    await broken.bot.review.expire()
    await broken.bot.review.resume("discord")
    await broken.hype.close()
    await broken.database.close()


# --- what is kept ----------------------------------------------------------------------------------------------


async def test_names_that_a_person_typed_are_shown_but_not_kept(anywhere: Curated, database_url: str) -> None:
    await anywhere.says("Zebedee Quux - Hollow Gazebo", asked=True)
    card = anywhere.chat.said(CURATORS)[0].card
    assert card.title == "Zebedee Quux — Hollow Gazebo"
    assert any("Hollow Gazebo" in choice or "Zebedee Quux" in choice for choice in card.choices)
    await anywhere.bot.review.another(CURATOR, card.reply)
    carried = anywhere.chat.said(CURATORS)[0].card.reply
    kept = str(await execute(database_url, "SELECT candidates, made FROM drafts"))
    assert "Zebedee" not in kept
    assert "Gazebo" not in kept
    anywhere.start()  # now nobody knows the names any more
    await anywhere.bot.review.approve(CURATOR, carried, 1)
    (said,) = anywhere.chat.said(MUSIC)
    assert said.card.title == "Unknown song"
    assert "<title>" not in said.card.text
