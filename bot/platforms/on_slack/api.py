"""Slack's SDK: the Web API, patient and with errors of one kind, and who has installed the app, with every token."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.errors import StoreError
from bot.platforms.on_slack.connecting import Pause
from bot.platforms.on_slack.faults import DEAD, SlackError, by_status, retry_after, status_of
from bot.platforms.on_slack.ids import id_in, text_in
from bot.platforms.on_slack.installations import Installed
from bot.platforms.on_slack.outlet import Respond
from bot.platforms.on_slack.plugin import Workspace
from bot.store.faults import explain, failures

_TIMEOUT = 15  # seconds after which Slack is given up
_CONNECTING = 5  # of these for a connection, without which nothing was sent
_LONGEST_WAIT = 30  # seconds that a Retry-After may ask for; what asks for more is given up
_TRIES = 5  # times that a call is made again because it came too often

# What Bolt and the SDK log below an error holds people's messages: they get this logger, whose level no setting lowers.
quiet = logging.getLogger("slack_bolt.deephypebot")
quiet.setLevel(logging.ERROR)
quiet.addFilter(lambda record: "AuthorizeResult" not in record.getMessage())  # of which the adapter tells, once

STATE_LIFE = 600  # seconds in which somebody must have installed the app

T = TypeVar("T")


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


class States(AsyncSQLAlchemyOAuthStateStore):
    """Who is about to install the app; whoever never comes back leaves nothing."""

    refused: type[Exception]

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """Begin an installation; raises what was chosen for that."""
        old = self.oauth_states.delete().where(self.oauth_states.c.expire_at <= datetime.now(UTC).replace(tzinfo=None))
        try:
            async with self.engine.begin() as connection:
                await connection.execute(old)
            return await super().async_issue(*args, **kwargs)
        except failures() as error:
            raise self.refused(str(explain(self.engine.url, error))) from None


class Installations(Installed, AsyncSQLAlchemyInstallationStore):
    """Who has installed the app, in the bot's own database."""

    def __init__(self, client_id: str, engine: AsyncEngine, refused: type[Exception]) -> None:
        """Raise `refused`, with a sentence, where the database fails."""
        super().__init__(client_id, engine, logger=quiet)
        self.states = States(STATE_LIFE, engine, logger=quiet)
        self.refused = self.states.refused = refused
        self.on_save: Callable[[Installation], None] = lambda installation: None

    async def async_save(self, installation: Installation) -> None:
        """Keep an installation, but not by whom; raises what was chosen for that."""
        installation.user_id = ""
        installation.user_token = installation.user_scopes = installation.user_refresh_token = None
        try:
            await super().async_save(installation)
        except failures() as error:
            raise self.refused(str(explain(self.engine.url, error))) from None
        self.on_save(installation)


class WebApi:
    """Slack's Web API, with the token of each workspace."""

    def __init__(self, client: AsyncWebClient, store: AsyncInstallationStore | None, pause: Pause) -> None:
        self._like = client
        self._store = store
        self._retry = _Patient(pause)
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[str, Workspace] = {}
        self._home = ""  # the first workspace that was learnt

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
            raise SlackError("a token", "", "down", str(error), certain=True) from None
        if not (token := text_in(row, "bot_token")):
            raise SlackError("a token", "not_installed")
        return self.learn(team, token, id_in(row, "bot_user_id"), id_in(row, "bot_id"))

    def home(self, team: str) -> str:
        """The workspace in which the app is installed where it has one token, else this one."""
        return (self._home if self._like.token else "") or team

    def learn(self, team: str, token: str, user: str, bot: str) -> Workspace:
        self._known[team], self._home = Workspace(token, user, bot), self._home or team
        return self._known[team]

    async def leave(self, team: str) -> None:
        self._known.pop(team, None)
        if isinstance(self._store, Installed):  # another program sees to its own
            await self._store.forget(team)

    def responder(self, url: str) -> Respond:
        async def respond(message: dict[str, Any]) -> None:
            if not url:
                raise SlackError("an answer", "no_response_url", "gone")
            client = AsyncWebhookClient(url, session=self._open(), logger=quiet, retry_handlers=[self._retry])
            told = await asked("an answer", client.send_dict(message))
            if told.status_code != 200:
                word = told.body[:40] if 400 <= told.status_code < 500 and told.body[:40].isidentifier() else ""
                raise SlackError("an answer", word, by_status(told.status_code), wait=_wait(told))

        return respond

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def _found(self, team: str) -> dict[str, Any] | None:
        """What a store knows of a workspace."""
        if isinstance(self._store, Installed):
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
            logger=quiet,
            retry_handlers=[self._retry],
        )
        try:
            told = (await asked(method, client.api_call(method, **arguments))).data
        except SlackError as error:
            if error.code in DEAD:  # there may be a new token
                self._known.pop(team, None)
            raise
        return told if isinstance(told, dict) else {}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT, sock_connect=_CONNECTING))
        return self._session


async def asked(what: str, call: Awaitable[T]) -> T:
    """What Slack answers; whatever it or the SDK raises becomes a SlackError, with nothing that people wrote in it."""
    try:
        return await call
    except SlackApiError as error:
        data, status = getattr(error.response, "data", None), status_of(error.response)
        code = text_in(data, "error")[:60]
        needed = text_in(data, "needed")[:100]
        detail = f"it needs {needed}" if needed else ""
        raise SlackError(what, code, by_status(status), detail, wait=_wait(error.response)) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise SlackError(what, "", "down", type(error).__name__, certain=True) from None
    except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SlackError(what, "", "down", type(error).__name__) from None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        # Where an answer is not what it should be, the SDK trips over it.
        raise SlackError(what, "", "down", f"an answer that cannot be read, {type(error).__name__}") from None


def _wait(response: Any) -> float:
    """For how many seconds Slack wants to be left alone; 0 where it has had enough of nothing."""
    return retry_after(response) if status_of(response) == 429 else 0.0


def client_for(token: str, base: str) -> AsyncWebClient:
    """What an app of our own asks Slack through, "" for one with a token for each workspace."""
    return AsyncWebClient(token or None, base_url=base, timeout=_TIMEOUT, logger=quiet, retry_handlers=[])
