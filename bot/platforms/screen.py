"""How an answer looks on a screen: plain when piped, never wider than the window, no control characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot import texts

if TYPE_CHECKING:  # as in `texts`
    from bot.hype import Answer
    from bot.platforms.outlet import Card


class Screen:
    """Prints what the bot says; nothing that it is given is read as markup."""

    def __init__(self, width: int, console: Console | None = None) -> None:
        """Print on `console` (by default standard output), at most `width` columns wide."""
        self._console = console or Console(highlight=False)
        self._console.width = min(self._console.width, width) if self._console.is_terminal else width

    def say(self, text: str, style: str = "") -> None:
        """Print some lines, without whatever could steer a terminal."""
        safe = "".join(character for character in text if character.isprintable() or character == "\n")
        self._console.print(Text(safe, style=style))

    def answer(self, answer: Answer) -> None:
        """The song's line, what there is to say (each with its seed if it is more than one thing), and the footer."""
        self.say(answer.song.line, "bold")
        for number, reply in enumerate(answer.replies, start=1):
            self.say(f"{number}. {reply.text}" if len(answer.replies) > 1 else reply.text)
        if not answer.replies:
            self.say(texts.nothing_to_say(answer))
        for line in (texts.footer(answer.song), texts.unknown(answer.song)):
            if line:
                self.say(line, "dim")

    def card(self, card: Card) -> None:
        """A card as the conversation gives it: the song's line, the text, the footer, and an empty line."""
        for text, style in ((card.title, "bold"), (card.text, ""), (card.footer, "dim")):
            if text:
                self.say(text, style)
        self.say("")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table of texts under the names of its columns."""
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text("".join(c for c in cell if c.isprintable())) for cell in row))
        self._console.print(table)
