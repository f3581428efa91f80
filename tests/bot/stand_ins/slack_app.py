"""A small Bolt app that does one of everything, connected to the stand-in in both ways."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.stand_ins.slack import SlackStandIn

BUTTONS = [
    {"type": "section", "block_id": "song", "text": {"type": "mrkdwn", "text": "A line about it."}},
    {
        "type": "actions",
        "block_id": "votes",
        "elements": [
            {"type": "button", "action_id": "up", "text": {"type": "plain_text", "text": "👍"}, "value": "reply-1"},
            {"type": "button", "action_id": "ask", "text": {"type": "plain_text", "text": "Edit"}},
        ],
    },
]
MODAL = {
    "type": "modal",
    "callback_id": "edit",
    "title": {"type": "plain_text", "text": "Edit the draft"},
    "submit": {"type": "plain_text", "text": "Post"},
    "notify_on_close": True,
    "private_metadata": "draft-7",
    "blocks": [
        {
            "type": "input",
            "block_id": "text",
            "label": {"type": "plain_text", "text": "Text"},
            "element": {"type": "plain_text_input", "action_id": "line"},
        }
    ],
}


class Heard(list[tuple[str, Any]]):
    """What the app was told, as (kind, what)."""

    def of(self, kind: str) -> list[Any]:
        """Everything of one kind."""
        return [what for name, what in self if name == kind]


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep slack-sdk from asking a proxy of this computer for the loopback."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


def client_of(slack: SlackStandIn, session: aiohttp.ClientSession, token: str | None = None) -> AsyncWebClient:
    """A client of the stand-in, for its first workspace unless a token says otherwise."""
    return AsyncWebClient(slack.bot_token if token is None else token, base_url=slack.api_base, session=session)


def bolt_app(client: AsyncWebClient, heard: Heard, **settings: Any) -> AsyncApp:
    """The app, not connected to anything."""
    app = AsyncApp(client=client, **settings)
    hears(app, heard)
    answers(app, heard)
    opens(app, heard)
    return app


def hears(app: AsyncApp, heard: Heard) -> None:
    """Let it hear events."""

    async def hear(event: dict[str, Any]) -> None:
        heard.append((event["type"], event))

    for kind in ("link_shared", "reaction_added", "reaction_removed", "app_home_opened", "member_joined_channel"):
        app.event(kind)(hear)
    for kind in ("app_uninstalled", "tokens_revoked"):
        app.event(kind)(hear)

    @app.event("message")
    async def message(event: dict[str, Any], say: Any, request: Any) -> None:
        heard.append(("message", event))
        heard.append(("retry", request.headers.get("x-slack-retry-num")))
        if "subtype" not in event:
            await say("Heard.", thread_ts=event["ts"], blocks=BUTTONS, unfurl_links=False)

    @app.event("app_mention")
    async def mention(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.reactions_add(channel=event["channel"], timestamp=event["ts"], name="eyes")


def answers(app: AsyncApp, heard: Heard) -> None:
    """Let it answer commands, buttons and shortcuts."""

    @app.command("/hype")
    async def hype(ack: Any, say: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack(f"Looking for {command['text']}")
        await say("Found.")
        await respond("Only you see this.")

    @app.action("up")
    async def up(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        heard.append(("up", body))
        await respond(text="One vote.", replace_original=True)

    @app.shortcut("hype_this")
    async def shortcut(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        heard.append(("shortcut", body["message"]["text"]))
        await respond("Soon.")


def opens(app: AsyncApp, heard: Heard) -> None:
    """Let it open a modal and take what is filled in."""

    @app.action("ask")
    async def ask(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.view("edit")
    async def edit(ack: Any, view: dict[str, Any]) -> None:
        text = view["state"]["values"]["text"]["line"]["value"]
        heard.append(("edit", (view["private_metadata"], text)))
        if len(text) > 10:
            await ack(response_action="errors", errors={"text": "Too long."})
        else:
            await ack()

    @app.view_closed("edit")
    async def closed(ack: Any, view: dict[str, Any]) -> None:
        await ack()
        heard.append(("closed", view["id"]))


@contextlib.asynccontextmanager
async def in_socket_mode(slack: SlackStandIn, heard: Heard) -> AsyncIterator[AsyncApp]:
    """The app behind a socket of Bolt's own handler; nothing of it is left afterwards."""
    async with aiohttp.ClientSession() as session:
        app = bolt_app(client_of(slack, session), heard)
        handler = AsyncSocketModeHandler(app, slack.app.app_token, ping_interval=0.1)
        await handler.connect_async()
        try:
            await slack.until(lambda: slack.connections)
            yield app
        finally:
            await handler.close_async()
            client = handler.client
            tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
            await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@contextlib.asynccontextmanager
async def over_http(slack: SlackStandIn, heard: Heard, **settings: Any) -> AsyncIterator[str]:
    """The app behind a request URL, which is told to the stand-in; the address of its server."""
    async with aiohttp.ClientSession() as session:
        app = bolt_app(client_of(slack, session, settings.pop("token", None)), heard, **settings)
        runner = web.AppRunner(app.web_app(path="/slack/events"), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        slack.app.request_url = f"http://{host}:{port}/slack/events"
        try:
            yield f"http://{host}:{port}"
        finally:
            slack.app.request_url = None
            await runner.cleanup()
