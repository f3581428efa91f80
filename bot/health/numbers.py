"""Counts what the bot's parts take note of, in a registry of its own, under names that Prometheus' users expect."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from bot.errors import StoreError
from bot.health.base import Health, PlatformState, Step
from bot.health.condition import Condition
from bot.health.families import Counts, Times
from bot.health.probe import Probe
from bot.health.reading import Reader, Sources

if TYPE_CHECKING:
    from bot.hype import Answer
    from bot.songs.resolver import LookUp

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
# Upper ends in seconds, around what is wanted: a reply in 0.3 s, in 0.7 s at worst, in 3 s when many come at once; a
# service in 2.5 s, a song in 8 s, an event loop that is never 50 ms late.
_REPLY = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0)
_LOOKUP = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)
_GENERATE = (0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0)
_LAG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_SIGNS: Mapping[int | None, str] = {1: "up", -1: "down", None: "withdrawn"}

_log = logging.getLogger(__name__)


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class Numbers(Health):
    """Takes note of everything; `Health` says what may be told, `condition` and `text` what comes of it."""

    def __init__(self, *, clock: Callable[[], datetime] = now, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin at nought; `clock` gives a moment in UTC, `seconds` measures how old an answer is."""
        self.condition = Condition(clock)
        self._seconds = seconds
        self._families: list[Counts | Times] = []
        self._heard = self._counts("messages_heard", "Messages that were heard.", "platform")
        self._links = self._counts("links_heard", "Links to songs in them.", "platform")
        self._posted = self._counts("replies_posted", "Replies that were sent.", "platform", "mode")
        self._refused = self._counts("replies_refused", "Replies that were not made or not sent.", "reason")
        self._rejected = self._counts("candidates_rejected", "Candidates that a gate rejected.", "gate")
        self._votes = self._counts("votes", "Votes that were cast, changed or withdrawn.", "sign")
        self._cache = self._counts("cache_lookups", "Songs and answers looked for among those kept.", "kind", "result")
        self._took = self._times("reply_duration", "Time from what is answered to the sent reply.", _REPLY, "platform")
        self._steps: Mapping[str, Times] = {
            "lookup": self._times("lookup_duration", "Time to find a song out.", _LOOKUP),
            "generate": self._times("generate_duration", "Time to make a text, with the wait for its turn.", _GENERATE),
        }
        self._lag = self._times("event_loop_lag", "How late the event loop is, ten times a second.", _LAG)
        self._reader = Reader(self.condition, self._families)
        self._registry = CollectorRegistry()
        self._registry.register(self._reader)
        ProcessCollector(registry=self._registry)
        self._writes: Probe[str] | None = None
        self._drafts: Probe[Mapping[str, int]] | None = None

    # What each of these takes note of is said in Health.

    def heard(self, platform: str, links: int = 0) -> None:
        self._heard.add((platform,))
        self._links.add((platform,), links)

    def posted(self, platform: str, mode: str, seconds: float) -> None:
        self._posted.add((platform, mode))
        self._took.add((platform,), seconds)

    def refused(self, reason: str) -> None:
        self._refused.add((reason,))

    def rejected(self, gates: Mapping[str, int]) -> None:
        for gate, candidates in gates.items():
            self._rejected.add((gate,), candidates)

    def voted(self, sign: int | None) -> None:
        self._votes.add((_SIGNS.get(sign, ""),))

    def timed(self, step: Step, seconds: float) -> None:
        if (times := self._steps.get(step)) is not None:
            times.add((), seconds)

    def answered(self, answer: Answer) -> None:
        self.rejected(answer.rejected)
        for step, times in self._steps.items():
            if (milliseconds := answer.timing_ms.get(step)) is not None:
                times.add((), milliseconds / 1000)

    def looked_up(self, found: LookUp) -> None:
        self._cache.add(("song", "hit" if found.known_before else "miss"))
        for call in found.calls:
            self._cache.add(("service", "hit" if call.cached else "miss"))

    def platform(
        self, name: str, state: PlatformState, detail: str = "", latency: float | Callable[[], float] | None = None
    ) -> None:
        self.condition.connect(name, state, detail, latency)

    def degraded(self, mode: str, detail: str) -> None:
        self.condition.degrade(mode, detail)

    def mended(self, mode: str) -> None:
        self.condition.degrade(mode, None)

    def speaks(self, bundle: Mapping[str, str]) -> None:
        self.condition.speaks(bundle)

    # What only those need who show the numbers.

    def lagged(self, seconds: float) -> None:
        """The event loop was late by so many seconds."""
        self._lag.add((), seconds)

    def watch(self, sources: Sources) -> None:
        """Read these from now on whenever somebody looks."""
        self._reader.sources = sources
        self._writes = Probe(self._written, late="it does not answer", clock=self._seconds) if sources.writes else None
        self._drafts = Probe(sources.drafts, late={}, clock=self._seconds) if sources.drafts else None

    async def look(self) -> None:
        """Find out what has to be asked for, if that is not fresh: whether the database can be written, and the drafts."""
        await asyncio.gather(self._look_at_drafts(), self._look_at_database())

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """All numbers in the form that a header `Accept` asks for, OpenMetrics or Prometheus' own, and its content type."""
        if "application/openmetrics-text" in accept:
            text: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call] # it has no types
            return text, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self._registry), PLAIN

    async def close(self) -> None:
        """Ask for nothing any more; what is counted stays."""
        for probe in (self._writes, self._drafts):
            if probe:
                await probe.close()

    async def _look_at_drafts(self) -> None:
        if self._drafts:
            self._reader.drafts = await self._drafts.look() or {}

    async def _look_at_database(self) -> None:
        """Learn whether the database can be written; each change is told of in the log."""
        if self._writes is None or (fault := await self._writes.look()) is None:
            return
        before = self.condition.database
        news = self.condition.write("failing" if fault else "ok")
        if news and fault:
            _log.error("Nothing can be written down: %s", fault)
        elif news and before == "failing":
            _log.warning("The database can be written again.")

    async def _written(self) -> str:
        """Why the database cannot be written, "" where it can."""
        writes = self._reader.sources.writes
        try:
            if writes:
                await writes()
        except StoreError as error:
            return str(error)
        return ""

    def _counts(self, name: str, told: str, *labels: str) -> Counts:
        counts = Counts(f"deephypebot_{name}", told, *labels)
        self._families.append(counts)
        return counts

    def _times(self, name: str, told: str, ends: tuple[float, ...], *labels: str) -> Times:
        times = Times(f"deephypebot_{name}_seconds", told, ends, *labels)
        self._families.append(times)
        return times
