"""The bot in Slack: `register` adds it to any Bolt app, `run` makes an app of its own and keeps it connected."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.errors import ConfigError
from bot.health.base import Health, PlatformState
from bot.platforms.on_slack import setup
from bot.platforms.on_slack.api import STATE_LIFE, Installations, WebApi, asked, client_for, quiet
from bot.platforms.on_slack.connecting import WATCHED, Pause, State, Tries, tidy, until, watch
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import PLATFORM, id_in, installed_in, text_in
from bot.platforms.on_slack.outlet import Respond
from bot.platforms.on_slack.plugin import Registered, Tokens
from bot.platforms.on_slack.recent import Recent
from bot.platforms.on_slack.using import EDIT, Using

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.conversation.conversation import Conversation


_PATIENCE = 15  # seconds for requests that are being answered at the end
_LAST = 3.0  # seconds for the last acknowledgements, since Slack waits no longer

_log = logging.getLogger(__name__)


class _Authorize(AsyncAuthorize):
    """Knows each workspace without asking Slack at every event."""

    def __init__(self, api: Callable[[], Tokens]) -> None:
        self._api = api
        self._told: Recent[str | None] = Recent()

    async def __call__(self, *, team_id: str | None, enterprise_id: str | None, **_: Any) -> AuthorizeResult | None:
        try:
            known = await self._api().workspace(team_id or "")
        except SlackError as error:
            if self._told.add(team_id):
                _log.warning("What happens in the workspace %s cannot be followed: %s", team_id, error)
            return None
        self._told.discard(team_id)
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_user_id=known.user, bot_id=known.bot, bot_token=known.token
        )


def register(
    app: AsyncApp,
    conversation: Conversation | None = None,
    *,
    command: str = setup.COMMAND,
    messages: bool = False,
    pause: Pause = asyncio.sleep,
) -> Registered:
    """Add the bot to a Bolt app, behind the app's own listeners: call it when these are all there.

    Events reach the app's listeners as before, and ours beside them. The app needs the scopes and events of `slack_setup`,
    and the command, unless it takes another; with `messages` links are heard in every message. Where the app ignores its own
    events, as Bolt does unless asked otherwise, it is not heard that somebody deletes a reply. Without a conversation `ready`
    opens one as config.toml and the environment say, and `close` ends it. `pause` waits.
    """
    ours = Registered(WebApi(app.client, app.installation_store, pause), conversation, messages=messages, pause=pause)

    async def hear(body: dict[str, Any], context: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        if not await ours.hear(body, context):
            return BoltResponse(status=503)  # Slack tells it again
        await next_()
        return None

    app.middleware(hear)

    for kind in sorted({name.partition(".")[0] for name in setup.events(messages=True)}):
        app.event(kind)(_acknowledged)

    def doing(
        do: Callable[[Using, str, dict[str, Any], Respond], Coroutine[Any, Any, None]],
    ) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges at once, for which Slack gives three seconds, and then does something."""

        async def listener(ack: Any, body: dict[str, Any], context: dict[str, Any]) -> None:
            await ack()
            if ours.using:
                respond = ours.api.responder(text_in(body, "response_url"))
                ours.start(do(ours.using, ours.team_of(body, context), body, respond))

        return listener

    async def submitted(ack: Any, body: dict[str, Any], context: dict[str, Any]) -> None:
        if wrong := Using.fault(body):
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        if ours.using:
            ours.start(ours.using.submitted(ours.team_of(body, context), body))

    app.command(command)(doing(Using.slash))
    app.shortcut({"type": "message_action", "callback_id": setup.SHORTCUT})(doing(Using.shortcut))
    app.action(re.compile(r"^dhb:"))(doing(Using.pressed))
    app.view(EDIT)(submitted)
    return ours


async def _acknowledged() -> None:
    """Bolt acknowledges what has a listener, and complains of what has none."""


async def run(
    settings: Settings, conversation: Conversation, health: Health, stop: asyncio.Event, *, pause: Pause = asyncio.sleep
) -> None:
    """Be in Slack as [slack] says until `stop` is set, then hear nothing more and let what is under way end.

    Raises ConfigError, with what to do, where a setting is missing or Slack does not accept it, and StoreError. While Slack
    cannot be reached it tries again and again; `pause` waits.
    """
    slack = settings.slack
    if faults := setup.faults(slack):
        raise ConfigError(faults)
    health.platform(PLATFORM, "connecting")
    try:
        async with AsyncExitStack() as open_:
            store = await _opened(settings, open_) if slack.client_id else None
            app, ours = _own(settings, store, conversation, pause)
            open_.push_async_callback(ours.close)
            tries, removed = Tries(health, stop, pause), asyncio.Event()
            if store is None:
                ours.on_left = lambda team: removed.set()
                await _introduce(app, ours, settings, tries)
            if stop.is_set():
                return
            way = _socket(app, settings, tries) if slack.mode == "socket" else _server(app, settings)
            async with way as state:
                await watch(ours.ready, state, health, stop, removed)
                await ours.settle()  # what is under way is acknowledged through the line that is closed next
    finally:
        health.platform(PLATFORM, "down", "The bot is not in Slack any more.")


