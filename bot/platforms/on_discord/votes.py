"""What happened on Discord while nobody listened: what was begun is ended, and votes on recent replies are read back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.platforms.on_discord.ids import PLATFORM
from bot.platforms.outlet import OutletError

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

MAX_REACTIONS = 1000  # with one emoji, that are read back
_PATIENCE = 5.0  # seconds; who is stopped within a question to the database leaves its connection open
_TRIES = 3  # where somebody votes meanwhile

_log = logging.getLogger(__name__)


@dataclass
class Votes:
    """The emoji that each person gave a message, and the channel to which a thread belongs."""

    parent: str = ""
    given: dict[str, list[str]] = field(default_factory=dict)


class CatchingUp:
    """Catches up with what was missed, one message after the other."""

    def __init__(self, conversation: Conversation, votes_on: Callable[[str], Awaitable[Votes | None]]) -> None:
        """Take what `votes_on` says of a message of ours: None where there is too much to ask; it may raise OutletError."""
        self._conversation = conversation
        self._votes_on = votes_on
        self._task: asyncio.Task[None] | None = None
        self._reading = ""  # the message whose votes are read; "" where one came in meanwhile
        self._ending = False
        self.begun = False

    def begin(self) -> None:
        """Catch up, unless that is being done."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._catch_up())

    async def end(self) -> None:
        """Leave it after the message that it is at; one that takes too long is given up."""
        self._ending = True
        if self._task:
            await asyncio.wait({self._task}, timeout=_PATIENCE)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def touched(self, message: str) -> str:
        """Note that votes on a message change now; returns it."""
        if message == self._reading:
            self._reading = ""
        return message

    async def _catch_up(self) -> None:
        if not self.begun:
            self.begun = True
            await self._conversation.resume(PLATFORM)
        for message in await self._conversation.voting.recent(PLATFORM):
            if self._ending:
                return
            try:
                await self._read_back(message)
            except OutletError as error:
                if error.reason in {"limited", "down"}:
                    _log.warning("Votes made meanwhile cannot be read back: %s", error)
                    return
                if error.reason == "gone":
                    await self._conversation.answering.gone(message)

    async def _read_back(self, message: str) -> None:
        for _ in range(_TRIES):
            self._reading = message
            votes = await self._votes_on(message)
            if votes is None:
                return
            if self._reading:
                await self._conversation.voting.read_back(message, votes.given, parent=votes.parent)
                return
