"""Stays on Discord: connects again after whatever ended the connection, and says what the operator can do about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from bot.platforms.on_discord.faults import NO_CONTENT, SWITCH_ON, NoContentError
from bot.platforms.on_discord.ids import PLATFORM
from bot.platforms.outlet import OutletError

if TYPE_CHECKING:
    from bot.health.base import Health

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # seconds before the next try, the last for all that follow
DEGRADED = "discord message content"  # what /healthz calls it where links are not heard

_log = logging.getLogger(__name__)


class Shards:
    """Which of a bot's connections are there, told to the operator."""

    def __init__(self, health: Health, latency: Callable[[], float]) -> None:
        """Tell it there; `latency` gives seconds."""
        self._health = health
        self._latency = latency
        self._away: set[int] = set()
        self.were_ready = False

    def ready(self) -> None:
        """Every server is known."""
        self.were_ready = True
        self._tell()

    def there(self, shard: int) -> None:
        """A connection is there."""
        self._away.discard(shard)
        self._tell()

    def lost(self, shard: int) -> None:
        """A connection is lost."""
        self._away.add(shard)
        self._tell()

    def _tell(self) -> None:
        if self._away:
            self._health.platform(PLATFORM, "connecting", f"Connections that are made again: {len(self._away)}.")
        elif self.were_ready:
            self._health.platform(PLATFORM, "up", latency=self._latency)


class Client(Protocol):
    """A bot, connected at most once."""

    @property
    def was_ready(self) -> bool:
        """Whether it was connected."""

    async def live(self, token: str) -> None:
        """Connect, and end when the connection does.

        Raises NoContentError, OutletError where trying again may help, and HypeError where that is in vain.
        """

    async def close(self) -> None:
        """End the connection."""


async def stay(
    make: Callable[[bool], Client],
    token: str,
    health: Health,
    stop: asyncio.Event,
    *,
    content: bool,
) -> None:
    """Keep a bot connected until `stop`; `make` makes one that hears links in messages, or not.

    Raises HypeError where no further try can help.
    """
    if not content:
        health.degraded(DEGRADED, NO_CONTENT)
    tries = 0
    while not stop.is_set():
        health.platform(PLATFORM, "connecting")
        bot = make(content)
        try:
            await _until(stop, bot, token)
        except NoContentError:
            content = False
            health.degraded(DEGRADED, SWITCH_ON)
            _log.warning("%s", SWITCH_ON)
            continue
        except OutletError as error:
            _log.warning("%s", error)
        tries = 0 if bot.was_ready else tries + 1
        if not stop.is_set():
            health.platform(PLATFORM, "down", "Not connected; the next try comes within a minute.")
            await _wait(stop, PAUSES[min(tries, len(PAUSES) - 1)])
    health.platform(PLATFORM, "down", "Stopped.")


async def _until(stop: asyncio.Event, bot: Client, token: str) -> None:
    """Let a bot live until it ends or `stop`; raises what `Client.live` does."""
    living, stopping = asyncio.create_task(bot.live(token)), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            living.result()
    finally:
        await bot.close()
        for task in (living, stopping):
            task.cancel()
        await asyncio.gather(living, stopping, return_exceptions=True)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({waiting}, timeout=seconds)
    finally:
        waiting.cancel()