class _App(AsyncApp):
    """Knows to which workspace an interaction belongs, which Bolt asks about before it lets anything in."""

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Take what Slack tells."""
        if team := installed_in(req.body, ""):
            req.context["team_id"] = team
        return await super().async_dispatch(req)


class _Line(AsyncSocketModeHandler):
    """Can wait until all that came has been acknowledged."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answering: set[asyncio.Task[None]] = set()

    async def handle(self, client: Any, req: Any) -> None:
        """Take what Slack tells."""
        task = asyncio.ensure_future(super().handle(client, req))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        await task

    async def settle(self, patience: float) -> None:
        """Wait for so many seconds at most."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=patience)


def _own(
    settings: Settings, store: Installations | None, conversation: Conversation, pause: Pause
) -> tuple[AsyncApp, Registered]:
    """An app of our own, with the bot registered in it as in any other."""
    slack = settings.slack
    client = client_for(slack.bot_token.get_secret_value(), slack.api_base)
    app = _App(
        name="deephypebot",
        logger=quiet,
        client=client,
        signing_secret=slack.signing_secret.get_secret_value(),
        ignoring_self_events_enabled=False,  # or the bot would not hear that a message of its own was deleted
        authorize=_Authorize(lambda: ours.api),  # type: ignore[arg-type] # Bolt takes this too, but its hint does not say so
        oauth_settings=_oauth(settings, store) if store else None,
    )
    ours = register(app, conversation, messages=slack.messages, pause=pause)
    app.event(re.compile(""))(_acknowledged)  # whatever else the app was subscribed to
    if store:
        store.on_save = lambda bot: ours.joined(bot.team_id or "", bot.bot_token or "", bot.bot_user_id or "", bot.bot_id or "")
    return app, ours


def _oauth(settings: Settings, store: Installations) -> AsyncOAuthSettings:
    """How people install the app."""
    slack = settings.slack
    return AsyncOAuthSettings(
        client_id=slack.client_id,
        client_secret=slack.client_secret.get_secret_value(),
        scopes=setup.scopes(slack.messages),
        user_scopes=[],
        install_path=setup.INSTALL_PATH,
        redirect_uri_path=setup.REDIRECT_PATH,
        installation_store=store,
        state_store=store.states,
        state_expiration_seconds=STATE_LIFE,
        authorization_url=f"{slack.api_base.rstrip('/').removesuffix('/api')}/oauth/v2/authorize",
        logger=quiet,
    )


async def _opened(settings: Settings, open_: AsyncExitStack) -> Installations:
    """The installations, in the bot's own database."""
    store = Installations(settings.slack.client_id, Installations.engine_of(settings.store.url.get_secret_value()), BoltError)
    open_.push_async_callback(store.engine.dispose)
    await store.make(store.states.metadata)
    return store


async def _introduce(app: AsyncApp, ours: Registered, settings: Settings, tries: Tries) -> None:
    """Find out which workspace the token is for, and whether it is allowed what the bot needs."""
    told = await tries.ask("bot_token", lambda: asked("auth.test", app.client.auth_test()))
    if told is None:
        return
    who = told.data
    ours.api.learn(id_in(who, "team_id"), app.client.token or "", id_in(who, "user_id"), id_in(who, "bot_id"))
    if lacking := setup.missing(str(told.headers.get("x-oauth-scopes") or ""), settings.slack.messages):
        sentence = f"The app lacks the scopes {', '.join(lacking)}: add them on its page and install it again."
        _log.warning("%s", sentence)
        tries.health.degraded("slack scopes", sentence)


@asynccontextmanager
async def _socket(app: AsyncApp, settings: Settings, tries: Tries) -> AsyncIterator[State]:
    """Hear through a socket; the SDK opens another when Slack asks for that, and so does `state` when one is closed."""
    token = settings.slack.app_token.get_secret_value()
    told = await tries.ask("app_token", lambda: asked("a socket", app.client.apps_connections_open(app_token=token)))
    handler = _Line(app, token, logger=quiet, web_client=app.client)
    line = handler.client
    line.wss_uri = text_in(told.data, "url") if told else None
    opening = asyncio.ensure_future(line.connect())  # type: ignore[no-untyped-call] # the SDK has no types here

    async def state() -> tuple[PlatformState, str]:
        nonlocal opening
        if await line.is_connected():
            return "up", "Events come through a socket."
        line.wss_uri = None  # the SDK would try the same address for ever, which is good for half a minute
        if opening.done():  # the SDK itself would look in ten seconds
            opening = asyncio.ensure_future(asked("a socket", line.connect_to_new_endpoint()))
            opening.add_done_callback(lambda done: done.cancelled() or done.exception())  # the next look tries again
        return "connecting", "The socket is being opened."

    try:
        await until(tries.stop, WATCHED, opening)
        yield state
    finally:
        opening.cancel()
        await handler.settle(_LAST)
        await line.close()  # type: ignore[no-untyped-call] # as above
        tasks = (opening, line.message_processor, line.current_session_monitor, line.message_receiver)
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@asynccontextmanager
async def _server(app: AsyncApp, settings: Settings) -> AsyncIterator[State]:
    """Hear through signed requests; people install the app at the same address."""
    host, port = settings.slack.host, settings.slack.port
    pages = app.web_app(path=setup.EVENTS_PATH)
    pages.middlewares.append(tidy)
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=_PATIENCE)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            told = f"Nobody can listen at {host}:{port} ({error.strerror}): set another host or port in [slack]."
            raise ConfigError([told]) from None
        address = "http://{}:{}".format(*runner.addresses[0][:2])

        async def state() -> tuple[PlatformState, str]:
            return "up", f"Requests are taken at {address}{setup.EVENTS_PATH}."

        yield state
    finally:
        await runner.cleanup()
