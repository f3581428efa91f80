"""The evening in Slack, over Socket Mode."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiohttp import web

from bot.stand_ins.faults import json
from bot.stand_ins.slack import Message, SlackStandIn, User
from bot.stand_ins.slack.outbox import CLOSED, MAX_RETRIES
from bot.stand_ins.slack.using import Result
from tests.scenarios.crash.sides import Ours, Room, Said, Strike, Told

IN_TIME = 2.4  # seconds in which a bot has time to write down what it heard, before it must acknowledge it
_VIDEO = re.compile(r"v=([\w-]{11})")
_NAMES = {"👍": "+1", "🔥": "fire", "👎": "-1"}
_EMOJI = {name: emoji for emoji, name in _NAMES.items()}


class SlackSide:
    """A workspace with some channels, made before the bot comes; everybody in it is an admin."""

    name = "slack"
    traps = ("chat.postMessage", "chat.update", "response_url", "conversations.replies")

    def __init__(self, slack: SlackStandIn, rooms: int, reviewed: int, *, messages: bool) -> None:
        """Make the people and channels; without `messages` the app has only the scopes that it has by default."""
        self.slack = slack
        self.blind = not messages
        self._turns: dict[str, list[int]] = defaultdict(list)  # how much each was told in the desk when they did something
        self.people = [slack.add_user(name) for name in ("gus", "hal", "ida")]
        self.pressers = [self.people[0], *(slack.add_user(name) for name in ("jon", "kim"))]
        self.curators = [slack.add_user(name) for name in ("lea", "max")]
        slack.fail("users.info", json('{"ok": true, "user": {"is_admin": true, "is_bot": false}}'), times=None)
        everybody = [*self.people, *self.pressers, *self.curators]
        made = [slack.add_channel(f"room-{number}", everybody) for number in range(rooms + reviewed)]
        self.rooms = [Room(each.id, each, number >= rooms) for number, each in enumerate(made)]
        desk = slack.add_channel("desk", everybody)
        self.desk = Room(f"<#{desk.id}|desk>", desk)

    @property
    def connected(self) -> bool:
        return bool(self.slack.connections)

    @property
    def asked(self) -> int:
        return len(self.slack.calls)

    @property
    def waiting(self) -> bool:
        return any(not each.acked and not each.attempts[-1].done.done() for each in self.slack.outbox.deliveries)

    async def welcome(self) -> int:
        """Tell it again of events that died with a socket; Slack does so three times, then it gives up."""
        died = [each for each in self.slack.outbox.failed() if each.attempts[-1].fault == CLOSED]
        again = [each for each in died if len(each.attempts) <= MAX_RETRIES]
        for delivery in again:
            await self.slack.retry(delivery)
        return len(again)

    async def say(self, who: User, room: Room, text: str) -> Said:
        message = await self.slack.says(who, room.inner, text)
        return Said(_id(message), room, message)

    async def edit(self, said: Said, text: str) -> None:
        await self.slack.edits(said.inner, text)

    async def react(self, who: User, ours: Ours, emoji: str) -> bool:
        given = who.id not in ours.inner.reactions.get(_NAMES[emoji], ())
        await (self.slack.reacts if given else self.slack.unreacts)(who, ours.inner, _NAMES[emoji])
        return given

    def standing(self, ours: Ours) -> Mapping[str, list[str]]:
        given: dict[str, list[str]] = defaultdict(list)
        for name, users in ours.inner.reactions.items():
            for user in users:
                given[f"slack:{ours.inner.team}.{user}"].append(_EMOJI[name])
        return given

    async def ask(self, who: User, room: Room, text: str) -> Told:
        return _told(await self.slack.slash(who, room.inner, "/hype", text))

    def _takes_turn(self, who: User) -> None:
        self._turns[who.id].append(len(self.slack.ephemeral(self.desk.inner, who)))

    async def press(self, who: User, ours: Ours, button: str) -> Told:
        self._takes_turn(who)
        return _told(await self.slack.presses(who, ours.inner, f"dhb:{button}"))

    async def write(self, who: User, ours: Ours, text: str, over: Callable[[], bool]) -> Told | None:
        known = {each.id for each in self.slack.views}
        pressed = await self.press(who, ours, "edit")
        await self.slack.until(lambda: self._new(who, known) or pressed() or over(), timeout=60)
        if not (view := self._new(who, known)):
            return None
        turn = len(self._turns[who.id])
        self._takes_turn(who)
        await self.slack.submits(who, view, {"text": {"line": text}})

        def told() -> str:
            """What came before they did anything else; it does not name what it answers."""
            first, *later = self._turns[who.id][turn:]
            told = self.slack.ephemeral(self.desk.inner, who)[first : later[0] if later else None]
            return told[0].text if told else ""

        return told

    def _new(self, who: User, known: set[str]) -> Any:
        return next((each for each in self.slack.views if each.user == who.id and each.open and each.id not in known), None)

    def ours(self, room: Room) -> list[Ours]:
        return [_ours(each) for each in self.slack.said(room.inner)]

    def person(self, who: User) -> str:
        return f"slack:{who.team}.{who.id}"

    def lost(self, said: Said, video: str) -> str:
        told = [each for each in self.slack.deliveries(about=said.inner) if video in str(each.payload)]
        if not told and self.blind:
            return "links that Slack tells nobody of without a scope for messages"
        taken = [attempt.seconds or 0.0 for each in told for attempt in each.attempts if attempt.acked]
        if not taken:
            return "links that Slack has given up"
        return "" if min(taken) < IN_TIME else "links that were acknowledged unclaimed, since Slack waits no longer"

    def trap(self, request: str, strike: Strike, *, after: bool) -> Callable[[], None]:
        async def sprung(request: web.Request) -> web.StreamResponse:
            strike()
            return web.Response(status=500)

        self.slack.fail(request, sprung, after=after)
        return lambda: self.slack.mend(request)


def _id(message: Message) -> str:
    return f"slack:{message.team}.{message.channel}:{message.ts}"


def _told(result: Result) -> Told:
    def told() -> str:
        return " ".join(each.text for each in result.later if each.ephemeral_for)

    return told


def _carried(blocks: list[dict[str, Any]]) -> Iterator[str]:
    for block in blocks:
        for part in (*block.get("elements", ()), block.get("accessory") or {}):
            if str(part.get("action_id", "")).startswith("dhb:"):
                yield part["value"]


def _ours(message: Message) -> Ours:
    video = _VIDEO.search(str(message.blocks[:1]))
    root = message.thread_ts if message.in_thread else None
    answers = f"slack:{message.team}.{message.channel}:{root}" if root else ""
    carried = next(_carried(message.blocks), "")
    return Ours(_id(message), carried, video[1] if video else "", answers, float(message.ts), message)
