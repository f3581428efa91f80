"""What a person said, as the rules of manners hear it."""

from __future__ import annotations

from typing import Any

from bot.links import Link
from bot.platforms.outlet import Heard, Place

LINK = Link("youtube", "video", "dQw4w9WgXcQ")
PLACE = Place("discord", "10", "20")


def said(person: str = "discord:1", place: Place = PLACE, **more: Any) -> Heard:
    """A link that a person posted in a channel, unless told otherwise."""
    return Heard(**{"message": "discord:20:30", "place": place, "person": person, "links": (LINK,), **more})
