"""What happened on Discord while nobody listened: what was begun is ended, and votes on recent replies are read back."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.platforms.on_discord.faults import RefusalError
from bot.platforms.on_discord.ids import PLATFORM, message_id, person_id
from bot.platforms.on_discord.running import PAUSES
from bot.platforms.outlet import OutletError

if TYPE_CHECKING:
    from bot.conversation.conversation import Conversation

MAX_REACTIONS = 1000  # with one emoji, that are read back
_PATIENCE = 5.0  # seconds; who is stopped within a question to the database leaves its connection open
_TRIES = 3  # where somebody votes meanwhile

_log = logging.getLogger(__name__)


class User(Protocol):
    """Somebody who reacted."""

    @property
    def id(self) -> int:
        """Their number."""

    @property
    def bot(self) -> bool:
        """Whether they are a program."""


class Reaction(Protocol):
    """An emoji below a message."""

    count: int

    @property
    def emoji(self) -> object:
        """As text, it is what Discord writes for it."""

    def users(self) -> AsyncIterator[User]:
        """Whoever gave it."""


@dataclass
class Votes:
    """The emoji that each person gave a message, the channel to which a thread belongs, and what is no longer there."""

    parent: str = ""
    gone: str = ""  # the message that it replies to, if that was deleted
    given: dict[str, list[str]] | None = field(default_factory=dict)  # None where there are too many to ask

    async def count(self, reactions: Sequence[Reaction]) -> None:
        """Ask who reacted with what."""
        if any(reaction.count > MAX_REACTIONS for reaction in reactions):
            self.given = None
            return
        self.given = {}
        for reaction in reactions:
            async for user in reaction.users():
                if not user.bot:
                    self.given.setdefault(person_id(user.id), []).append(str(reaction.emoji))


class CatchingUp:
    """Catches up with what was missed, one message after the other."""

    def __init__(self, conversation: Conversation, votes_on: Callable[[str], Awaitable[Votes]]) -> None:
        """Take what `votes_on` says of a message of ours; it may raise OutletError."""
        self._conversation = conversation
        self._votes_on = votes_on
        self._task: asyncio.Task[None] | None = None
        self._left: deque[str] = deque()  # messages whose votes are to be read
        self._wanted = False  # whether something was missed that the messages read so far may not show
        self._reading = ""  # the message whose votes are read; "" where one came in meanwhile
        self._ending = asyncio.Event()
        self.begun = False

    def begin(self) -> None:
        """Catch up; where that is being done, with all of it once more."""
        self._wanted = True
        self._go_on()

    async def again(self, message: str) -> None:
        """Read the votes on one message back, as soon as what is missed besides was read."""
        if self.begun and not self._ending.is_set():
            if message not in self._left:
                self._left.append(message)
            self._go_on()

    def _go_on(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._catch_up())

    async def end(self) -> None:
        """Leave it after the message that it is at; one that takes too long is given up."""
        self._ending.set()
        if self._task:
            await asyncio.wait({self._task}, timeout=_PATIENCE)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def touched(self, channel: int, message: int) -> str:
        """Note that votes on a message change now; returns its id."""
        id_ = message_id(channel, message)
        if id_ == self._reading:
            self._reading = ""
        return id_

    async def _catch_up(self) -> None:
        if not self.begun:
            self.begun = True
            await self._conversation.resume(PLATFORM)
        failed = 0  # one after the other
        while (self._wanted or self._left) and not self._ending.is_set():
            if self._wanted:
                self._wanted = False
                recent = await self._conversation.voting.recent(PLATFORM)
                self._left = deque(dict.fromkeys([*recent, *self._left]))
                continue
            try:
                await self._read_back(self._left[0])
            except OutletError as error:
                self._left.rotate(-1)  # one that can never be read must not keep the others waiting
                await self._pause(error, failed)
                failed += 1
                continue
            failed = 0
            self._left.popleft()

    async def _pause(self, error: OutletError, failed: int) -> None:
        """Wait before the next message, longer each time, and for as long as Discord asks for; not beyond the end."""
        pause = PAUSES[min(failed, len(PAUSES) - 1)]
        if isinstance(error, RefusalError):
            pause = max(pause, error.retry_after)
        if not failed:
            _log.warning("Votes made meanwhile cannot be read back yet: %s", error)
        waiting = asyncio.create_task(self._ending.wait())
        await asyncio.wait({waiting}, timeout=pause)
        waiting.cancel()

    async def _read_back(self, message: str) -> None:
        """Follow what became of one message; raises OutletError where Discord may tell later."""
        for _ in range(_TRIES):
            self._reading = message
            try:
                votes = await self._votes_on(message)
            except OutletError as error:
                if error.reason in {"limited", "down"}:
                    raise
                if error.reason == "gone":
                    await self._conversation.answering.gone(message)
                return
            if votes.gone:
                await self._conversation.answering.gone(votes.gone)
            if votes.given is None:
                return
            if self._reading:
                await self._conversation.voting.read_back(message, votes.given, parent=votes.parent)
                return
