"""Votes on replies: one for each person and reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreError
from bot.store.database import Database
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
            if await session.get(KeptReply, reply) is None:
                raise StoreError(f"There is no reply {reply[:40]!r} to vote on; vote on one that the bot has posted.")
            mine = (KeptVote.person == person) & (KeptVote.reply == reply)
            vote = rule(await session.scalar(select(KeptVote.vote).where(mine).with_for_update()))
            await session.execute(delete(KeptVote).where(mine))
            if vote is not None:
                session.add(KeptVote(person=person, reply=reply, vote=vote, at=at))
                await session.flush()
            return vote, await _tally(session, reply)

    async def tally(self, reply: str) -> Tally:
        """How a reply stands."""
        async with self._database.session() as session:
            return await _tally(session, reply)

    async def with_replies(self) -> list[tuple[KeptVote, KeptReply]]:
        """Every vote with the reply it is for, oldest vote first."""
        query = select(KeptVote, KeptReply).join(KeptReply).order_by(KeptVote.at, KeptVote.reply, KeptVote.person)
        async with self._database.session() as session:
            return [(vote, reply) for vote, reply in await session.execute(query)]


async def _tally(session: AsyncSession, reply: str) -> Tally:
    votes = list(await session.scalars(select(KeptVote.vote).where(KeptVote.reply == reply)))
    return Tally(up=votes.count(1), down=votes.count(-1))
