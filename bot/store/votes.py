"""Votes on replies: one for each person and reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.putting import put
from bot.store.tables import KeptReply, KeptVote


@dataclass(frozen=True)
class Tally:
    """How many people are for and against a reply."""

    up: int
    down: int


class Votes:
    """The votes in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def change(
        self, person: str, reply: str, rule: Callable[[int | None], int | None], at: str
    ) -> tuple[int | None, Tally]:
        """Replace a person's vote (+1, -1, None for none) by what `rule` makes of it, in one transaction.

        Returns the new vote and the reply's tally; raises StoreError when there is no such reply.
        """
        async with self._database.session() as session:
            # Whoever votes on the same reply meanwhile waits here, so that all count.
            voted = select(KeptReply.id).where(KeptReply.id == reply).with_for_update(key_share=True)
            if await session.scalar(voted) is None:
                raise StoreError(f"There is no reply {reply[:40]!r} to vote on; vote on one that the bot has posted.")
            mine = (KeptVote.person == person) & (KeptVote.reply == reply)
            before = await session.scalar(select(KeptVote.vote).where(mine))
            vote = rule(before)
            if vote is not None:
                await put(session, KeptVote, [{"person": person, "reply": reply, "vote": vote, "at": at}])
            elif before is not None:
                await session.execute(delete(KeptVote).where(mine))
            return vote, await _tally(session, reply)

    async def tally(self, reply: str) -> Tally:
        """How a reply stands."""
        async with self._database.reading() as session:
            return await _tally(session, reply)

    async def with_replies(self) -> list[tuple[KeptVote, KeptReply]]:
        """Every vote with the reply it is for, oldest vote first."""
        query = select(KeptVote, KeptReply).join(KeptReply).order_by(KeptVote.at, KeptVote.reply, KeptVote.person)
        async with self._database.reading() as session:
            return [(vote, reply) for vote, reply in await session.execute(query)]


async def _tally(session: AsyncSession, reply: str) -> Tally:
    counted = select(KeptVote.vote, func.count()).where(KeptVote.reply == reply).group_by(KeptVote.vote)
    votes = {vote: int(count) for vote, count in await session.execute(counted)}
    return Tally(up=votes.get(1, 0), down=votes.get(-1, 0))
