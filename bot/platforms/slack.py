"""The bot in Slack: `register` adds it to any Bolt app, `run` makes an app of its own and keeps it connected."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import ConfigError, StoreError
from bot.health.base import Health, PlatformState
from bot.platforms.on_slack import setup
from bot.platforms.on_slack.connecting import WATCHED, Pause, State, Tries, tidy, until, watch
from bot.platforms.on_slack.faults import SlackError, by_status, retry_after, status_of
from bot.platforms.on_slack.ids import PLATFORM, id_in, text_in
from bot.platforms.on_slack.installations import Installed
from bot.platforms.on_slack.outlet import Respond
from bot.platforms.on_slack.plugin import Registered, Tokens, Workspace
from bot.platforms.on_slack.using import EDIT
from bot.store.faults import explain, failures

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.conversation.conversation import Conversation


_TIMEOUT = 15  # seconds after which Slack is given up
_LONGEST_WAIT = 30  # seconds that a Retry-After may ask for; what asks for more is given up
_TRIES = 5  # times that a call is made again because it came too often
_STATE_LIFE = 600  # seconds in which somebody must have installed the app
_DEAD = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})

_log = logging.getLogger(__name__)
# What Bolt and the SDK log below an error holds people's messages: they get this logger, whose level no setting lowers.
_quiet = logging.getLogger("slack_bolt.deephypebot")
_quiet.setLevel(logging.ERROR)
_quiet.addFilter(lambda record: "AuthorizeResult" not in record.getMessage())  # of which `_Authorize` tells, once


class _Patient(AsyncRateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, but not for ever."""

    def __init__(self, pause: Pause) -> None:
        super().__init__(max_retry_count=_TRIES)
        self._pause = pause

    async def _can_retry_async(self, *, response: Any = None, **_: Any) -> bool:
        return response is not None and response.status_code == 429 and retry_after(response) <= _LONGEST_WAIT

    async def prepare_for_next_attempt_async(self, *, state: Any, response: Any = None, **_: Any) -> None:
        state.next_attempt_requested = True
        await self._pause(retry_after(response))
        state.increment_current_attempt()


class _Installations(Installed, AsyncSQLAlchemyInstallationStore):
    """Who has installed the app, in the bot's own database."""

    def __init__(self, client_id: str, engine: AsyncEngine) -> None:
        super().__init__(client_id, engine, logger=_quiet)
        self.states = AsyncSQLAlchemyOAuthStateStore(_STATE_LIFE, engine, logger=_quiet)
        self.on_save: Callable[[Installation], None] = lambda installation: None

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation; raises BoltError, which Bolt shows as a page."""
        try:
            await super().async_save(installation)
        except failures() as error:
            raise BoltError(str(explain(self.engine.url, error))) from None
        self.on_save(installation)


class _Api:
    """Slack's Web API, with the token of each workspace."""

    def __init__(self, client: AsyncWebClient, store: AsyncInstallationStore | None, pause: Pause) -> None:
        self._like = client
        self._store = store
        self._retry = _Patient(pause)
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[str, Workspace] = {}

    async def read(self, team: str, method: str, **arguments: Any) -> dict[str, Any]:
        return await self._call(team, method, http_verb="GET", params=arguments)

    async def write(self, team: str, method: str, **arguments: Any) -> dict[str, Any]:
        return await self._call(team, method, json=arguments)

    async def workspace(self, team: str) -> Workspace:
        """The token of a workspace and who the app is there; raises SlackError where it is not installed."""
        if known := self._known.get(team):
            return known
        if self._like.token:  # the only workspace; others share channels with it
            return next(iter(self._known.values()), Workspace(self._like.token, "", ""))
        try:
            row = await self._found(team)
        except StoreError as error:
            raise SlackError("a token", "", "down", str(error)) from None
        if not (token := text_in(row, "bot_token")):
            raise SlackError("a token", "not_installed")
        return self.learn(team, token, id_in(row, "bot_user_id"), id_in(row, "bot_id"))

    def learn(self, team: str, token: str, user: str, bot: str) -> Workspace:
        self._known[team] = Workspace(token, user, bot)
        return self._known[team]

    async def leave(self, team: str) -> None:
        self._known.pop(team, None)
        if isinstance(self._store, _Installations):  # another program sees to its own
            await self._store.forget(team)

    def responder(self, url: str) -> Respond:
        async def respond(message: dict[str, Any]) -> None:
            if not url:
                raise SlackError("an answer", "no_response_url", "gone")
            client = AsyncWebhookClient(url, session=self._open(), logger=_quiet, retry_handlers=[self._retry])
            told = await _asked("an answer", client.send_dict(message))
            if told.status_code != 200:
                word = told.body[:40] if 400 <= told.status_code < 500 and told.body[:40].isidentifier() else ""
                raise SlackError("an answer", word, by_status(told.status_code))

        return respond

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def _found(self, team: str) -> dict[str, Any] | None:
        """What a store knows of a workspace."""
        if isinstance(self._store, _Installations):
            return await self._store.newest(team)
        bot = await self._store.async_find_bot(enterprise_id=None, team_id=team) if self._store else None
        return bot.to_dict() if bot else None

    async def _call(self, team: str, method: str, **arguments: Any) -> dict[str, Any]:
        like = self._like
        client = AsyncWebClient(
            (await self.workspace(team)).token,
            base_url=like.base_url,
            ssl=like.ssl,
            proxy=like.proxy,
            headers=like.headers,
            session=self._open(),
            logger=_quiet,
            retry_handlers=[self._retry],
        )
        try:
            told = (await _asked(method, client.api_call(method, **arguments))).data
        except SlackError as error:
            if error.code in _DEAD:  # there may be a new token
                self._known.pop(team, None)
            raise
        return told if isinstance(told, dict) else {}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT))
        return self._session


