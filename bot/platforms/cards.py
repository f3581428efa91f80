"""What the renderings of a card share: buttons with the ids they carry, clean texts, cuts and addresses."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from bot.platforms.outlet import Button, Card
from bot.songs.song import clean_text
from bot.texts import APPROVE, BUTTONS

PREFIX = "dhb"  # of the ids of our buttons, which live beside those of other programs
MAX_CHOICES = 10  # candidates of a draft that are shown
MAX_REPLY = 80  # characters of an id that a button carries
MAX_URL = 500  # characters; what is longer is no address of a song
ELLIPSIS = "…"

_BUTTONS: Mapping[str, Button] = {name: name for name in get_args(Button)}
_REPLY = re.compile(rf"[!-~]{{1,{MAX_REPLY}}}")
# An address with a host of its own: no user, no space, quote, bracket or bar that could end a link early.
_URL = re.compile(r"https?://[0-9A-Za-z.\-]+(?::[0-9]{1,5})?(?:[/?#][0-9A-Za-z\-._~:/?#!$&+,;=%]*)?")
_AS_IT_IS: Mapping[int, str] = {}


@dataclass(frozen=True)
class Press:
    """A button and what it acts on: a reply or draft, and of a draft that is approved the candidate as numbered, from 1."""

    button: Button
    reply: str
    choice: int = 0

    def __post_init__(self) -> None:
        """Refuse an id that no button could carry, or that would come back changed: these ids are our own."""
        if not _REPLY.fullmatch(self.reply):
            raise ValueError(
                f"a button cannot carry the id {self.reply!r:.100}: "
                f"give it 1 to {MAX_REPLY} printable ASCII characters without spaces"
            )

    @property
    def name(self) -> str:
        """The button with the number of its candidate: "again", "approve.2"."""
        return f"{self.button}.{self.choice}" if self.choice else self.button

    @property
    def label(self) -> str:
        """What stands on the button."""
        return APPROVE.format(number=self.choice) if self.choice else BUTTONS[self.button]


def read_press(name: object, reply: object) -> Press | None:
    """The button that was pressed, from its name and the id it carried; None for all that no card of ours carries."""
    if not (isinstance(name, str) and isinstance(reply, str) and _REPLY.fullmatch(reply)):
        return None
    base, _, number = name.partition(".")
    button, choice = _BUTTONS.get(base), 0
    if button == "approve":
        choice = next((each for each in range(1, MAX_CHOICES + 1) if str(each) == number), 0)
    if button is None or (button == "approve") != bool(choice) or (number and not choice):
        return None
    return Press(button, reply, choice)


def presses(card: Card) -> tuple[list[Press], list[Press]]:
    """The buttons of a card, each once: those that approve a candidate, one for each that is shown, and all others."""
    names = dict.fromkeys(card.buttons)
    approving = range(1, len(shown_choices(card)) + 1) if "approve" in names else ()
    others = [Press(name, card.reply) for name in names if name != "approve"]
    return [Press("approve", card.reply, number) for number in approving], others


def shown_choices(card: Card) -> tuple[str, ...]:
    """The candidates of a draft that there is room for."""
    return card.choices[:MAX_CHOICES]


def address(card: Card) -> str:
    """Where the song's line leads; "" where there is no address, or none to be trusted. An "@" in it is written %40."""
    url = card.url.replace("@", "%40")  # in a host there is none: a percent sign is refused there
    return url if len(url) <= MAX_URL and _URL.fullmatch(url) else ""


def channel_link(card: Card, form: re.Pattern[str]) -> str:
    """The line that names the channel of a draft, as Discord and Slack both write it; "" where its id has another form."""
    found = form.match(card.channel)
    return f"For <#{found[0]}>" if found else ""


def one_line(text: str) -> str:
    """A text cleaned as `clean_text` does, whole."""
    return clean_text(text, sys.maxsize)


def tidy(text: str) -> str:
    """Clean every line of a text as `clean_text` does; empty lines at its ends go, several in a row become one."""
    return "\n".join(_without_gaps(one_line(line) for line in text.splitlines()))


def _without_gaps(lines: Iterator[str]) -> Iterator[str]:
    gap = begun = False
    for line in lines:
        if line:
            if gap and begun:
                yield ""
            yield line
            begun = True
        gap = not line


def size(text: str) -> int:
    """The length of a text in UTF-16 units, the longest that any platform counts it."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def fitted(text: str, most: int, written: Mapping[int, str] = _AS_IT_IS) -> str:
    """A tidy text as written with a table for `str.translate`, of at most `most` UTF-16 units (at least 1).

    What is too long ends with an ellipsis, behind the last word that fits; where that would take more than half away (a
    script without spaces, one huge word), behind the last character. A table maps single characters, so no escape is
    ever cut in two. Characters are told apart by a simple rule: no cut before a mark (category M, variation selectors
    among them), before a skin tone, or between the two halves of a flag. Joiners do not occur in tidy texts.
    """
    room, end = most - size(ELLIPSIS), 0
    used = 0
    for position, letter in enumerate(text):
        used += size(letter.translate(written))
        if used <= room:
            end = position + 1
        if used > most:
            break
    else:
        return text.translate(written)
    while end and _is_joined(text, end):
        end -= 1
    space = max(text.rfind(gap, 0, end + 1) for gap in " \n")
    if space >= max(end // 2, 1):
        end = space
    return text[:end].rstrip().translate(written) + ELLIPSIS


def _is_joined(text: str, at: int) -> bool:
    """Whether the character at a position belongs to the one before it."""
    letter = text[at]
    if unicodedata.category(letter).startswith("M") or "\U0001f3fb" <= letter <= "\U0001f3ff":
        return True
    if not _is_half_flag(letter):
        return False
    flags = at
    while flags and _is_half_flag(text[flags - 1]):
        flags -= 1
    return (at - flags) % 2 == 1


def _is_half_flag(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"
