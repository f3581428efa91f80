"""What happened on Discord while the bot was away, or could not look: votes, deletions, edits, and notices beside replies."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from bot.stand_ins.discord import Message, faults
from tests.bot.stand_ins.small_bot import Haste, hurry
from tests.scenarios.discord_fixtures import fast, live, stage, template, tiny
from tests.scenarios.discord_stage import AHA, FIRE, RICK, RICK_TITLE, Stage, title_of, until

__all__ = ["fast", "live", "stage", "template", "tiny"]

POSTING = ("POST", "/channels/*/messages")


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> Haste:
    """Nothing is waited for before something is tried again."""
    monkeypatch.setattr("bot.platforms.on_discord.votes.PAUSES", (0.01,))
    return hurry(monkeypatch)


async def state_of(stage: Stage, reply: Message) -> str:
    """What is kept of a message of the bot's."""
    post = await stage.context.posts.of_message(f"discord:{reply.channel.id}:{reply.id}")
    assert post
    return post.state


async def answered_since(stage: Stage, said: Message, count: int) -> None:
    """Wait until something said later is answered, and see how many replies a message has then."""
    later = await stage.discord.says(
        stage.ben, stage.discord.channel(stage.guild, "later"), f"{stage.discord.bot.mention} {RICK}"
    )
    await stage.reply_to(later)
    assert len(stage.discord.replies(said)) == count


async def test_a_notice_about_a_reply_that_could_not_be_posted_is_not_taken_for_it(haste: Haste, live: Stage) -> None:
    live.discord.fault(*POSTING, faults.server_error(503))
    said = await live.discord.says(live.ann, live.channel, f"{live.discord.bot.mention} {RICK}")
    await live.discord.until(lambda: live.discord.replies(said))
    (notice,) = live.discord.replies(said)
    assert "does not answer" in notice.content
    await live.talk.tidy()
    reply = await live.reply_to(said, 2)
    assert (title_of(reply), len(reply.controls)) == (RICK_TITLE, 5)


async def test_an_answer_that_is_lost_where_nobody_can_look_is_not_given_twice(haste: Haste, live: Stage) -> None:
    live.discord.fault("POST", "/interactions/*/*/callback", faults.closed, after=True)
    looking = live.discord.fault("GET", "/channels/*/messages", faults.server_error(503), times=None)
    used = await live.discord.slash(live.ann, live.channel, "hype", "song", {"song": "a-ha - Take On Me"})
    answer = await used.answered()
    await live.discord.until(lambda: looking.hits)
    looking.stop()
    await live.talk.tidy()
    await live.written(answer)
    assert live.discord.messages(live.channel, live.discord.bot) == [answer]


async def test_what_was_deleted_while_the_bot_was_off_is_followed(stage: Stage) -> None:
    async with stage.playing():
        said, reply = await stage.shares()
        other, gone = await stage.shares(text=AHA)
    await stage.discord.deletes(said)
    await stage.discord.deletes(gone)
    stage.begin()
    async with stage.playing():
        await stage.discord.until(lambda: reply.deleted)

        async def known() -> bool:
            return {await state_of(stage, each) for each in (reply, gone)} == {"removed"}

        await until(known)
    assert not stage.discord.replies(other)


async def test_votes_are_read_back_in_the_end_however_often_discord_fails(haste: Haste, stage: Stage) -> None:
    async with stage.playing():
        _, one = await stage.shares()
        _, two = await stage.shares(text=AHA)
    for reply in (one, two):
        await stage.discord.reacts(stage.ben, reply, FIRE)
    trouble = stage.discord.fault("GET", f"/channels/*/messages/{two.id}", faults.server_error(503), times=3)
    stage.discord.fault("GET", f"/channels/*/messages/{one.id}", faults.limited(0.02, header=False))
    stage.begin()
    async with stage.playing():
        await stage.voted(one, 1, 0)
        await stage.voted(two, 1, 0)
        assert trouble.hits == 3


async def test_what_is_missed_while_votes_are_read_back_is_read_back_too(stage: Stage) -> None:
    async with stage.playing():
        _, one = await stage.shares()
        _, two = await stage.shares(text=AHA)
    held, go = asyncio.Event(), asyncio.Event()

    async def holds(_: web.Request) -> web.StreamResponse:
        held.set()
        await go.wait()
        return web.json_response({"message": "Unknown Message", "code": 50001}, status=403)

    stage.discord.fault("GET", f"/channels/*/messages/{one.id}", holds)
    stage.begin()
    async with stage.playing():
        await held.wait()  # the newer one was read
        with stage.discord.gateway.away():
            stage.discord.gateway.invalidate(resumable=False)
            await stage.discord.reacts(stage.ben, two, FIRE)
            sessions = len(stage.discord.gateway.identified)
        await stage.discord.until(lambda: len(stage.discord.gateway.identified) > sessions and stage.up)
        go.set()
        await stage.voted(two, 1, 0)


async def test_the_bot_can_stop_while_it_waits_to_read_votes_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.on_discord.votes.PAUSES", (3600.0,))
    async with stage.playing():
        await stage.shares()
    trouble = stage.discord.fault("GET", "/channels/*/messages/*", faults.server_error(503), times=None)
    stage.begin()
    async with stage.playing():
        await stage.discord.until(lambda: trouble.hits)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 4
    assert trouble.hits == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_typo_that_is_mended_gets_no_late_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    scope = f"discord:{stage.guild.id}"
    async with stage.playing():
        await stage.context.change_setting(scope, "passive", "off", "x")
        said = await stage.discord.says(stage.ann, stage.channel, f"lisen to {RICK}")
        await answered_since(stage, said, 0)
        await stage.context.change_setting(scope, "passive", "on", "x")
        if not restarted:
            await stage.discord.edits(said, f"listen to {RICK}")
            await answered_since(stage, said, 0)
            await stage.discord.edits(said, f"listen to {RICK} and {AHA}")
            assert "Take On Me" in title_of(await stage.reply_to(said))
            await stage.discord.edits(said, f"{stage.discord.bot.mention} {RICK} and {AHA}")
            assert title_of(await stage.reply_to(said, 2)) == RICK_TITLE
            return
    stage.begin()
    async with stage.playing():
        with monkeypatch.context() as patch:
            patch.setattr("bot.platforms.on_discord.listening.RECENT", timedelta(0))
            await stage.discord.edits(said, f"listen to {RICK}")
            await answered_since(stage, said, 0)
    stage.begin()
    async with stage.playing():  # as long as a message is new, nobody knows what it said before
        await stage.discord.edits(said, f"listen, please, to {RICK}")
        await stage.reply_to(said)


async def test_what_is_said_while_the_bot_ends_is_passed_over_quietly(live: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await live.talk.close()
    said = await live.discord.says(live.ann, live.channel, f"{live.discord.bot.mention} {RICK}")
    await (await live.discord.slash(live.ann, live.channel, "hype", "help")).answered()
    assert not live.discord.replies(said)
    assert not [each for each in caplog.records if each.levelname in {"WARNING", "ERROR"}]


async def test_what_was_begun_is_ended_before_the_bot_is(stage: Stage) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(_: web.Request) -> web.StreamResponse:
        begun.set()
        await go.wait()
        return web.Response(status=204)

    async with stage.playing():
        said, reply = await stage.shares()
        stage.discord.fault("DELETE", "/channels/*/messages/*", slow)
        await stage.discord.deletes(said)
        await begun.wait()
        asyncio.get_running_loop().call_later(0.1, go.set)
    assert await state_of(stage, reply) == "removed"
