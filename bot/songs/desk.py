"""Asks one provider one thing: from the cache if it can, once for all who want it, within a deadline, never raising."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

from bot.errors import LeftAloneError, ServiceError, UnavailableError
from bot.links import Link
from bot.songs.cache import FACTS, FAILED, NAMES, UNKNOWN, Cache
from bot.songs.network.gate import ALL
from bot.songs.network.short_links import ShortLinks
from bot.songs.providers.base import Found, Provider

Step = Literal["identify", "search", "describe"]
Outcome = Literal["found", "unknown", "failed", "left alone"]

_KEPT_FOR: dict[Outcome, float] = {"found": NAMES, "unknown": UNKNOWN, "failed": FAILED}
_WORTH_KEEPING = 60.0  # seconds: a shorter wish to be left alone is not written down

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """What came of asking one service: for `deephypebot song`, and for how long the whole is believed."""

    service: str  # as people know it
    step: str
    outcome: Outcome
    ms: float
    cached: bool = False
    detail: str = ""  # why it failed or was left alone
    worth: float = FAILED  # seconds for which this is believed from now on

    def as_dict(self) -> dict[str, Any]:
        """The call, JSON-ready."""
        return {name: value for name, value in asdict(self).items() if name != "worth"}


@dataclass(frozen=True)
class _Said:
    outcome: Outcome
    found: tuple[Found, ...] = ()
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"outcome": self.outcome, "found": [found.as_dict() for found in self.found], "detail": self.detail}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> _Said:
        return cls(values["outcome"], tuple(Found.from_dict(found) for found in values["found"]), values["detail"])


class Desk:
    """The one place from which providers are asked."""

    def __init__(
        self,
        cache: Cache,
        *,
        deadline: float,
        variants: Mapping[str, str] = MappingProxyType({}),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Give each provider `deadline` seconds for each thing; `clock` (in seconds) measures what it took.

        `variants` tells by a provider's name what else its answers depend on, as they are kept longer than settings may.
        """
        self._cache = cache
        self._deadline = deadline
        self._variants = variants
        self._clock = clock
        self._flights: dict[str, asyncio.Task[_Said]] = {}
        self._recalled: dict[str, asyncio.Task[None]] = {}

    async def ask(
        self, provider: Provider, step: Step, about: str, call: Callable[[], Awaitable[Iterable[Found]]], calls: list[Call]
    ) -> tuple[Found, ...]:
        """What the provider says to `call`, which is known by `about`; empty where it knows nothing or fails.

        Appends what came of it to `calls`.
        """
        key = f"{provider.name}{self._variants.get(provider.name, '')}:{step}:{about}"
        began = self._clock()
        said, worth = await self._kept(key)
        cached = said is not None
        if said is None:
            said = await self._once(key, provider, step, call)
            worth = _worth(said.outcome, step)
        calls.append(Call(provider.label, step, said.outcome, self._since(began), cached, said.detail, worth))
        return said.found

    async def follow(self, short_links: ShortLinks, link: Link, calls: list[Call]) -> Link | None:
        """What a short link leads to, None where that cannot be found out; appends what came of it to `calls`."""
        key = f"short link:{link.shortener}/{link.id}"
        began = self._clock()
        kept = await self._cache.get(key)
        outcome: Outcome = "unknown"
        target, worth = (_link(kept[0]), kept[1]) if kept else (None, UNKNOWN)
        detail = ""
        if kept is None:
            try:
                target = await short_links.follow(link)
                worth = NAMES if target else UNKNOWN
                self._cache.put(key, asdict(target) if target else {}, worth)
            except ServiceError as error:
                outcome, detail = ("left alone" if isinstance(error, LeftAloneError) else "failed"), str(error)
                worth = FAILED
        if target:
            outcome = "found"
        calls.append(Call(short_links.label, "follow", outcome, self._since(began), kept is not None, detail, worth))
        return target

    async def close(self) -> None:
        """Stop what is still being asked."""
        tasks = [*self._flights.values(), *self._recalled.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _since(self, began: float) -> float:
        return round((self._clock() - began) * 1000, 1)

    async def _kept(self, key: str) -> tuple[_Said | None, float]:
        """What was said before and for how long it is believed; None where nothing was, or nothing that can be read."""
        kept = await self._cache.get(key)
        try:
            return (_Said.from_dict(kept[0]), kept[1]) if kept else (None, 0.0)
        except (ValueError, TypeError, KeyError):
            return None, 0.0

    async def _once(self, key: str, provider: Provider, step: Step, call: Callable[[], Awaitable[Iterable[Found]]]) -> _Said:
        """Ask, unless somebody is asking the very same: then wait for that."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._really(key, provider, step, call))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        # Whoever gives up waiting does not stop what others wait for, and what the cache can use.
        return await asyncio.shield(flight)

    async def _really(self, key: str, provider: Provider, step: Step, call: Callable[[], Awaitable[Iterable[Found]]]) -> _Said:
        await self._recall(provider)
        failures = provider.gate.failures_seen
        try:
            async with asyncio.timeout(self._deadline):
                found = tuple(await call())
            said = _Said("found" if found else "unknown", found)
        except TimeoutError:
            error = UnavailableError(f"took longer than {self._deadline:g} s")
            if provider.gate.failures_seen == failures:  # one request for many is one failure
                provider.gate.failed(ALL, error)
            said = _Said("failed", detail=str(error))
        except LeftAloneError as error:
            return _Said("left alone", detail=str(error))
        except ServiceError as error:
            said = _Said("failed", detail=str(error))
        except Exception as error:  # a fault of ours must not cost the reply: everything else is known
            _log.error("%s could not be understood (%s); going on without it.", provider.label, type(error).__name__)
            _log.debug("That came about so:", exc_info=True)
            return _Said("failed", detail=f"cannot be understood ({type(error).__name__})")
        doubted = said.outcome == "unknown" and provider.gate.doubted  # it knows nothing lately: it may be out of order
        self._cache.put(key, said.as_dict(), FAILED if doubted else _worth(said.outcome, step))
        self._keep_gate(provider)
        return said

    async def _recall(self, provider: Provider) -> None:
        """Take up what the service asked for before the program started, before anybody asks it."""
        if provider.name not in self._recalled:
            self._recalled[provider.name] = asyncio.get_running_loop().create_task(self._restore(provider))
        await asyncio.shield(self._recalled[provider.name])

    async def _restore(self, provider: Provider) -> None:
        shut, _ = await self._cache.get(f"gate:{provider.name}") or ({}, 0.0)
        provider.gate.restore({str(place): (float(until), str(reason)) for place, (until, reason) in shut.items()})

    def _keep_gate(self, provider: Provider) -> None:
        """Write down that a service wants to be left alone; not what it refused, which other settings may mend."""
        until, reason = provider.gate.shut.get(ALL, (0.0, ""))
        if (left := until - time.time()) > _WORTH_KEEPING:
            self._cache.put(f"gate:{provider.name}", {ALL: [until, reason]}, left)


def _worth(outcome: Outcome, step: Step) -> float:
    """For how many seconds an answer is believed."""
    return FACTS if (outcome, step) == ("found", "describe") else _KEPT_FOR.get(outcome, FAILED)


def _link(values: dict[str, Any]) -> Link | None:
    """The link that a short one was found to lead to."""
    try:
        return Link(**values)
    except TypeError:
        return None
