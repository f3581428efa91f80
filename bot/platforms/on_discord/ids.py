"""How what Discord numbers is named everywhere else: messages, persons, places and interactions."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.platforms.outlet import Place

PLATFORM = "discord"
_EPOCH = 1_420_070_400  # seconds since 1970 at which Discord's ids begin: with 2015
_MESSAGE = re.compile(rf"{PLATFORM}:([0-9]{{1,20}}):([0-9]{{1,20}})")


def message_id(channel: int, message: int) -> str:
    """A message: "discord:CHANNEL:MESSAGE"."""
    return f"{PLATFORM}:{channel}:{message}"


def read_message(id_: str) -> tuple[int, int] | None:
    """Channel and message of a message's id; None for anything else, such as an interaction's."""
    found = _MESSAGE.fullmatch(id_)
    return (int(found[1]), int(found[2])) if found else None


def sent_at(message: int) -> datetime:
    """When a message was sent, which its number tells."""
    return datetime.fromtimestamp((message >> 22) / 1000 + _EPOCH, UTC)


def person_id(user: int) -> str:
    """A person: "discord:USER"."""
    return f"{PLATFORM}:{user}"


def interaction_id(interaction: int) -> str:
    """A command, button, menu or form that somebody used, once: "discord:interaction:ID"."""
    return f"{PLATFORM}:interaction:{interaction}"


def place_of(guild: int | None, channel: int) -> Place:
    """A channel or thread of a server, or with no server a private conversation."""
    return Place(PLATFORM, str(guild) if guild else "", str(channel))
