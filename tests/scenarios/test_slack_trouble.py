"""What goes wrong with Slack, and what the bot does then: limits, faults, lost lines, missing rights, forged requests."""

from __future__ import annotations

import asyncio
import json as json_text
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.platforms.on_slack.ids import Spot
from bot.platforms.outlet import Place
from bot.stand_ins import faults as any_faults
from bot.stand_ins.slack import Message, faults
from inference.bundle import Bundle
from tests.scenarios.slack_evening import AHA, RICK, RICK_LINE, Evening, lines, readable, slack_evening

Start = Callable[..., AbstractAsyncContextManager[Evening]]
SECRETS = ("xoxb-", "xapp-", "made-up", "ticket=")


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture
def evening(tiny: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """An evening, before the bot comes."""
    return lambda **chosen: slack_evening(tiny, tmp_path, monkeypatch, **chosen)


@pytest.mark.parametrize(("seconds", "waited"), [(7, 7.0), (None, 1.0)])
async def test_slack_is_given_the_time_that_it_asks_for(evening: Start, seconds: int | None, waited: float) -> None:
    async with evening() as at, at.bot():
        at.slack.fail("chat.postMessage", faults.ratelimited(seconds), times=2)
        _, reply = await at.shared()
        assert at.pauses == [waited, waited]
    assert at.slack.said() == [reply]


async def test_hours_are_not_waited_for(evening: Start) -> None:
    async with evening() as at, at.bot():
        at.slack.fail("chat.postMessage", faults.ratelimited(7200), times=None)
        await at.slack.says(at.ann, at.music, RICK)
        await at.slack.until(lambda: at.slack.calls_of("chat.postMessage"))
        at.slack.mend()
        await at.shared(AHA)
        assert at.pauses == []
        await at.conversation.tidy()
        await at.slack.until(lambda: len(at.slack.said()) == 2)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fault", [faults.down(503), faults.refused("internal_error"), any_faults.closed, any_faults.json("[")])
async def test_what_slack_could_not_take_is_posted_later_and_once(evening: Start, fault: Any, after: bool) -> None:
    async with evening(messages=True) as at, at.bot():
        at.slack.fail("chat.postMessage", fault, after=after)
        message = await at.slack.says(at.ann, at.music, RICK)
        await at.slack.until(lambda: [call for call in at.slack.calls_of("chat.postMessage") if call.status])
        await at.shared(AHA)
        await at.conversation.tidy()
        await at.reply(message)
        assert len(at.replies(message)) == 1


async def test_a_channel_that_refuses_is_told_of_once_and_a_command_finds_another_way(
    evening: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async with evening() as at, at.bot():
        away = at.slack.add_channel("away", [at.ann], with_bot=False)
        result = await at.slack.slash(at.ann, away, "/hype", RICK)
        [reply] = await at.slack.until(lambda: at.slack.said(away))
        assert RICK_LINE in readable(reply.text)
        # Slack has posted it for us; who shared it can have it taken away through its own button.
        await at.slack.presses(at.ann, reply, "dhb:up")
        await at.counted(1)
        await at.slack.presses(at.ann, reply, "dhb:remove")
        await at.slack.until(lambda: not at.slack.said(away))
        assert result.acked
        at.music.archived = True
        for text in (RICK, AHA):
            await at.slack.slash(at.ann, at.music, "/hype", text)
        await at.slack.until(lambda: len(at.slack.calls_of("chat.postMessage")) >= 3)
    assert [line.count("Nothing can be posted") for line in lines(caplog) if away.id in line] == [1]


async def test_a_reply_to_what_was_deleted_meanwhile_is_taken_back(evening: Start) -> None:
    async with evening(messages=True) as at, at.bot():
        at.slack.fail("chat.postMessage", faults.ratelimited(1))
        waited = asyncio.Event()
        at.pauses.waits_for = waited
        message = await at.slack.says(at.ann, at.music, RICK)
        await at.slack.until(lambda: at.pauses)
        await at.slack.deletes(message)
        waited.set()
        await at.slack.until(lambda: at.slack.calls_of("chat.delete"))
        assert at.slack.said() == []
        await at.shared(AHA)


async def test_a_socket_that_slack_closes_or_that_breaks_is_opened_again(evening: Start) -> None:
    async with evening() as at, at.bot():
        await at.slack.disconnects()
        await at.slack.until(lambda: [each.number for each in at.slack.connections] == [2])
        await at.shared()
        await at.slack.drops()
        await at.slack.until(lambda: [each.number for each in at.slack.connections] == [3])
        await at.shared(AHA)
        await at.slack.until(lambda: at.health.state == "up")


async def test_requests_that_slack_did_not_sign_are_refused(evening: Start) -> None:
    async with evening(way="http") as at, at.bot():
        for forged in ("wrong", "left_out", "age"):
            setattr(at.slack.signing, forged, True if forged != "age" else 3600.0)
            await at.slack.says(at.ann, at.music, RICK)
            await at.slack.settled()
            setattr(at.slack.signing, forged, False if forged != "age" else 0.0)
        assert (await at.slack.slash(at.ann, at.music, "/hype", "help")).acked
        challenge = await at.slack.challenges()
        assert challenge.payload["challenge"] in challenge.attempts[0].body
    assert at.slack.said() == []
    assert [each.attempts[0].status for each in at.slack.deliveries("link_shared")] == [401, 401, 401]


async def test_tokens_that_slack_does_not_know_end_it_with_a_sentence(evening: Start) -> None:
    for key, value, told in (
        ("bot_token", "xoxb-made-up-of-another", "bot_token"),
        ("app_token", "xapp-made-up-of-another", "app_token"),
        ("bot_token", "xapp-made-up", "xoxb-"),
        ("mode", "http", "port"),
    ):
        more: dict[str, Any] = {"port": 1, "host": "203.0.113.1"} if key == "mode" else {}
        async with evening(**{key: value, **more}) as at:
            with pytest.raises(ConfigError, match=told) as caught:
                async with at.bot():
                    pass
        assert not any(secret in str(caught.value) for secret in SECRETS[2:])
        assert at.health.state in {"down", None}


async def test_slack_that_is_down_at_the_start_is_asked_again(evening: Start) -> None:
    async with evening() as at:
        at.slack.fail("auth.test", faults.down(), times=2)
        at.slack.fail("apps.connections.open", faults.ratelimited(None), times=1)
        async with at.bot():
            await at.shared()
    assert at.pauses[:3] == [1.0, 2.0, 1.0]
    assert ("down", "Slack cannot be reached.") in at.health.states


async def test_scopes_that_are_missing_are_named(evening: Start, caplog: pytest.LogCaptureFixture) -> None:
    async with evening() as at:
        at.slack.workspace.scopes -= {"users:read", "im:history"}
        async with at.bot():
            result = await at.slack.slash(at.ann, at.music, "/hype", "settings mode off")
            await at.slack.until(lambda: result.later)
            await at.shared()
    assert at.health.modes == ["slack scopes"]
    told = " ".join(lines(caplog))
    assert "im:history, users:read" in told
    assert told.count("who is who") == 1


async def test_an_app_that_was_removed_says_so(evening: Start) -> None:
    async with evening() as at, at.bot():
        await at.slack.uninstalls()
        await at.slack.until(lambda: at.health.state == "down")
        assert "removed" in at.health.states[-1][1]


async def test_events_of_any_shape_end_nothing(evening: Start) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    odd: list[dict[str, Any]] = [
        {"type": "link_shared"},
        {
            "type": "link_shared",
            "channel": "C1",
            "user": "U1",
            "message_ts": "1.1",
            "links": [None, {"url": 7}, {"url": "\ud800"}],
        },
        {"type": "link_shared", "channel": ["C1"], "user": {"id": "U1"}, "message_ts": 1.1, "links": {"url": RICK}},
        {"type": "link_shared", "channel": "C:1", "user": "U1", "message_ts": "../1", "links": [{"url": RICK}]},
        {"type": "message", "channel": "C1", "subtype": "message_changed", "message": None, "previous_message": deep},
        {"type": "message", "channel": "C1", "subtype": "message_deleted", "deleted_ts": None},
        {"type": "message", "channel": "D1", "user": "U1", "text": None, "ts": "1.2", "blocks": deep},
        {"type": "reaction_added", "user": "U1", "reaction": None, "item": {"type": "file"}},
        {"type": "reaction_added", "user": "U1", "reaction": "x" * 10_000, "item": {"channel": "C1", "ts": "1.1"}},
        {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.3", "text": "\ud800" * 40_000},
        {"type": "tokens_revoked", "tokens": {"bot": []}},
    ]
    async with evening(messages=True) as at, at.bot():
        for event in odd:
            await at.slack.sends(event)
        await at.slack.settled()
        await at.shared()
        assert at.health.state == "up"


async def test_nothing_of_what_people_write_and_no_secret_is_logged(evening: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with evening(messages=True) as at, at.bot():
        at.slack.fail("users.info", any_faults.json('{"ok": true, "user": []}'))
        await at.slack.says(at.ann, at.music, f"my private thought {RICK}")
        await at.slack.until(at.slack.said)
        at.slack.fail("chat.postMessage", faults.down())
        await at.slack.says(at.ann, at.music, f"<@{at.slack.bot.id}> another private thought")
        await at.slack.slash(at.ann, at.music, "/hype", "song private thought")
        await at.slack.disconnects()
        await at.slack.settled()
    told = "\n".join(f"{record.name} {record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "private thought" not in "\n".join(
        line for line in told.splitlines() if not line.startswith(("asyncio", "aiosqlite"))
    )
    assert not [line for line in told.splitlines() if any(secret in line for secret in SECRETS)]


async def test_the_outlet_finds_what_it_posted_by_its_nonce(evening: Start) -> None:
    async with evening(messages=True) as at, at.bot() as _:
        message, reply = await at.shared()
        outlet = at.conversation._context.outlet("slack")
        nonce = json_text.dumps(reply.metadata)
        assert nonce.count("nonce") == 1
        kept = reply.metadata["event_payload"]["nonce"] if reply.metadata else ""
        place, source = Place("slack", at.music.team, at.music.id), str(Spot(at.music.team, at.music.id, message.ts))
        assert await outlet.find(place, kept, answering=source) == spot_of(reply)
        assert await outlet.find(place, "another", answering=source) == ""
        assert await outlet.find(place, kept) == ""  # it is in a thread


def spot_of(message: Message) -> str:
    return str(Spot(message.team, message.channel, message.ts))
