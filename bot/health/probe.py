"""Asks something slow for whoever looks: seldom enough, one at a time, and nobody waits long for it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.store.answers import Answers
from bot.store.database import Database

_T = TypeVar("_T")


class Probe(Generic[_T]):
    """The answer to one question, asked again when it is no longer fresh."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[_T]],
        late: _T,
        *,
        fresh: float = 5.0,
        patience: float = 1.0,
        longest: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Believe an answer for `fresh` seconds, and wait `patience` seconds for a new one.

        While that is on its way the last one counts, but after `longest` seconds, or where asking fails, `late` does.
        `clock` gives seconds.
        """
        self._ask = ask
        self._late = late
        self._fresh, self._patience, self._longest = fresh, patience, longest
        self._clock = clock
        self._flight: asyncio.Task[None] | None = None
        self._asked = 0.0  # when the question was put that is on its way
        self._answer: _T | None = None
        self._until = -math.inf  # until when the answer is fresh

    async def look(self) -> _T | None:
        """The answer; None where there has been none yet."""
        if self._flight is None and self._clock() >= self._until:
            self._asked = self._clock()
            self._flight = asyncio.get_running_loop().create_task(self._put())
        if self._flight is not None:
            # A question that is given up would be asked again, and a transaction broken off is worse than a late one.
            await asyncio.wait({self._flight}, timeout=self._patience)
        if self._flight is not None and self._clock() - self._asked >= self._longest:
            return self._late
        return self._answer

    async def close(self) -> None:
        """Ask no more; the last answer stays."""
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)
        self._until = math.inf

    async def _put(self) -> None:
        try:
            self._answer = await self._ask()
        except Exception:  # whatever it is, it must not cost the page on which it would be told
            self._answer = self._late
        finally:
            self._until = self._clock() + self._fresh
            self._flight = None


async def write(database: Database) -> None:
    """Write something that is forgotten again at once; raises StoreError when the database cannot be written."""
    now = time.time()
    await Answers(database).put([("health", {}, now)], now)
