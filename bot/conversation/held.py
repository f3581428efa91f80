"""What is set where: each setting of a place with who set it, also where some of it cannot be read; and how that is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.conversation.telling import command, everywhere, fit, in_place, this_community, this_place
from bot.curation.settings import KEYS, PlaceSettings, about, for_whole_community
from bot.curation.typed import MAX_TYPED
from bot.errors import InputError
from bot.platforms.cards import fitted
from bot.platforms.outlet import Asker

Where = Literal["here", "channel", "community", "default"]  # "channel" is that of a thread

_OF_REVIEW = frozenset({"mode", "curators_channel"})
_MOST_SHOWN = 160  # characters of a value
_GROUP = re.compile(r"<!subteam\^[^<>]*>|(?<![A-Za-z0-9])S[A-Z0-9]{2,20}(?![A-Za-z0-9])")
_SLACK_CURATORS = (
    "Who counts as a curator besides those who manage the workspace. "
    'It may be people, each as @person, or none; "default" undoes it.'
)


@dataclass(frozen=True)
class Held:
    """One setting as it holds in a place; with a `fault` it is set, but cannot be read, and then nobody is answered."""

    key: str
    value: str  # as a person could have typed it; "" with a fault
    where: Where
    fault: str = ""


def held_in(defaults: PlaceSettings, layers: Sequence[tuple[Where, Mapping[str, Any]]]) -> dict[str, Held]:
    """Every setting by its key; of the layers, which hold what was set and where, the first that has it counts."""
    return {key: _held(key, defaults, layers) for key in KEYS}


def _held(key: str, defaults: PlaceSettings, layers: Sequence[tuple[Where, Mapping[str, Any]]]) -> Held:
    whole = for_whole_community(key)
    for where, row in layers:
        value = row.get(key)
        if value is None or (whole and where != "community"):
            continue
        try:
            return Held(key, PlaceSettings().with_values({key: value}).shown(key), where)
        except InputError as error:
            return Held(key, "", where, str(error))
    return Held(key, defaults.shown(key), "default")


def readable(held: Mapping[str, Held]) -> PlaceSettings:
    """The settings of a place, those that cannot be read as delivered."""
    return PlaceSettings().with_values({key: each.value for key, each in held.items() if not each.fault})


# How that is told.


def check_platform(key: str, typed: str, asker: Asker) -> None:
    """Raise InputError for a value that a platform could not act on: Slack does not tell in which groups somebody is."""
    if key != "curators" or asker.place.platform != "slack":
        return
    for group in _GROUP.finditer(typed[:MAX_TYPED]):
        raise InputError(
            f'curators holds "{fitted(group[0], 40)}", which is a group: in Slack name people, each as @person, since I am not '
            "told who is in a group."
        )


def listed(held: Mapping[str, Held], asker: Asker) -> str:
    """Every setting on a line, and how to learn more."""
    lines = [f"{each.key}: {_value(each)}{_origin(each, asker)}" for each in held.values()]
    needed = [_needed(held, asker), *map(_fault, _broken(held))]
    whole, one = everywhere(asker), this_place(asker)
    changing = f"{command(asker, 'settings praise 5')} changes it"
    if asker.place.community:
        changing += f" {whole}, and with here only for {one}; those who manage {this_community(asker)} may do that"
    more = f"{command(asker, 'settings praise')} says what praise is for. {changing}."
    return fit([f"What holds {in_place(asker)}:", *lines], "\n".join([each for each in needed if each] + [more]))


def explained(each: Held, asker: Asker) -> str:
    """One setting: what it is, what it is for, what it may be."""
    if each.fault:
        return f'{_fault(each)} "default" undoes it.'
    purpose = _SLACK_CURATORS if each.key == "curators" and asker.place.platform == "slack" else about(each.key)
    return f"{each.key} is {_value(each)}{_origin(each, asker)}. {purpose}"


def changed(held: Mapping[str, Held], key: str, value: str | None, asker: Asker, *, here: bool) -> str:
    """What holds now, and where, after a setting was set to a value, None for no more."""
    now = held[key]
    if value is None:
        told = f"{key} is no longer set for {this_place(asker) if here else this_community(asker)}"
        own = now.where == "here" if here else now.where in {"here", "channel"}
        told += "." if own or now.fault else f": {_value(now)} holds."
    else:
        told = f"{key} is now {fitted(value, _MOST_SHOWN)} {in_place(asker) if here else everywhere(asker)}."
    if not here and now.where in {"here", "channel"}:
        place = this_place(asker) if now.where == "here" else "the channel of this thread"
        kept = "which I cannot read" if now.fault else _value(now)
        told += f" But {place} keeps its own, {kept}: {command(asker, f'settings {key} default')} for it alone undoes that."
    needed = [_needed(held, asker) if key in _OF_REVIEW else "", *(_fault(each) for each in _broken(held) if each.key != key)]
    return " ".join(each for each in (told, *needed) if each)


def _needed(held: Mapping[str, Held], asker: Asker) -> str:
    """What has to be set besides, so that curators can do their work."""
    if held["mode"].value != "review" or held["curators_channel"].value not in {"", "none"}:
        return ""
    needed = command(asker, "settings curators_channel #channel")
    return f"I still need a channel where curators see the drafts, and stay silent until then: set it with {needed}."


def _broken(held: Mapping[str, Held]) -> list[Held]:
    return [each for each in held.values() if each.fault]


def _value(each: Held) -> str:
    return "cannot be read" if each.fault else fitted(each.value, _MOST_SHOWN)


def _origin(each: Held, asker: Asker) -> str:
    names = {
        "here": f" (set for {this_place(asker)})",
        "channel": " (set for the channel of this thread)",
        "community": f" (set for {this_community(asker)})",
    }
    return names.get(each.where, "")


def _fault(each: Held) -> str:
    return f"I cannot read what is set and stay silent until somebody sets it again: {each.fault}"
