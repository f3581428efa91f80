"""An evening in Slack: the real bot with the tiny model and a real database, connected to the stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.config import Settings
from bot.conversation.context import Context
from bot.conversation.conversation import Conversation
from bot.curation.settings import PlaceSettings
from bot.health.base import Health, PlatformState
from bot.hype import Hype
from bot.platforms import slack as slack_platform
from bot.platforms.on_slack.setup import DOMAINS, events, scopes
from bot.songs.resolver import Resolver
from bot.stand_ins.faults import json
from bot.stand_ins.slack import App, Channel, Message, SlackStandIn, User
from bot.store.database import Database
from inference.bundle import Bundle
from inference.commentary import Commentator
from tests.bot.stand_ins.slack_app import without_proxies

Way = Literal["socket", "http"]

RICK = "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=1&x=2"
RICK_LINE = "Rick Astley — Never Gonna Give You Up"
AHA = "https://youtu.be/djV11Xbc914"
CALM = PlaceSettings(cooldown_person=0, cooldown_asked=0)


class Watched(Health):
    """Keeps what was said of the platform."""

    def __init__(self) -> None:
        self.states: list[tuple[PlatformState, str]] = []
        self.modes: list[str] = []
        self.second = asyncio.Event()  # whether a second message was heard
        self._messages = 0

    def platform(
        self, name: str, state: PlatformState, detail: str = "", latency: float | Callable[[], float] | None = None
    ) -> None:
        assert name == "slack"
        self.states.append((state, detail))

    def heard(self, platform: str, links: int = 0) -> None:
        self._messages += 1
        if self._messages > 1:
            self.second.set()

    def degraded(self, mode: str, detail: str) -> None:
        self.modes.append(mode)

    @property
    def state(self) -> PlatformState | None:
        """How it is now."""
        return self.states[-1][0] if self.states else None


class Pauses(list[float]):
    """How long the bot would have waited each time; it waits only for `waits_for`, where there is something."""

    waits_for: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        await (self.waits_for.wait() if self.waits_for else asyncio.sleep(0))


class Evening:
    """The stand-in with ann and a channel, and the bot, which can be started and stopped."""

    def __init__(self, slack: SlackStandIn, bundle: Bundle, url: str, way: Way, defaults: PlaceSettings, **chosen: Any) -> None:
        self.slack = slack
        self.ann: User = slack.add_user("ann")
        self.ben: User = slack.add_user("ben")
        self.music: Channel = slack.add_channel("music", [self.ann, self.ben])
        self.health = Watched()
        self.pauses = Pauses()
        self.way = way
        self._bundle, self._url, self._defaults, self._chosen = bundle, url, defaults, chosen
        self.conversation: Conversation
        self.running: asyncio.Task[None]

    @property
    def settings(self) -> Settings:
        """The settings of the bot."""
        slack = self.slack
        tokens = {"bot_token": slack.bot_token, "app_token": slack.app.app_token, "signing_secret": slack.app.signing_secret}
        told = {**tokens, "mode": self.way, "port": 0, "api_base": slack.api_base, **self._chosen}
        return Settings(slack=told, store={"url": self._url})  # type: ignore[arg-type] # pydantic reads it

    @contextlib.asynccontextmanager
    async def talk(self) -> AsyncIterator[Conversation]:
        """A conversation over the database, as after a start."""
        database = await Database.open(self._url)
        hype = Hype(
            Resolver.offline(), Commentator(self._bundle, candidates=32), waiting=64, deadline=30, seeds=count(1).__next__
        )
        context = Context(hype, database, defaults=self._defaults, clock=lambda: datetime.now(UTC), health=self.health)
        self.conversation = Conversation(context)
        try:
            yield self.conversation
        finally:
            await self.conversation.close(1)
            await hype.close()
            await database.close()

    @contextlib.asynccontextmanager
    async def bot(self) -> AsyncIterator[Evening]:
        """The bot, connected, from its start to its end."""
        stop = asyncio.Event()
        async with self.talk() as conversation:
            work = slack_platform.run(self.settings, conversation, self.health, stop, pause=self.pauses)
            self.running = asyncio.create_task(work)
            try:
                await self.slack.until(lambda: self.health.state == "up" or self.running.done())
                if self.way == "http" and not self.running.done():
                    self.slack.app.request_url = self.health.states[-1][1].split()[-1].rstrip(".")
                yield self
            finally:
                await conversation.close(1)  # in the order of bot/service.py: the conversation still posts
                stop.set()
                await asyncio.gather(self.running, return_exceptions=True)
                self.slack.app.request_url = None
        if error := self.running.exception():
            raise error

    async def shared(self, text: str = RICK) -> tuple[Message, Message]:
        """A message of ann's and the reply to it."""
        message = await self.slack.says(self.ann, self.music, text)
        return message, await self.reply(message)

    async def reply(self, message: Message, number: int = 0) -> Message:
        """The bot's reply in a thread, once it is there."""
        return (await self.slack.until(lambda: self.replies(message)[number:]))[0]

    def replies(self, message: Message) -> list[Message]:
        """What the bot has said in a thread."""
        return [each for each in self.slack.thread(message) if each.bot_id]

    async def told(self, user: User | None = None, channel: Channel | None = None, number: int = 1) -> str:
        """The newest sentence that somebody was told alone, once there are so many."""
        where, who = channel or self.music, user or self.ann
        said = await self.slack.until(lambda: self.slack.ephemeral(where, who)[number - 1 :])
        return readable(said[-1].text)

    def administers(self, user: User) -> None:
        """Let somebody be an admin of the workspace."""
        told = json('{"ok": true, "user": {"is_admin": true, "is_bot": false}}')
        self.slack.fail("users.info", told, times=None, when=lambda call: call.arguments.get("user") == user.id)

    async def votes(self) -> list[int]:
        """The votes that are counted."""
        from bot.app import exported_votes  # noqa: PLC0415 - few tests count

        return [row["vote"] for row in await exported_votes(self._url)]

    async def sent(self, count: int) -> None:
        """Wait until so many messages are written down as sent, a moment after they are seen."""
        for _ in range(200):
            if len(await self.conversation.voting.recent("slack")) == count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"There are not {count} messages written down.")

    async def counted(self, *votes: int) -> None:
        """Wait until these votes are counted; they are written a moment after they are given."""
        for _ in range(200):
            if sorted(await self.votes()) == sorted(votes):
                return
            await asyncio.sleep(0.01)
        assert sorted(await self.votes()) == sorted(votes)


def readable(text: str) -> str:
    """A text as people see it."""
    return text.replace("\u200b", "").replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


@contextlib.asynccontextmanager
async def slack_evening(
    bundle: Bundle,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    way: Way = "socket",
    defaults: PlaceSettings = CALM,
    url: str = "",
    **chosen: Any,
) -> AsyncIterator[Evening]:
    """An evening before the bot comes; the app is set up as the manifest says."""
    without_proxies(monkeypatch)
    messages = bool(chosen.get("messages"))
    app = App(domains=DOMAINS, events=frozenset(events(messages)), scopes=frozenset(scopes(messages)))
    async with SlackStandIn(app=app) as slack:
        yield Evening(slack, bundle, url or f"sqlite+aiosqlite:///{folder}/bot.sqlite3", way, defaults, **chosen)


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    """What was logged, at this level or worse."""
    return [record.getMessage() for record in caplog.records if record.levelno >= level]
