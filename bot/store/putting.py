"""Puts rows into a table, in place of those that have their keys or only beside them, and takes rows out, on every database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, inspect
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


async def put_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Write those rows (values by column) that nothing unique stands in the way of; returns the primary keys of these."""
    if not rows:
        return []
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    columns = inspect(table).local_table
    insert = dialect.insert(columns).values(list(rows)).on_conflict_do_nothing()
    return [tuple(key) for key in (await session.execute(insert.returning(*columns.primary_key))).all()]


async def take(session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Delete the rows that have these values (by column, the same columns in each)."""
    if rows:
        kept = Base.metadata.tables[table.__tablename__]
        # One by one: of a list of pairs SQLite finds none by an index, but reads the whole table.
        these = [kept.c[name] == bindparam(f"this_{name}") for name in rows[0]]
        values = [{f"this_{name}": value for name, value in row.items()} for row in rows]
        await session.execute(delete(kept).where(*these), values)
