"""Events of platforms that were dealt with, since some are delivered twice."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete

from bot.store.database import Database
from bot.store.putting import put_new
from bot.store.tables import KeptSeen


class Seen:
    """The events in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def first(self, event: str, at: str) -> bool:
        """Whether an event comes for the first time; it is written down."""
        return (await self.firsts([(event, at)]))[0]

    async def firsts(self, events: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether each of some events (with its moment) comes for the first time; they are written down."""
        rows = [{"event": event, "at": at} for event, at in events]
        async with self._database.session() as session:
            new = {event for (event,) in await put_new(session, KeptSeen, rows)}
        told = []
        for event, _ in events:
            told.append(event in new)
            new.discard(event)
        return told

    async def has(self, event: str) -> bool:
        """Whether an event is written down."""
        async with self._database.reading() as session:
            return await session.get(KeptSeen, event) is not None

    async def forget(self, before: str) -> int:
        """Drop the events from before a moment (as `stamp` writes it); returns how many they were."""
        async with self._database.session() as session:
            return len(list(await session.scalars(delete(KeptSeen).where(KeptSeen.at < before).returning(KeptSeen.event))))
