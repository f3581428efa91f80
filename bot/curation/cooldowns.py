"""Cooldowns: how long it was since a person, a channel or a community was last answered, or a person told something."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from bot.curation.settings import PlaceSettings
from bot.platforms.outlet import Heard

Whose = Literal["person", "channel", "community", "asked", "again"]
AGAIN = 5  # seconds in a channel between one press of "Again" and the next, by whomever
NOTICE = 600.0  # seconds in which a person is told at most one thing where others read it


@dataclass(frozen=True)
class Wait:
    """How many seconds (0 or more) are left of the longest cooldown, and whose that is; "" where none is left."""

    seconds: float = 0.0
    whose: Whose | Literal[""] = ""


NO_WAIT = Wait()


class _Last(NamedTuple):
    """When somebody was last answered, which of all answers that was, and what it was that was answered."""

    at: float
    number: int
    message: str


@dataclass(frozen=True)
class Use:
    """An answer that was counted, so that it can be taken back."""

    number: int
    before: tuple[tuple[Whose, str, _Last | None], ...]


class Cooldowns:
    """When whom was last answered; in memory only, and of so many people, channels and communities as it may keep.

    Where more come, those who were answered longest ago are forgotten: they have the least left to wait. Every method
    takes the same time however many are kept.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = 10_000) -> None:
        """Read seconds from `clock`; keep at most `most` (1 or more) of each sort."""
        self._clock = clock
        self._most = most
        self._last: dict[Whose, OrderedDict[str, _Last]] = {whose: OrderedDict() for whose in get_args(Whose)}
        self._counted = 0

    def __len__(self) -> int:
        """How many are kept, of all sorts."""
        return sum(map(len, self._last.values()))

    def would_wait(self, heard: Heard, settings: PlaceSettings, *, again: bool = False) -> Wait:
        """How long until something heard may be answered; nothing is counted by asking.

        Whoever asked by name waits only for the cooldown of asking, and in a community, if they want another reply to
        what was answered, for that of all who want one `again`. An edit does not wait for what its own message began.
        """
        lengths: dict[Whose, int] = {
            "person": settings.cooldown_person,
            "channel": settings.cooldown_channel,
            "community": settings.cooldown_community,
        }
        if heard.asked:
            lengths = {"asked": settings.cooldown_asked}
            if again and heard.place.community and (settings.cooldown_asked or settings.cooldown_channel):
                lengths["again"] = AGAIN
        keys, now = _keys(heard), self._clock()
        longest = NO_WAIT
        for whose, length in lengths.items():
            last = self._last[whose].get(keys[whose])
            if last and heard.edited and last.message == heard.message:
                continue
            # A clock that was put back makes nobody wait longer than the whole cooldown.
            left = 0.0 if last is None else length - max(now - last.at, 0.0)
            if left > longest.seconds:
                longest = Wait(left, whose)
        return longest

    def use(self, heard: Heard, *, again: bool = False) -> Use:
        """Count an answer to something heard.

        Call it in the same breath as `would_wait`, lest many links that come at once all pass, and `give_back` when
        nothing came of the answer. What was not asked for delays nobody's asking.
        """
        self._counted += 1
        now = _Last(self._clock(), self._counted, heard.message)
        left_out = {whose for whose, holds in (("asked", heard.asked), ("again", again)) if not holds}
        counted = [(whose, key) for whose, key in _keys(heard).items() if whose not in left_out]
        before = tuple((whose, key, self._last[whose].get(key)) for whose, key in counted)
        for whose, key in counted:
            last = self._last[whose]
            last[key] = now
            last.move_to_end(key)
            if len(last) > self._most:
                last.popitem(last=False)
        return Use(self._counted, before)

    def give_back(self, use: Use) -> None:
        """Forget an answer that did not go out, unless another was counted since."""
        for whose, key, before in use.before:
            last = self._last[whose]
            now = last.get(key)
            if now is None or now.number != use.number:
                continue
            if before is None:
                del last[key]
            else:
                last[key] = before


class Notices:
    """Who was told something lately in which channel, where everybody there reads it."""

    def __init__(self, clock: Callable[[], float], *, most: int = 10_000) -> None:
        """Read seconds from `clock`; remember at most so many people in channels."""
        self._clock = clock
        self._most = most
        self._last: OrderedDict[tuple[str, str], float] = OrderedDict()

    def may(self, heard: Heard) -> bool:
        """Whether whoever wrote something may be told something now; if so, it is counted. In private it always may."""
        if not heard.place.community:
            return True
        key, now = (str(heard.place), heard.person), self._clock()
        last = self._last.get(key)
        if last is not None and now - last < NOTICE:
            return False
        self._last[key] = now
        self._last.move_to_end(key)
        if len(self._last) > self._most:
            self._last.popitem(last=False)
        return True


def _keys(heard: Heard) -> dict[Whose, str]:
    """Under what each sort is kept; a person is another one in another community."""
    person = f"{heard.place.scope} {heard.person}"
    place = str(heard.place)
    return {"person": person, "channel": place, "community": heard.place.scope, "asked": person, "again": place}
