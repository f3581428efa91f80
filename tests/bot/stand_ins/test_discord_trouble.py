"""The stand-in for Discord misbehaving: refused logins, lost connections, rate limits, failures and lost answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.stand_ins.discord import Close, DiscordStandIn, Intent, faults, messages, payloads
from bot.stand_ins.discord.limits import ApiError, check_choices, check_commands, check_modal
from bot.stand_ins.discord.world import World
from tests.bot.stand_ins.conftest import Place
from tests.bot.stand_ins.small_bot import Haste, SmallBot, hurry, running


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch) -> Haste:
    """discord.py waits before it tries again, by a clock of its own: here it does not."""
    return hurry(monkeypatch)


def channel_of(bot: SmallBot, place: Place) -> discord.TextChannel:
    """The channel as the bot knows it."""
    channel = bot.get_channel(place.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return channel


async def test_a_wrong_token_is_refused_at_login(place: Place) -> None:
    with pytest.raises(discord.LoginFailure):
        async with running(SmallBot(), place.discord, token="wrong"):  # noqa: S106 - that it is none is the point
            pass


async def test_a_token_that_the_gateway_refuses_closes_it(place: Place) -> None:
    place.discord.gateway.token = "changed"  # noqa: S105 - it opens nothing
    with pytest.raises(discord.ConnectionClosed) as refusal:
        async with running(SmallBot(), place.discord):
            pass
    assert refusal.value.code == Close.AUTHENTICATION_FAILED


async def test_intents_that_were_not_granted_or_do_not_exist_close_it(place: Place) -> None:
    place.discord.gateway.privileged = Intent(0)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(SmallBot(), place.discord):
            pass
    odd = discord.Intents(guilds=True)
    odd.value |= 1 << 30
    with pytest.raises(discord.ConnectionClosed) as refusal:
        async with running(SmallBot(odd), place.discord):
            pass
    assert refusal.value.code == Close.INVALID_INTENTS


async def spoken(place: Place, bot: SmallBot, count: int) -> list[str]:
    """The texts that the bot has heard, once there are so many."""
    await place.discord.until(lambda: len(bot.of("message")) >= count)
    return [message.content for message in bot.of("message")]


NAMES = (
    *("content", "embeds", "components", "attachments", "flags", "nonce", "allowed_mentions", "parse", "users", "roles"),
    *("title", "description", "footer", "text", "fields", "name", "value", "url", "image", "color", "type", "style", "label"),
    *("custom_id", "emoji", "options", "choices", "placeholder", "accessory", "component", "id", "max_length", "required"),
)

LOSSES: list[tuple[str, Callable[[DiscordStandIn], None]]] = [
    ("dropped", lambda stand_in: stand_in.gateway.drop()),
    ("asked to reconnect", lambda stand_in: stand_in.gateway.ask_reconnect()),
    ("invalid but resumable", lambda stand_in: stand_in.gateway.invalidate(resumable=True)),
    ("closed with 4000", lambda stand_in: stand_in.gateway.close(4000)),
    ("closed with 1001", lambda stand_in: stand_in.gateway.close(1001)),
]


@pytest.mark.parametrize("lose", [loss for _, loss in LOSSES], ids=[name for name, _ in LOSSES])
async def test_a_lost_connection_is_resumed_and_nothing_is_lost_or_doubled(
    place: Place, bot: SmallBot, lose: Callable[[DiscordStandIn], None]
) -> None:
    says = place.discord.says
    await says(place.ann, place.channel, "before")
    await spoken(place, bot, 1)
    lose(place.discord)
    for number in range(20):
        await says(place.ann, place.channel, str(number))
    await place.discord.until(lambda: bot.of("resumed"))
    await says(place.ann, place.channel, "after")
    assert await spoken(place, bot, 22) == ["before", *map(str, range(20)), "after"]
    assert len(place.discord.gateway.identified) == 1
    assert len(place.discord.gateway.resumed) == 1


async def test_what_happens_while_the_bot_is_away_is_told_when_it_is_back(place: Place, bot: SmallBot) -> None:
    with place.discord.gateway.away():
        said = await place.discord.says(place.ann, place.channel, "while away")
        await place.discord.reacts(place.ben, said, "🔥")
        assert not place.discord.connected
    assert await spoken(place, bot, 1) == ["while away"]
    await place.discord.until(lambda: bot.of("raw_reaction_add"))
    assert place.discord.connected


async def test_a_session_that_is_over_is_begun_anew(place: Place, bot: SmallBot, haste: Haste) -> None:
    place.discord.gateway.invalidate(resumable=False)
    await place.discord.until(lambda: len(bot.of("shard_ready")) == 2)
    place.discord.gateway.close(Close.SESSION_TIMED_OUT)
    await place.discord.until(lambda: len(bot.of("shard_ready")) == 3)
    assert len(place.discord.gateway.identified) == 3
    assert len(place.discord.gateway.sessions) == 1
    await place.discord.says(place.ann, place.channel, "still here")
    assert await spoken(place, bot, 1) == ["still here"]


async def test_a_gateway_that_falls_silent_is_left(place: Place) -> None:
    async with running(SmallBot(heartbeat_timeout=0.2), place.discord) as bot:
        place.discord.gateway.silent = True
        await place.discord.until(lambda: bot.of("disconnect"))
        place.discord.gateway.silent = False
        await place.discord.until(lambda: bot.of("resumed"))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("no json", Close.DECODE_ERROR),
        ("[" * 3000, Close.DECODE_ERROR),
        ('{"op": "two"}', Close.DECODE_ERROR),
        ('{"op": 2, "d": []}', Close.DECODE_ERROR),
        (json.dumps({"op": 1, "d": "x" * 5000}), Close.DECODE_ERROR),
        ('{"op": 99}', Close.UNKNOWN_OPCODE),
        ('{"op": 3, "d": {}}', Close.NOT_AUTHENTICATED),
        ('{"op": 2, "d": {"token": "made-up-token", "intents": 1, "shard": [2, 2]}}', Close.INVALID_SHARD),
    ],
)
async def test_what_the_gateway_cannot_take_closes_it(place: Place, said: str, code: Close) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(place.discord.gateway_url, params={"v": "10", "encoding": "json"}) as socket,
    ):
        assert (await socket.receive_json())["op"] == 10
        await socket.send_str(said)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


async def test_a_client_without_compression_is_served_and_a_wrong_version_is_not(place: Place) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(place.discord.gateway_url, params={"v": "10", "compress": "zstd-stream"}) as socket:
            await socket.receive_json()
            await socket.send_json({"op": 1, "d": None})
            assert (await socket.receive_json())["op"] == 11
            await socket.send_json({"op": 2, "d": {"token": place.discord.token, "intents": 1}})
            assert (await socket.receive_json())["t"] == "READY"
            assert (await socket.receive_json())["t"] == "GUILD_CREATE"
            await socket.send_json({"op": 2, "d": {"token": place.discord.token, "intents": 1}})
            await socket.receive()
            assert socket.close_code == Close.ALREADY_AUTHENTICATED
        async with session.ws_connect(place.discord.gateway_url, params={"v": "6"}) as socket:
            await socket.receive()
            await socket.receive()
            assert socket.close_code == Close.INVALID_VERSION


async def test_too_many_requests_are_sent_again_later(place: Place, bot: SmallBot, haste: Haste) -> None:
    channel = channel_of(bot, place)
    place.discord.fault("POST", "/channels/*/messages", faults.limited(0.25), times=2)
    await channel.send("in the end")
    place.discord.fault("POST", "/channels/*/messages", faults.limited(0.5, everywhere=True))
    await channel.send("everywhere")
    place.discord.fault("POST", "/channels/*/messages", faults.limited(0.75, header=False))
    await channel.send("without Retry-After")
    assert haste.slept == [0.25, 0.25, 0.5, 0.75]
    assert [call.status for call in place.discord.asked("POST", "/channels/*/messages")] == [429, 429, 200, 429, 200, 429, 200]
    assert [message.content for message in place.discord.messages(place.channel)] == [
        "in the end",
        "everywhere",
        "without Retry-After",
    ]


async def test_cloudflares_ban_and_refusals_are_errors_at_once(place: Place, bot: SmallBot) -> None:
    channel = channel_of(bot, place)
    place.discord.fault("POST", "/channels/*/messages", faults.cloudflare)
    with pytest.raises(discord.HTTPException) as banned:
        await channel.send("x")
    assert banned.value.status == 429
    place.discord.fault("*", "/channels/**", faults.refused(50013))
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("x")
    assert refused.value.code == 50013
    place.discord.fault("POST", "/channels/*/messages", faults.server_error(503))
    with pytest.raises(discord.DiscordServerError):
        await channel.send("x")


async def test_failures_of_the_server_are_tried_again(place: Place, bot: SmallBot, haste: Haste) -> None:
    trouble = place.discord.fault("POST", "/channels/*/messages", faults.server_error(502), times=None)
    with pytest.raises(discord.DiscordServerError):
        await channel_of(bot, place).send("x")
    assert (trouble.hits, haste.slept) == (5, [1, 3, 5, 7, 9])
    trouble.stop()
    await channel_of(bot, place).send("x")


async def test_an_answer_that_is_lost_was_still_work_done(place: Place, bot: SmallBot) -> None:
    channel = channel_of(bot, place)
    place.discord.fault("POST", "/channels/*/messages", faults.closed, after=True)
    with pytest.raises(aiohttp.ClientError):
        await channel.send("once", nonce="same")
    assert len(place.discord.messages(place.channel)) == 1
    await channel.send("once", nonce="same")
    assert len(place.discord.messages(place.channel)) == 1


async def test_a_server_that_says_nothing_keeps_a_request_waiting(place: Place, bot: SmallBot) -> None:
    place.discord.fault("POST", "/channels/*/messages", faults.silence)
    sending = asyncio.create_task(channel_of(bot, place).send("x"))
    await place.discord.until(lambda: place.discord.asked("POST", "/channels/*/messages"))
    assert not sending.done()
    sending.cancel()
    assert isinstance((await asyncio.gather(sending, return_exceptions=True))[0], asyncio.CancelledError)


async def test_a_rate_limit_is_told_in_headers_and_kept_to(place: Place, bot: SmallBot) -> None:
    place.discord.limit("POST", "/channels/*/messages", calls=2, seconds=0.05)
    other = place.discord.channel(place.guild, "other")
    await place.discord.until(lambda: bot.get_channel(other.id))
    for _ in range(5):
        await channel_of(bot, place).send("x")
    there = bot.get_channel(other.id)
    assert isinstance(there, discord.TextChannel)
    await there.send("x")
    assert {call.status for call in place.discord.asked("POST", "/channels/*/messages")} == {200}
    route = f"{place.discord.api_base}/channels/{place.channel.id}/messages"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {place.discord.token}"}) as session:
        answers = [await session.post(route, json={"content": "x"}) for _ in range(3)]
        assert answers[-1].status == 429
        assert answers[-1].headers["Content-Type"] == "application/json"
        assert answers[-1].headers["Via"]
        assert 0 < (await answers[-1].json())["retry_after"] <= 0.05


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("x" * 300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=15,
)


PARTS = st.recursive(
    st.fixed_dictionaries({"type": st.integers(1, 18) | JSON}, optional=dict.fromkeys(NAMES[-12:], JSON)),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from([1, 9, 17, 18])}, optional={"components": st.lists(inner, max_size=3)}
    ),
    max_leaves=5,
)
SENT = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)
LAID_OUT = st.fixed_dictionaries({"components": st.lists(PARTS, max_size=3)}, optional={"flags": st.just(1 << 15)})


@given(SENT | LAID_OUT)
def test_whatever_is_sent_is_a_message_a_refusal_and_never_a_crash(payload: dict[str, Any]) -> None:
    world = World()
    channel = world.channel(world.guild("Listeners"), "music")
    with contextlib.suppress(ApiError):
        message = messages.compose(world, channel, world.bot, payload, {})
        messages.revise(world, message, payload)
        json.dumps(payloads.message_event(message, world))
    with contextlib.suppress(ApiError):
        check_modal(payload)
    for listed in (payload.get("options"), list(payload.values()), payload):
        with contextlib.suppress(ApiError):
            check_choices(listed)
        with contextlib.suppress(ApiError):
            check_commands(listed)


async def test_what_is_asked_wrongly_is_refused_in_words(place: Place) -> None:
    base, channel = place.discord.api_base, place.channel.id
    async with aiohttp.ClientSession() as session:
        cases: list[tuple[str, str, Any, int, int]] = [
            ("GET", "/nonsense", None, 404, 0),
            ("POST", f"/channels/{channel}/messages", "no json", 400, 50109),
            ("POST", f"/channels/{channel}/messages", '{"content": [1]}', 400, 50035),
            ("POST", f"/channels/{channel}/messages", '{"embeds": {"a": 1}}', 400, 50035),
            ("POST", f"/channels/{channel}/messages", '{"content": "x", "message_reference": {"message_id": "x"}}', 400, 50035),
            ("POST", f"/channels/{channel}/messages", "[" * 20_000, 400, 50109),
            ("GET", f"/channels/{channel}/messages?limit=101", None, 400, 50035),
            ("GET", f"/channels/{channel}/messages?after=x", None, 400, 50035),
            ("PUT", f"/applications/{place.discord.bot.id}/commands", '[{"name": "Not Allowed"}]', 400, 50035),
            ("PUT", "/applications/1/commands", "[]", 403, 20012),
        ]
        for method, path, body, status, code in cases:
            headers = {"Authorization": f"Bot {place.discord.token}", "Content-Type": "application/json"}
            async with session.request(method, base + path, data=body, headers=headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == (status, code), path
        async with session.get(f"{base}/users/@me", headers={"Authorization": "Bot x"}) as answer:
            assert answer.status == 401
    assert not any(place.discord.token in repr(call) for call in place.discord.requests)


async def test_a_thousand_reactions_and_fifty_links_in_a_second(place: Place, bot: SmallBot) -> None:
    sent = await channel_of(bot, place).send("vote")
    message, loop = place.channel.messages[sent.id], asyncio.get_running_loop()
    people = [place.discord.user(f"listener{number}") for number in range(1000)]
    begun = loop.time()
    for user in people:
        await place.discord.reacts(user, message, "🔥")
    await place.discord.until(lambda: len(bot.of("raw_reaction_add")) == 1000)
    assert loop.time() - begun < 2
    begun = loop.time()
    for number in range(50):
        await place.discord.says(place.ann, place.channel, f"https://youtu.be/{number}")
    await place.discord.until(lambda: len(bot.of("message")) == 51)
    await asyncio.gather(*(heard.reply("yes") for heard in bot.of("message")[1:]))
    assert loop.time() - begun < 2
    assert len(place.discord.messages(place.channel, place.discord.bot)) == 51
    place.discord.forget()
    assert not place.discord.requests
