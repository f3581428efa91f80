"""Runs Alembic on a database, in one transaction that nobody else can come into; and compares tables with it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from bot.store.engines import engine_for
from bot.store.migrations import NEWEST, OLD_TABLE, TABLE, numbered, revision, unknown
from bot.store.tables import Base

# Alembic keeps what it works on in its modules, so that a process can do one migration at a time.
_ALONE = threading.Lock()
# The number of the lock that migrations take in PostgreSQL: "hype" in ASCII.
_LOCK = 0x68797065


def upgrade(address: URL, patience: float) -> str | None:
    """Bring a database to the newest schema and return the one it had, None for a new one; runs in a thread.

    All of it happens or, when it fails, nothing. Raises StoreError for a schema that is newer than this program, else
    what the driver raises.
    """
    with _ALONE:
        return asyncio.run(_upgrade(address, patience))


def differences(connection: Connection) -> list[str]:
    """In what a database's tables differ from those of the newest schema; tables of others do not count."""

    def is_ours(thing: Any, _name: str | None, kind: str, reflected: bool, counterpart: Any) -> bool:
        table = thing if kind == "table" else thing.table
        return table.name in Base.metadata.tables

    context = MigrationContext.configure(connection, opts={"version_table": TABLE, "include_object": is_ours})
    return [_told(difference) for difference in compare_metadata(context, Base.metadata)]


def known() -> frozenset[str]:
    """Every schema that this program knows."""
    return frozenset(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())


async def _upgrade(address: URL, patience: float) -> str | None:
    engine = engine_for(address, patience, "migrating")
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_in_transaction)
    finally:
        await engine.dispose()


def _in_transaction(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":  # on SQLite the transaction itself keeps others out
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    found = revision(connection)
    if found is None:
        found = _take_over(connection, config)
    if found == NEWEST:  # somebody else did it while we waited
        return found
    if found is not None and found not in known():
        raise unknown(found)
    command.upgrade(config, "head")
    return found


def _take_over(connection: Connection, config: Config) -> str | None:
    """Let Alembic know which schema a database from before it has."""
    found = numbered(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {OLD_TABLE}"))
    if found:
        command.stamp(config, found)
    return found


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _told(difference: Any) -> str:
    """One difference in a few words: what to do (Alembic's name for it) and to which table, column or index."""
    while isinstance(difference, list):  # changes of one column come as a list of their own
        difference = difference[0]
    what, *rest = difference
    names = [part if isinstance(part, str) else getattr(part, "name", None) for part in rest]
    return f"{what.replace('_', ' ')} {' '.join(name for name in names if name)}"
