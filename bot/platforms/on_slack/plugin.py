"""The bot inside a Bolt app: follows what the app is told, and keeps its own work until that is done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from bot.errors import ClosingError, StoreError
from bot.platforms.on_slack.connecting import Pause
from bot.platforms.on_slack.hearing import Hearing, Us
from bot.platforms.on_slack.ids import PLATFORM, id_in, installed_in, listed, text_in
from bot.platforms.on_slack.missed import Missed
from bot.platforms.on_slack.outlet import Api, Respond, SlackOutlet
from bot.platforms.on_slack.people import Members
from bot.platforms.on_slack.using import Using

if TYPE_CHECKING:
    from bot.app import App
    from bot.conversation.conversation import Conversation

_ACKNOWLEDGED = 2.5  # seconds after which an event is acknowledged at the latest; Slack waits for three

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Workspace(NamedTuple):
    """The app in a workspace: its token, and its user and its bot id there, "" where they are not known."""

    token: str
    user: str
    bot: str


class Tokens(Api, Protocol):
    """An API that knows the token of each workspace."""

    async def workspace(self, team: str) -> Workspace:
        """The app in a workspace; raises SlackError where it is not installed."""

    def home(self, team: str) -> str:
        """The workspace in which the app is installed where it has one token, else this one."""

    def learn(self, team: str, token: str, user: str, bot: str) -> Workspace:
        """Remember the app in a workspace."""

    async def leave(self, team: str) -> None:
        """Drop what is kept of a workspace; raises StoreError."""

    def responder(self, url: str) -> Respond:
        """What answers an interaction."""

    async def close(self) -> None:
        """Close the connections."""


class Registered:
    """The bot inside a Bolt app: call `ready` before the app hears anything, and `close` when it ends."""

    def __init__(self, api: Tokens, conversation: Conversation | None, *, messages: bool, pause: Pause) -> None:
        """Ask Slack through an API, tell a conversation; None for one that `ready` opens as the settings say."""
        self.api = api
        self.outlet = SlackOutlet(self.api)
        self._members = Members(self.api)
        self._messages = messages
        self._pause = pause
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._app: App | None = None
        self.on_left: Callable[[str], None] = lambda team: None
        self._parts: tuple[Conversation, Missed, Hearing, Using] | None = None
        if conversation:
            self._join(conversation, messages=messages)

    @property
    def using(self) -> Using | None:
        """What answers commands and buttons; None before there is a conversation."""
        return self._parts[3] if self._parts else None

    async def ready(self) -> None:
        """Open the conversation if there is none, end what was begun before, and begin to count the votes that came meanwhile.

        Raises HypeError where model or database cannot be opened.
        """
        if self._parts is None:
            from bot.app import App  # noqa: PLC0415 - an app that brings a conversation needs none of it
            from bot.config import load  # noqa: PLC0415 - as above

            settings = load()
            self._app = await App.open(settings)
            self._join(self._app.conversation, messages=self._messages or settings.slack.messages)
        assert self._parts  # noqa: S101 - `_join` has made them
        conversation, missed, *_ = self._parts
        await conversation.resume(PLATFORM)
        self._reading = asyncio.create_task(missed.read())  # which takes minutes

    async def settle(self, patience: float = 10.0) -> None:
        """Read no more votes back, and let what is under way end for `patience` seconds."""
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self, patience: float = 10.0) -> None:
        """End the conversation that `ready` has opened, and all else; each may take `patience` seconds."""
        if self._app:
            await self._app.conversation.close(patience)  # which still posts
        await self.settle(patience)
        await self._members.close()
        if self._app:
            await self._app.close(0)
        await self.api.close()

    def team_of(self, body: dict[str, Any], context: dict[str, Any]) -> str:
        """The workspace in which the app is installed that somebody uses."""
        return self.api.home(installed_in(body, id_in(context, "team_id")))

    def _join(self, conversation: Conversation, *, messages: bool) -> None:
        missed = Missed(conversation, self.api, self._members, self._pause)
        conversation.voting.reads(PLATFORM, missed.again)
        hearing = Hearing(conversation, self.outlet, self.api, self._members, missed, messages=messages)
        self._parts = (conversation, missed, hearing, Using(conversation, self.outlet, self.api, self._members))
        conversation.attach(PLATFORM, self.outlet)

    def joined(self, team: str, token: str, user: str, bot: str) -> None:
        """The app has been installed in a workspace."""
        self.api.learn(team, token, user, bot)
        _log.info("The app was installed in the workspace %s.", team)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Do something that nobody has to wait for but `close`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def hear(self, body: dict[str, Any], context: dict[str, Any]) -> bool:
        """Follow an event; False where the bot is about to end and Slack has to tell of it again."""
        if not self._parts or body.get("type") != "event_callback" or not isinstance(body.get("event"), dict):
            return True
        # Slack never tells again what was acknowledged: so it is done first, or at least well begun.
        task = self.start(self._event(body, context, self._parts[2]))
        await asyncio.wait({task}, timeout=_ACKNOWLEDGED)
        return not task.done() or (not task.cancelled() and task.result())

    async def _event(self, body: dict[str, Any], context: dict[str, Any], hearing: Hearing) -> bool:
        team, event = id_in(context, "team_id"), body["event"]
        kind = text_in(event, "type")
        if team and (kind == "app_uninstalled" or (kind == "tokens_revoked" and listed(event, "tokens", "bot"))):
            await self._left(team)
        elif team:
            us = Us(team, id_in(context, "bot_user_id"), id_in(context, "bot_id"))
            if token := text_in(context, "bot_token"):
                self.api.learn(team, token, us.user, us.bot)
            try:
                await hearing.event(us, text_in(body, "event_id"), event)
            except ClosingError:
                return False
        return True

    async def _left(self, team: str) -> None:
        """The app is not in a workspace any more."""
        try:
            await self.api.leave(team)
        except StoreError as error:
            _log.error("What is kept of the workspace %s cannot be dropped: %s", team, error)
        _log.warning("The app was taken out of the workspace %s.", team)
        self.on_left(team)
