"""Puts rows into a table, in place of those that have their keys or only beside them, on every kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Base


async def put(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Write rows (values by column, all of them); a later row with the same key wins."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    columns = inspect(table).local_table
    insert = dialect.insert(columns)
    others = {column.name: insert.excluded[column.name] for column in columns.c if not column.primary_key}
    await session.execute(insert.on_conflict_do_update(index_elements=columns.primary_key, set_=others), list(rows))


async def put_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Write those rows (values by column) that nothing unique stands in the way of; returns how many they were."""
    if not rows:
        return 0
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    columns = inspect(table).local_table
    insert = dialect.insert(columns).values(list(rows)).on_conflict_do_nothing()
    return len((await session.execute(insert.returning(*columns.primary_key))).all())
