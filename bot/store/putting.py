"""Puts rows into a table, each in place of the one that has its key, in one statement on every kind of database."""

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
