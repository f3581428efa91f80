"""What can be seen of it all from outside: what was said, asked and told, and waiting for it without sleeping."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from bot.stand_ins.base import Asked
from bot.stand_ins.slack.blocks import texts_of
from bot.stand_ins.slack.calls import Call
from bot.stand_ins.slack.outbox import Attempt, Delivery
from bot.stand_ins.slack.signed import Signing
from bot.stand_ins.slack.sockets import Connection, Reason
from bot.stand_ins.slack.stage import Stage
from bot.stand_ins.slack.texts import pinged
from bot.stand_ins.slack.world import Channel, Message, User, View

T = TypeVar("T")
_GLANCE = 0.02  # seconds


class Changes:
    """Wakes up whoever waits for something to happen."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Something has happened."""
        happened, self._next = self._next, asyncio.Event()
        happened.set()

    async def wait(self) -> None:
        """Wait for the next thing to happen."""
        await self._next.wait()


class Looking(Stage):
    """Looks, and waits."""

    calls: list[Call]
    asked: list[Asked]
    changes: Changes

    # --- what was said ---------------------------------------------------------------------------------------------

    def messages(self, channel: Channel | str) -> list[Message]:
        """Everything in a channel, replies too, oldest first, gravestones left out."""
        return [each for each in self.channel(channel).messages.values() if each.subtype != "tombstone"]

    def said(self, channel: Channel | str | None = None) -> list[Message]:
        """What the app has posted, in one channel or in all, oldest first, that has not been deleted."""
        channels = [self.channel(channel)] if channel else [*self.world.channels.values()]
        bots = {workspace.bot_id for workspace in self.world.workspaces.values()}
        return [message for each in channels for message in each.messages.values() if message.bot_id in bots]

    def thread(self, message: Message) -> list[Message]:
        """The replies below a message, oldest first, also where it has been deleted itself."""
        root = message.thread_ts or message.ts
        return [each for each in self.channel(message.channel).thread(root) if each.ts != root]

    def ephemeral(self, channel: Channel | str, user: User | str | None = None) -> list[Message]:
        """The messages for one person each, or those for this one."""
        who = self.user(user).id if user else None
        return [each for each in self.channel(channel).ephemeral if who is None or each.ephemeral_for == who]

    @staticmethod
    def pings_in(message: Message) -> list[str]:
        """Whom a message calls, in its text and in its blocks: "@U…", "!here", "!channel", "!everyone", "!subteam^…"."""
        return [ping for text in (message.text, *texts_of(message.blocks)) for ping in pinged(text)]

    @property
    def views(self) -> list[View]:
        """Every view ever opened, closed ones too."""
        return [*self.world.views.values()]

    # --- what was asked and told -----------------------------------------------------------------------------------

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method of the Web API, oldest first."""
        return [call for call in self.calls if call.method == method]

    def deliveries(self, kind: str | None = None, *, about: Message | None = None) -> list[Delivery]:
        """What the app was told, oldest first: of a `kind` (see Delivery.kind), and of one message."""
        told = (each for each in self.outbox.deliveries if kind is None or each.kind == kind)
        return [each for each in told if about is None or _is_about(each, about)]

    async def retry(self, delivery: Delivery, reason: str = "timeout") -> Attempt:
        """Tell the app the same event again, acknowledged or not; raises ValueError after the third time."""
        return self.outbox.retry(delivery, reason)

    async def retry_unanswered(self, reason: str = "timeout") -> list[Attempt]:
        """Tell it again of every event that was sent and not acknowledged, also on sockets that were closed meanwhile."""
        return [self.outbox.retry(delivery, reason) for delivery in self.outbox.failed()]

    def forget(self) -> None:
        """Empty the records of calls, deliveries and requests, so that a long run takes no memory; the world stays."""
        self.calls.clear()
        self.asked.clear()
        self.outbox.deliveries.clear()

    # --- waiting ---------------------------------------------------------------------------------------------------

    async def until(self, condition: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109 - tests name their limit
        """Wait until a condition is true and return its value.

        It is looked at after every request and acknowledgement, and every 20 ms, since it may be about the app itself.
        Raises TimeoutError, with what has been asked and is not acknowledged, after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (value := condition()):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_GLANCE):
                            await self.changes.wait()
        except TimeoutError:
            raise TimeoutError(f"It did not come about within {timeout:g} s: {self._state()}.") from None
        return value

    async def settled(self, *deliveries: Delivery, timeout: float = 5.0) -> None:  # noqa: ASYNC109 - as above
        """Wait until the last try of these deliveries, or of all, is over; raises TimeoutError as `until` does."""
        told = deliveries or (*self.outbox.deliveries,)
        try:
            async with asyncio.timeout(timeout):
                for delivery in told:
                    await asyncio.shield(delivery.attempts[-1].done)
        except TimeoutError:
            raise TimeoutError(f"Not all of it was answered within {timeout:g} s: {self._state()}.") from None

    # --- the line to the app ---------------------------------------------------------------------------------------

    @property
    def connections(self) -> list[Connection]:
        """The sockets that are open, oldest first."""
        return [*self.outbox.sockets.open]

    @property
    def signing(self) -> Signing:
        """How requests to the app are signed from now on."""
        return self.outbox.poster.signing

    @property
    def patience(self) -> float:
        """For how many seconds an answer of the app is waited for, 3 at first."""
        return self.outbox.poster.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self.outbox.poster.patience = seconds

    @property
    def answers_pings(self) -> bool:
        """Whether the app's pings are answered."""
        return self.outbox.sockets.answers_pings

    @answers_pings.setter
    def answers_pings(self, yes: bool) -> None:
        self.outbox.sockets.answers_pings = yes

    async def disconnects(self, reason: Reason = "warning", connection: Connection | None = None) -> None:
        """Ask the app to leave one socket, or all: it opens another, or with "link_disabled" should not."""
        for each in [connection] if connection else self.connections:
            self.outbox.sockets.ask_to_leave(each, reason)

    async def drops(self, connection: Connection | None = None, *, abruptly: bool = True) -> None:
        """End one socket, or all: as a broken line does, or else with a closing frame."""
        for each in [connection] if connection else self.connections:
            if abruptly:
                each.drop()
            else:
                await each.socket.close()

    async def pings(self, connection: Connection | None = None) -> None:
        """Ping the app; a connection counts in `pongs` what comes back."""
        for each in [connection] if connection else self.connections:
            await each.socket.ping(b"stand-in")

    def _state(self) -> str:
        asked = ", ".join(f"{name} {count}" for name, count in Counter(call.method for call in self.calls).items())
        left = ", ".join(each.kind for each in self.outbox.unanswered()[:10])
        return f"asked were {asked or 'no methods'}; not acknowledged are {left or 'no deliveries'}"


def _is_about(delivery: Delivery, message: Message) -> bool:
    event = delivery.event or delivery.payload
    inside = (event, event.get("item"), event.get("message"), event.get("previous_message"), event.get("container"))
    known = {each.get(name) for each in inside if isinstance(each, dict) for name in ("ts", "message_ts", "deleted_ts")}
    return message.ts in known
