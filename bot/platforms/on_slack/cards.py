"""Renders a card as blocks for Slack, and reads back which of its buttons was pressed."""

from __future__ import annotations

import re
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
from bot.platforms.outlet import Button, Card

TITLE, SECTION, FOOTER = 300, 3000, 2000  # UTF-16 units as written; a section may hold 3000
FALLBACK = 3000  # of the text that notifications and screen readers have

_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,20}(?![0-9A-Za-z])")  # what stands behind it tells the thread
_REFERENCE = re.compile(r"(<#[CG][A-Z0-9]{1,20}>)")

# In every text Slack reads these three, and no others, as escapes.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Something invisible behind a colon keeps addresses from being linked and words from becoming emoji, behind an "@" names
# from being called, whatever a client makes of plain text.
_PLAIN = _ESCAPES | str.maketrans({":": ":\u200b", "@": "@\u200b"})
# Slack's markup has no escape for emphasis and code, so these marks become letters that look like them.
_MARKUP = _PLAIN | str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})
_STYLES: dict[Button, str] = {"approve": "primary", "reject": "danger"}


def message(card: Card) -> dict[str, Any]:
    """The `text` and `blocks` that create or change a message; it mentions nobody.

    All but the linked title and the names of channels is plain text, in which Slack reads no markup. Post it with
    unfurl_links and unfurl_media off. Raises ValueError where a button could not carry the card's id.
    """
    approving, others = presses(card)
    blocks = _title(card)
    if channel := channel_link(card, _CHANNEL):
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": channel, "verbatim": True}]})
    if text := _text(card):
        blocks.append(_section(text))
    for number, choice in enumerate(shown_choices(card), 1):
        line = f"{number}. {fitted(one_line(choice), SECTION - 4, _PLAIN) or ELLIPSIS}"
        section = _section(_plain(line))
        if approving:
            section["accessory"] = _button(approving[number - 1])
        blocks.append(section)
    if others:
        blocks.append({"type": "actions", "elements": [_button(press) for press in others]})
    if footer := fitted(one_line(card.footer), FOOTER, _PLAIN):
        blocks.append({"type": "context", "elements": [_plain(footer)]})
    return {"text": _fallback(card), "blocks": blocks or [_section(_plain(ELLIPSIS))]}


def pressed(action_id: object, value: object) -> Press | None:
    """What a button stands for, by its action id and value; None for one that is not ours."""
    prefix, _, name = action_id.partition(":") if isinstance(action_id, str) else ("", "", "")
    return read_press(name, value) if prefix == PREFIX else None


def _title(card: Card) -> list[dict[str, Any]]:
    """The song's line, linked where there is an address to be trusted."""
    title, url = one_line(card.title), address(card)
    if not title:
        return []
    if not url:
        return [_section(_plain(fitted(title, TITLE, _PLAIN)))]
    link = f"*<{url.translate(_ESCAPES)}|{fitted(title, TITLE, _MARKUP)}>*"
    return [_section({"type": "mrkdwn", "text": link, "verbatim": True})]


def _text(card: Card) -> dict[str, Any] | None:
    """The text below the title; Slack shows the channels that a notice refers to by their names."""
    text = tidy(card.text)
    parts = _REFERENCE.split(text) if card.kind == "notice" else [text]
    written = "".join(part if _REFERENCE.fullmatch(part) else part.translate(_MARKUP) for part in parts)
    if len(parts) > 1 and size(written) <= SECTION:
        return {"type": "mrkdwn", "text": written, "verbatim": True}
    fit = fitted(text, SECTION, _PLAIN)
    return _plain(fit) if fit else None


def _fallback(card: Card) -> str:
    """The song's line and the text, or the candidates, as notifications show them."""
    lines = [one_line(card.title), tidy(card.text)]
    lines += [f"{number}. {one_line(choice)}" for number, choice in enumerate(shown_choices(card), 1)]
    return fitted("\n".join(line for line in lines if line), FALLBACK, _MARKUP) or ELLIPSIS


def _section(text: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _button(press: Press) -> dict[str, Any]:
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": press.label, "emoji": True},
        "action_id": f"{PREFIX}:{press.name}",
        "value": press.reply,
    }
    style = _STYLES.get(press.button)
    return {**button, "style": style} if style else button
