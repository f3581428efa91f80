"""Whole conversations on Discord: people write, react, press and use commands; a real discord.py bot answers them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.stand_ins.discord import Callback, Channel, Message, Permission, User, faults
from tests.scenarios.discord_fixtures import fast, live, stage, template, tiny
from tests.scenarios.discord_stage import AHA, FIRE, RICK, RICK_TITLE, THUMB, Stage, title_of

__all__ = ["fast", "live", "stage", "template", "tiny"]


async def settled(stage: Stage) -> None:
    """Give whatever wrongly happens the time to happen: until the bot has answered something said later."""
    other = stage.discord.channel(stage.guild, "meanwhile")
    said = await stage.discord.says(stage.ben, other, f"{stage.discord.bot.mention} {AHA}")
    await stage.reply_to(said)


# Hearing and answering.


async def test_a_shared_link_is_answered_with_a_reply(live: Stage) -> None:
    said, reply = await live.shares(text=f"what a song {RICK}")
    (embed,) = reply.embeds
    assert title_of(reply) == RICK_TITLE
    assert embed["url"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert len(embed["description"]) > 20
    assert "machine-written" in embed["footer"]["text"]
    assert [each["label"] for each in reply.controls] == ["👍", "👎", "Again", "Why?", "Remove"]
    assert (reply.pings, reply.reply_to, reply.content) == ({}, said, "")
    assert live.discord.replies(said) == [reply]


async def test_small_talk_bots_and_webhooks_are_left_alone(live: Stage) -> None:
    says, robot = live.discord.says, live.discord.user("robot", live.guild, bot=True)
    _, reply = await live.shares()
    quiet = [
        await says(live.ann, live.channel, "what a day"),
        await says(robot, live.channel, AHA),
        await says(live.ann, live.channel, AHA, webhook_id=123456789012345678),
        await says(live.ann, live.channel, AHA, kind=6),  # "pinned a message"
        await says(live.ben, live.channel, "so true", reply_to=reply),
        await says(live.ben, live.channel, "||" + AHA + "||"),
    ]
    await settled(live)
    assert not [each for said in quiet for each in live.discord.replies(said)]


async def test_an_edit_that_adds_a_link_counts_once_and_a_preview_not_at_all(live: Stage) -> None:
    said = await live.discord.says(live.ann, live.channel, "listen to this")
    await live.discord.edits(said, f"listen to this {RICK}")
    await live.reply_to(said)
    await live.discord.unfurls(said, {"title": "Never Gonna", "url": RICK})
    await live.discord.edits(said, f"listen to this, please: {RICK}")
    await settled(live)
    assert len(live.discord.replies(said)) == 1


async def test_who_mentions_the_bot_is_answered_with_a_song_or_a_sentence(live: Stage) -> None:
    says, me = live.discord.says, live.discord.bot.mention
    named = await says(live.ann, live.channel, f"{me} a-ha - Take On Me")
    assert title_of(await live.reply_to(named)) == "a-ha — Take On Me"
    shared = await says(live.ben, live.discord.channel(live.guild, "links"), f"<{RICK}>")
    first = await live.reply_to(shared)
    below = await says(live.ann, shared.channel, me, reply_to=shared)
    assert title_of(await live.reply_to(below)) == title_of(first) == RICK_TITLE
    lost = await says(live.ann, live.channel, f"{me}")
    await live.discord.until(lambda: live.discord.replies(lost))
    (told,) = live.discord.replies(lost)
    assert (told.embeds, told.controls, bool(told.content), told.pings) == ([], [], True, {})
    asked = await says(live.ben, live.channel, AHA, reply_to=first)
    assert title_of(await live.reply_to(asked)) == "a-ha — Take On Me"


async def test_private_messages_are_answered_without_a_mention(live: Stage) -> None:
    _, reply = await live.shares(text="Rick Astley - Never Gonna Give You Up", channel=live.discord.dm(live.ann))
    assert title_of(reply) == RICK_TITLE


async def test_threads_and_channels_for_adults_are_told_from_others(live: Stage) -> None:
    adult = live.discord.channel(live.guild, "late", nsfw=True)
    for channel in (adult, live.discord.thread(adult, "later")):
        said = await live.discord.says(live.ann, channel, f"{live.discord.bot.mention} {RICK}")
        await live.discord.until(lambda said=said: live.discord.replies(said))  # type: ignore[misc] # mypy knows no default here
        assert "adults" in live.discord.replies(said)[0].content
    _, reply = await live.shares(channel=live.discord.thread(live.channel, "about Rick"))
    assert title_of(reply) == RICK_TITLE


async def test_the_menu_of_a_message_answers_below_it_even_without_the_content_intent(stage: Stage) -> None:
    async with stage.playing(message_content=False):
        said = await stage.discord.says(stage.ann, stage.channel, f"listen: {RICK}")
        used = await stage.discord.menu(stage.ben, said, "Hype this")
        reply = await stage.reply_to(said)
        assert title_of(reply) == RICK_TITLE
        await stage.discord.until(lambda: used.original and used.original.deleted)
        nothing = await stage.discord.says(stage.ann, stage.channel, "no song at all in this one, just words")
        told = await (await stage.discord.menu(stage.ben, nothing, "Hype this")).answered()
        assert told.ephemeral
        mentioned = await stage.discord.says(stage.ann, stage.channel, f"{stage.discord.bot.mention} {AHA}")
        await stage.reply_to(mentioned)
        assert len(stage.discord.replies(said)) == 1
    assert stage.numbers.condition.status != "ok"
    assert stage.numbers.condition.modes["discord message content"]


# Votes.


async def test_reactions_are_votes_and_all_five_ways_of_removing_them_count(live: Stage) -> None:
    _, reply = await live.shares()
    reacts, people = live.discord.reacts, [live.discord.user(f"fan{n}", live.guild) for n in range(3)]
    custom = live.discord.emoji(live.guild, "banger")
    robot = live.discord.user("robot", live.guild, bot=True)
    await live.context.change_setting(f"discord:{live.guild.id}", "up", f"{THUMB} {FIRE} <:banger:{custom.id}>", "x")
    for fan in people:
        await reacts(fan, reply, FIRE)
    await reacts(live.ann, reply, custom)
    await reacts(live.ben, reply, "👎")
    await reacts(robot, reply, FIRE)
    await reacts(live.ann, reply, "🥨")
    await live.voted(reply, 4, 1)
    await live.discord.unreacts(people[0], reply, FIRE)  # taken back
    await live.voted(reply, 3, 1)
    await live.discord.clears(reply, FIRE)  # all with one emoji
    await live.voted(reply, 1, 1)
    await live.discord.clears(reply)  # all
    await live.voted(reply, 0, 0)
    await reacts(live.ann, reply, THUMB)
    await reacts(live.ben, reply, FIRE)
    await live.voted(reply, 2, 0)
    live.discord.leaves(live.ben, live.guild)
    await live.discord.unreacts(live.ben, reply, FIRE)  # as a moderator's removal is told
    await live.voted(reply, 1, 0)
    await live.discord.deletes(reply)  # with the message
    await settled(live)
    assert await live.votes(reply) == (1, 0)


async def test_a_vote_on_a_reply_that_is_not_written_down_yet_is_not_lost(live: Stage) -> None:
    live.discord.fault("POST", "/channels/*/messages", faults.closed, after=True)
    said = await live.discord.says(live.ann, live.channel, RICK)
    await live.discord.until(lambda: live.discord.replies(said))
    (reply,) = live.discord.replies(said)
    await live.discord.reacts(live.ben, reply, FIRE)
    await settled(live)
    assert await live.context.posts.of_message(f"discord:{live.channel.id}:{reply.id}") is None
    await live.talk.tidy()
    await live.voted(reply, 1, 0)
    assert live.discord.replies(said) == [reply]


async def test_buttons_vote_and_tell_the_asker_alone(live: Stage) -> None:
    _, reply = await live.shares()
    presses = live.discord.presses
    up = await (await presses(live.ben, reply, "👍")).answered()
    assert (up.content, up.ephemeral) == ("Counted as a plus: +1 −0 so far.", True)
    down = await (await presses(live.ben, reply, "👎")).answered()
    assert down.content == "Counted as a minus: +0 −1 so far."
    again = await (await presses(live.ben, reply, "👎")).answered()
    assert again.content.startswith("Vote withdrawn")
    why = await (await presses(live.ben, reply, "Why?")).answered()
    assert (why.ephemeral, "seed" in why.content) == (True, True)


async def test_again_posts_another_and_remove_is_for_the_poster_and_moderators(live: Stage) -> None:
    _, reply = await live.shares()
    more = await (await live.discord.presses(live.ben, reply, "Again")).answered()
    assert (more.ephemeral, title_of(more)) == (False, RICK_TITLE)
    assert more.embeds[0]["description"] != reply.embeds[0]["description"]
    await live.written(more)
    refused = await (await live.discord.presses(live.ben, reply, "Remove")).answered()
    assert (refused.ephemeral, reply.deleted) == (True, False)
    await (await live.discord.presses(live.ann, reply, "Remove")).answered()
    assert reply.deleted
    live.discord.joins(live.ann, live.guild, live.discord.role(live.guild, "mods", Permission.MANAGE_MESSAGES))
    await (await live.discord.presses(live.ann, more, "Remove")).answered()
    assert more.deleted


# Commands.


async def test_hype_song_posts_in_public_and_refuses_in_private(live: Stage) -> None:
    used = await live.discord.slash(live.ann, live.channel, "hype", "song", {"song": "a-ha - Take On Me"})
    answer = await used.answered()
    assert (title_of(answer), answer.ephemeral, used.callback) == ("a-ha — Take On Me", False, Callback.MESSAGE)
    await live.written(answer)
    await live.discord.reacts(live.ben, answer, FIRE)
    await live.voted(answer, 1, 0)
    again = await (await live.discord.slash(live.ben, live.channel, "hype", "again")).answered()
    assert title_of(again) == "a-ha — Take On Me"
    refused = await live.discord.slash(live.ann, live.channel, "hype", "song", {"song": "-"})
    assert ((await refused.answered()).ephemeral, refused.callback) == (True, Callback.MESSAGE)


@pytest.mark.parametrize(("song", "ephemeral"), [("a-ha - Take On Me", False), ("-", True)])
async def test_what_takes_long_is_put_off_and_still_reaches_the_right_eyes(
    live: Stage, monkeypatch: pytest.MonkeyPatch, song: str, ephemeral: bool
) -> None:
    monkeypatch.setattr("bot.platforms.on_discord.answers.GRACE", 0.0)
    used = await live.discord.slash(live.ann, live.channel, "hype", "song", {"song": song})
    answer = await used.answered()
    assert (used.callback, answer.ephemeral) == (Callback.DEFERRED, ephemeral)
    assert not [each for each in live.discord.messages(live.channel) if each.loading]
    used = await live.discord.slash(live.ann, live.channel, "hype", "settings")
    assert (await used.answered()).ephemeral
    assert used.original is used.answer


async def test_the_other_commands_tell_the_asker_alone(live: Stage) -> None:
    _, reply = await live.shares()
    await live.discord.reacts(live.ben, reply, FIRE)
    await live.voted(reply, 1, 0)

    async def told(user: User, sub: str, **options: Any) -> str:
        used = await live.discord.slash(user, live.channel, "hype", sub, options)
        answer = await used.answered()
        assert answer.ephemeral
        return " ".join([answer.content, *(str(each.get("description")) for each in answer.embeds)])

    owner = live.discord.world.owner
    assert "/hype song" in await told(live.ann, "help")
    assert "Never Gonna Give You Up" in (await told(live.ann, "top", range="ever")).replace("\\", "")
    assert "mode" in await told(live.ann, "settings")
    assert "Only those who manage" in await told(live.ann, "settings", key="mode", value="off")
    assert "off" in await told(owner, "settings", key="mode", value="off", here=True)
    assert "switched off" in await told(live.ann, "song", song="a-ha - Take On Me")
    assert "auto" in await told(owner, "settings", key="mode", value="default", here=True)
    assert "Only curators" in await told(live.ann, "block", kind="artist", text="Rick Astley")
    assert "Rick Astley" in await told(owner, "block", kind="artist", text="Rick Astley")
    assert "Only curators" in await told(live.ann, "blocked")
    assert "Rick Astley" in await told(owner, "blocked")
    assert "no longer" in await told(owner, "unblock", kind="artist", text="rick astley")
    assert "forgotten" in await told(owner, "reset")
    assert "never answer" in await told(live.ben, "privacy", choice="out")
    assert "opted out" not in await told(live.ben, "privacy", choice="in")


async def test_commands_work_in_private_and_blends_are_posted(live: Stage) -> None:
    private = live.discord.dm(live.ann)
    used = await live.discord.slash(live.ann, private, "hype", "settings", {"key": "praise", "value": "3"})
    assert "3" in (await used.answered()).content
    blended = await live.discord.slash(live.ann, live.channel, "hype", "blend", {"one": RICK, "other": AHA})
    assert not (await blended.answered()).ephemeral


# Curators.


async def review(stage: Stage) -> tuple[Channel, Message, Message]:
    """A server in which curators choose: their channel, a message with a link, and the draft for it."""
    curators = stage.discord.channel(stage.guild, "curators")
    for key, value in (("mode", "review"), ("curators_channel", f"<#{curators.id}>")):
        await stage.context.change_setting(f"discord:{stage.guild.id}", key, value, "x")
    said = await stage.discord.says(stage.ann, stage.channel, RICK)
    await stage.discord.until(lambda: stage.discord.messages(curators))
    (draft,) = stage.discord.messages(curators)
    return curators, said, draft


async def test_a_curator_approves_once_and_nobody_else_does(live: Stage) -> None:
    _, said, draft = await review(live)
    labels = [each["label"] for each in draft.controls]
    assert labels[0] == "Approve 1"
    assert labels[-1] == "Reject"
    refused = await (await live.discord.presses(live.ann, draft, "Approve 1")).answered()
    assert (refused.ephemeral, live.discord.replies(said)) == (True, [])
    await live.discord.reacts(live.discord.world.owner, draft, "✅")
    owner, other = live.discord.world.owner, live.discord.user("boss", live.guild)
    live.discord.joins(other, live.guild, live.discord.role(live.guild, "boss", Permission.MANAGE_GUILD))
    await asyncio.gather(*(live.discord.presses(user, draft, "Approve 1") for user in (owner, other)))
    reply = await live.reply_to(said)
    await settled_review(live, draft)
    assert live.discord.replies(said) == [reply]
    assert title_of(reply) == RICK_TITLE


async def settled_review(stage: Stage, draft: Message) -> None:
    """Wait until nobody can decide about a draft any more."""
    await stage.discord.until(lambda: not draft.controls)


async def test_a_curator_edits_in_a_form_which_outlives_a_restart(stage: Stage) -> None:
    owner = stage.discord.world.owner
    async with stage.playing():
        _, said, draft = await review(stage)
        form = await (await stage.discord.presses(owner, draft, "Edit")).opened()
        assert form.fields["text"]["value"]
        calling = "A tune for you, <@42>, that never lets go."
        told = await (await stage.discord.submits(owner, form, {"text": calling})).answered()
        assert (told.ephemeral, calling in told.content, "without a mention" in told.content) == (True, True, True)
        refused = await (await stage.discord.presses(stage.ben, draft, "Edit")).answered()
        assert refused.ephemeral
    stage.begin()
    async with stage.playing():
        await stage.discord.submits(owner, form, {"text": "A tune that never lets go."})
        reply = await stage.reply_to(said)
        assert "A tune that never lets go" in reply.embeds[0]["description"].replace("\\", "")
        await settled_review(stage, draft)


async def test_a_curator_asks_for_others_and_rejects(live: Stage) -> None:
    _, said, draft = await review(live)
    owner, before = live.discord.world.owner, str(draft.embeds)
    await live.discord.presses(owner, draft, "Again")
    await live.discord.until(lambda: str(draft.embeds) != before)
    await live.discord.presses(owner, draft, "Reject")
    await settled_review(live, draft)
    assert not live.discord.replies(said)


# Going, and coming back.


async def test_the_reply_goes_with_its_source(live: Stage) -> None:
    first, one = await live.shares()
    second, two = await live.shares(text=AHA)
    third, three = await live.shares(text=RICK, channel=live.discord.channel(live.guild, "elsewhere"))
    await live.discord.deletes(first)
    await live.discord.until(lambda: one.deleted)
    await live.discord.deletes([second, two])
    await live.discord.deletes(third.channel)
    await settled(live)
    assert three.deleted
    told = await (await live.discord.slash(live.ann, live.channel, "hype", "again")).answered()
    assert told.ephemeral  # what was said last here is gone


async def test_after_a_restart_nothing_is_answered_twice_and_votes_are_read_back(stage: Stage) -> None:
    robot = stage.discord.user("robot", stage.guild, bot=True)
    async with stage.playing():
        said, reply = await stage.shares()
        await stage.discord.reacts(stage.ann, reply, FIRE)
        await stage.voted(reply, 1, 0)
    await stage.discord.unreacts(stage.ann, reply, FIRE)
    for user, emoji in ((stage.ben, "👎"), (stage.ben, "🥨"), (robot, FIRE), (stage.discord.world.owner, THUMB)):
        await stage.discord.reacts(user, reply, emoji)
    stage.begin()
    async with stage.playing():
        await stage.voted(reply, 1, 1)
        assert stage.discord.replies(said) == [reply]
        assert (await (await stage.discord.presses(stage.ann, reply, "👍")).answered()).ephemeral
        await stage.voted(reply, 2, 1)
    assert stage.discord.commands.syncs == 1
