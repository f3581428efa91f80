"""Whether an outside service may be asked now: a circuit breaker, its own wish to be left alone, and its pace."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager

from bot.errors import LeftAloneError, LimitedError, RefusedError, ServiceError

TRIES = 4  # failures in a row that open the breaker
FIRST_REST = 30.0  # seconds for which it stays open at first; each further failure doubles them
LONGEST_REST = 600.0
REFUSED_REST = 86_400.0  # seconds for which an endpoint is left alone that will not answer us
MANY_UNKNOWN = 20  # things in a row of which none is known, after which "I do not know" is doubted
ALL = "*"  # in place of an endpoint: the whole service
WHOLE = "**"  # the same where it refused everything, which other settings may mend

_NEVER = (0.0, "")

_log = logging.getLogger(__name__)


class Gate:
    """The state of one service; every call to it goes `check` → the call → `succeeded`, `failed` or `given_up`.

    A service that is down is told of in the log once, and once more when it is back.
    """

    def __init__(self, label: str, *, clock: Callable[[], float] = time.time) -> None:
        """Name the service as people know it; `clock` gives the seconds since the epoch."""
        self._label = label
        self._clock = clock
        self._shut: dict[str, tuple[float, str]] = {}  # by endpoint: until when, and why; under ALL the open breaker
        self._wish = _NEVER  # until when the service itself asked to be left alone; no answer to others ends that
        self._failures = 0
        self._trial = False  # half open: one call is finding out whether the service is back
        self._complained: set[str] = set()
        self._unknown: dict[str, set[Hashable]] = {}  # by endpoint: what it did not know since it last knew something
        self.counts: dict[str, int] = {}  # outcomes by name, for whoever watches
        self.failures_seen = 0  # grows with each failure noted, of whatever kind

    def look(self, endpoint: str) -> None:
        """Raise LeftAloneError where the service, or this endpoint of it, is not to be asked now."""
        for until, reason in (self._wish, *(self._shut.get(place, _NEVER) for place in (ALL, WHOLE, endpoint))):
            if (left := until - self._clock()) > 0:
                self._count("left alone")
                raise LeftAloneError(f"is left alone for {_span(left)} since it {reason}")

    def check(self, endpoint: str) -> bool:
        """Raise as `look` does; otherwise the caller must ask now. True where its call is the trial of a broken service."""
        self.look(endpoint)
        if self._failures < TRIES:
            return False
        # Half open: this call is the trial, and whoever comes meanwhile waits for how it ends.
        self._trial = True
        self._shut[ALL] = (self._clock() + FIRST_REST, "is being tried again")
        return True

    @contextmanager
    def passing(self, endpoint: str) -> Iterator[None]:
        """Let one call through to an endpoint, and note how it ends; raises LeftAloneError as `check` does."""
        trial = self.check(endpoint)
        try:
            yield
        except (LeftAloneError, asyncio.CancelledError):
            self.given_up(trial)
            raise
        except ServiceError as error:
            self.failed(endpoint, error)
            raise
        self.succeeded(endpoint)

    def succeeded(self, endpoint: str) -> None:
        """Note that the service answered, "I do not know" included."""
        self._count("answered")
        self._failures, self._trial = 0, False
        self._shut.pop(ALL, None)
        self._shut.pop(endpoint, None)
        # An answer that was under way when the service asked to be left alone does not say that it is back.
        left_alone = max(self._wish[0], self._shut.get(WHOLE, _NEVER)[0]) > self._clock()
        back = {endpoint} if left_alone else {ALL, WHOLE, endpoint}
        if back & self._complained:
            self._complained -= back
            _log.warning("%s answers again.", self._label)

    def failed(self, endpoint: str, error: ServiceError) -> None:
        """Note a failure; what follows from it depends on its kind."""
        self._count({RefusedError: "refused", LimitedError: "limited"}.get(type(error), "unavailable"))
        self.failures_seen += 1
        now, place, told = self._clock(), ALL, str(error)
        if self._trial:
            self._shut.pop(ALL, None)
            self._trial = False
        if isinstance(error, RefusedError):
            self._failures = 0  # it is there, and answers
            place = WHOLE if error.whole else endpoint
            self._shut[place] = (now + REFUSED_REST, str(error))
            told += f"; {self._label if error.whole else endpoint} is left alone for a day"
        elif isinstance(error, LimitedError):
            self._wish = max(self._wish, (now + error.retry_after, str(error)))
            told += f" and is left alone for {_span(error.retry_after)}"
        elif self._shut.get(ALL, _NEVER)[0] <= now:  # otherwise one of those under way when the breaker opened
            self._failures += 1
            if self._failures >= TRIES:
                rest = min(FIRST_REST * 2 ** min(self._failures - TRIES, 10), LONGEST_REST)
                self._shut[ALL] = (now + rest, str(error))
        if place not in self._complained:
            self._complained.add(place)
            _log.warning("%s %s; going on without it.", self._label, told)

    def known(self, endpoint: str, thing: Hashable, known: bool) -> None:
        """Note whether the service knew one thing that it was asked for, once that call has `succeeded`.

        An endpoint that is gone looks just as if it knew nothing. It is asked on all the same, or else whoever makes up
        ids could shut it for everybody.
        """
        unknown = self._unknown.setdefault(endpoint, set())
        if known:
            unknown.clear()
        elif len(unknown) < MANY_UNKNOWN:
            unknown.add(thing)
            if len(unknown) == MANY_UNKNOWN:
                told = f"has known none of the last {MANY_UNKNOWN} things that {endpoint} was asked for"
                _log.warning("%s %s; is its address still right?", self._label, told)

    @property
    def doubted(self) -> bool:
        """Whether "I do not know" is not to be believed for long: an endpoint has known none of MANY_UNKNOWN in a row."""
        return any(len(unknown) >= MANY_UNKNOWN for unknown in self._unknown.values())

    def given_up(self, trial: bool) -> None:
        """Note that a call was ended from outside, so nothing is known; `trial` is what `check` said of it."""
        if trial and self._trial:
            self._trial = False
            self._shut.pop(ALL, None)

    @property
    def shut(self) -> Mapping[str, tuple[float, str]]:
        """What is left alone, by endpoint: until when (seconds since the epoch), and why."""
        shut = {**self._shut, ALL: max(self._wish, self._shut.get(ALL, _NEVER))}
        return {place: state for place, state in shut.items() if state[0] > self._clock()}

    def restore(self, shut: Mapping[str, tuple[float, str]]) -> None:
        """Take up what `shut` said before the program was started again."""
        for place, state in shut.items():
            if place == ALL:
                self._wish = max(self._wish, state)
            else:
                self._shut[place] = max(self._shut.get(place, _NEVER), state)

    def _count(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1


class Pace:
    """At most so many requests in so many seconds, each in its turn; those who would wait too long are turned away."""

    def __init__(
        self,
        times: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Let `times` requests begin in any span of `seconds`; `clock` gives seconds, `sleep` waits for so many."""
        self._times, self._seconds = times, seconds
        self._clock, self._sleep = clock, sleep
        self._begun: deque[float] = deque(maxlen=times)  # when the last ones really began
        self._waiting = 0
        self._first = asyncio.Lock()  # held by whoever is next; the others queue for it

    async def turn(self, patience: float) -> None:
        """Wait for a turn; raises LeftAloneError at once where it would come later than in `patience` seconds."""
        if self._expected() - self._clock() > patience:
            often = "once" if self._times == 1 else f"{self._times} times"
            raise LeftAloneError(f"is asked at most {often} in {self._seconds:g} s, and others are before")
        self._waiting += 1
        try:
            async with self._first:
                # By the clock, as a sleep may end a little early, or so late that the next one would follow too soon.
                while (left := _due(self._begun, self._seconds) - self._clock()) > 0:
                    await self._sleep(left)
                self._begun.append(self._clock())
        finally:
            self._waiting -= 1

    def _expected(self) -> float:
        """When whoever comes now would begin, behind all who wait already."""
        begun, now = self._begun.copy(), self._clock()
        for _ in range(self._waiting):
            begun.append(max(now, _due(begun, self._seconds)))
        return max(now, _due(begun, self._seconds))


def _due(begun: deque[float], seconds: float) -> float:
    """From when on another one may begin."""
    return begun[0] + seconds if len(begun) == begun.maxlen else -math.inf


def _span(seconds: float) -> str:
    """A span of time as people say it, never none at all."""
    if seconds >= 5400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{math.ceil(seconds)} s"
