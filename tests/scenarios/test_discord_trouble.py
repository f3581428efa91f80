"""Conversations on Discord when it misbehaves: limits, failures, lost connections, refused logins, missing permissions."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import ConfigError, HypeError
from bot.stand_ins.base import Handler
from bot.stand_ins.discord import Close, Intent, Message, Permission, faults
from tests.bot.stand_ins.small_bot import Haste, hurry
from tests.scenarios.discord_fixtures import fast, live, stage, template, tiny
from tests.scenarios.discord_stage import AHA, FIRE, RICK, Stage

__all__ = ["fast", "live", "stage", "template", "tiny"]

POSTING = ("POST", "/channels/*/messages")


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> Haste:
    """discord.py waits for nothing before it tries again."""
    return hurry(monkeypatch)


@pytest.mark.parametrize("header", [True, False], ids=["with Retry-After", "without"])
async def test_a_short_limit_is_waited_for(haste: Haste, live: Stage, header: bool) -> None:
    live.discord.fault(*POSTING, faults.limited(0.5, header=header))
    await live.shares()
    assert 0.5 in haste.slept


@pytest.mark.parametrize(
    "fault",
    [
        faults.limited(3600),
        faults.limited(1, body=False),
        faults.cloudflare,
        faults.server_error(503),
        faults.server_error(502),
    ],
    ids=["an hour", "without any time", "cloudflare", "503", "502"],
)
async def test_what_cannot_be_posted_now_is_posted_later_and_once(haste: Haste, live: Stage, fault: Handler) -> None:
    trouble = live.discord.fault(*POSTING, fault, times=None)
    said = await live.discord.says(live.ann, live.channel, RICK)
    await live.discord.until(lambda: trouble.hits)
    trouble.stop()
    await live.talk.tidy()
    reply = await later(live, said)
    assert live.discord.replies(said) == [reply]


async def later(stage: Stage, said: Message) -> Message:
    """The reply that comes once it is tidied up again and again."""
    for _ in range(100):
        await stage.talk.tidy()
        if stage.discord.replies(said):
            break
    return await stage.reply_to(said)


async def test_a_lost_connection_is_resumed_and_a_new_session_reads_votes_back(live: Stage) -> None:
    _, reply = await live.shares()
    live.discord.gateway.drop()
    await live.shares(text=AHA)
    assert live.up
    assert live.discord.gateway.resumed
    with live.discord.gateway.away():
        live.discord.gateway.invalidate(resumable=False)
        reply.reactions.clear()
        await live.discord.reacts(live.ben, reply, FIRE)
    await live.voted(reply, 1, 0)


@pytest.mark.parametrize("gateway", [False, True], ids=["at login", "at the gateway"])
async def test_a_wrong_token_is_told_with_its_remedy_and_not_shown(stage: Stage, gateway: bool) -> None:
    if gateway:
        stage.discord.gateway.token = "changed"  # noqa: S105 - it opens nothing
    chosen: dict[str, Any] = {} if gateway else {"token": "wrong-token"}
    with pytest.raises(ConfigError, match="Reset Token") as told:
        async with stage.playing(**chosen):
            pass
    assert "wrong-token" not in str(told.value)


async def test_an_intent_that_nobody_knows_ends_it_with_a_sentence(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage.playing() as task:
        stage.discord.gateway.close(Close.INVALID_INTENTS)
        await stage.discord.until(task.done)
        with pytest.raises(HypeError, match=r"4013.*update discord\.py"):
            task.result()


async def test_without_the_content_intent_it_says_so_and_goes_on(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.discord.gateway.privileged = Intent(0)
    async with stage.playing():
        quiet = await stage.discord.says(stage.ann, stage.channel, RICK)
        asked = await stage.discord.says(stage.ann, stage.channel, f"{stage.discord.bot.mention} {AHA}")
        await stage.reply_to(asked)
        assert not stage.discord.replies(quiet)
        assert stage.numbers.condition.modes["discord message content"]
    assert "Message Content Intent" in caplog.text


async def test_a_server_that_is_down_at_first_is_tried_again(
    stage: Stage, haste: Haste, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.on_discord.running.PAUSES", (0.01,))
    trouble = stage.discord.fault("GET", "/users/@me", faults.server_error(503), times=2)
    async with stage.playing():
        await stage.shares()
    assert trouble.hits == 2


async def test_missing_permissions_lead_to_the_next_best_and_one_line(live: Stage, caplog: pytest.LogCaptureFixture) -> None:
    me, permits = live.discord.bot, live.discord.permits
    permits(live.channel, me, deny=Permission.EMBED_LINKS)
    _, plain = await live.shares()
    assert (plain.embeds, "Rick Astley" in plain.content, len(plain.controls)) == ([], True, 5)
    blind = live.discord.channel(live.guild, "blind")
    permits(blind, me, deny=Permission.READ_MESSAGE_HISTORY)
    await live.discord.says(live.ann, blind, RICK)
    await live.discord.until(lambda: live.discord.messages(blind, me))
    assert live.discord.messages(blind, me)[0].reply_to is None
    mute = live.discord.channel(live.guild, "mute")
    permits(mute, me, deny=Permission.SEND_MESSAGES)

    def lines() -> list[str]:
        said = [record.message for record in caplog.records]
        return [line for line in said if "Send Messages" in line and str(mute.id) in line]

    for link in (RICK, AHA):
        await live.discord.says(live.ann, mute, link)
        await live.discord.until(lines)
    used = await live.discord.slash(live.ann, mute, "hype", "song", {"song": "ABBA - Dancing Queen"})
    assert not (await used.answered()).ephemeral  # a command may be answered where messages may not be sent
    assert len(lines()) == 1


async def test_permissions_that_are_learnt_only_from_refusals(live: Stage) -> None:
    live.discord.fault(*POSTING, faults.refused(50013))
    _, plain = await live.shares()
    assert plain.embeds == []
    live.discord.fault(*POSTING, faults.refused(160002))
    await live.discord.says(live.ann, live.channel, AHA)
    await live.discord.until(lambda: len(live.discord.messages(live.channel, live.discord.bot)) == 2)
    assert live.discord.messages(live.channel, live.discord.bot)[1].reply_to is None


async def test_a_source_or_channel_that_is_gone_gets_no_answer(live: Stage) -> None:
    said = await live.discord.says(live.ann, live.channel, RICK)
    del live.channel.messages[said.id]  # before the bot hears that it is gone
    other = live.discord.channel(live.guild, "short")
    await live.discord.says(live.ann, other, RICK)
    live.discord.world.remove(other)
    await live.shares(text=AHA)
    assert len(live.discord.messages(live.channel, live.discord.bot)) == 1
    assert live.up


async def test_an_answer_to_a_command_that_is_lost_is_not_given_twice(live: Stage) -> None:
    live.discord.fault("POST", "/interactions/*/*/callback", faults.closed, after=True)
    used = await live.discord.slash(live.ann, live.channel, "hype", "song", {"song": "a-ha - Take On Me"})
    await live.written(await used.answered())
    assert len(live.discord.messages(live.channel, live.discord.bot)) == 1
    live.discord.fault("POST", "/interactions/*/*/callback", faults.refused(10062))  # too late for Discord
    await live.discord.slash(live.ben, live.channel, "hype", "song", {"song": "ABBA - Dancing Queen"})
    await live.discord.until(lambda: len(live.discord.messages(live.channel, live.discord.bot)) == 2)
