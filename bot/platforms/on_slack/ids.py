"""How Slack's workspaces, channels, messages and people are named among all platforms, and how payloads are read."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from bot.platforms.outlet import Place

PLATFORM = "slack"
_ID = re.compile(r"[A-Z0-9]{1,32}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


class Spot(NamedTuple):
    """A message of Slack's: its workspace, its channel, and the time that is its id there."""

    team: str
    channel: str
    ts: str

    def __str__(self) -> str:
        """As it is kept: "slack:TEAM.CHANNEL:TS"."""
        return f"{PLATFORM}:{self.team}.{self.channel}:{self.ts}"

    @classmethod
    def read(cls, message: str) -> Spot | None:
        """The message that `str` wrote down; None for one of another platform."""
        platform, _, rest = message.partition(":")
        where, _, ts = rest.partition(":")
        team, _, channel = where.partition(".")
        return cls(team, channel, ts) if platform == PLATFORM and team and channel and ts else None


def place_of(team: str, channel: str, *, private: bool) -> Place:
    """A channel; a private conversation is a community of its own, whose workspace is told by the channel's name."""
    return Place(PLATFORM, "", f"{team}.{channel}") if private else Place(PLATFORM, team, channel)


def home_of(place: Place) -> tuple[str, str]:
    """The workspace and the channel of a place."""
    if place.community:
        return place.community, place.channel
    team, _, channel = place.channel.partition(".")
    return team, channel


def person_of(team: str, user: str) -> str:
    """Somebody in a workspace."""
    return f"{PLATFORM}:{team}.{user}"


def key_of(team: str, trigger: str) -> str:
    """One use of a command, a menu or a button."""
    return f"{PLATFORM}:{team}.trigger:{trigger}"


def installed_in(body: Any, told: str) -> str:
    """The workspace whose installation an interaction belongs to; `told` is the one that Slack names.

    In a channel that several organisations share Slack names the workspace of whoever pressed a button, and not the one in
    which the app is installed, where the message with the button was posted.
    """
    view, pressed = id_in(body, "view", "app_installed_team_id"), text_in(body, "type") == "block_actions"
    return view or (pressed and id_in(body, "message", "team")) or told


def inside(payload: Any, *names: str) -> Any:
    """What a payload holds below some names, one in the other; None where it holds nothing there."""
    for name in names:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def text_in(payload: Any, *names: str) -> str:
    """A text in a payload; "" where there is none."""
    value = inside(payload, *names)
    return value if isinstance(value, str) else ""


def id_in(payload: Any, *names: str) -> str:
    """The id of a workspace, channel or person in a payload; "" where there is none, or none that Slack would give."""
    value = text_in(payload, *names)
    return value if _ID.fullmatch(value) else ""


def ts_in(payload: Any, *names: str) -> str:
    """The id of a message in its channel; "" where there is none."""
    value = text_in(payload, *names)
    return value if _TS.fullmatch(value) else ""


def listed(payload: Any, *names: str) -> list[Any]:
    """A list in a payload; empty where there is none."""
    value = inside(payload, *names)
    return value if isinstance(value, list) else []
