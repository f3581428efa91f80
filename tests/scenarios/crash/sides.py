"""What the evening needs of a platform, so that people do the same on each: rooms, messages, votes, curators, traps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Sign = Literal[1, -1]
Told = Callable[[], str]  # what somebody was told so far; "" for nothing yet
Strike = Callable[[], None]  # kills the bot

EMOJI: Mapping[str, Sign] = {"👍": 1, "🔥": 1, "👎": -1}


@dataclass(eq=False)
class Room:
    """A channel; in one under `review` curators choose what is answered."""

    id: str  # as the platform has it
    inner: Any
    review: bool = False


@dataclass(eq=False)
class Said:
    """A message that a person wrote, as it is kept, and as the platform has it."""

    id: str
    room: Room
    inner: Any


@dataclass(eq=False)
class Ours:
    """A message of the bot's that everybody sees: a reply, or a draft that is open."""

    id: str  # as it is kept
    carried: str  # the id of the reply, or the ticket of the draft, that its buttons carry; "" where it has none
    video: str  # the id of the song's video
    answers: str  # the message that it answers, as that is kept; "" where it answers none
    at: float  # seconds since 1970
    inner: Any

    @property
    def draft(self) -> str:
        """The id of the open draft that this shows."""
        return self.carried.partition(".")[2]


class Side(Protocol):
    """One platform. Whoever is told something is told so until the bot is dead; no method waits for that but where it says."""

    @property
    def name(self) -> str:
        """The platform."""

    @property
    def people(self) -> Sequence[Any]:
        """Those who share and vote by emoji."""

    @property
    def pressers(self) -> Sequence[Any]:
        """Those who vote by buttons; the first of them vote by emoji too."""

    @property
    def curators(self) -> Sequence[Any]:
        """Those who decide about drafts, two of them."""

    @property
    def rooms(self) -> Sequence[Room]:
        """Where songs are shared."""

    @property
    def desk(self) -> Room:
        """The curators' channel; its id is as people write it."""

    @property
    def blind(self) -> bool:
        """Whether the bot cannot look there for what it has posted: what a death leaves unclear is given up then."""

    @property
    def traps(self) -> Sequence[str]:
        """The requests that `trap` knows."""

    @property
    def connected(self) -> bool:
        """Whether the bot is there, as far as the platform knows."""

    @property
    def asked(self) -> int:
        """How many requests the bot has made."""

    @property
    def waiting(self) -> bool:
        """Whether the bot has yet to acknowledge something, as far as the platform knows."""

    async def welcome(self) -> int:
        """Do what the platform does once the bot is there again; returns how many events it told once more."""

    async def say(self, who: Any, room: Room, text: str) -> Said:
        """Write a message."""

    async def edit(self, said: Said, text: str) -> None:
        """Change a message."""

    async def react(self, who: Any, ours: Ours, emoji: str) -> bool:
        """Give a reaction, or take it back; returns whether it was given."""

    def standing(self, ours: Ours) -> Mapping[str, list[str]]:
        """The reactions of each person, as persons are kept."""

    async def ask(self, who: Any, room: Room, text: str) -> Told:
        """Use /hype with what stands behind it."""

    async def press(self, who: Any, ours: Ours, button: str) -> Told:
        """Press a button."""

    async def write(self, who: Any, ours: Ours, text: str, over: Callable[[], bool]) -> Told | None:
        """Press the button that edits a draft, wait for the form unless it is `over`, and fill it in."""

    def ours(self, room: Room) -> list[Ours]:
        """The messages of the bot's in a room, the oldest first."""

    def person(self, who: Any) -> str:
        """Somebody, as they are kept."""

    def lost(self, said: Said, video: str) -> str:
        """Why the platform itself has kept the bot from hearing of a song in a message; "" where it has not."""

    def trap(self, request: str, strike: Strike, *, after: bool) -> Callable[[], None]:
        """Kill the bot at its next request of a kind, before or after it is carried out; returns what takes that back."""
