"""What a community or one of its channels may set from chat: each setting with its default and what it is for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Literal, Self, cast

from bot.curation.quiet import QuietHours
from bot.curation.signs import DOWN, UP, Signs, meaning_of, signs
from bot.curation.typed import (
    ALL_CHANNELS,
    CHANNEL,
    CHANNELS,
    EMOJI,
    MAX_TYPED,
    QUIET,
    ROLES,
    SWITCH,
    Channels,
    Kind,
    duration,
    number,
    one_of,
)
from bot.errors import InputError
from bot.songs.song import clean_text

Mode = Literal["auto", "review", "off"]

DAY = 86_400  # seconds
_MODE = one_of("auto", "review", "off")
_COOLDOWN = duration(DAY, bare="s", example="30s or 2m")
_WINDOW = duration(30 * DAY, bare="h", example="2h or 7d")
INHERITED = frozenset({"default", "inherit", "inherited", "reset"})  # words for "as it is without this setting"


def _of(kind: Kind[Any], about: str, *, whole: bool = False) -> dict[str, Any]:
    """What a setting's field knows of it; one that concerns the `whole` community is not set for a channel."""
    return {"kind": kind, "about": about, "whole": whole}


@dataclass(frozen=True)
class PlaceSettings:
    """All settings that hold in one place; durations are in seconds.

    Everything from outside comes in by `from_dict`, `changed` or `merged`, which check it; to build one by hand, give
    values of the right kind.
    """

    mode: Mode = field(
        default="auto",
        metadata=_of(_MODE, "Whether to answer at once (auto), to let curators choose first (review), or to be silent (off)."),
    )
    passive: bool = field(
        default=True, metadata=_of(SWITCH, "Whether to answer every song link (on), or only when asked by name (off).")
    )
    channels: Channels = field(default=ALL_CHANNELS, metadata=_of(CHANNELS, "In which channels to answer.", whole=True))
    curators_channel: str = field(default="", metadata=_of(CHANNEL, "The channel where curators see the drafts."))
    curators: tuple[str, ...] = field(
        default=(), metadata=_of(ROLES, "Who counts as a curator besides those who manage the server.")
    )
    praise: float = field(default=8.0, metadata=_of(number(0, 10), "How warmly to write, from 0 (cool) to 10 (adoring)."))
    cooldown_person: int = field(
        default=10, metadata=_of(_COOLDOWN, "How long after an answer links by the same person get none.")
    )
    cooldown_channel: int = field(
        default=0, metadata=_of(_COOLDOWN, "How long after an answer links in the same channel get none.")
    )
    cooldown_community: int = field(
        default=0, metadata=_of(_COOLDOWN, "How long after an answer links anywhere here get none.", whole=True)
    )
    cooldown_asked: int = field(
        default=2, metadata=_of(_COOLDOWN, "How long a person who asked by name waits before asking again.")
    )
    window: int = field(
        default=DAY, metadata=_of(_WINDOW, "For how long the same song is not answered again in a channel, unless asked.")
    )
    quiet: QuietHours | None = field(default=None, metadata=_of(QUIET, "From when to when links get no answer, unless asked."))
    adults: bool = field(default=False, metadata=_of(SWITCH, "Whether to answer in channels that are for adults only."))
    up: tuple[str, ...] = field(default=UP, metadata=_of(EMOJI, "Which emoji on a reply count as a vote for it."))
    down: tuple[str, ...] = field(default=DOWN, metadata=_of(EMOJI, "Which emoji on a reply count as a vote against it."))

    @property
    def signs(self) -> Signs:
        """What emoji mean here."""
        return signs(self.up, self.down)

    def curated_by(self, roles: Iterable[str], *, manages: bool = False) -> bool:
        """Whether somebody with these roles, groups and ids is a curator; whoever manages the server always is."""
        return manages or not set(self.curators).isdisjoint(roles)

    def shown(self, key: str) -> str:
        """The value of a setting as a person could have typed it; raises InputError for a key that there is not."""
        name = key_of(key)
        return _kind(name).shown(getattr(self, name))

    def rows(self) -> list[tuple[str, str, str]]:
        """Every setting as (key, value as `shown`, one line on what it is for)."""
        return [(key, self.shown(key), each.metadata["about"]) for key, each in FIELDS.items()]

    def changed(self, key: str, text: str, *, below: PlaceSettings | None = None) -> Self:
        """These settings with one of them as a person typed it; "default" takes it from `below` (None: as delivered).

        Raises InputError, which says what is possible, for a key or a value that there is not, and for an emoji that
        would newly count both ways.
        """
        name = key_of(key)
        value = typed(name, text)
        if value is None:
            return replace(self, **{name: getattr(below or PlaceSettings(), name)})
        new = replace(self, **{name: _kind(name).read(value)})
        if name in {"up", "down"}:
            other = "down" if name == "up" else "up"
            taken = {meaning_of(emoji) for emoji in getattr(new, other)} - {meaning_of(emoji) for emoji in getattr(self, name)}
            for emoji in getattr(new, name):
                if meaning_of(emoji) in taken:
                    raise InputError(f"{emoji} cannot count both ways: take it out of {other} first.")
        return new

    def as_dict(self) -> dict[str, str]:
        """Every setting by its key, as text, JSON-ready; to keep what was changed, keep the value of that key."""
        return {key: self.shown(key) for key in FIELDS}

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """The settings that `as_dict` wrote down, those missing as delivered; raises InputError for what cannot be."""
        return cls().with_values(values)

    def with_values(self, values: Any, *, whole: bool = True) -> Self:
        """These settings with those in a table, by key; None is no value, and keys of other versions are passed over.

        Besides text, true, false, numbers and lists of texts are understood, as a file of settings may hold them. What
        concerns a whole community counts only if `whole`. Raises InputError for what cannot be.
        """
        if not isinstance(values, Mapping):
            raise InputError("The settings of a place are no table of keys and values: set them again from chat.")
        given = {
            key: _read(key, _as_text(values[key]))
            for key, each in FIELDS.items()
            if values.get(key) is not None and (whole or not each.metadata["whole"])
        }
        return replace(self, **given) if given else self


