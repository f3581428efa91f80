"""The section of the settings with what holds in every channel until it is set from chat."""

# What reads such settings is imported where one is given, so that a single reply need not wait for it.
# ruff: noqa: PLC0415

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from bot.errors import InputError
from bot.settings import Section

if TYPE_CHECKING:
    from bot.curation.settings import PlaceSettings

_UP = "👍 ❤️ 🔥 💯 😍 🎉 🙌 👏 🤩 🤘 ❤️\u200d🔥"
_DOWN = "👎 💤 🗑️ 🥱 😴 💩 🤢 🤮"


def _typed(value: object, info: ValidationInfo) -> str:
    """A value as chat would take it, written the one way in which it is kept."""
    if value == _DOWN:  # the only default that is checked
        return _DOWN
    from bot.curation.settings import PlaceSettings

    key = info.field_name or ""
    try:
        return PlaceSettings().with_values({key: value}).shown(key)
    except InputError as error:
        raise ValueError(str(error)) from None


def _one_way(down: str, info: ValidationInfo) -> str:
    """Let no emoji count both ways."""
    up = info.data.get("up", _UP)
    if (up, down) != (_UP, _DOWN):
        from bot.curation.settings import PlaceSettings
        from bot.curation.signs import meaning_of

        place = PlaceSettings().with_values({"up": up, "down": down})
        if {meaning_of(emoji) for emoji in place.up} & {meaning_of(emoji) for emoji in place.down}:
            raise ValueError("counts both ways")
    return down


_TYPED = BeforeValidator(_typed)
Mode = Annotated[str, _TYPED, Field(title="auto, review or off")]
Cooldown = Annotated[str, _TYPED, Field(title="a duration up to 1d, such as 30s or 2m, or off")]
Window = Annotated[str, _TYPED, Field(title="a duration up to 30d, such as 2h or 7d, or off")]
Quiet = Annotated[
    str, _TYPED, Field(title="hours and their time zone, such as 22-7 Europe/Berlin or 11:30pm-8am New York, or off")
]
Up = Annotated[str, _TYPED, Field(title="emoji, such as 👍 :fire: <:name:id>, or none")]
Down = Annotated[
    str, _TYPED, AfterValidator(_one_way), Field(title="emoji, such as 👍 :fire: <:name:id>, or none, and none that is in up")
]


class PlacesSettings(Section):
    """What holds in every channel until it is set from chat; praise stands in [reply]."""

    mode: Mode = Field(
        default="auto",
        description="Whether to answer at once (auto), to let curators choose first (review), or to be silent (off).",
    )
    passive: bool = Field(
        default=True,
        title="true or false",
        description="Whether to answer every song link (on), or only when asked by name (off).",
    )
    cooldown_person: Cooldown = Field(default="10s", description="How long after an answer links by the same person get none.")
    cooldown_channel: Cooldown = Field(
        default="off", description="How long after an answer links in the same channel get none."
    )
    cooldown_community: Cooldown = Field(default="off", description="How long after an answer links anywhere here get none.")
    cooldown_asked: Cooldown = Field(default="2s", description="How long a person who asked by name waits before asking again.")
    window: Window = Field(
        default="1d", description="For how long the same song is not answered again in a channel, unless asked."
    )
    quiet: Quiet = Field(default="off", description="From when to when links get no answer, unless asked.")
    adults: bool = Field(
        default=False,
        title="true or false",
        description="Whether to answer in channels that are for adults only.",
    )
    up: Up = Field(default=_UP, description="Which emoji on a reply count as a vote for it.")
    down: Down = Field(default=_DOWN, validate_default=True, description="Which emoji on a reply count as a vote against it.")

    def defaults(self, praise: float) -> PlaceSettings:
        """The same as a place's settings, with how warmly to write (0..10)."""
        from bot.curation.settings import PlaceSettings

        return replace(PlaceSettings().with_values(self.model_dump()), praise=praise)
