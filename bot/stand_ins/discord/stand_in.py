"""A stand-in for Discord on the loopback: a world, the people in it, and the two doors through which a bot sees it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.stand_ins.base import Handler
from bot.stand_ins.discord.application_routes import ApplicationRoutes
from bot.stand_ins.discord.channel_routes import ChannelRoutes
from bot.stand_ins.discord.commands import Commands
from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.gateway import Gateway
from bot.stand_ins.discord.interaction_routes import InteractionRoutes
from bot.stand_ins.discord.interactions import Book
from bot.stand_ins.discord.people import People
from bot.stand_ins.discord.places import Places
from bot.stand_ins.discord.rest import PREFIX, Bucket, Call, Rest, Trouble, pattern
from bot.stand_ins.discord.sessions import PRIVILEGED, Intent
from bot.stand_ins.discord.world import Channel, Guild, Message, Payload, User, World
from bot.stand_ins.loopback import Loopback

TOKEN = "made-up-token"  # noqa: S105 - it opens nothing
GLANCE = 0.02  # seconds between looks at a condition that changes with nothing that the stand-in sees


class DiscordStandIn(Places, People):
    """Discord on the loopback. Use it with `async with`; `api_base` and `gateway_url` are its addresses then.

    `clock` gives seconds since 1970, by which ids are made and interactions expire; `privileged` are the privileged
    intents that the application was granted; `shards` is how many the gateway asks for.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        shards: int = 1,
        privileged: Intent = PRIVILEGED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make an empty world: the bot, and the owner of its application."""
        self.token = token
        self.world = World(clock, shards)
        self.rest = Rest(token, self._touched)
        self.gateway = Gateway(self.world, token, self._touched, privileged)
        self.events = Events(self.world, self.gateway)
        self.commands = Commands(self.world)
        self.book = Book(self.world, self.until)
        self.api_base = self.gateway_url = ""
        self._waiting: list[asyncio.Future[None]] = []
        self._loopback = Loopback()

    async def __aenter__(self) -> Self:
        """Begin to answer on a free port."""
        app = web.Application(client_max_size=32 << 20)
        app.router.add_route("GET", "/gateway/", self.gateway.connect)
        parts = (
            ApplicationRoutes(self.world, self.events, self.gateway, self.commands),
            ChannelRoutes(self.world, self.events),
            InteractionRoutes(self.world, self.events, self.book),
        )
        for part in parts:
            self.rest.serve(app.router, part.routes())
        self.rest.catch_all(app.router)
        base = await self._loopback.open(app)
        self.api_base = base + PREFIX
        self.gateway_url = self.gateway.address = f"{base.replace('http', 'ws', 1)}/gateway/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer no more."""
        await self.gateway.stop()
        await self._loopback.close()

    @property
    def bot(self) -> User:
        """The bot's own account."""
        return self.world.bot

    @property
    def requests(self) -> list[Call]:
        """Every request so far, in order."""
        return self.rest.calls

    @property
    def connected(self) -> bool:
        """Whether every shard has a session with a connection."""
        linked = {session.shard for session in self.gateway.sessions.values() if session.link}
        return linked == set(range(self.world.shards))

    def asked(self, method: str, path: str) -> list[Call]:
        """The requests of a method ("*": any) whose path fits a pattern: "/channels/*/messages"."""
        wanted = pattern(path)
        return [call for call in self.rest.calls if method in {call.method, "*"} and wanted.fullmatch(call.path)]

    def synced(self, guild: Guild | None = None) -> list[Payload]:
        """The commands that the bot has registered, for everywhere or for a server."""
        return self.commands.lists.get(guild.id if guild else None, [])

    def messages(self, channel: Channel, by: User | None = None) -> list[Message]:
        """The messages of a channel, oldest first."""
        return [message for message in channel.messages.values() if by is None or message.author is by]

    def replies(self, message: Message) -> list[Message]:
        """The messages that reply to one."""
        return [each for each in message.channel.messages.values() if each.reply_to is message]

    def fault(self, method: str, path: str, handler: Handler, *, times: int | None = 1, after: bool = False) -> Trouble:
        """Let something happen to the next requests that fit, for ever with `times` None, until `.stop()`.

        `path` lies below the interface's address: "/channels/*/messages" ("*": one step, "**": any). The handler answers
        instead of Discord or, with `after`, when Discord has done what it was asked: so an answer gets lost.
        """
        trouble = Trouble(method, pattern(path), handler, times, after)
        self.rest.troubles.append(trouble)
        return trouble

    def limit(self, method: str, path: str, calls: int, seconds: float) -> None:
        """Set a rate limit, for each channel, server or webhook by itself, told in headers; there is none by default."""
        self.rest.buckets.append(Bucket(method, pattern(path), calls, seconds))

    def forget(self) -> None:
        """Forget what was said and asked so far, so that memory stays flat: messages, requests, interactions.

        Events are forgotten as well: who has missed one must begin a new session.
        """
        self.rest.calls.clear()
        for session in self.gateway.sessions.values():
            session.log.clear()
        self.book.forget()
        for channel in self.world.channels.values():
            channel.messages.clear()
            channel.nonces.clear()
            channel.typing.clear()

    async def until(self, condition: Callable[[], object], timeout: float = 5.0) -> None:  # noqa: ASYNC109 - says what for
        """Wait until a condition holds; it is looked at after every request and event, and now and then besides.

        Raises TimeoutError, which tells the last requests, after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while not condition():
            left = end - loop.time()
            if left <= 0:
                last = [
                    f"{call.method} {call.path} {call.status} {json.dumps(call.body)!s:.200}" for call in self.rest.calls[-5:]
                ]
                raise TimeoutError("\n  ".join([f"Not within {timeout} s. The last requests:", *last]))
            future = loop.create_future()
            self._waiting.append(future)
            await asyncio.wait([future], timeout=min(GLANCE, left))
            if not future.done():
                future.cancel()

    def _touched(self) -> None:
        """Wake whoever waits."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)
