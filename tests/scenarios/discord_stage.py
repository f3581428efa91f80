"""Where conversations on Discord are played: the real bot on the stand-in, with a real model and a real database."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.conversation.context import Context
from bot.conversation.conversation import Conversation
from bot.curation.settings import PlaceSettings
from bot.health.numbers import Numbers
from bot.hype import Hype
from bot.platforms import discord as adapter
from bot.songs.resolver import Resolver
from bot.stand_ins.discord import Channel, DiscordStandIn, Guild, Message, User
from bot.store.database import Database
from inference.bundle import Bundle
from inference.commentary import Commentator

RICK = "https://youtu.be/dQw4w9WgXcQ"
RICK_TITLE = "Rick Astley — Never Gonna Give You Up"
AHA = "https://open.spotify.com/track/2WfaOiMkCvy7F5fcp2zZ8L"
CALM = PlaceSettings(cooldown_person=0, cooldown_asked=0)
GLANCE = 0.005  # seconds between looks at a database that tells nobody of changes
THUMB, FIRE = "👍", "🔥"


@dataclass
class Stage:
    """A server with a channel and two people, a memory, and the bot, which can be started more than once."""

    discord: DiscordStandIn
    bundle: Bundle
    database: Database
    defaults: PlaceSettings = CALM
    now: datetime = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    numbers: Numbers = field(default_factory=Numbers)

    def __post_init__(self) -> None:
        self.guild: Guild = self.discord.guild("Listeners")
        self.channel: Channel = self.discord.channel(self.guild, "music")
        self.ann: User = self.discord.user("ann", self.guild)
        self.ben: User = self.discord.user("ben", self.guild)
        self.begin()

    def begin(self) -> None:
        """Begin a conversation anew, as a program does: of what was before, the database and Discord are left."""
        hype = Hype(
            Resolver.offline(), Commentator(self.bundle, candidates=32), waiting=64, deadline=30, seeds=count(1).__next__
        )
        self.context = Context(hype, self.database, defaults=self.defaults, clock=lambda: self.now, health=self.numbers)
        self.talk = Conversation(self.context)

    def settings(self, **chosen: Any) -> Settings:
        """Settings that lead to the stand-in."""
        discord = self.discord
        return Settings.model_validate(
            {"discord": {"token": discord.token, "api_base": discord.api_base, "gateway": discord.gateway_url, **chosen}}
        )

    @contextlib.asynccontextmanager
    async def playing(self, *, ready: bool = True, **chosen: Any) -> AsyncIterator[asyncio.Task[None]]:
        """The bot, running as `deephypebot run` runs it, and at the end stopped as that stops it."""
        stop = asyncio.Event()
        before = len(self.discord.gateway.identified)
        task = asyncio.create_task(adapter.run(self.settings(**chosen), self.talk, self.numbers, stop))
        try:
            if ready:
                await self.discord.until(lambda: task.done() or (self.up and len(self.discord.gateway.identified) > before))
                if task.done():
                    task.result()
            yield task
        finally:
            await self.talk.close()
            stop.set()
            await asyncio.gather(task, return_exceptions=True)
            await self.context.hype.close()

    @property
    def up(self) -> bool:
        """Whether the bot says that it is on Discord."""
        known = self.numbers.condition.platforms.get("discord")
        return known is not None and known.state == "up"

    async def shares(
        self, user: User | None = None, text: str = RICK, channel: Channel | None = None
    ) -> tuple[Message, Message]:
        """Somebody shares a song; gives the message and the reply to it, once that is written down as posted."""
        said = await self.discord.says(user or self.ann, channel or self.channel, text)
        return said, await self.reply_to(said)

    async def reply_to(self, said: Message, count: int = 1) -> Message:
        """The reply number `count` to a message, once that is written down as posted."""
        await self.discord.until(lambda: len(self.discord.replies(said)) >= count)
        reply = self.discord.replies(said)[count - 1]
        await self.written(reply)
        return reply

    async def written(self, message: Message) -> None:
        """Wait until one of the bot's messages is in the database."""

        async def found() -> bool:
            return await self.context.posts.of_message(f"discord:{message.channel.id}:{message.id}") is not None

        await until(found)

    async def votes(self, reply: Message) -> tuple[int, int]:
        """How many are for and against a reply."""
        post = await self.context.posts.of_message(f"discord:{reply.channel.id}:{reply.id}")
        assert post
        assert post.reply
        tally = await self.context.votes.tally(post.reply)
        return tally.up, tally.down

    async def voted(self, reply: Message, up: int, down: int) -> None:
        """Wait until so many are for and against a reply."""

        async def found() -> bool:
            return await self.votes(reply) == (up, down)

        with contextlib.suppress(TimeoutError):
            await until(found)
        assert await self.votes(reply) == (up, down)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds in the database, for at most 5 seconds."""
    async with asyncio.timeout(5):
        while not await condition():  # noqa: ASYNC110 - nothing tells of what is written
            await asyncio.sleep(GLANCE)


@contextlib.asynccontextmanager
async def staged(bundle: Bundle, template: Path, folder: Path, **more: Any) -> AsyncIterator[Stage]:
    """A stage with a database of its own, copied from an empty one."""
    path = folder / "bot.sqlite3"
    shutil.copyfile(template, path)
    database = await Database.open(f"sqlite+aiosqlite:///{path}")
    try:
        async with DiscordStandIn() as discord:
            yield Stage(discord, bundle, database, **more)
    finally:
        await database.close()


def title_of(message: Message) -> str:
    """What a reply is about, without the marks that keep it from being markup."""
    return str(message.embeds[0]["title"]).replace("\\", "")