class _Authorize(AsyncAuthorize):
    """Knows each workspace without asking Slack at every event."""

    def __init__(self, api: Callable[[], Tokens]) -> None:
        self._api = api
        self._told: set[str | None] = set()

    async def __call__(self, *, team_id: str | None, enterprise_id: str | None, **_: Any) -> AuthorizeResult | None:
        try:
            known = await self._api().workspace(team_id or "")
        except SlackError as error:
            if team_id not in self._told:
                self._told.add(team_id)
                _log.warning("What happens in the workspace %s cannot be followed: %s", team_id, error)
            return None
        self._told.discard(team_id)
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_user_id=known.user, bot_id=known.bot, bot_token=known.token
        )


def register(
    app: AsyncApp,
    conversation: Conversation,
    *,
    command: str = setup.COMMAND,
    messages: bool = False,
    pause: Pause = asyncio.sleep,
) -> Registered:
    """Add the bot to a Bolt app, behind the app's own listeners: call it when these are all there.

    Events reach the app's listeners as before, and ours beside them. The app needs the scopes and events of `slack_setup`,
    and the command, unless it takes another; with `messages` links are heard in every message. Where the app ignores its own
    events, as Bolt does unless asked otherwise, it is not heard that somebody deletes a reply. `pause` waits.
    """
    ours = Registered(_Api(app.client, app.installation_store, pause), conversation, messages=messages)
    conversation.attach(PLATFORM, ours.outlet)
    app.middleware(ours.hear)

    for kind in sorted({name.partition(".")[0] for name in setup.events(messages=True)}):
        app.event(kind)(_acknowledged)

    def doing(do: Callable[[str, dict[str, Any], Respond], Coroutine[Any, Any, None]]) -> Callable[..., Awaitable[None]]:
        """A listener that acknowledges at once, for which Slack gives three seconds, and then does something."""

        async def listener(ack: Any, body: dict[str, Any], context: dict[str, Any]) -> None:
            await ack()
            ours.start(do(id_in(context, "team_id"), body, ours.api.responder(text_in(body, "response_url"))))

        return listener

    async def submitted(ack: Any, body: dict[str, Any], context: dict[str, Any]) -> None:
        if wrong := ours.using.fault(body):
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        ours.start(ours.using.submitted(id_in(context, "team_id"), body))

    app.command(command)(doing(ours.using.slash))
    app.shortcut({"type": "message_action", "callback_id": setup.SHORTCUT})(doing(ours.using.shortcut))
    app.action(re.compile(r"^dhb:"))(doing(ours.using.pressed))
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
    finally:
        health.platform(PLATFORM, "down", "The bot is not in Slack any more.")


