"""Replies that were posted: so that they can be voted on, explained, and not said again."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.store.database import Database
from bot.store.tables import KeptReply


class Replies:
    """The replies in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def keep(self, reply: KeptReply) -> None:
        """Write a new reply down."""
        async with self._database.session() as session:
            session.add(reply)

    async def get(self, reply: str) -> KeptReply | None:
        """The reply of this id, None if there is none."""
        async with self._database.reading() as session:
            return await session.get(KeptReply, reply)

    async def texts(self, channel: str, limit: int) -> list[str]:
        """Texts said last in a channel, oldest first, at most `limit`."""
        query = select(KeptReply.text).where(KeptReply.channel == channel).order_by(KeptReply.at.desc()).limit(limit)
        async with self._database.reading() as session:
            return list(await session.scalars(query))[::-1]

    async def forget(self, before: str) -> int:
        """Drop the replies from before a moment (as `stamp` writes it), with their votes; returns how many they were."""
        async with self._database.session() as session:
            return len(list(await session.scalars(delete(KeptReply).where(KeptReply.at < before).returning(KeptReply.id))))
