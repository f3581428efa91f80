"""What services said, kept for as long as it is believed: at once in memory, a moment later in the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from bot.errors import StoreError
from bot.store.answers import Answers, Row

DAY = 86_400.0  # seconds
NAMES = 90 * DAY  # for which names and ids are believed
FACTS = 30 * DAY  # for which genres and features are
UNKNOWN = DAY  # for which a service is believed not to know a song
FAILED = 300.0  # for which one that failed is not asked again about the same song

_SIZE = 4096  # answers in memory
_MOST_KEYS = 65_536  # of the database that are known by heart; of others it is asked
_GATHER_S = 0.25  # for which answers are gathered before they are written

_log = logging.getLogger(__name__)


class Cache:
    """Answers by key; works without a database too, and then forgets when the program ends."""

    def __init__(self, answers: Answers | None = None, *, clock: Callable[[], float] = time.time) -> None:
        """Keep answers there; `clock` gives the seconds since the epoch."""
        self._answers = answers
        self._clock = clock
        self._memory: OrderedDict[str, tuple[dict[str, Any], float]] = OrderedDict()
        self._keys: asyncio.Future[set[str]] | None = None
        self._unwritten: dict[str, Row] = {}
        self._writing: asyncio.Task[None] | None = None

    async def get(self, key: str) -> tuple[dict[str, Any], float] | None:
        """What was put under the key, and for how many more seconds it is believed; None where it has expired."""
        kept = self._memory.get(key)
        if kept is None and self._answers and key in await self._kept(self._answers):
            try:
                row = await self._answers.get(key)
            except StoreError as error:
                self._give_up(error)
                row = None
            # Somebody may have put something newer while the database was asked.
            kept = self._memory.get(key) or (row and (row[1], row[2]))
            if kept:
                self._remember(key, *kept)
        left = kept[1] - self._clock() if kept else 0.0
        if kept is None or left <= 0:
            return None
        self._memory.move_to_end(key)
        return kept[0], left

    def put(self, key: str, value: dict[str, Any], seconds: float) -> None:
        """Keep a JSON-ready value for so many seconds."""
        until = self._clock() + seconds
        self._remember(key, value, until)
        if self._answers:
            self._unwritten[key] = (key, value, until)
            if self._writing is None:
                self._writing = asyncio.get_running_loop().create_task(self._write())

    async def close(self) -> None:
        """Write what is not yet written."""
        while self._writing:
            await asyncio.shield(self._writing)

    async def _kept(self, answers: Answers) -> set[str]:
        """The keys that are in the database, so that it need not be asked for what it has not."""
        if self._keys is None:
            self._keys = asyncio.ensure_future(answers.keys(self._clock()))
        try:
            return await asyncio.shield(self._keys)
        except StoreError as error:
            self._give_up(error)
            return set()

    def _remember(self, key: str, value: dict[str, Any], until: float) -> None:
        self._memory[key] = (value, until)
        self._memory.move_to_end(key)
        while len(self._memory) > _SIZE:
            self._memory.popitem(last=False)

    async def _write(self) -> None:
        """Write what is put, one lot after another, until there is nothing left."""
        try:
            while self._unwritten and self._answers:
                await asyncio.sleep(_GATHER_S)
                rows, self._unwritten = self._unwritten, {}
                keys = await self._kept(self._answers)
                if self._answers:
                    await self._answers.put(list(rows.values()), self._clock())
                    if len(keys) + len(rows) <= _MOST_KEYS:
                        keys |= rows.keys()
        except StoreError as error:
            self._give_up(error)
        finally:
            self._writing = None

    def _give_up(self, error: StoreError) -> None:
        """Go on in memory alone; said once."""
        if self._answers:
            _log.warning("What services said of songs is not kept. %s", error)
        self._answers = None
        self._unwritten = {}
