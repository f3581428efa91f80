"""Measures how late the event loop is, ten times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

INTERVAL = 0.1  # seconds


class LagMeter:
    """Tells how many seconds after its time each tick came: what an event at that moment would have waited."""

    def __init__(self, tell: Callable[[float], None], *, interval: float = INTERVAL) -> None:
        """Tell every `interval` seconds."""
        self._tell = tell
        self._interval = interval
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, inside the event loop."""
        loop = asyncio.get_running_loop()
        self._await_tick(loop)

    def stop(self) -> None:
        """Tell no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _await_tick(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._interval
        self._next = loop.call_at(due, self._tick, loop, due)

    def _tick(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._tell(max(0.0, loop.time() - due))
        self._await_tick(loop)
