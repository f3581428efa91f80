"""Renders a card as a message for Discord, and reads back which of its buttons was pressed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.platforms.cards import (
    ELLIPSIS,
    PREFIX,
    Press,
    address,
    channel_link,
    fitted,
    one_line,
    presses,
    read_press,
    shown_choices,
    size,
    tidy,
)
from bot.platforms.outlet import Button, Card, CardKind

TITLE, DESCRIPTION, CONTENT = 256, 4096, 2000  # UTF-16 units
FOOTER = 1600  # of the 2048 allowed, so that title, description and footer stay below 6000 together
PLAIN_FOOTER = 300
BUTTONS_IN_ROW = 5

COLOURS: dict[CardKind, int] = {"reply": 0x8E5BD0, "draft": 0xE0A030, "notice": 0x808890}

# A backslash takes its meaning from any mark but "@", behind which nothing visible is put: Discord's servers look for
# mentions without regard to backslashes. Dots, dashes and pluses make lists; slashes and colons addresses and invites.
_MARKDOWN = str.maketrans({mark: f"\\{mark}" for mark in "\\*_~`|<>[]#:/-+."} | {"@": "@\u200b"})
_CHANNEL = re.compile(r"[0-9]{1,20}\Z")
_ROW, _BUTTON = 1, 2
_GREY, _GREEN, _RED = 2, 3, 4
_STYLES: dict[Button, int] = {"approve": _GREEN, "reject": _RED}


def message(card: Card, *, embeds: bool = True) -> dict[str, Any]:
    """The payload that creates or changes a message; it mentions nobody.

    Without `embeds`, for channels in which the bot may not embed links, everything is in the content. Every key is
    there, so that one rendering replaces the other. Raises ValueError where a button could not carry the card's id.
    """
    return {
        "content": "" if embeds else _content(card),
        "embeds": [_embed(card)] if embeds else [],
        "components": _rows(card),
        "allowed_mentions": {"parse": [], "replied_user": False},
    }


def pressed(custom_id: object) -> Press | None:
    """What a button stands for, by its custom id; None for one that is not ours."""
    prefix, _, rest = custom_id.partition(":") if isinstance(custom_id, str) else ("", "", "")
    name, _, reply = rest.partition(":")
    return read_press(name, reply) if prefix == PREFIX else None


def _custom_id(press: Press) -> str:
    """At most 100 characters: "dhb:approve.2:REPLY"."""
    return f"{PREFIX}:{press.name}:{press.reply}"


def _embed(card: Card) -> dict[str, Any]:
    """The song's line linked, the text below it, and a footer, which Discord shows as it is."""
    title, footer = _title(card), fitted(one_line(card.footer), FOOTER)
    body = _body(card, DESCRIPTION)
    embed: dict[str, Any] = {"type": "rich", "color": COLOURS[card.kind]}
    if title:
        embed["title"] = title
        if url := address(card):
            embed["url"] = url
    if footer:
        embed["footer"] = {"text": footer}
    if body or not (title or footer):
        embed["description"] = body or ELLIPSIS
    return embed


def _content(card: Card) -> str:
    """The same as plain lines: the address in angle brackets, so that no preview unfolds, the footer in small print."""
    title, footer = _title(card), fitted(one_line(card.footer), PLAIN_FOOTER, _MARKDOWN)
    head = [f"**{title}**"] if title else []
    if title and (url := address(card)):
        head.append(f"<{url}>")
    foot = [f"-# {footer}"] if footer else []
    around = size("\n".join(["", *head, *foot, ""]))
    body = _body(card, CONTENT - around)
    return "\n".join([*head, *([body] if body else []), *foot]) or ELLIPSIS


def _title(card: Card) -> str:
    return fitted(one_line(card.title), TITLE, _MARKDOWN)


def _body(card: Card, most: int) -> str:
    """The text and, below it, the candidates with their numbers, which share the room evenly: `most` units in all."""
    choices, channel = shown_choices(card), channel_link(card, _CHANNEL)
    share = (most - size(channel) - 1) // (len(choices) + 1)
    text = fitted(tidy(card.text), share, _MARKDOWN)
    parts = [part for part in (channel, text) if part]
    for number, choice in enumerate(choices, 1):
        mark = f"**{number}.** "
        parts.append(mark + (fitted(one_line(choice), share - size(mark) - 1, _MARKDOWN) or ELLIPSIS))
    return "\n".join(parts)


def _rows(card: Card) -> list[dict[str, Any]]:
    """Rows of at most five buttons; those that approve come first, in rows of their own."""
    return [{"type": _ROW, "components": row} for group in presses(card) for row in _in_rows(group)]


def _in_rows(group: list[Press]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(group), BUTTONS_IN_ROW):
        yield [_button(press) for press in group[start : start + BUTTONS_IN_ROW]]


def _button(press: Press) -> dict[str, Any]:
    style = _STYLES.get(press.button, _GREY)
    return {"type": _BUTTON, "style": style, "label": press.label, "custom_id": _custom_id(press)}
