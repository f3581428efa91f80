"""The bot inside a Bolt app: follows what the app is told, and keeps its own work until that is done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bot.errors import StoreError
from bot.platforms.on_slack.hearing import Hearing, Us
from bot.platforms.on_slack.ids import PLATFORM, id_in, listed, text_in
from bot.platforms.on_slack.outlet import Api, Respond, SlackOutlet
from bot.platforms.on_slack.people import Members
from bot.platforms.on_slack.using import Using

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

_ACKNOWLEDGED = 2.5  # seconds after which an event is acknowledged at the latest; Slack waits for three

_log = logging.getLogger(__name__)


class Workspace(NamedTuple):
    """The app in a workspace: its token, and its user and its bot id there, "" where they are not known."""

    token: str
    user: str
    bot: str


class Tokens(Api, Protocol):
    """An API that knows the token of each workspace."""

    async def workspace(self, team: str) -> Workspace:
        """The app in a workspace; raises SlackError where it is not installed."""

    def learn(self, team: str, token: str, user: str, bot: str) -> Workspace:
        """Remember the app in a workspace."""

    async def leave(self, team: str) -> None:
        """Drop what is kept of a workspace; raises StoreError."""

    def responder(self, url: str) -> Respond:
        """What answers an interaction."""

    async def close(self) -> None:
        """Close the connections."""


class Registered:
    """The bot inside a Bolt app: call `ready` once the app is connected, and `close` when it ends."""

    def __init__(self, api: Tokens, conversation: Conversation, *, messages: bool) -> None:
        """Ask Slack through an API, tell a conversation."""
        self.api = api
        self._conversation = conversation
        self.outlet = SlackOutlet(self.api)
        self._members = Members(self.api)
        self.hearing = Hearing(conversation, self.outlet, self.api, self._members, messages=messages)
        self.using = Using(conversation, self.outlet, self.api, self._members)
        self._tasks: set[asyncio.Task[None]] = set()
        self.on_left: Callable[[str], None] = lambda team: None

    async def ready(self) -> None:
        """End what was begun before the program last ended, and count the votes that came meanwhile."""
        await self._conversation.resume(PLATFORM)
        await self.hearing.read_back()

    async def close(self, patience: float = 10.0) -> None:
        """Let what is under way end for `patience` seconds."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._members.close()
        await self.api.close()

    def joined(self, team: str, token: str, user: str, bot: str) -> None:
        """The app has been installed in a workspace."""
        self.api.learn(team, token, user, bot)
        _log.info("The app was installed in the workspace %s.", team)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something that nobody has to wait for but `close`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def hear(self, body: dict[str, Any], context: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> None:
        """As a middleware: follow every event beside the app's own listeners."""
        if body.get("type") == "event_callback" and isinstance(body.get("event"), dict):
            # Slack never tells again what was acknowledged: so it is done first, or at least well begun.
            await asyncio.wait({self.start(self._event(body, context))}, timeout=_ACKNOWLEDGED)
        await next_()

    async def _event(self, body: dict[str, Any], context: dict[str, Any]) -> None:
        team, event = id_in(context, "team_id"), body["event"]
        if not team:
            return
        kind = text_in(event, "type")
        if kind == "app_uninstalled" or (kind == "tokens_revoked" and listed(event, "tokens", "bot")):
            await self._left(team)
            return
        us = Us(team, id_in(context, "bot_user_id"), id_in(context, "bot_id"))
        if token := text_in(context, "bot_token"):
            self.api.learn(team, token, us.user, us.bot)
        await self.hearing.event(us, text_in(body, "event_id"), event)

    async def _left(self, team: str) -> None:
        """The app is not in a workspace any more."""
        try:
            await self.api.leave(team)
        except StoreError as error:
            _log.error("What is kept of the workspace %s cannot be dropped: %s", team, error)
        _log.warning("The app was taken out of the workspace %s.", team)
        self.on_left(team)
