"""What is being done about things that happened on Discord: whoever ends the bot waits for it first."""

from __future__ import annotations

import asyncio
from types import TracebackType


class AtWork:
    """Counts what is being done: `with` it, as often as wanted."""

    def __init__(self) -> None:
        """Nothing is being done yet."""
        self._count = 0
        self._done = asyncio.Event()
        self._done.set()

    def __enter__(self) -> None:
        """Something begins."""
        self._count += 1
        self._done.clear()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """It ends, in whatever way."""
        self._count -= 1
        if not self._count:
            self._done.set()

    async def end(self, patience: float) -> None:
        """Wait until all is done, for at most so many seconds."""
        waiting = asyncio.create_task(self._done.wait())
        await asyncio.wait({waiting}, timeout=patience)
        waiting.cancel()
