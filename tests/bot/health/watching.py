"""Somebody who watches the bot's health: time that stands still, real HTTP, and strict readers of the numbers."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families

from bot.health.numbers import Numbers
from bot.health.server import HealthServer
from bot.hype import Answer
from bot.settings import HealthSettings
from bot.songs.desk import Call
from bot.songs.resolver import LookUp
from bot.songs.song import Song

OPEN = "application/openmetrics-text; version=1.0.0"
BUNDLE = {"name": "default", "version": "2", "device": "cpu"}


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    seconds: float = 0.0
    start: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Page:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


class Visitor:
    """Asks a health server over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session, self._address = session, address

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Page:
        async with self._session.request(method, self._address + path, headers=headers) as response:
            return Page(response.status, dict(response.headers), await response.text())

    async def health(self) -> tuple[int, dict[str, Any]]:
        page = await self.ask("/healthz")
        return page.status, json.loads(page.text)


@asynccontextmanager
async def shown(
    numbers: Numbers, settings: HealthSettings | None = None, hide: Callable[[str], str] = str
) -> AsyncIterator[Visitor]:
    """The numbers on a server, and somebody who asks it."""
    server = HealthServer(numbers, settings or HealthSettings(port=0), hide=hide)
    assert await server.open() == ""
    async with aiohttp.ClientSession() as session:
        yield Visitor(session, server.address)
    await server.close()


def values(numbers: Numbers) -> dict[str, float]:
    """Every series as `name{label="value"}` without the common prefix, by a strict reader of OpenMetrics."""
    text = numbers.text(OPEN)[0].decode()
    found = {}
    for family in open_families(text):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[sample.name.removeprefix("deephypebot_") + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def an_answer() -> Answer:
    """An answer that took 30 ms to find the song and 120 ms to write."""
    return Answer(
        song=Song(title="Roads", artists=("Portishead",)),
        replies=(),
        rejected={"too short": 3, "non-word": 1},
        seed=1,
        praise=8.0,
        bundle=BUNDLE,
        timing_ms={"lookup": 30.0, "generate": 120.0, "total": 150.0},
    )


def full(numbers: Numbers) -> None:
    """Tell of everything once."""
    numbers.heard("discord", 2)
    numbers.posted("discord", "auto", 0.31)
    numbers.refused("cooldown")
    for sign in (1, -1, None):
        numbers.voted(sign)
    numbers.answered(an_answer())
    numbers.timed("lookup", 0.2)
    calls = (Call("Deezer", "search", "found", 12.0), Call("Last.fm", "describe", "found", 0.1, cached=True))
    numbers.looked_up(LookUp(Song(title="Roads"), calls))
    numbers.looked_up(LookUp(Song(title="Roads"), known_before=True))
    numbers.platform("discord", "up", latency=0.043)
    numbers.platform("slack", "connecting")
    numbers.degraded("no_message_content", "Discord gives no text of messages.")
    numbers.speaks(BUNDLE)
    numbers.lagged(0.002)
