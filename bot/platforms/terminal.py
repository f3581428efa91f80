"""The terminal as a platform: one person types lines, the bot answers below them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Literal, TextIO

from bot import texts
from bot.conversation.conversation import Conversation
from bot.hype import songs_in
from bot.links import Link
from bot.platforms.outlet import Asker, Card, Place
from bot.platforms.screen import Screen

NAME = "terminal"
PLACE = Place(NAME, "", NAME)
PROMPT = "> "
MAX_LINE = 4000  # characters
MAX_LINKS = 5
_SIGNS: dict[str, Literal[1, -1]] = {"+": 1, "-": -1, "−": -1}


class Terminal:
    """A conversation with one person, and its end as an Outlet; knows what was said last, so that it can be voted on."""

    def __init__(self, conversation: Conversation, screen: Screen, *, person: str) -> None:
        """Take part in this conversation and show it on this screen; votes are kept under `person`."""
        self._conversation = conversation
        self._screen = screen
        self._person = f"{NAME}:{person}"
        self._query: str | Link | None = None
        self._reply = ""
        conversation.attach(NAME, self, tidy=False)

    def greet(self, mode: str = "", faults: Iterable[str] = ()) -> None:
        """Say what to type, in which mode songs are found out, and what will not be kept, and why."""
        self._screen.say("\n".join(line for line in (texts.WELCOME, mode) if line), "dim")
        for fault in faults:
            self._screen.say(f"Votes are forgotten when you leave. {fault}", "yellow")

    async def hear(self, message: str) -> bool:
        """React to one line; False when the person has left. Whatever goes wrong is told in one sentence."""
        line = message.strip()
        command = line.lower()
        if command in {"quit", "exit"}:
            return False
        if command == "help":
            self._screen.say(texts.HELP)
        elif command == "again" and self._query is not None:
            await self._say_about(self._query)
        elif line in _SIGNS or command in {"why", "again"}:
            self._tell(await self._about_last(line) if self._reply else texts.NOTHING_YET)
        elif line:
            await self._hype(line)
        return True

    async def _hype(self, line: str) -> None:
        queries = songs_in(line, "plain")
        for query in queries[:MAX_LINKS]:
            await self._say_about(query)
        if len(queries) > MAX_LINKS:
            self._tell(texts.first_of(MAX_LINKS, len(queries)))

    async def _say_about(self, query: str | Link) -> None:
        self._query = query
        text = query.url if isinstance(query, Link) else query
        if told := await self._conversation.answering.song(self._asker(), text):
            self._screen.say(told, "yellow")

    async def _about_last(self, line: str) -> str:
        """Vote on the last reply, or explain it."""
        if line in _SIGNS:
            return await self._conversation.voting.pressed(self._asker(), self._reply, _SIGNS[line])
        return await self._conversation.commands.why(self._asker(), self._reply)

    def _tell(self, text: str) -> None:
        self._screen.say(text, "dim")

    def _asker(self) -> Asker:
        return Asker(PLACE, self._person, key=f"{NAME}:line:{secrets.token_hex(8)}", manages=True)

    # What the conversation asks of it, as an Outlet.

    async def post(self, place: Place, card: Card, *, answering: str = "", nonce: str = "", thread: str = "") -> str:
        """Print a card."""
        self._reply = card.reply
        self._screen.card(card)
        return f"{NAME}:{secrets.token_hex(8)}"

    async def change(self, message: str, card: Card) -> None:
        """Print the card anew: what was printed stays."""
        self._screen.card(card)

    async def remove(self, message: str) -> None:
        """Do nothing: what was printed stays."""

    async def typing(self, place: Place) -> None:
        """Do nothing: whoever types waits anyway."""

    async def find(self, place: Place, nonce: str, *, answering: str = "") -> str:
        """Nothing of an earlier conversation is there any more."""
        return ""


def typed(stream: TextIO) -> Iterator[str]:
    """Lines as a person types them, with a prompt on a terminal, else as they stand in the stream; ends at its end.

    What a line has beyond MAX_LINE characters is dropped.
    """
    if stream is sys.stdin and stream.isatty():
        with suppress(ImportError):
            import_module("readline")  # gives `input` arrow keys and a history, where the system has it
        while True:
            try:
                yield input(PROMPT)[:MAX_LINE]
            except EOFError:
                print()  # ends the line with the prompt
                return
    else:
        while line := stream.readline(MAX_LINE):
            yield line
            while line and not line.endswith("\n"):
                line = stream.readline(MAX_LINE)
