"""Quiet hours: from when to when, by the clocks of which place, nobody is answered who did not ask."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, time
from difflib import get_close_matches
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

_TIME = r"([0-9]{1,2})(?:[:.h]([0-9]{2})|h)?\s*([ap]m)?"
_HOURS = re.compile(rf"{_TIME}\s*(?:-|\u2013|\u2014|to|until)\s*{_TIME}(?:\s+(?:in\s+)?(\S.*))?", re.IGNORECASE | re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}")
# Names that lie beside the time zones but mean the machine's own, nothing at all, or clocks with leap seconds.
_NO_ZONE = re.compile(r"(?:localtime|Factory|posixrules|posix/.*|right/.*)", re.IGNORECASE)


@dataclass(frozen=True)
class QuietHours:
    """From `start` up to, not including, `end`, as the clocks in `zone` (an IANA name) show it; may wrap midnight.

    Where clocks are put forward or back, what they show counts: an hour that is skipped is not quiet, and one that is
    shown twice is quiet twice. Raises ValueError for a zone that does not exist and for hours without end.
    """

    start: time
    end: time
    zone: str
    _clocks: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look the zone up, once."""
        if self.start == self.end:
            raise ValueError('hours that end when they begin would be quiet always or never: for always set mode to "off"')
        clocks = _clocks_of(self.zone)
        if clocks is None:
            raise ValueError(f"there is no time zone {self.zone!r:.60}")
        # A frozen dataclass sets its own fields only this way.
        object.__setattr__(self, "_clocks", clocks)

    @classmethod
    def read(cls, text: str) -> Self:
        """The hours that a person typed, such as "22-7 Europe/Berlin" or "10:30pm-7am New York"; raises ValueError."""
        found = _HOURS.fullmatch(text)
        if found is None:
            raise ValueError("")
        *clock_times, zone = found.groups()
        start, end = _time(*clock_times[:3]), _time(*clock_times[3:])
        if zone is None:
            raise ValueError("the time zone is missing")
        return cls(start, end, _zone(zone.strip()))

    def __str__(self) -> str:
        """As it can be typed again."""
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"

    def hold(self, now: datetime) -> bool:
        """Whether it is quiet at a moment, which knows its own time zone."""
        shown = now.astimezone(self._clocks).time()
        if self.start < self.end:
            return self.start <= shown < self.end
        return shown >= self.start or shown < self.end


def _time(hours: str, minutes: str | None, half: str | None) -> time:
    """A time of day from its parts; 24:00 is midnight."""
    hour, minute = int(hours), int(minutes or 0)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f'there is no "{hour} {half.lower()}"')
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour * 60 + minute > 24 * 60 or minute > 59:
        raise ValueError(f'there is no time "{hour}:{minute:02}"')
    return time(hour % 24, minute)


def _zone(typed: str) -> str:
    """The IANA name of the time zone that a person means, who may leave out the continent; raises ValueError."""
    if _clocks_of(typed) is not None:
        return typed
    wanted = re.sub(r"\s+", "_", typed).casefold()
    known = _known_zones()
    names = known.get(wanted, ())
    if len(names) == 1:
        return names[0]
    close = names or [known[name][0] for name in get_close_matches(wanted[:64], known, n=2, cutoff=0.7)]
    hint = f": did you mean {' or '.join(dict.fromkeys(close))}?" if close else ""
    raise ValueError(f"there is no time zone of that name{hint}")


def _clocks_of(zone: str) -> ZoneInfo | None:
    """The clocks of a zone, by its exact name."""
    if len(zone) > 64 or not _ZONE.fullmatch(zone) or _NO_ZONE.fullmatch(zone):
        return None
    try:
        return ZoneInfo(zone)
    except (OSError, ValueError, KeyError):  # a folder, a file that is no zone, no such name
        return None


@cache
def _known_zones() -> dict[str, list[str]]:
    """Every zone by its name and by the last part of it, in lower case; several may share the last part."""
    names = [name for name in sorted(available_timezones()) if not _NO_ZONE.fullmatch(name)]
    places: dict[str, list[str]] = {}
    for name in names:
        places.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    return {**places, **{name.casefold(): [name] for name in names}}
