"""What every platform shares: a room that hypes songs, remembers what was said in it, and takes votes."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.curation.votes import Ballot, Cast, Sign
from bot.errors import StoreError
from bot.hype import Answer, Hype
from bot.links import Link
from bot.songs.query import keepable, typed
from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.tables import KeptReply, stamp
from bot.store.votes import Votes


class Platform(Protocol):
    """A place where people talk: it hears their messages, passes songs to a room, and shows what comes back."""

    async def hear(self, message: str) -> bool:
        """React to one message; False when the person has left."""


@dataclass(frozen=True)
class Posted:
    """What a room has to say about a song."""

    answer: Answer
    reply: str | None  # the id to vote on; None when nothing was said, or it could not be kept
    fault: str = ""  # why it could not be kept, in one sentence


class Room:
    """One conversation, say a channel; it works without a database too, but then takes no votes."""

    def __init__(
        self,
        channel: str,
        hype: Hype,
        database: Database | None,
        *,
        praise: float,
        remembered: int,
        clock: Callable[[], datetime],
    ) -> None:
        """Talk as warmly as `praise` (0..10) and unlike the last `remembered` replies; `clock` knows the time zone."""
        self._channel = channel
        self._hype = hype
        self._replies = Replies(database) if database else None
        self._ballot = Ballot(Votes(database), clock) if database else None
        self._praise = praise
        self._heard: deque[str] = deque(maxlen=remembered)
        self._clock = clock

    async def recall(self) -> None:
        """Read what was said here before the program started; raises StoreError when the database fails."""
        if self._replies and self._heard.maxlen:
            self._heard.extend(await self._replies.texts(self._channel, self._heard.maxlen))

    async def hype(self, query: str | Link, *, seed: int | None = None) -> Posted:
        """Say something about a song; raises what `Hype.answer` does."""
        answer = await self._hype.answer(query, seed=seed, praise=self._praise, heard=tuple(self._heard))
        if not answer.replies:
            return Posted(answer, None)
        self._heard.append(answer.replies[0].text)
        if self._replies is None:
            return Posted(answer, None)
        kept = self._to_keep(answer)
        try:
            await self._replies.keep(kept)
        except StoreError as error:
            return Posted(answer, None, str(error))
        return Posted(answer, kept.id)

    async def vote(self, person: str, reply: str | None, sign: Sign) -> Cast:
        """Count a person's vote; raises StoreError when votes cannot be kept, or not on this reply."""
        if self._ballot is None or reply is None:
            raise StoreError("This vote cannot be kept, since the reply is not in a database: set url in [store].")
        return await self._ballot.press(person, reply, sign)

    def _to_keep(self, answer: Answer) -> KeptReply:
        reply = answer.replies[0]
        text = reply.text
        for slot, name in typed(answer.song).items():
            text = text.replace(name, slot)
        return KeptReply(
            id=secrets.token_hex(8),
            at=stamp(self._clock()),
            channel=self._channel,
            text=text,
            song=keepable(answer.song).as_dict(),
            seed=answer.seed,
            conditions=answer.conditions,
            bundle=dict(answer.bundle),
            scores=dict(reply.scores),
        )
