"""Slack's end of a conversation: cards become messages in the threads of what they answer, in every workspace."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from weakref import WeakValueDictionary

from bot.platforms.on_slack import cards as slack_cards
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import Spot, home_of, inside, listed, text_in, ts_in
from bot.platforms.on_slack.recent import Recent
from bot.platforms.outlet import Card, Place

EVENT = "deephypebot_reply"  # the type of the metadata by which our messages are found again
_MOST = 10_000  # messages whose threads are remembered
_LOOKED_AT = 200  # messages among which one of ours is looked for
_THROUGH = "via-"  # begins the id of a message that Slack posted for us and gave no id of

_log = logging.getLogger(__name__)

Respond = Callable[[dict[str, Any]], Awaitable[None]]  # answers an interaction; raises SlackError


class Api(Protocol):
    """Slack's Web API for every workspace that has the app; both raise SlackError and nothing else."""

    async def read(self, team: str, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask a method that changes nothing."""

    async def write(self, team: str, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask a method that changes something."""


class SlackOutlet:
    """The outlet for all workspaces."""

    def __init__(self, api: Api) -> None:
        """Post through an API."""
        self._api = api
        self._threads: OrderedDict[str, str] = OrderedDict()
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._refused: Recent[tuple[str, str]] = Recent(_MOST)  # channels whose refusal is in the log
        self._unposted: Recent[str] = Recent(_MOST)  # nonces of what cannot be there: Slack has refused it, or was never asked
        self._reached: dict[str, Respond] = {}  # by the nonce of a message that Slack posted for us

    async def post(self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "") -> str:
        """Post in `thread`, which is the ts of the message that begins it, else in that of `answering`.

        Raises "gone" where what was to be answered was deleted meanwhile.
        """
        team, channel = home_of(place)
        thread = ts_in({"ts": thread}, "ts") or await self._thread(team, channel, answering)
        arguments = {"channel": channel, "unfurl_links": False, "unfurl_media": False, **slack_cards.message(card)}
        arguments |= {"thread_ts": thread} if thread else {}
        arguments |= {"metadata": {"event_type": EVENT, "event_payload": {"nonce": nonce}}} if nonce else {}
        # One after the other: Slack takes about one message a second in a channel, and those that wait keep their order.
        async with self._turns.setdefault((team, channel), asyncio.Lock()):
            told = await self._noted(team, channel, nonce, self._api.write(team, "chat.postMessage", **arguments))
        ts = ts_in(told, "ts")
        if not ts:
            raise SlackError("chat.postMessage", "no_ts", "down")
        posted = Spot(team, channel, ts)
        if thread and isinstance(inside(told, "message"), dict) and not ts_in(told, "message", "thread_ts"):
            # What was to be answered was deleted: Slack has put the answer into the channel itself.
            await self.remove(str(posted))
            raise SlackError("chat.postMessage", "thread_not_found")
        return str(posted)

    async def change(self, message: str, card: Card) -> None:
        """Show another card in a message."""
        spot = _spot(message)
        if respond := self._way(spot):
            await respond({"replace_original": True, **slack_cards.message(card)})
            return
        await self._api.write(spot.team, "chat.update", channel=spot.channel, ts=spot.ts, **slack_cards.message(card))

    async def remove(self, message: str) -> None:
        """Delete a message; one that is gone already is as good."""
        spot = _spot(message)
        if respond := self._way(spot):
            await respond({"delete_original": True})
            return
        try:
            await self._api.write(spot.team, "chat.delete", channel=spot.channel, ts=spot.ts)
        except SlackError as error:
            if error.code != "message_not_found":
                raise

    async def typing(self, place: Place) -> None:
        """Slack shows nobody that an app is typing."""

    async def find(self, place: Place, nonce: str, *, answering: str = "") -> str:
        """The message of ours that was posted with this nonce.

        Unless it was surely not posted since the start it needs a history scope, and raises "forbidden" without.
        """
        if nonce in self._unposted:
            return ""
        team, channel = home_of(place)
        asked: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": _LOOKED_AT}
        try:
            if thread := await self._thread(team, channel, answering):
                told = await self._api.read(team, "conversations.replies", ts=thread, **asked)
            else:
                told = await self._api.read(team, "conversations.history", **asked)
        except SlackError as error:
            if error.code == "thread_not_found":
                return ""
            raise
        for message in listed(told, "messages"):
            ours = text_in(message, "metadata", "event_type") == EVENT
            if ours and text_in(message, "metadata", "event_payload", "nonce") == nonce and (ts := ts_in(message, "ts")):
                return str(Spot(team, channel, ts))
        return ""

    def heard(self, message: Spot, thread: str) -> None:
        """Remember in which thread a message stands: its own ts where it begins one."""
        self._threads[str(message)] = thread or message.ts
        if len(self._threads) > _MOST:
            self._threads.popitem(last=False)

    @contextmanager
    def reaching(self, nonce: str, respond: Respond) -> Iterator[None]:
        """While somebody uses a button: a message that Slack posted for us can be changed and removed through it."""
        self._reached[nonce] = respond
        try:
            yield
        finally:
            self._reached.pop(nonce, None)

    def _way(self, spot: Spot) -> Respond | None:
        """How a message is reached that Slack posted for us, None for every other."""
        if not spot.ts.startswith(_THROUGH):
            return None
        if respond := self._reached.get(spot.ts.removeprefix(_THROUGH)):
            return respond
        raise SlackError("to touch a message of a command", "not_in_channel")

    async def _thread(self, team: str, channel: str, answering: str) -> str:
        """The thread that a message is in or begins; "" where there is none in this channel."""
        spot = Spot.read(answering)
        if spot is None or (spot.team, spot.channel) != (team, channel):
            return ""
        if known := self._threads.get(answering):
            return known
        thread = ""
        try:  # it was heard before the program started
            told = await self._api.read(team, "conversations.replies", channel=channel, ts=spot.ts, limit=1)
            found = next(iter(listed(told, "messages")), None)
            thread = ts_in(found, "thread_ts") or ts_in(found, "ts")
        except SlackError as error:
            if error.code == "thread_not_found":
                raise
        self.heard(spot, thread)
        return thread or spot.ts

    async def _noted(self, team: str, channel: str, nonce: str, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Post; the first time that a channel refuses, the log says so."""
        self._unposted.discard(nonce)
        try:
            done = await work
        except SlackError as error:
            if error.certain:
                self._unposted.add(nonce)
            if error.reason in {"forbidden", "gone"} and self._refused.add((team, channel)):
                _log.warning("Nothing can be posted in %s of the workspace %s: %s", channel, team, error)
            raise
        self._refused.discard((team, channel))
        return done


class Through:
    """The outlet for one command: where the app may not post by itself, Slack posts for it as the command's answer."""

    def __init__(self, outlet: SlackOutlet, respond: Respond) -> None:
        """Prefer the outlet."""
        self._outlet = outlet
        self._respond = respond
        self.change, self.remove, self.typing, self.find = outlet.change, outlet.remove, outlet.typing, outlet.find

    async def post(self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "") -> str:
        """Post as the outlet does, or else through the command."""
        try:
            return await self._outlet.post(place, card, answering=answering, nonce=nonce, thread=thread)
        except SlackError as error:
            if error.reason not in {"forbidden", "gone"} or error.code == "thread_not_found":
                raise
        shown = {"response_type": "in_channel", "replace_original": False, **slack_cards.message(card)}
        await self._respond({**shown, "unfurl_links": False, "unfurl_media": False})
        return str(Spot(*home_of(place), f"{_THROUGH}{nonce}"))


def _spot(message: str) -> Spot:
    spot = Spot.read(message)
    if spot is None:
        raise SlackError("to touch a message of another platform", "message_not_found")
    return spot
