"""Reads all numbers whenever somebody looks: what was counted, and what others keep: connections, services, queue."""

from __future__ import annotations

import logging
import platform
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.health.condition import Condition
from bot.health.families import Counts, Times, named
from bot.songs.network.gate import ALL

if TYPE_CHECKING:
    from bot.songs.providers.base import Provider

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """What is read from the bot's parts instead of being reported by them; all of it is called from the event loop."""

    providers: Callable[[], Iterable[Provider]] | None = None  # their gates know what came of the calls to each service
    queue: Callable[[], int] | None = None  # replies in the making
    capacity: int = 0  # how many of them there may be
    writes: Callable[[], Awaitable[None]] | None = None  # writes to the database; raises StoreError; see `probe.write`
    drafts: Callable[[], Awaitable[Mapping[str, int]]] | None = None  # how many there are in each state


class Reader(Collector):
    """Gives the registry everything; a source that fails is left out, and told of in the log once."""

    def __init__(self, condition: Condition, families: Sequence[Counts | Times]) -> None:
        """Read the condition and these; `sources` and `drafts` may be changed at any time."""
        self._condition = condition
        self._families = families
        self.sources = Sources()
        self.drafts: Mapping[str, int] = {}
        self._complained: set[str] = set()

    def describe(self) -> Iterable[Metric]:
        """Nothing, which keeps the registry from reading everything in order to learn the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family; those that others keep only where there is something to tell of."""
        yield from (family.metric() for family in self._families)
        for family in (self._built, self._platforms, self._modes, self._bundle, self._services, self._queue, self._drafts):
            try:
                found = list(family())
            except Exception as error:  # one number must not cost the others
                self._complain(family.__name__.strip("_"), error)
            else:
                yield from (metric for metric in found if metric.samples)

    def _built(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("deephypebot_build_info", "1; the labels tell the program.", labels=["version", "python"])
        info.add_metric([version("deephypebot"), platform.python_version()], 1)
        yield info

    def _platforms(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("deephypebot_platform_up", "1 while a platform is connected.", labels=["platform"])
        latency = GaugeMetricFamily(
            "deephypebot_platform_latency_seconds", "Time to a platform's gateway and back.", labels=["platform"]
        )
        drops = CounterMetricFamily("deephypebot_platform_drops", "Connections that ended.", labels=["platform"])
        for name, each in self._condition.platforms.items():
            up.add_metric([name], each.state == "up")
            if (seconds := each.seconds) is not None:
                latency.add_metric([name], seconds)
        for name, times in self._condition.drops.items():
            drops.add_metric([name], times)
        yield from (up, latency, drops)

    def _modes(self) -> Iterator[Metric]:
        status = GaugeMetricFamily("deephypebot_status", "1 for the status that /healthz tells.", labels=["status"])
        now = self._condition.status
        for name in ("ok", "degraded", "down"):
            status.add_metric([name], name == now)
        writable = GaugeMetricFamily("deephypebot_database_up", "1 while the database can be written.")
        if (database := self._condition.database) != "unknown":
            writable.add_metric([], database == "ok")
        degraded = GaugeMetricFamily("deephypebot_degraded", "1 while something does not work.", labels=["mode"])
        for mode, on in self._condition.modes.items():
            degraded.add_metric([mode], on)
        yield from (status, writable, degraded)

    def _bundle(self) -> Iterator[Metric]:
        bundle = self._condition.bundle
        keys = ("name", "version", "device")
        info = GaugeMetricFamily("deephypebot_bundle_info", "1; the labels tell the bundle that speaks.", labels=keys)
        if bundle:
            info.add_metric([bundle.get(key, "").encode(errors="replace").decode() for key in keys], 1)
        yield info

    def _services(self) -> Iterator[Metric]:
        calls = CounterMetricFamily(
            "deephypebot_service_calls", "Calls to outside services, by what came of them.", labels=["service", "outcome"]
        )
        shut = GaugeMetricFamily(
            "deephypebot_service_left_alone", "1 while a service is asked nothing, since it failed.", labels=["service"]
        )
        for provider in self.sources.providers() if self.sources.providers else ():
            for outcome, times in _by_name(provider.gate.counts).items():
                calls.add_metric([provider.name, outcome], times)
            shut.add_metric([provider.name], ALL in provider.gate.shut)
        yield from (calls, shut)

    def _queue(self) -> Iterator[Metric]:
        length = GaugeMetricFamily("deephypebot_queue_length", "Replies in the making.")
        capacity = GaugeMetricFamily("deephypebot_queue_capacity", "Replies that may be in the making at once.")
        if self.sources.queue:
            length.add_metric([], self.sources.queue())
            capacity.add_metric([], self.sources.capacity)
        yield from (length, capacity)

    def _drafts(self) -> Iterator[Metric]:
        drafts = GaugeMetricFamily("deephypebot_drafts", "Drafts that are kept, by their state.", labels=["state"])
        for state, number in _by_name(self.drafts).items():
            drafts.add_metric([state], number)
        yield drafts

    def _complain(self, what: str, error: Exception) -> None:
        if what not in self._complained:
            self._complained.add(what)
            _log.error("The numbers on the %s cannot be read (%s).", what, type(error).__name__)
            _log.debug("That came about so:", exc_info=True)


def _by_name(numbers: Mapping[str, int]) -> Mapping[str, int]:
    """Numbers by their names, added up under "other" for those that have none."""
    sums: dict[str, int] = {}
    for name, number in tuple(numbers.items()):
        key = named(name, sums)
        sums[key] = sums.get(key, 0) + number
    return sums
