"""Answers of outside services, so that none is asked twice for the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from bot.store.database import Database
from bot.store.putting import put
from bot.store.tables import KeptAnswer

Row = tuple[str, dict[str, Any], float]  # key, value, until (seconds since the epoch)
_COLUMNS = ("key", "value", "until")


class Answers:
    """The answers in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def get(self, key: str) -> Row | None:
        """The answer under a key, expired or not; None if there is none."""
        async with self._database.reading() as session:
            kept = await session.get(KeptAnswer, key)
            return (kept.key, kept.value, kept.until) if kept else None

    async def keys(self, now: float) -> set[str]:
        """The keys of all answers that have not expired at `now`."""
        async with self._database.reading() as session:
            return set(await session.scalars(select(KeptAnswer.key).where(KeptAnswer.until > now)))

    async def put(self, rows: Sequence[Row], now: float) -> None:
        """Write answers down, in place of older ones, and drop all that expired before `now`."""
        # In one order everywhere, since two that wait for each other's rows would wait for ever; and then without waiting:
        # what another program is changing right now is left to it.
        in_order = [dict(zip(_COLUMNS, row, strict=True)) for row in sorted(rows, key=lambda row: row[0])]
        expired = select(KeptAnswer.key).where(KeptAnswer.until < now).with_for_update(skip_locked=True)
        async with self._database.session() as session:
            await put(session, KeptAnswer, in_order)
            await session.execute(delete(KeptAnswer).where(KeptAnswer.key.in_(expired)))
