"""The kinds of values that people set from chat: how each is read, how it is shown, and what is possible."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.curation.quiet import QuietHours
from bot.curation.signs import emoji_in

T = TypeVar("T")

MAX_TYPED = 4096  # characters
MAX_IDS = 100
NOTHING = ("none", "off", "no", "-")  # words for "nothing is set"

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*(?:(s|m|h|d)|(s)ec(?:ond)?s?|(m)in(?:ute)?s?|(h)(?:ou)?rs?|(d)ays?)?(?=[\s0-9]|$)\s*"
)
_NUMBER = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,9})?)(?:\s*/\s*10)?")
# As Discord and Slack number channels, roles, groups and people; or as they write them: <#1>, <#C1|music>, <@&1>.
_ID = r"[0-9]{1,20}|[A-Z][A-Z0-9]{1,20}"
_CHANNEL = re.compile(rf"<#({_ID})(?:\|[^<>]*)?>|({_ID})")
_ROLE = re.compile(rf"<@&({_ID})>|<!subteam\^({_ID})(?:\|[^<>]*)?>|<@([A-Z][A-Z0-9]{{1,20}})(?:\|[^<>]*)?>|({_ID})")
_ITEM = re.compile(r"<[^<>]*>|[^\s,<]+|<")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of value; `read` takes what `shown` gives, and raises ValueError, perhaps with a clause on what is wrong."""

    possible: str  # what a value "must be", with examples
    read: Callable[[str], T]
    shown: Callable[[T], str]


@dataclass(frozen=True)
class Channels:
    """Which channels are served: those with these ids, or all but those."""

    only: bool
    ids: tuple[str, ...]

    def serve(self, *channels: str) -> bool:
        """Whether something said in a channel is heard; of a thread give its own id and its channel's."""
        return self.only == any(channel in self.ids for channel in channels)

    def __str__(self) -> str:
        """As it can be typed again; Discord and Slack show the channels by their names."""
        if not self.ids:
            return "all"
        return ("only " if self.only else "all but ") + " ".join(f"<#{each}>" for each in self.ids)


ALL_CHANNELS = Channels(only=False, ids=())


def one_of(*words: str) -> Kind[str]:
    """One of a few words."""

    def read(text: str) -> str:
        if text.casefold() not in words:
            raise ValueError("")
        return text.casefold()

    return Kind(", ".join(words[:-1]) + f" or {words[-1]}", read, str)


def _read_switch(text: str) -> bool:
    word = text.casefold()
    if word in {"on", "yes", "true", "1"}:
        return True
    if word in {"off", "no", "false", "0"}:
        return False
    raise ValueError("")


SWITCH = Kind("on or off", _read_switch, lambda on: "on" if on else "off")


def number(low: float, high: float) -> Kind[float]:
    """A number with at most one decimal."""

    def read(text: str) -> float:
        found = _NUMBER.fullmatch(text)
        value = round(float(found[1].replace(",", ".")), 1) if found else -1.0
        if not low <= value <= high:
            raise ValueError("")
        return value

    return Kind(f"a number from {low:g} to {high:g}, such as {high - 2:g}", read, lambda value: f"{value:g}")


def duration(most: int, *, bare: str, example: str) -> Kind[int]:
    """A duration in whole seconds, from none to `most`; a number without a unit is in the unit `bare`: s, m, h or d."""

    def read(text: str) -> int:
        if text.casefold() in NOTHING:
            return 0
        text = text.lower()
        seconds, end = 0.0, 0
        while end < len(text):
            part = _DURATION.match(text, end)
            if part is None:
                raise ValueError("")
            unit = next((unit for unit in part.groups()[1:] if unit), None)
            if unit is None and part[0] != text:
                raise ValueError("")
            seconds += float(part[1]) * _SECONDS[unit or bare]
            end = part.end()
        if not text or seconds > most:
            raise ValueError("")
        return round(seconds)

    return Kind(f"a duration up to {lasting(most)}, such as {example}, or off", read, lambda value: lasting(value) or "off")


def lasting(seconds: int) -> str:
    """A duration as it can be typed again, "1h 30m"; empty for none."""
    parts = []
    for unit in ("d", "h", "m", "s"):
        amount, seconds = divmod(seconds, _SECONDS[unit])
        if amount:
            parts.append(f"{amount}{unit}")
    return " ".join(parts)


def _ids(text: str, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    """The ids in a list with spaces or commas, each once."""
    found: dict[str, None] = {}
    for item in _ITEM.findall(text):
        match = form.fullmatch(item)
        if match is None:
            raise ValueError(f'"{item[:20]}" is not the id of a {what}')
        found[next(each for each in match.groups() if each)] = None
    if not found:
        raise ValueError(f"it names no {what}")
    if len(found) > MAX_IDS:
        raise ValueError(f"these are {len(found)}, and {MAX_IDS} may be set")
    return tuple(found)


def _read_channels(text: str) -> Channels:
    if text.casefold() == "all":
        return ALL_CHANNELS
    found = re.fullmatch(r"(?:(only|just)|(?:all\s+)?(?:but|except|without))(?=[\s<])(.*)", text, re.IGNORECASE | re.DOTALL)
    if found is None:
        raise ValueError("")
    return Channels(only=bool(found[1]), ids=_ids(found[2], _CHANNEL, "channel"))


CHANNELS = Kind("all, only #one #other, or all but #one, each picked from the list of channels", _read_channels, str)


def _read_channel(text: str) -> str:
    if text.casefold() in NOTHING:
        return ""
    (channel, *others) = _ids(text, _CHANNEL, "channel")
    if others:
        raise ValueError("these are several")
    return channel


CHANNEL = Kind("one #channel, picked from the list, or none", _read_channel, lambda id_: f"<#{id_}>" if id_ else "none")


def _read_roles(text: str) -> tuple[str, ...]:
    return () if text.casefold() in NOTHING else _ids(text, _ROLE, "role or group")


def _shown_roles(ids: tuple[str, ...]) -> str:
    """Roles of Discord's as it shows them by name; groups and people of Slack's bare, as a mention would call them."""
    return " ".join(f"<@&{each}>" if each.isdecimal() else each for each in ids) or "none"


ROLES = Kind("@roles or groups, picked from the list, or none", _read_roles, _shown_roles)


def _read_quiet(text: str) -> QuietHours | None:
    return None if text.casefold() in NOTHING else QuietHours.read(text)


QUIET = Kind(
    "hours and their time zone, such as 22-7 Europe/Berlin or 11:30pm-8am New York, or off",
    _read_quiet,
    lambda hours: str(hours) if hours else "off",
)


def _read_emoji(text: str) -> tuple[str, ...]:
    return () if text.casefold() in NOTHING else emoji_in(text)


EMOJI = Kind("emoji, such as 👍 :fire: <:name:id>, or none", _read_emoji, lambda emoji: " ".join(emoji) or "none")
