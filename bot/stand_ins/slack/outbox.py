"""What Slack sends to the app: through a socket or to its request URL, each try with what came back for it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from bot.stand_ins.slack.signed import Poster
from bot.stand_ins.slack.sockets import Connection, Sockets
from bot.stand_ins.slack.world import Object, World

Way = Literal["events_api", "slash_commands", "interactive"]
MAX_RETRIES = 3
NO_SOCKET, CLOSED = "no socket is open", "the socket was closed"


@dataclass(eq=False)
class Attempt:
    """One try to deliver; `number` counts from 0, `reason` says why it was tried again."""

    envelope: str
    number: int
    reason: str
    at: float  # seconds of the event loop
    done: asyncio.Future[None] = field(repr=False)
    connection: Connection | None = None  # None in HTTP mode, and where there was no socket
    acked: bool = False
    seconds: float | None = None  # until it was answered
    status: int | None = None  # of HTTP, None in Socket Mode or where nothing came
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""  # of HTTP
    payload: Object = field(default_factory=dict)  # what came with the acknowledgement
    fault: str = ""  # why nothing came


@dataclass(eq=False)
class Delivery:
    """One thing that the app was told, with all the tries."""

    way: Way
    payload: Object
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The event's type, "slash_commands", or the interaction's type ("block_actions", "view_submission", ...)."""
        if self.way == "events_api":
            return str(self.payload.get("event", self.payload).get("type"))
        return str(self.payload.get("type", self.way))

    @property
    def event(self) -> Object:
        """The event inside, empty for anything else."""
        return dict(self.payload.get("event", {}))

    @property
    def acked(self) -> bool:
        """Whether any try was acknowledged."""
        return any(attempt.acked for attempt in self.attempts)

    @property
    def answer(self) -> Object:
        """What came with the first acknowledgement."""
        return next((attempt.payload for attempt in self.attempts if attempt.acked), {})

    @property
    def seconds(self) -> float | None:
        """From the first try to the first acknowledgement."""
        first = next((attempt for attempt in self.attempts if attempt.acked and attempt.seconds is not None), None)
        return first.at + (first.seconds or 0.0) - self.attempts[0].at if first else None


class Outbox:
    """Delivers, and keeps all of it; events for which there is no socket wait for the next one to be opened."""

    def __init__(self, world: World, sockets: Sockets, poster: Poster, notify: Callable[[], None]) -> None:
        """`notify` is called whenever something has come back."""
        self.deliveries: list[Delivery] = []
        self._world = world
        self.sockets = sockets
        self.poster = poster
        self._notify = notify
        self._waiting: dict[str, tuple[Delivery, Attempt]] = {}  # by envelope
        self._unsent: list[tuple[Delivery, Attempt]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        sockets.on_open = self._opened
        sockets.on_close = self._closed
        sockets.on_ack = self._acked

    def send(self, way: Way, payload: Object) -> Delivery:
        """Tell the app something; returns before it has been heard."""
        delivery = Delivery(way, payload)
        self.deliveries.append(delivery)
        self._try(delivery, "")
        return delivery

    def retry(self, delivery: Delivery, reason: str) -> Attempt:
        """Tell the app the same again; raises ValueError after the third time, when Slack gives up."""
        if len(delivery.attempts) > MAX_RETRIES:
            raise ValueError(f"Slack tries {MAX_RETRIES} times again and gives up then: send something new.")
        return self._try(delivery, reason)

    def failed(self) -> list[Delivery]:
        """The events that were sent in vain; those that wait for a socket are not among them."""
        left = (delivery for delivery in self.unanswered() if delivery.way == "events_api")
        return [delivery for delivery in left if delivery.attempts[-1].fault != NO_SOCKET]

    def unanswered(self) -> list[Delivery]:
        """What has not been acknowledged."""
        return [delivery for delivery in self.deliveries if not delivery.acked]

    async def wait(self, delivery: Delivery) -> bool:
        """Wait until the last try is over, for as long as Slack would; False where nothing came."""
        attempt = delivery.attempts[-1]
        # What is posted has its own limit of the same length.
        await asyncio.wait([attempt.done], timeout=None if self._world.app.request_url else self.poster.patience)
        return attempt.done.done()

    async def close(self) -> None:
        """Give up what is on its way, and close every socket."""
        await self.sockets.close()
        await self.poster.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _try(self, delivery: Delivery, reason: str) -> Attempt:
        loop = asyncio.get_running_loop()
        attempt = Attempt(secrets.token_hex(8), len(delivery.attempts), reason, loop.time(), loop.create_future())
        delivery.attempts.append(attempt)
        if self._world.app.request_url:
            task = loop.create_task(self._post(self._world.app.request_url, delivery, attempt))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif not self._push(delivery, attempt):
            attempt.fault = NO_SOCKET
            if delivery.way == "events_api":
                self._unsent.append((delivery, attempt))
            else:
                attempt.done.set_result(None)
        return attempt

    def _push(self, delivery: Delivery, attempt: Attempt) -> bool:
        connection = self.sockets.next()
        if connection is None:
            return False
        envelope: Object = {"envelope_id": attempt.envelope, "type": delivery.way, "payload": delivery.payload}
        envelope["accepts_response_payload"] = delivery.way != "events_api"
        if delivery.way == "events_api":
            envelope |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        attempt.connection, attempt.fault = connection, ""
        self._waiting[attempt.envelope] = (delivery, attempt)
        connection.put(json.dumps(envelope))
        return True

    def _opened(self) -> None:
        """A socket has been opened: send what has been waiting for one."""
        unsent, self._unsent = self._unsent, []
        for delivery, attempt in unsent:
            if not self._push(delivery, attempt):
                self._unsent.append((delivery, attempt))
        self._notify()

    def _closed(self, connection: Connection) -> None:
        """A socket has been closed: what it was to be answered on will not be."""
        for envelope, (_, attempt) in [*self._waiting.items()]:
            if attempt.connection is connection:
                del self._waiting[envelope]
                attempt.fault = CLOSED
                self._end(attempt)
        self._notify()

    def _acked(self, envelope: str, payload: Object) -> bool:
        """An acknowledgement has come; False where it is for nothing that was sent."""
        delivery, attempt = self._waiting.pop(envelope, (None, None))
        if delivery is None or attempt is None:
            return False
        attempt.acked, attempt.payload = True, payload
        self._end(attempt)
        return True

    async def _post(self, url: str, delivery: Delivery, attempt: Attempt) -> None:
        try:
            told = await self.poster.post(url, delivery.way == "events_api", delivery.payload, attempt.number, attempt.reason)
        except (TimeoutError, OSError) as error:
            attempt.fault = "http_timeout" if isinstance(error, asyncio.TimeoutError) else "connection_failed"
        else:
            attempt.status, attempt.headers, attempt.body = told.status, told.headers, told.body
            attempt.payload = told.payload
            attempt.acked = 200 <= told.status < 300
        self._end(attempt)

    def _end(self, attempt: Attempt) -> None:
        attempt.seconds = asyncio.get_running_loop().time() - attempt.at
        if not attempt.done.done():
            attempt.done.set_result(None)
        self._notify()
