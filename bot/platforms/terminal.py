"""The terminal as a platform: one person types lines, the bot answers below them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import TextIO

from bot import texts
from bot.curation.votes import Sign
from bot.errors import HypeError, StoreError
from bot.hype import songs_in
from bot.links import Link
from bot.platforms.base import Posted, Room
from bot.platforms.screen import Screen
from inference.errors import InferenceError

PROMPT = "> "
MAX_LINE = 4000  # characters
MAX_LINKS = 5
_SIGNS: dict[str, Sign] = {"+": 1, "-": -1, "−": -1}


class Terminal:
    """A conversation with one person; knows what was said last, so that it can be voted on, explained and varied."""

    def __init__(self, room: Room, screen: Screen, *, person: str) -> None:
        """Talk in this room and show it on this screen; votes are kept under `person`."""
        self._room = room
        self._screen = screen
        self._person = f"terminal:{person}"
        self._query: str | Link | None = None
        self._last: Posted | None = None
        self._fault = ""

    async def greet(self, mode: str = "") -> None:
        """Say what to type and in which mode songs are found out, and recall what was said in earlier conversations."""
        for line in (texts.WELCOME, mode):
            if line:
                self._screen.say(line, "dim")
        try:
            await self._room.recall()
        except StoreError as error:
            self.announce(str(error))

    def announce(self, fault: str) -> None:
        """Say, once, why votes cannot be kept."""
        if fault and fault != self._fault:
            self._screen.say(f"Votes cannot be kept. {fault}", "yellow")
        self._fault = fault or self._fault

    async def hear(self, message: str) -> bool:
        """React to one line; False when the person has left. Whatever goes wrong is told in one sentence."""
        line = message.strip()
        try:
            return await self._react(line)
        except (HypeError, InferenceError) as error:
            self._screen.say(str(error), "yellow")
            return True

    async def _react(self, line: str) -> bool:
        command = line.lower()
        if command in {"quit", "exit"}:
            return False
        if command == "help":
            self._screen.say(texts.HELP)
        elif command == "why":
            self._screen.say(texts.why(self._last.answer) if self._last else texts.NOTHING_YET, "dim")
        elif command == "again":
            await self._again()
        elif line in _SIGNS:
            await self._vote(_SIGNS[line])
        elif line:
            await self._hype(line)
        return True

    async def _hype(self, line: str) -> None:
        queries = songs_in(line, "plain")
        for query in queries[:MAX_LINKS]:
            await self._say_about(query)
        if len(queries) > MAX_LINKS:
            self._screen.say(f"I took the first {MAX_LINKS} of {len(queries)} links: send the others again.", "dim")

    async def _again(self) -> None:
        if self._query is None:
            self._screen.say(texts.NOTHING_YET, "dim")
        else:
            await self._say_about(self._query)

    async def _say_about(self, query: str | Link) -> None:
        posted = await self._room.hype(query)
        self._query, self._last = query, posted
        self._screen.answer(posted.answer)
        self._screen.say("")
        self.announce(posted.fault)

    async def _vote(self, sign: Sign) -> None:
        if self._last is None or not self._last.answer.replies:
            self._screen.say(texts.NOTHING_YET, "dim")
            return
        cast = await self._room.vote(self._person, self._last.reply, sign)
        self._screen.say(texts.voted(cast.vote, cast.tally.up, cast.tally.down), "dim")


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
