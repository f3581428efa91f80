"""A clock that stands still until told otherwise, and sleeps that take no time of ours."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any


class FakeClock:
    """Call it for the seconds; move it by setting `now`, or let `run` move it to whoever sleeps next."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep until `run` gets there."""
        woken = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._count, woken))
        await woken

    async def skip(self, seconds: float) -> None:
        """A sleep that moves the clock itself, for those who sleep alone."""
        self.now += seconds

    def wake(self) -> None:
        """Move the clock to whoever sleeps next, if anybody does."""
        if self._sleepers:
            due, _, woken = heapq.heappop(self._sleepers)
            self.now = max(self.now, due)
            if not woken.done():
                woken.set_result(None)

    async def run(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """What all of it gives, errors included, with the clock moved from one sleeper to the next."""
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(20):  # rounds of the loop, in which everybody gets to their next sleep
                await asyncio.sleep(0)
            self.wake()
        return await asyncio.gather(*tasks, return_exceptions=True)
