"""Socket Mode: tickets for sockets, the messages on them, and the ways in which Slack closes them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import WSMsgType, web

from bot.stand_ins.slack.world import Object, World

Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]
MAX_SOCKETS = 10  # of one app
PATH = "/link/"


@dataclass(eq=False)
class Connection:
    """One socket of the app; `leaving` after Slack has asked it to go: others are preferred then."""

    number: int  # from 1, in the order in which they came
    socket: web.WebSocketResponse = field(repr=False)
    request: web.Request = field(repr=False)
    leaving: bool = False
    acks: int = 0
    pings: int = 0  # that came from the app
    pongs: int = 0  # that it answered
    strays: list[str] = field(default_factory=list)  # what it sent that was no acknowledgement of anything
    queue: asyncio.Queue[str] = field(default_factory=asyncio.Queue, repr=False)

    def put(self, text: str) -> None:
        """Send a message after those before it."""
        self.queue.put_nowait(text)

    def drop(self) -> None:
        """End it without a word, as a broken line does."""
        if self.request.transport:
            self.request.transport.abort()


class Sockets:
    """The sockets that are open, oldest first; `answers_pings` may be switched off to make them look dead."""

    def __init__(self, world: World, notify: Callable[[], None]) -> None:
        """`notify` is called whenever one comes, goes, or says something."""
        self.open: list[Connection] = []
        self.answers_pings = True
        self.on_open: Callable[[], None] = notify
        self.on_close: Callable[[Connection], None] = lambda connection: None
        self.on_ack: Callable[[str, Object], bool] = lambda envelope, payload: False
        self._world = world
        self._notify = notify
        self._tickets: set[str] = set()
        self._count = 0
        self._turn = 0

    def ticket(self, base: str) -> str:
        """An address at which one socket may be opened, once."""
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        return f"ws{base.removeprefix('http')}{PATH}?ticket={ticket}&app_id={self._world.app.id}"

    def next(self) -> Connection | None:
        """The socket whose turn it is, None where none is open."""
        staying = [each for each in self.open if not each.leaving] or self.open
        if not staying:
            return None
        self._turn += 1
        return staying[self._turn % len(staying)]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One socket, from its ticket to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404, text="no such ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self._count += 1
        connection = Connection(self._count, socket, request)
        if len(self.open) >= MAX_SOCKETS:
            await socket.send_json(_farewell("too_many_websockets"))
            await socket.close()
            return socket
        await socket.send_json(self._hello())
        self.open.append(connection)
        writer = asyncio.create_task(_write(connection))
        self.on_open()
        try:
            await self._read(connection)
        finally:
            self.open.remove(connection)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self.on_close(connection)
        return socket

    async def close(self) -> None:
        """Close all of them."""
        for connection in [*self.open]:
            await connection.socket.close()

    @staticmethod
    def ask_to_leave(connection: Connection, reason: Reason) -> None:
        """Say that a socket is to be closed; the app opens another, and closes this one itself."""
        connection.leaving = True
        connection.put(json.dumps(_farewell(reason)))

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            match message.type:
                case WSMsgType.PING:
                    connection.pings += 1
                    if self.answers_pings:
                        await connection.socket.pong(message.data)
                case WSMsgType.PONG:
                    connection.pongs += 1
                case WSMsgType.TEXT:
                    self._hear(connection, message.data)
            self._notify()

    def _hear(self, connection: Connection, text: str) -> None:
        """Take an acknowledgement."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        envelope = value.get("envelope_id") if isinstance(value, dict) else None
        payload = value.get("payload") if isinstance(value, dict) else None
        if isinstance(envelope, str) and self.on_ack(envelope, payload if isinstance(payload, dict) else {}):
            connection.acks += 1
        else:
            connection.strays.append(text)

    def _hello(self) -> Object:
        debug = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        told: Object = {"type": "hello", "num_connections": len(self.open) + 1, "debug_info": debug}
        return told | {"connection_info": {"app_id": self._world.app.id}}


async def _write(connection: Connection) -> None:
    """Send what has been put into a socket's queue, until it is closed."""
    with contextlib.suppress(ConnectionError):
        while not connection.socket.closed:
            await connection.socket.send_str(await connection.queue.get())


def _farewell(reason: Reason) -> Object:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "stand-in"}}
