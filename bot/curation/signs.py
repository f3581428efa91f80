"""What an emoji on a reply means: a vote for it, a vote against it, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever reads emoji need not wait for a database's libraries
    from bot.curation.votes import Sign

UP = tuple("👍 ❤️ 🔥 💯 😍 🎉 🙌 👏 🤩 🤘 ❤️‍🔥".split())
DOWN = tuple("👎 💤 🗑️ 🥱 😴 💩 🤢 🤮".split())
MAX_EMOJI = 50  # that count one way

# What Slack calls the emoji above; any other name of Slack's is taken as it is.
_SLACK = {
    name: emoji
    for emoji, names in (
        *(("👍", "+1 thumbsup"), ("❤️", "heart"), ("🔥", "fire"), ("💯", "100"), ("😍", "heart_eyes"), ("🎉", "tada")),
        *(("🙌", "raised_hands"), ("👏", "clap"), ("🤩", "star-struck grinning_face_with_star_eyes")),
        *(("🤘", "the_horns sign_of_the_horns"), ("❤️‍🔥", "heart_on_fire")),
        *(("👎", "-1 thumbsdown"), ("💤", "zzz"), ("🗑️", "wastebasket"), ("🥱", "yawning_face"), ("😴", "sleeping")),
        *(("💩", "hankey poop"), ("🤢", "nauseated_face"), ("🤮", "face_vomiting face_with_open_mouth_vomiting")),
    )
    for name in names.split()
}
_CUSTOM = re.compile(r"(?:<a?)?:?(?P<name>[A-Za-z0-9_]{2,32}):(?P<id>[0-9]{15,20})>?|(?P<bare>[0-9]{15,20})")
_NAME = re.compile(r":?([\w+\-']{1,100}?)(?:::skin-tone-[2-6])?:?")
_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
# Whether a sign is drawn as an emoji or as text; platforms add and leave it out as they please.
_DRAWN = re.compile("[\ufe0e\ufe0f]")
_BASE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_PART = f"{_BASE}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]{{0,2}}[\U000e0020-\U000e007f]{{0,8}}"
_UNICODE = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_PART}(?:\u200d{_PART}){{0,5}}"  # a flag, a keycap, any other
)


class Signs:
    """The emoji that count for a reply and those that count against it; one that is among both counts as nothing."""

    def __init__(self, up: Iterable[str] = UP, down: Iterable[str] = DOWN) -> None:
        """Take the emoji for +1 and those for -1, in any form that `sign_of` knows."""
        ups, downs = {meaning_of(emoji) for emoji in up}, {meaning_of(emoji) for emoji in down}
        self._signs: dict[str, Sign] = {
            **dict.fromkeys(ups - downs, 1),
            **dict.fromkeys(downs - ups, -1),
        }

    def sign_of(self, emoji: str) -> Sign | None:
        """What an emoji counts as, whatever its skin tone; None for nothing.

        It may be a Unicode emoji, a name of Slack's with its colons or without ("+1", "+1::skin-tone-3"), or a custom
        emoji of Discord's, of which only the id counts ("<:name:id>", "<a:name:id>", "name:id" or the id alone).
        """
        return self._signs.get(meaning_of(emoji))


@lru_cache(maxsize=256)
def signs(up: tuple[str, ...], down: tuple[str, ...]) -> Signs:
    """The signs of a place, made once for all places that have the same."""
    return Signs(up, down)


def meaning_of(emoji: str) -> str:
    """What two forms of the same emoji have in common."""
    if custom := _CUSTOM.fullmatch(emoji):
        return f"#{custom['id'] or custom['bare']}"
    if name := _NAME.fullmatch(emoji):
        known = _SLACK.get(name[1].lower())
        return _plain(known) if known else f":{name[1].lower()}:"
    return _plain(emoji)


def _plain(emoji: str) -> str:
    return _DRAWN.sub("", _TONE.sub("", emoji))


def emoji_in(text: str) -> tuple[str, ...]:
    """The emoji that a person listed, with or without spaces between them, each once and without its skin tone.

    Raises ValueError for anything else, which says what it was.
    """
    found: dict[str, str] = {}
    for part in re.sub(r"[,;]", " ", text).split():
        for emoji in _parted(part):
            found.setdefault(meaning_of(emoji), emoji)
    if not found:
        raise ValueError("it names no emoji")
    if len(found) > MAX_EMOJI:
        raise ValueError(f"these are {len(found)} emoji, and {MAX_EMOJI} may be set")
    return tuple(found.values())


def _parted(text: str) -> list[str]:
    """The emoji in a text without spaces, each in the form in which it is kept."""
    if custom := _CUSTOM.fullmatch(text):
        moving = "a" if text.startswith("<a:") else ""
        return [f"<{moving}:{custom['name'] or 'emoji'}:{custom['id'] or custom['bare']}>"]
    if (name := _NAME.fullmatch(text)) and (text.startswith(":") or name[1].lower() in _SLACK):
        return [f":{name[1]}:"]
    emoji = _UNICODE.findall(text)
    if "".join(emoji) != text or not text:
        raise ValueError(f'"{text[:20]}" is no emoji')
    return [_TONE.sub("", each) for each in emoji]
