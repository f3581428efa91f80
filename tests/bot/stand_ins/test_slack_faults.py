"""The stand-in for Slack: who may ask it what, what it tells to whom, and how it fails when told to."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from bot.stand_ins import faults as common
from bot.stand_ins.slack import ALL_SCOPES, App, faults
from tests.bot.stand_ins.slack_app import client_of
from tests.bot.stand_ins.slack_place import Place, slack_place


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with slack_place(monkeypatch) as place:
        yield place


async def test_tokens_and_scopes_are_looked_at(place: Place) -> None:
    slack, client = place.slack, place.client
    for token, error in (("", "not_authed"), ("xoxb-wrong", "invalid_auth"), (slack.app.app_token, "not_allowed_token_type")):
        with pytest.raises(SlackApiError, match=error):
            await client_of(slack, place.session, token).auth_test()
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=slack.bot_token)
    slack.workspace.scopes = frozenset({"chat:write"})
    with pytest.raises(SlackApiError) as caught:
        await client.users_info(user=place.ada.id)
    answer = caught.value.response
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "users:read", "chat:write")
    assert await place.refusal("chat.dance") == "unknown_method"
    await client.auth_revoke()
    assert await place.refusal("auth.test") == "token_revoked"
    assert slack.deliveries("tokens_revoked")
    assert "xoxb" not in f"{slack.calls}{slack.workspace}"


async def test_what_the_app_may_not_hear_it_is_not_told(place: Place) -> None:
    slack = place.slack
    slack.app.events = frozenset({"link_shared", "reaction_added", "message.groups"})
    slack.app.domains = ("spotify.com",)
    away = slack.add_channel("away", [place.ada], with_bot=False)
    message = await slack.says(place.ada, away, "https://open.spotify.com/track/1 https://notspotify.com/x")
    assert [each.kind for each in slack.deliveries()] == ["link_shared"]
    assert not slack.deliveries()[0].event["is_bot_user_member"]
    assert await slack.reacts(place.ada, message, "+1") is None
    slack.workspace.scopes = ALL_SCOPES - {"links:read"}
    await slack.says(place.ada, away, "https://open.spotify.com/track/2")
    assert len(slack.deliveries()) == 1
    other = await slack.says(slack.add_user("helper", is_bot=True), place.music, "x")
    assert other.bot_id != slack.workspace.bot_id
    with pytest.raises(ValueError, match="5 domains"):
        App(domains=tuple("abcdef"))


async def test_faults_meet_the_calls_they_are_planned_for(place: Place) -> None:
    slack, client = place.slack, place.client
    slack.fail("chat.postMessage", faults.ratelimited(30))
    slack.fail("chat.postMessage", faults.ratelimited(None))
    slack.fail("chat.postMessage", faults.refused("service_unavailable"))
    for headers in ({"Retry-After": "30"}, {}):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=place.music.id, text="x")
        answer = caught.value.response
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert {name: value for name, value in answer.headers.items() if name == "Retry-After"} == headers
    assert await place.refusal("chat.postMessage", channel=place.music.id, text="x") == "service_unavailable"
    slack.fail("*", faults.down(502), None, when=lambda call: call.text("channel") == place.music.id)
    with pytest.raises(SlackApiError, match="502"):
        await client.chat_postMessage(channel=place.music.id, text="x")
    await client.auth_test()
    slack.mend()
    slack.fail("chat.postMessage", common.closed, after=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=place.music.id, text="posted, and not told so")
    slack.fail("chat.postMessage", common.slow_headers)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.chat_postMessage(channel=place.music.id, text="x"), 0.05)
    assert [message.text for message in slack.said()] == ["posted, and not told so"]
    assert len(slack.calls_of("chat.postMessage")) == 6


async def test_about_one_message_a_second_is_let_through_where_that_is_switched_on(place: Place) -> None:
    place.slack.message_interval = 1.0
    await place.client.chat_postMessage(channel=place.music.id, text="x")
    with pytest.raises(SlackApiError) as caught:
        await place.client.chat_postMessage(channel=place.music.id, text="x")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
    place.clock.now += 1
    await place.client.chat_postMessage(channel=place.music.id, text="x")
    place.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    place.slack.fail("auth.test", faults.ratelimited(0))
    assert (await place.client.auth_test())["ok"]


@pytest.mark.parametrize("body", [b"[" * 10_000, b"{", b"[]", b"\xff", b'{"text": null, "channel": 7, "blocks": {"a": 1}}'])
async def test_odd_bodies_are_answered_not_crashed_on(place: Place, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {place.slack.bot_token}", "Content-Type": "application/json"}
    async with place.session.post(f"{place.slack.api_base}chat.postMessage", data=body, headers=headers) as answer:
        assert answer.status == 200
        assert not (await answer.json())["ok"]


async def test_a_code_gets_a_token_once_and_only_for_the_app_itself(place: Place) -> None:
    slack, right = place.slack, {"client_id": place.slack.app.client_id, "client_secret": place.slack.app.client_secret}
    code = slack.code()
    assert await place.refusal("oauth.v2.access", code=code, **(right | {"client_id": "x"})) == "invalid_client_id"
    assert await place.refusal("oauth.v2.access", code=code, **(right | {"client_secret": "x"})) == "bad_client_secret"
    answer = await place.client.api_call("oauth.v2.access", json={"code": code, **right})
    assert (answer["access_token"], answer["bot_user_id"]) == (slack.bot_token, slack.bot.id)
    assert answer["team"] == {"id": slack.workspace.id, "name": "acme"}
    assert await place.refusal("oauth.v2.access", code=code, **right) == "invalid_code"
    old = slack.bot_token
    await slack.uninstalls()
    assert await place.refusal("auth.test") == "account_inactive"
    assert [each.kind for each in slack.deliveries()] == ["tokens_revoked", "app_uninstalled"]
    again = await place.client.api_call("oauth.v2.access", json={"code": slack.code(), **right})
    assert again["access_token"] == slack.bot_token != old
    assert place.slack.app.client_secret not in f"{slack.calls}{slack.app}"