def _own(
    settings: Settings, store: _Installations | None, conversation: Conversation, pause: Pause
) -> tuple[AsyncApp, Registered]:
    """An app of our own, with the bot registered in it as in any other."""
    slack = settings.slack
    client = AsyncWebClient(
        slack.bot_token.get_secret_value() or None, base_url=slack.api_base, timeout=_TIMEOUT, logger=_quiet, retry_handlers=[]
    )
    app = AsyncApp(
        name="deephypebot",
        logger=_quiet,
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


def _oauth(settings: Settings, store: _Installations) -> AsyncOAuthSettings:
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
        state_expiration_seconds=_STATE_LIFE,
        authorization_url=f"{slack.api_base.rstrip('/').removesuffix('/api')}/oauth/v2/authorize",
        logger=_quiet,
    )


async def _opened(settings: Settings, open_: AsyncExitStack) -> _Installations:
    """The installations, in the bot's own database."""
    store = _Installations(settings.slack.client_id, Installed.engine_of(settings.store.url.get_secret_value()))
    open_.push_async_callback(store.engine.dispose)
    await store.make(store.states.metadata)
    return store


async def _introduce(app: AsyncApp, ours: Registered, settings: Settings, tries: Tries) -> None:
    """Find out which workspace the token is for, and whether it is allowed what the bot needs."""
    told = await tries.ask("bot_token", lambda: _asked("auth.test", app.client.auth_test()))
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
    told = await tries.ask("app_token", lambda: _asked("a socket", app.client.apps_connections_open(app_token=token)))
    line = AsyncSocketModeHandler(app, token, logger=_quiet, web_client=app.client).client
    line.wss_uri = text_in(told.data, "url") if told else None
    opening = asyncio.ensure_future(line.connect())  # type: ignore[no-untyped-call] # the SDK has no types here

    async def state() -> tuple[PlatformState, str]:
        nonlocal opening
        if await line.is_connected():
            return "up", "Events come through a socket."
        line.wss_uri = None  # the SDK would try the same address for ever, which is good for half a minute
        if opening.done():  # the SDK itself would look in ten seconds
            opening = asyncio.ensure_future(_asked("a socket", line.connect_to_new_endpoint()))
            opening.add_done_callback(lambda done: done.cancelled() or done.exception())  # the next look tries again
        return "connecting", "The socket is being opened."

    try:
        await until(tries.stop, WATCHED, opening)
        yield state
    finally:
        opening.cancel()
        await line.close()  # type: ignore[no-untyped-call] # as above
        tasks = (opening, line.message_processor, line.current_session_monitor, line.message_receiver)
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@asynccontextmanager
async def _server(app: AsyncApp, settings: Settings) -> AsyncIterator[State]:
    """Hear through signed requests; people install the app at the same address."""
    host, port = settings.slack.host, settings.slack.port
    pages = app.web_app(path=setup.EVENTS_PATH)
    pages.middlewares.append(tidy)
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=_TIMEOUT)
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


T = TypeVar("T")


async def _asked(what: str, call: Awaitable[T]) -> T:
    """What Slack answers; whatever it or the SDK raises becomes a SlackError, with nothing that people wrote in it."""
    try:
        return await call
    except SlackApiError as error:
        data, status = getattr(error.response, "data", None), status_of(error.response)
        code = text_in(data, "error")[:60]
        needed = text_in(data, "needed")[:100]
        raise SlackError(what, code, by_status(status), f"it needs {needed}" if needed else "") from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackError(what, "", "down", type(error).__name__) from None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # Where an answer is not what it should be, the SDK trips over it.
        raise SlackError(what, "", "down", f"an answer that cannot be read, {type(error).__name__}") from None
