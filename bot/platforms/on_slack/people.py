"""Who somebody in a Slack workspace is, as far as the app may know: a bot, or one who manages the workspace."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import id_in, inside, listed, text_in
from bot.platforms.on_slack.outlet import Api
from bot.platforms.on_slack.recent import Recent

_LIFE = 600.0  # seconds for which an answer holds
_SHORT_LIFE = 60.0  # the same, where there was none
_MOST = 10_000  # people who are remembered
_FEW = 20  # that are asked for one by one at the same time: Slack minds more, but tells of a thousand at once
_PAGE, _PAGES = 999, 5
_SLACKBOT = "USLACKBOT"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Member:
    """Somebody in a workspace; whoever is not known is a person who manages nothing."""

    is_bot: bool = False
    manages: bool = False


class Members:
    """Asks Slack for each of them once in ten minutes."""

    def __init__(self, api: Api, seconds: Callable[[], float] = time.monotonic) -> None:
        """Ask an API; `seconds` is a clock."""
        self._api = api
        self._seconds = seconds
        self._known: OrderedDict[tuple[str, str], tuple[float, asyncio.Future[Member]]] = OrderedDict()
        self._lists: dict[str, tuple[float, asyncio.Future[dict[str, Member]]]] = {}
        self._asking: Counter[str] = Counter()  # how many are being asked for in each workspace
        self._unseen: Recent[str] = Recent()  # workspaces that do not let us know

    async def get(self, team: str, user: str) -> Member:
        """Who somebody is; never raises. Several who ask at once wait for one answer."""
        if user == _SLACKBOT:
            return Member(is_bot=True)
        until, asked = self._known.get((team, user), (0.0, None))
        if asked is None or self._seconds() >= until:
            asked = asyncio.ensure_future(self._ask(team, user))
            self._known[team, user] = (self._seconds() + _LIFE, asked)
            self._known.move_to_end((team, user))
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return await asyncio.shield(asked)

    async def close(self) -> None:
        """Stop asking."""
        asked: list[asyncio.Future[Any]] = [future for _, future in self._known.values() if not future.done()]
        asked += [future for _, future in self._lists.values() if not future.done()]
        for future in asked:
            future.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    async def _ask(self, team: str, user: str) -> Member:
        self._asking[team] += 1
        try:
            many = await self._listed(team) if self._asking[team] > _FEW else {}
            if user in many:
                return many[user]
            return _member(team, inside(await self._api.read(team, "users.info", user=user), "user"))
        except SlackError as error:
            if (known := self._known.get((team, user))) is not None:
                self._known[team, user] = (self._seconds() + _SHORT_LIFE, known[1])
            if error.code == "missing_scope" and self._unseen.add(team):
                _log.warning(
                    "The workspace %s does not tell who is who: without the scope users:read other bots are taken for people, "
                    "and nobody can change settings there; add it on the app's page and install the app again.",
                    team,
                )
            return Member()
        finally:
            self._asking[team] -= 1

    async def _listed(self, team: str) -> dict[str, Member]:
        """The first thousands of a workspace, asked for by whoever comes first."""
        until, listing = self._lists.get(team, (0.0, None))
        if listing is None or self._seconds() >= until:
            listing = asyncio.ensure_future(self._list(team))
            self._lists[team] = (self._seconds() + _LIFE, listing)
        return await asyncio.shield(listing)

    async def _list(self, team: str) -> dict[str, Member]:
        found: dict[str, Member] = {}
        cursor: dict[str, str] = {}
        for _ in range(_PAGES):
            try:
                told = await self._api.read(team, "users.list", limit=_PAGE, **cursor)
            except SlackError:  # whoever is not found is asked for alone
                break
            found |= {id_in(each, "id"): _member(team, each) for each in listed(told, "members")}
            cursor = {"cursor": text_in(told, "response_metadata", "next_cursor")}
            if not cursor["cursor"]:
                break
        return found


def _member(team: str, user: Any) -> Member:
    """Somebody as Slack tells of them; who manages another organisation's workspace manages nothing in this one."""
    managing = any(inside(user, name) is True for name in ("is_admin", "is_owner", "is_primary_owner"))
    foreign = id_in(user, "team_id") not in {"", team} and not inside(user, "enterprise_user")
    return Member(inside(user, "is_bot") is True, managing and not foreign)
