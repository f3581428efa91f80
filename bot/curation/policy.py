"""The rules of manners: whether something heard is answered, goes to the curators, or is passed over, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from bot.curation.cooldowns import NO_WAIT, Wait
from bot.curation.settings import PlaceSettings
from bot.platforms.outlet import Heard

Act = Literal["answer", "draft", "silent"]
Reason = Literal[
    "asked",
    "heard",
    "in review",
    "own message",
    "other bot",
    "opted out",
    "off here",
    "channel not served",
    "for adults",
    "blocked",
    "not asked",
    "no song",
    "quiet hours",
    "same song",
    "no curators",
    "cooldown",
    "queue full",
]


@dataclass(frozen=True)
class State:
    """What has to be known besides the message; what is not known yet is left out, and then does not count.

    Whoever learns the song only later decides a second time, then with `since_same` and `blocked`.
    """

    now: datetime  # with a time zone
    opted_out: bool = False  # whether whoever is heard or asks wants no answers
    author_opted_out: bool = False  # whether somebody else does, who wrote what is to be answered
    by_command: bool = False  # whether it was asked by a command, menu or button, so that what is told reaches the asker alone
    wait: Wait = NO_WAIT  # Cooldowns.would_wait
    since_same: float | None = None  # seconds since the same song was last answered in this channel
    queue_full: bool = False
    blocked: bool = False  # Blocks.blocked_song


@dataclass(frozen=True)
class Decision:
    """What to do, why, and what to tell the person; `tell` is empty unless somebody asked by name."""

    act: Act
    reason: Reason
    tell: str = ""


def decide(heard: Heard, settings: PlaceSettings, state: State) -> Decision:
    """What to do with something heard; the same for the same arguments.

    Who asks by name is answered in quiet hours, soon after the same song, and without a link; but never what an admin,
    a curator or the person has ruled out, and not faster than the cooldown of asking. Bots are never told anything; nor is
    a channel told, by an answer to a message, of what everybody there could make the bot repeat.
    """
    alone = state.by_command or not heard.place.community
    for rule in _RULES:
        if rule.holds(heard, settings, state):
            return Decision("silent", rule.reason, rule.tell(state) if heard.asked and (alone or rule.aloud) else "")
    if settings.mode == "review":
        return Decision("draft", "in review", "A curator takes a look first; then I answer." if heard.asked else "")
    return Decision("answer", "asked" if heard.asked else "heard")


class _Rule(NamedTuple):
    """A reason for silence, when it holds, and what to tell whoever asked; nothing, where asking overrules it."""

    reason: Reason
    holds: Callable[[Heard, PlaceSettings, State], bool]
    told: str = ""
    aloud: bool = True  # whether others may read that too

    def tell(self, state: State) -> str:
        """The sentence with the seconds that are left."""
        seconds = math.ceil(state.wait.seconds)
        return self.told.format(seconds=f"{seconds} second{'' if seconds == 1 else 's'}")


def _not_served(heard: Heard, settings: PlaceSettings, state: State) -> bool:
    """Whether the channel is left out; a private conversation never is."""
    return bool(heard.place.community) and not settings.channels.serve(heard.place.channel, heard.parent)


def _repeated(heard: Heard, settings: PlaceSettings, state: State) -> bool:
    return not heard.asked and state.since_same is not None and state.since_same < settings.window


def _quiet(heard: Heard, settings: PlaceSettings, state: State) -> bool:
    return not heard.asked and settings.quiet is not None and settings.quiet.hold(state.now)


# The first that holds is the reason: what was ruled out for good goes before what passes.
_RULES = (
    _Rule("own message", lambda heard, settings, state: heard.author == "self"),
    _Rule("other bot", lambda heard, settings, state: heard.author == "bot"),
    _Rule(
        "opted out",
        lambda heard, settings, state: state.opted_out,
        'You asked me not to answer you: "/hype privacy" takes that back.',
        aloud=False,
    ),
    _Rule(
        "opted out",
        lambda heard, settings, state: state.author_opted_out,
        "Whoever wrote that message wants no answers from me.",
        aloud=False,
    ),
    _Rule(
        "off here",
        lambda heard, settings, state: settings.mode == "off",
        "I am switched off here by those who manage this place.",
        aloud=False,
    ),
    _Rule(
        "channel not served", _not_served, "Those who manage this place do not want me to answer in this channel.", aloud=False
    ),
    _Rule(
        "for adults",
        lambda heard, settings, state: heard.nsfw and not settings.adults,
        'I do not answer in channels for adults, unless those who manage this place allow it with "/hype settings adults on".',
    ),
    _Rule("blocked", lambda heard, settings, state: state.blocked, "The curators of this place have blocked this song."),
    _Rule("not asked", lambda heard, settings, state: not heard.asked and not settings.passive),
    _Rule("no song", lambda heard, settings, state: not heard.asked and not heard.links),
    _Rule("quiet hours", _quiet),
    _Rule("same song", _repeated),
    _Rule(
        "no curators",
        lambda heard, settings, state: settings.mode == "review" and not settings.curators_channel,
        'Drafts have nowhere to go: those who manage this place set that with "/hype settings curators_channel".',
    ),
    _Rule(
        "cooldown",
        lambda heard, settings, state: state.wait.seconds > 0 and state.wait.whose == "again",
        "Somebody asked for another only a moment ago: try again in {seconds}.",
        aloud=False,
    ),
    _Rule(
        "cooldown",
        lambda heard, settings, state: state.wait.seconds > 0,
        "You asked only a moment ago: try again in {seconds}.",
        aloud=False,
    ),
    _Rule(
        "queue full",
        lambda heard, settings, state: state.queue_full,
        "I am busy with many songs right now: try again in a moment.",
    ),
)
