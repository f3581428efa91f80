"""Answers that are under way: not more than a limit, their faults told in a sentence, and waited for at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot import texts
from bot.errors import BusyError, ClosingError, HypeError, QueryError
from bot.health.base import Health
from bot.platforms.outlet import OutletError
from inference.errors import InferenceError

MOST = 200

_log = logging.getLogger(__name__)


class UnderWay:
    """Does work that ends even if whoever waits for it gives up."""

    def __init__(self, health: Health, most: int = MOST) -> None:
        """Do at most so many at once."""
        self._health = health
        self._most = most
        self._tasks: set[asyncio.Task[str]] = set()
        self._closing = False

    def __len__(self) -> int:
        """How many there are."""
        return len(self._tasks)

    @property
    def full(self) -> bool:
        """Whether more are turned away."""
        return len(self._tasks) >= self._most

    async def do(self, asked: bool, work: Callable[[], Awaitable[str]]) -> str:
        """What the work tells; what goes wrong becomes a sentence for whoever `asked`, and else a line in the log.

        Raises ClosingError where nothing more is taken on, and where the work was broken off.
        """
        if self._closing:
            raise ClosingError(texts.CLOSING)
        if self.full:
            self._health.refused("queue full")
            return texts.QUEUE_FULL if asked else ""
        task = asyncio.create_task(self.told(asked, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise ClosingError(texts.CLOSING) from None
            raise

    async def close(self, patience: float) -> None:
        """Take on nothing more; what does not end within `patience` seconds is cancelled."""
        self._closing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def told(self, asked: bool, work: Callable[[], Awaitable[str]]) -> str:
        """The same for a part of some work, at once."""
        try:
            return await work()
        except (QueryError, OutletError) as error:  # what was asked for is no song; or the platform has been told of already
            return str(error) if asked else ""
        except (HypeError, InferenceError) as error:
            _log.warning("A song got no answer: %s", error)
            self._health.refused("queue full" if isinstance(error, BusyError) else "fault")
            return str(error) if asked else ""
        except Exception:  # a fault of ours: the platform's task must go on, and the operator must see it
            _log.exception("A song got no answer.")
            self._health.refused("fault")
            return texts.FAULT if asked else ""
