"""Votes that came while nobody listened: the reactions of the last replies, read back gently in every workspace."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from bot.platforms.on_slack.connecting import Pause
from bot.platforms.on_slack.faults import DEAD, SlackError
from bot.platforms.on_slack.ids import PLATFORM, Spot, inside, listed, person_of, text_in, ts_in
from bot.platforms.on_slack.outlet import Api
from bot.platforms.on_slack.people import Members
from bot.platforms.on_slack.recent import Recent

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

_MOST, _MOST_OF_ONE = 2_000, 200  # messages whose votes are read, in all and in one workspace
PACE = 1.2  # seconds between two of them: Slack allows fifty a minute
_WAIT = 30.0  # seconds for which Slack is left alone at least, where it has had enough
_TRIES = 5  # times that one message is asked for
# These words are about the whole workspace, all others about one message or channel.
_WHOLE = DEAD | {"missing_scope", "not_installed"}

_log = logging.getLogger(__name__)


class Missed:
    """Counts the reactions of the last replies as they stand now."""

    def __init__(self, conversation: Conversation, api: Api, members: Members, pause: Pause) -> None:
        """Tell a conversation what an API tells; `pause` waits."""
        self._conversation = conversation
        self._api = api
        self._members = members
        self._pause = pause
        self._changed: Recent[str] = Recent()  # messages whose reactions have changed

    def changes(self, message: str) -> None:
        """Somebody gives or takes back a reaction: what was read of that message may be old."""
        self._changed.add(message)

    async def again(self, message: str) -> None:
        """Read the reactions of one message back; that this fails is told in the log."""
        spot = Spot.read(message)
        if spot and ts_in({"ts": spot.ts}, "ts"):
            try:
                await self._one(spot)
            except SlackError as error:
                _log.info("The votes on a message were not read back: %s", error)

    async def read(self) -> None:
        """Read them back, each workspace by itself: one that refuses, or makes us wait, keeps no other from its votes."""
        spots: dict[str, list[Spot]] = {}
        for message in await self._conversation.voting.recent(PLATFORM, limit=_MOST):
            spot = Spot.read(message)
            if spot and ts_in({"ts": spot.ts}, "ts"):  # else Slack has posted it for us and given no id
                spots.setdefault(spot.team, []).append(spot)
        await asyncio.gather(*(self._team(team, some[:_MOST_OF_ONE]) for team, some in spots.items()))

    async def _team(self, team: str, spots: list[Spot]) -> None:
        try:
            for spot in spots:
                await self._patiently(spot)
                await self._pause(PACE)
        except SlackError as error:
            _log.warning("Votes from before the start were not all read back in the workspace %s: %s", team, error)
        except Exception:  # a fault of ours: the other workspaces must get their votes all the same
            _log.exception("Votes from before the start were not all read back in the workspace %s.", team)

    async def _patiently(self, spot: Spot) -> None:
        """Count the reactions of one message; raises SlackError where no other of its workspace had better be asked for."""
        for left in reversed(range(_TRIES)):
            try:
                await self._one(spot)
            except SlackError as error:
                if error.code in _WHOLE or (error.reason in {"limited", "down"} and not left):
                    raise
                if error.reason not in {"limited", "down"}:
                    return
                await self._pause(max(error.wait, _WAIT))
            else:
                return

    async def _one(self, spot: Spot) -> None:
        message = str(spot)
        self._changed.discard(message)
        try:
            told = await self._api.read(spot.team, "reactions.get", channel=spot.channel, timestamp=spot.ts, full=True)
        except SlackError as error:
            if error.code != "message_not_found":
                raise
            await self._conversation.answering.gone(message)
            return
        votes = await self._votes(spot.team, listed(told, "message", "reactions"))
        if votes is not None and message not in self._changed:
            await self._conversation.voting.read_back(message, votes)

    async def _votes(self, team: str, reactions: list[Any]) -> dict[str, list[str]] | None:
        """Which emoji each person has given; None where Slack names only some of them: the others must not lose their votes."""
        votes: dict[str, list[str]] = {}
        for reaction in reactions:
            name, count, users = text_in(reaction, "name"), inside(reaction, "count"), listed(reaction, "users")
            if not isinstance(count, int) or count > len(users):
                return None
            for user in users:
                if isinstance(user, str) and not (await self._members.get(team, user)).is_bot:
                    votes.setdefault(person_of(team, user), []).append(f":{name}:")
        return votes