FIELDS: Mapping[str, Field[Any]] = MappingProxyType({each.name: each for each in fields(PlaceSettings)})
KEYS = tuple(FIELDS)


def merged(
    defaults: PlaceSettings,
    community: Mapping[str, Any] | None = None,
    channel: Mapping[str, Any] | None = None,
) -> PlaceSettings:
    """What holds in a channel: what is set for it goes before what its community set, and that before `defaults`.

    Both hold only what was set there, by key, as `typed` gives it. Raises InputError for what cannot be read: whoever
    asks had better be silent then, since "review" or "off" may stand there.
    """
    return defaults.with_values(community or {}).with_values(channel or {}, whole=False)


def key_of(typed_key: str) -> str:
    """The key that a person means, in whatever case, with dashes or spaces; raises InputError for none."""
    key = "_".join(typed_key[:MAX_TYPED].casefold().replace("-", " ").replace("_", " ").split())
    if key in FIELDS:
        return key
    close = get_close_matches(key[:40], KEYS, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(KEYS)}."
    raise InputError(f'There is no setting "{clean_text(typed_key[:200], 40)}"; {hint}')


def for_whole_community(key: str) -> bool:
    """Whether a setting concerns a whole community, so that it cannot be set for one channel."""
    return bool(FIELDS[key_of(key)].metadata["whole"])


def about(key: str) -> str:
    """What a setting is for and what it may be, in two sentences."""
    name = key_of(key)
    return f'{FIELDS[name].metadata["about"]} It may be {_kind(name).possible}; "default" undoes it.'


def typed(key: str, text: str) -> str | None:
    """What a person typed for a setting as it is to be kept; None for "default": then nothing is to be kept of it.

    Raises InputError, which says what is possible.
    """
    name = key_of(key)
    if text.strip().casefold() in INHERITED:
        return None
    return _kind(name).shown(_read(name, text))


def _kind(key: str) -> Kind[Any]:
    return cast(Kind[Any], FIELDS[key].metadata["kind"])


def _read(key: str, text: str) -> Any:
    """The value of a setting from what was typed; raises InputError."""
    if len(text) > MAX_TYPED:
        raise InputError(f"{key} is longer than {MAX_TYPED} characters: shorten it.")
    kind = _kind(key)
    try:
        return kind.read(text.strip())
    except ValueError as error:
        reason = f" ({clean_text(str(error), 200)})" if str(error) else ""
        raise InputError(f'{key} is "{clean_text(text, 40)}"{reason}, but must be {kind.possible}.') from None


def _as_text(value: object) -> str:
    """A value from a file or a database as a person would have typed it; what is none of these is typed by nobody."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and abs(value) < 10**12:  # more digits are nothing that can be set
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _as_text(int(value)) if value.is_integer() else f"{value:g}"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value) or "none"
    return value if isinstance(value, str) else "?"
