"""Sessions of the gateway and the connections that they go over; what they want to hear, and why they are closed."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from aiohttp import web

from bot.stand_ins.discord.world import Guild

KEPT = 20_000  # events that a session can replay; Discord keeps as many as it likes


class Intent(IntFlag):
    """What a session wants to hear of: Discord's bits."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_INTEGRATIONS = 1 << 4
    GUILD_WEBHOOKS = 1 << 5
    GUILD_INVITES = 1 << 6
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


class Close(IntEnum):
    """Why the gateway closes a connection."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


@dataclass(eq=False)
class Link:
    """One WebSocket: what it is sent goes out in order, compressed where the client asked for it.

    zlib-stream is spoken; whoever asks for another compression gets plain text, which clients take as well.
    """

    socket: web.WebSocketResponse
    request: web.Request
    packer: Any = None
    session: Session | None = None
    outbox: asyncio.Queue[str | int] = field(default_factory=asyncio.Queue)
    closing: bool = False

    def say(self, text: str) -> None:
        """Send this after all that was said before."""
        if not self.closing:
            self.outbox.put_nowait(text)

    def close(self, code: int) -> None:
        """Close, after all that was said before; nothing is said after it."""
        if not self.closing:
            self.closing = True
            self.outbox.put_nowait(code)

    def drop(self) -> None:
        """Break the connection, with no word."""
        if self.request.transport:
            self.request.transport.abort()

    async def pump(self) -> None:
        """Send what is said, for as long as the connection lasts."""
        with contextlib.suppress(ConnectionError):
            while not self.socket.closed:
                item = await self.outbox.get()
                if isinstance(item, int):
                    await self.socket.close(code=item)
                elif self.packer is None:
                    await self.socket.send_str(item)
                else:
                    packed = self.packer.compress(item.encode()) + self.packer.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)


@dataclass(eq=False)
class Session:
    """What one shard of the bot has identified for; it outlives its connection, and remembers what it told."""

    id: str
    shard: int
    shards: int
    intents: Intent
    seq: int = 0
    log: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT), repr=False)
    link: Link | None = field(default=None, repr=False)

    def hears(self, guild: Guild | None) -> bool:
        """Whether this shard serves a server; direct conversations are served by the first."""
        return self.shard == ((guild.id >> 22) % self.shards if guild else 0)

    def tell(self, event: str, body: str) -> None:
        """Tell an event, its payload already written as JSON, and remember it."""
        self.seq += 1
        text = f'{{"t":"{event}","s":{self.seq},"op":0,"d":{body}}}'
        self.log.append((self.seq, text))
        if self.link:
            self.link.say(text)

    def heard_until(self, seq: object) -> None:
        """Forget what the client says it has."""
        while isinstance(seq, int) and self.log and self.log[0][0] <= seq:
            self.log.popleft()


def application_flags(privileged: Intent) -> int:
    """The flags of an application in few servers, by the privileged intents that it was granted."""
    flags = {Intent.GUILD_PRESENCES: 1 << 13, Intent.GUILD_MEMBERS: 1 << 15, Intent.MESSAGE_CONTENT: 1 << 19}
    return sum(flag for intent, flag in flags.items() if intent in privileged)
