"""What all parts of a conversation share: the use case, the memory, the platforms' ends, and what is set in a place."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bot.curation.blocks import Blocks
from bot.curation.learning import Learner
from bot.curation.settings import PlaceSettings, merged
from bot.health.base import Health
from bot.hype import Hype
from bot.platforms.outlet import Outlet, OutletError, Place
from bot.songs.query import NameQuery, mark_of
from bot.songs.song import Song
from bot.store.database import Database
from bot.store.drafts import Drafts
from bot.store.lessons import Lessons
from bot.store.posts import Posts
from bot.store.privacy import Privacy
from bot.store.replies import Replies
from bot.store.seen import Seen
from bot.store.tables import stamp
from bot.store.votes import Votes
from bot.store.wishes import Wishes

_MOST = 10_000  # places and communities whose wishes are remembered


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Context:
    """The parts that a conversation is made of, all open; whoever made them closes them."""

    def __init__(
        self,
        hype: Hype,
        database: Database,
        *,
        defaults: PlaceSettings | None = None,
        clock: Callable[[], datetime] = now,
        seconds: Callable[[], float] = time.monotonic,
        health: Health | None = None,
        remembered: int = 20,
    ) -> None:
        """Talk through `hype` and remember in `database`.

        `defaults` hold where nothing was set from chat, `clock` gives a moment with its zone, `seconds` measures, and of
        the last `remembered` replies of a place none is repeated.
        """
        self.hype = hype
        self.database = database
        self.defaults = defaults or PlaceSettings()
        self.clock = clock
        self.seconds = seconds
        self.health = health or Health()
        self.remembered = remembered
        self.posts = Posts(database)
        self.replies = Replies(database)
        self.drafts = Drafts(database)
        self.wishes = Wishes(database)
        self.seen = Seen(database)
        self.votes = Votes(database)
        self.privacy = Privacy(database)
        self.learner = Learner(Lessons(database, clock))
        self.outlets: dict[str, Outlet] = {}
        self._set: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._blocks: OrderedDict[str, Blocks] = OrderedDict()
        self._changes = 0  # of settings and blocks, since the start

    def at(self) -> str:
        """This moment, as it is kept."""
        return stamp(self.clock())

    def outlet(self, platform: str) -> Outlet:
        """A platform's end of the conversation; raises OutletError ("down") where it is not connected to anything."""
        try:
            return self.outlets[platform]
        except KeyError:
            raise OutletError(f"{platform} is not connected: start the bot with it.", "down", certain=True) from None

    async def settings(self, place: Place, parent: str = "") -> PlaceSettings:
        """What holds in a place, which for a thread is what holds in its channel `parent` unless it is set there.

        Raises StoreError, and InputError for what cannot be read: then better be silent, since it may say "off".
        """
        own = await self._set_in(str(place))
        if parent and parent != place.channel:
            own = await self._set_in(str(Place(place.platform, place.community, parent))) | own
        return merged(self.defaults, await self._set_in(place.scope), own)

    async def change_setting(self, place: str, key: str, value: str | None, by: str) -> None:
        """Keep one setting of a community (Place.scope) or a channel (str(Place)), as `typed` gives it; raises StoreError."""
        await self.wishes.set(place, key, value, by, self.at())
        self._changes += 1
        self._set.pop(place, None)

    async def blocks(self, scope: str) -> Blocks:
        """What a community has blocked; raises StoreError, and InputError for what cannot be read."""
        if (known := self._blocks.get(scope)) is None:
            changes = self._changes
            known = Blocks.from_dict(await self.wishes.blocks(scope))
            self._remember(self._blocks, scope, known, changes)
        return known

    def blocks_changed(self, scope: str) -> None:
        """Tell that a community's blocks were changed."""
        self._changes += 1
        self._blocks.pop(scope, None)

    async def _set_in(self, place: str) -> dict[str, Any]:
        """What was set there, read from the database once."""
        if (known := self._set.get(place)) is None:
            changes = self._changes
            known = await self.wishes.settings(place)
            self._remember(self._set, place, known, changes)
        return known

    def _remember(self, known: OrderedDict[str, Any], key: str, value: Any, changes: int) -> None:
        """Keep what was read, unless something was changed meanwhile: then it may be old."""
        if changes == self._changes:
            known[key] = value
            if len(known) > _MOST:
                known.popitem(last=False)


def new_id() -> str:
    """An id for a post or a reply: random, so that it tells nothing."""
    return secrets.token_hex(8)


def new_draft_id() -> str:
    """An id for a draft, which buttons carry as they carry a reply's."""
    return f"d{secrets.token_hex(8)}x"


def is_draft(id_: str) -> bool:
    """Whether a button's id is a draft's."""
    return id_.endswith("x")


def key_of(song: Song) -> str:
    """What tells a song from all others in a place, whatever link it was shared by; "" where nothing is known of it."""
    if song.title:
        artist = song.artists[0] if song.artists else None
        return mark_of(NameQuery(title=song.title, artist=artist))
    service, id_ = next(iter(song.ids.items()), ("", ""))
    return f"{service}:{id_}" if id_ else ""
