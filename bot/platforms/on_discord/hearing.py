"""What is meant by a message on Discord: whether the bot was asked, for what, and which links are shared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.links import Link, find_links

MAX_NAME = 300  # characters of a text that names a song
# A name as people type it, "Artist - Title"; other answers to a message of ours are small talk.
_NAME = re.compile(r"\S\s+[-–—]\s+\S")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Words:
    """What a message says, as far as it concerns the bot."""

    links: tuple[Link, ...]
    asked: bool
    text: str  # without mentions of the bot


def heard_in(content: str, *, me: Iterable[int | None], private: bool, to_me: bool, answered: str) -> Words:
    """What somebody says in a message.

    `me` are the ids by which the bot is mentioned (its own, its role's), `private` is whether nobody else reads along,
    `to_me` whether the message replies to one of the bot's, and `answered` the text of the message that it replies to:
    whoever mentions the bot below a link means that link.
    """
    names = "|".join(f"@!?{each}|@&{each}" for each in me if each)
    text, mentions = re.subn(f"<(?:{names})>", " ", content) if names else (content, 0)
    links = find_links(text, "discord")
    if mentions and not links and not to_me:
        links = find_links(answered, "discord")
    asked = private or mentions > 0 or (to_me and bool(links or _NAME.search(text)))
    return Words(links, asked, _SPACE.sub(" ", text).strip(" ,:;")[:MAX_NAME])


def shared_in(content: str, previews: Iterable[str | None]) -> str:
    """What a message that somebody points at is about: its text if it holds a link, the address of a preview, or a name.

    "" where there is none of these: whatever else people write is no song.
    """
    if find_links(content, "discord"):
        return content
    if address := next((each for each in previews if each and find_links(each, "plain")), ""):
        return address
    return _SPACE.sub(" ", content).strip()[:MAX_NAME] if _NAME.search(content) else ""


def pages(text: str, most: int = 2000) -> list[str]:
    """A text in parts of at most `most` UTF-16 units each, divided between lines where that is possible."""
    found: list[str] = []
    page = ""
    for line in text.strip().splitlines(keepends=True):
        while _size(page + line) > most:
            if page.strip():
                found.append(page.strip())
                page = ""
            else:
                found.append(line[: most // 2])
                line = line[most // 2 :]  # noqa: PLW2901 - what is left of it
        page += line
    return [*found, page.strip()] if page.strip() else found


def _size(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def typed_in(components: object, name: str) -> str:
    """What was typed into the field `name` of a form, as Discord sends it; "" where there is no such field."""
    waiting, left = [components], 100  # parts to look at; a form has a handful
    while waiting and left:
        part, left = waiting.pop(), left - 1
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            if part.get("custom_id") == name and isinstance(part.get("value"), str):
                return str(part["value"])
            waiting += [part.get("components"), part.get("component")]
    return ""
