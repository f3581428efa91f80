"""The queue of texts in the making: one thread, first come, first served, and nobody turned away before it is full."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from bot.errors import BusyError

Made = TypeVar("Made")


class WorkQueue:
    """Runs blocking work beside the event loop, one piece at a time."""

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` pieces of work, the one under way among them."""
        self._limit = limit
        self._held = 0
        self._lock = threading.Lock()  # the thread lets work go while the event loop takes in more
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commentary")

    def __len__(self) -> int:
        """How many pieces of work are held, the one under way among them."""
        return self._held

    async def run(self, work: Callable[[int], Made]) -> Made:
        """What comes of the work, which is told how many others wait when its turn comes; raises what it raises.

        BusyError turns it away where there is no place. Whoever is cancelled before the turn has come has it not done; once
        begun, it is brought to its end, and keeps its place until then, since a thread cannot be stopped.
        """
        with self._lock:
            if self._held >= self._limit:
                raise BusyError(f"{self._limit} replies are in the making already: try again in a moment.")
            self._held += 1
        future = self._thread.submit(lambda: work(self._held - 1))
        future.add_done_callback(self._let_go)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Do nothing more that has not begun, and do not wait for what has."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _let_go(self, _: Future[Any]) -> None:
        with self._lock:
            self._held -= 1
