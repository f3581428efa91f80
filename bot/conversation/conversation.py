"""One conversation on any number of platforms: what adapters call, and what has to be done from time to time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from bot.conversation.answering import Answering
from bot.conversation.asking import links_of
from bot.conversation.commands import Commands
from bot.conversation.context import Context
from bot.conversation.delivery import Delivery
from bot.conversation.review import Review
from bot.conversation.voting import RECENT, Voting
from bot.errors import StoreError
from bot.links import Link
from bot.platforms.outlet import Outlet
from bot.store.retention import forget_old
from bot.store.tables import stamp
from bot.store.vote_writer import VoteWriter

EVENTS_KEPT = timedelta(days=1)  # a platform delivers no event again after hours
EARLY_KEPT = timedelta(days=1)  # a message of ours is known long before
TIDY_EVERY = 30.0  # seconds
_FORGET_EVERY = 120  # times of tidying
_GRACE = 1.0  # seconds at least for the step of tidying that is under way: a query that is cut in half breaks its connection

_log = logging.getLogger(__name__)


class Conversation:
    """What a chat bot does on any platform; `answering`, `voting`, `review` and `commands` are what adapters call."""

    def __init__(self, context: Context, *, keep_days: int = 0) -> None:
        """Talk with these parts; replies older than `keep_days` are forgotten, with 0 none."""
        self._context = context
        self._keep_days = keep_days
        self._tidied = 0
        self._tidies = False  # whether anything here is to be tidied up by itself
        self._tidying: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        delivery = Delivery(context)
        self.review = Review(context, delivery)
        self.answering = Answering(context, delivery, self.review)
        self.voting = Voting(context)
        self.commands = Commands(context)
        self._events: VoteWriter[tuple[str, str], bool] = VoteWriter(context.seen.firsts)

    def attach(self, platform: str, outlet: Outlet, *, tidy: bool = True) -> None:
        """Let answers for a platform go through this end of it, from now on.

        Unless told otherwise the conversation then tidies up every half minute until it is closed; where no event loop
        runs yet, it begins with that when the platform is resumed.
        """
        self._context.outlets[platform] = outlet
        self._tidies |= tidy
        self._begin()

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

    async def links_of(self, message: str) -> tuple[Link, ...]:
        """The links of a message that was answered or is an answer, in the order of the posts; none where that fails."""
        try:
            posts = await self._context.posts.of_messages([message])
        except StoreError as error:
            _log.error("What a message is about cannot be looked up: %s", error)
            return ()
        return tuple(dict.fromkeys(link for post in posts for link in links_of(post)))

    async def resume(self, platform: str) -> None:
        """End what was begun on a platform before the program last ended; call it once the platform is connected."""
        self._begin()
        await self.review.resume(platform)
        await self.answering.resume(platform)

    async def tidy(self) -> None:
        """Send and write down what could not be, let drafts expire, and now and then forget what was kept for long enough."""
        steps: list[Callable[[], Awaitable[None]]] = [partial(self.resume, each) for each in self._context.outlets]
        steps += [self.voting.tidy, self.review.expire]
        if self._tidied % _FORGET_EVERY == 0:
            steps.append(self._forget)
        self._tidied += 1
        for step in steps:
            if not self._ending.is_set():
                await step()

    async def close(self, patience: float = 10.0) -> None:
        """Take on nothing more, let what is under way end for `patience` seconds, and write down what came in."""
        self._ending.set()
        await asyncio.gather(self.answering.close(patience), self._end_tidying(max(patience, _GRACE)))
        await self.voting.close()
        await self._context.learner.close()

    def _begin(self) -> None:
        """Begin to tidy up from time to time, if that is wanted and can be done."""
        if self._tidies and self._tidying is None and not self._ending.is_set():
            with suppress(RuntimeError):  # no event loop runs yet
                self._tidying = asyncio.get_running_loop().create_task(self._keep_tidy())

    async def _keep_tidy(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TIDY_EVERY)
                return
            try:
                await self.tidy()
            except Exception:  # whatever it is, the next time must come
                _log.exception("Tidying up failed.")

    async def _end_tidying(self, patience: float) -> None:
        """Let it end at the next step, so that none is cut in half unless it takes longer than that."""
        if self._tidying is not None:
            await asyncio.wait([self._tidying], timeout=patience)
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)

    async def _forget(self) -> None:
        now = self._context.clock()
        try:
            await self._context.seen.forget(stamp(now - EVENTS_KEPT))
            await self._context.votes.forget_early(stamp(now - EARLY_KEPT))
            await self._context.votes.forget_uncounted(stamp(now - RECENT))
            await forget_old(self._context.database, self._keep_days, now)
        except StoreError as error:
            _log.error("What was kept for long enough cannot be forgotten: %s", error)
