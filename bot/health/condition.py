"""The bot's condition: which platforms are connected, whether the database takes votes, what is degraded, since when."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.health.base import PlatformState
from bot.health.families import named

Status = Literal["ok", "degraded", "down"]
DatabaseState = Literal["unknown", "ok", "failing"]


@dataclass(frozen=True)
class Connection:
    """A platform as it is now."""

    state: PlatformState
    detail: str
    since: datetime
    latency: float | Callable[[], float] | None

    @property
    def seconds(self) -> float | None:
        """How far away the platform is, None where that is not known now."""
        try:
            seconds = float(self.latency() if callable(self.latency) else self.latency or math.nan)
        except Exception:  # a library's own property, of a connection that may be half gone
            return None
        return seconds if self.state == "up" and math.isfinite(seconds) and seconds > 0 else None


class Condition:
    """What the parts said of themselves; may be told and asked from any thread."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Know nothing yet; `clock` gives a moment in UTC."""
        self._clock = clock
        self._lock = threading.Lock()
        self._platforms: dict[str, Connection] = {}
        self._degraded: dict[str, str] = {}
        self._modes: set[str] = set()  # all that were ever named, so that a mended one is seen to be
        self._bundle: Mapping[str, str] = {}
        self._writable: DatabaseState = "unknown"
        self._status: Status = "down"
        self._since = clock()
        self._drops: dict[str, int] = {}

    def connect(self, name: str, state: PlatformState, detail: str, latency: float | Callable[[], float] | None) -> None:
        """A platform is in a state; one that stays in it keeps its `since`, and its latency where none is given."""
        with self._lock:
            name = named(name, self._platforms)
            before = self._platforms.get(name)
            stays = before is not None and before.state == state
            since = before.since if before and stays else self._clock()
            if latency is None and before and stays:
                latency = before.latency
            self._drops.setdefault(name, 0)
            if before and before.state == "up" and not stays:
                self._drops[name] += 1
            self._platforms[name] = Connection(state, detail, since, latency)
            self._look()

    def degrade(self, mode: str, detail: str | None) -> None:
        """A mode is on for the reason in `detail`, or off where that is None."""
        with self._lock:
            mode = named(mode, self._modes)
            self._modes.add(mode)
            self._degraded.pop(mode, None)
            if detail is not None:
                self._degraded[mode] = detail
            self._look()

    def speaks(self, bundle: Mapping[str, str]) -> None:
        """This bundle speaks."""
        with self._lock:
            self._bundle = dict(bundle)
            self._look()

    def write(self, state: DatabaseState) -> bool:
        """The database can be written, or not; returns whether that is news."""
        with self._lock:
            news, self._writable = self._writable != state, state
            self._look()
            return news

    @property
    def database(self) -> DatabaseState:
        """Whether the database could be written when somebody tried last."""
        with self._lock:
            return self._writable

    @property
    def platforms(self) -> Mapping[str, Connection]:
        """Each platform by its name."""
        with self._lock:
            return dict(self._platforms)

    @property
    def drops(self) -> Mapping[str, int]:
        """How many times each platform's connection ended."""
        with self._lock:
            return dict(self._drops)

    @property
    def modes(self) -> Mapping[str, bool]:
        """Each degraded mode that was ever named, and whether it is on."""
        with self._lock:
            return {mode: mode in self._degraded for mode in sorted(self._modes)}

    @property
    def bundle(self) -> Mapping[str, str]:
        """Name, version and device of the bundle that speaks; empty where none does."""
        with self._lock:
            return self._bundle

    @property
    def status(self) -> Status:
        """The whole in one word."""
        with self._lock:
            return self._status

    def as_dict(self, hide: Callable[[str], str] = str) -> dict[str, Any]:
        """JSON-ready, as /healthz tells it; `hide` takes secrets out of every sentence."""
        with self._lock:
            return {
                "status": self._status,
                "since": _moment(self._since),
                "platforms": {
                    name: {"state": each.state, "since": _moment(each.since), "detail": hide(each.detail)}
                    for name, each in sorted(self._platforms.items())
                },
                "database": self._writable,
                "model": {key: hide(value) for key, value in self._bundle.items()} or None,
                "degraded": [{"mode": mode, "detail": hide(detail)} for mode, detail in sorted(self._degraded.items())],
            }

    def _look(self) -> None:
        """Find the status again; a new one begins now."""
        states = [each.state for each in self._platforms.values()]
        status: Status = "ok"
        if "up" not in states or self._writable == "failing":
            status = "down"
        elif {"connecting", "down"} & set(states) or self._degraded or not self._bundle or self._writable == "unknown":
            status = "degraded"
        if status != self._status:
            self._status, self._since = status, self._clock()


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
