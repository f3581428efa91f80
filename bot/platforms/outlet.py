"""What a conversation and a platform say to each other: where, who, what was heard, what is to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bot.errors import HypeError
from bot.links import Link

Button = Literal["up", "down", "again", "remove", "why", "approve", "edit", "reject"]
CardKind = Literal["reply", "draft", "notice"]
Author = Literal["person", "bot", "self"]
Reason = Literal["forbidden", "gone", "limited", "down"]


@dataclass(frozen=True)
class Place:
    """A channel or thread: `community` is the guild or workspace, "" for private messages; all ids are the platform's."""

    platform: str
    community: str
    channel: str

    def __str__(self) -> str:
        """As it is kept: "discord:GUILD:CHANNEL"."""
        return f"{self.platform}:{self.community}:{self.channel}"

    @classmethod
    def read(cls, kept: str) -> Place:
        """The place that `str` wrote down; raises ValueError for anything else."""
        platform, community, channel = kept.split(":", 2)
        return cls(platform, community, channel)

    @property
    def scope(self) -> str:
        """The community as it is kept, "discord:GUILD"; a private conversation is a community of its own."""
        return f"{self.platform}:{self.community or self.channel}"


@dataclass(frozen=True)
class Heard:
    """A message that somebody wrote; nothing of its text is kept but the links."""

    message: str  # the platform's id of it, unique among all: "discord:CHANNEL:MESSAGE"
    place: Place
    person: str  # "discord:USER"
    links: Sequence[Link]
    asked: bool = False  # whether the bot was mentioned, replied to, or written to in private
    edited: bool = False
    nsfw: bool = False  # whether the channel is for adults
    text: str = field(default="", repr=False)  # for whoever asked by name instead of by link
    author: Author = "person"
    parent: str = ""  # the channel to which a thread belongs
    thread: str = ""  # where in the channel an answer belongs, where the platform's id of the message does not tell


@dataclass(frozen=True)
class Asker:
    """Somebody who uses a command, a menu or a button."""

    place: Place
    person: str
    key: str  # the platform's id of the interaction, unique among all; delivered twice, it is the same
    manages: bool = False  # whether they may manage the server or workspace; in a private conversation they may
    roles: tuple[str, ...] = ()  # ids of their roles and groups, and their own
    nsfw: bool = False  # whether the channel is for adults
    parent: str = ""  # the channel to which a thread belongs
    answering: str = ""  # the message that a menu was used on, to which the reply belongs
    author: str = ""  # who wrote that message
    thread: str = ""  # as of Heard
    # Whether they may see a channel of this community, by its id; None where the platform does not tell
    sees: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Card:
    """What is shown of a reply, a draft or a notice; a platform renders it within its limits, and mentions nobody."""

    kind: CardKind
    title: str  # the song on one line; "" for a notice
    url: str  # where the song can be heard; "" where that is not known
    text: str
    footer: str
    reply: str  # the id of the reply or draft, which buttons carry; "" for a notice
    buttons: tuple[Button, ...] = ()
    choices: tuple[str, ...] = ()  # of a draft: its candidates, the best first
    channel: str = ""  # of a draft: the id of the channel that it is for, which a platform shows by its name


class OutletError(HypeError):
    """What a platform would not do, and why; `certain` is whether it was surely not done, not even without our being told."""

    def __init__(self, message: str, reason: Reason, *, certain: bool | None = None) -> None:
        """Take the sentence and its kind; unless told otherwise it is uncertain of a platform that is down, and only then."""
        super().__init__(message)
        self.reason = reason
        self.certain = reason != "down" if certain is None else certain


class Outlet(Protocol):
    """A platform's end of a conversation; every method may raise OutletError."""

    async def post(self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "") -> str:
        """Show a card, as a reply to the message `answering` or in its `thread`; returns the id of the new message.

        The same `nonce` never posts twice within some minutes where the platform can see to it.
        """

    async def change(self, message: str, card: Card) -> None:
        """Show another card in place of one shown before."""

    async def remove(self, message: str) -> None:
        """Take a message of ours away; it may be gone already."""

    async def typing(self, place: Place) -> None:
        """Show for some seconds that an answer is coming, where the platform can; never raises."""

    async def find(self, place: Place, nonce: str, *, answering: str = "") -> str:
        """The message of ours that was posted lately with this nonce, or in answer to that message; "" where there is none."""
