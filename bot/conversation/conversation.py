"""One conversation on any number of platforms: what adapters call, and what has to be done from time to time."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from bot.conversation.answering import Answering
from bot.conversation.commands import Commands
from bot.conversation.context import Context
from bot.conversation.delivery import Delivery
from bot.conversation.review import Review
from bot.conversation.voting import Voting
from bot.errors import StoreError
from bot.platforms.outlet import Outlet
from bot.store.retention import forget_old
from bot.store.tables import stamp
from bot.store.vote_writer import VoteWriter

EVENTS_KEPT = timedelta(days=1)  # a platform delivers no event again after hours
EARLY_KEPT = timedelta(days=1)  # a message of ours is known long before
TIDY_EVERY = 30.0  # seconds
_FORGET_EVERY = 120  # times of tidying

_log = logging.getLogger(__name__)


class Conversation:
    """What a chat bot does on any platform; `answering`, `voting`, `review` and `commands` are what adapters call."""

    def __init__(self, context: Context, *, keep_days: int = 0) -> None:
        """Talk with these parts; replies older than `keep_days` are forgotten, with 0 none."""
        self._context = context
        self._keep_days = keep_days
        self._tidied = 0
        delivery = Delivery(context)
        self.review = Review(context, delivery)
        self.answering = Answering(context, delivery, self.review)
        self.voting = Voting(context)
        self.commands = Commands(context)
        self._events: VoteWriter[tuple[str, str], bool] = VoteWriter(context.seen.firsts)

    def attach(self, platform: str, outlet: Outlet) -> None:
        """Let answers for a platform go through this end of it, from now on."""
        self._context.outlets[platform] = outlet

    async def seen(self, event: str) -> bool:
        """Whether an event of a platform comes for the first time; where that cannot be looked up, it is taken for new."""
        try:
            return await self._events.write((event, self._context.at()))
        except StoreError as error:
            _log.error("Whether an event came before cannot be told: %s", error)
            return True

    async def knows(self, event: str) -> bool:
        """Whether `seen` was told of an event, for what may be done twice but must be done once; False where that fails."""
        try:
            return await self._context.seen.has(event)
        except StoreError as error:
            _log.error("Whether an event came before cannot be told: %s", error)
            return False

    async def resume(self, platform: str) -> None:
        """End what was begun on a platform before the program last ended; call it once the platform is connected."""
        await self.review.resume(platform)
        await self.answering.resume(platform)

    async def tidy(self) -> None:
        """Send and write down what could not be, let drafts expire, and now and then forget what was kept for long enough."""
        for platform in tuple(self._context.outlets):
            await self.resume(platform)
        await self.voting.tidy()
        await self.review.expire()
        if self._tidied % _FORGET_EVERY == 0:
            await self._forget()
        self._tidied += 1

    async def keep_tidy(self) -> None:
        """Tidy every half minute, until cancelled."""
        while True:
            try:
                await self.tidy()
            except Exception:  # whatever it is, the next time must come
                _log.exception("Tidying up failed.")
            await asyncio.sleep(TIDY_EVERY)

    async def close(self, patience: float = 10.0) -> None:
        """Take on nothing more, let what is under way end for `patience` seconds, and write down what came in."""
        await self.answering.close(patience)
        await self.voting.close()
        await self._context.learner.close()

    async def _forget(self) -> None:
        now = self._context.clock()
        try:
            await self._context.seen.forget(stamp(now - EVENTS_KEPT))
            await self._context.votes.forget_early(stamp(now - EARLY_KEPT))
            await forget_old(self._context.database, self._keep_days, now)
        except StoreError as error:
            _log.error("What was kept for long enough cannot be forgotten: %s", error)
