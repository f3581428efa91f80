"""How each kind of database is spoken to: its address, its connections, and how a transaction begins on it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from bot.config import user_data_folder
from bot.errors import StoreError
from bot.settings import expand

Use = Literal["writing", "reading", "migrating"]

_FILE = "deephypebot.sqlite3"
_RETRY_S = 0.02  # between tries where SQLite does not wait by itself
_READERS = 4  # connections that read an SQLite file at once
_COMMAND_S = 60  # after which a PostgreSQL server that was asked something is given up
# What a new connection to SQLite is told, and how a transaction begins on it. A writer takes the write lock at once, so
# that others wait; one that read first would be refused. A reader takes no lock and sees the moment at which it began.
# While tables are made anew, dropping the old one must not take along what points at it.
_SQLITE: dict[Use, tuple[str, str]] = {
    "writing": ("PRAGMA foreign_keys = ON", "BEGIN IMMEDIATE"),
    "reading": ("PRAGMA query_only = ON", "BEGIN"),
    "migrating": ("PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE"),
}
# JSON knows no NaN: PostgreSQL would refuse it, and SQLite hand it on to readers who do.
_json = partial(json.dumps, allow_nan=False)


def address_of(url: str) -> URL:
    """The database address in [store], with `~` and the default filled in; raises StoreError when it is none."""
    try:
        address = make_url(url or "sqlite+aiosqlite:///")
    except (ArgumentError, ValueError):
        raise StoreError("The url in [store] is no database address; see config.example.toml for one.") from None
    if address.get_backend_name() != "sqlite" or in_memory(address):
        return address
    return address.set(database=str(expand(address.database or user_data_folder() / _FILE)))


def in_memory(address: URL) -> bool:
    """Whether this is a database that ends with the program."""
    return address.get_backend_name() == "sqlite" and address.database == ":memory:"


def file_of(address: URL) -> str:
    """The file that an SQLite address names; empty for every other address."""
    is_file = address.get_backend_name() == "sqlite" and not in_memory(address)
    return (address.database or "") if is_file else ""


def prepare(file: str, patience: float) -> None:
    """Make the folder and the file, or find out here that they cannot be used: the driver is clumsy about that.

    Its thread reports a file that cannot be opened to an event loop that may be gone by then.
    """
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with closing(sqlite3.connect(file, timeout=patience)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")  # stays with the file
            except sqlite3.OperationalError as error:
                # While others change to the same mode, SQLite refuses at once and does not wait as it does elsewhere.
                if "locked" not in str(error) or time.monotonic() >= until:
                    raise
                time.sleep(_RETRY_S)
            else:
                return


def engine_for(address: URL, patience: float, use: Use) -> AsyncEngine:
    """What connects to a database for one use; `patience` is for how many seconds it is waited for."""
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, patience, use)
    return _postgresql(address, patience, use)


def _sqlite(address: URL, patience: float, use: Use) -> AsyncEngine:
    engine = create_async_engine(
        address,
        connect_args={"timeout": patience},
        json_serializer=_json,
        # SQLite has one writer at a time. Ours queue up here, first come first served, instead of polling for its lock.
        poolclass=AsyncAdaptedQueuePool,
        pool_size=_READERS if use == "reading" else 1,
        max_overflow=0,
    )
    told, begin = _SQLITE[use]

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin late and leave tables out of transactions; we begin
        cursor = connection.cursor()
        cursor.execute(told)
        cursor.close()

    def on_begin(connection: Connection) -> None:
        # Straight to the driver: with a cursor of its own it would go to the driver's thread and back four times.
        driver: Any = connection.connection.dbapi_connection
        driver.run_async(lambda raw: raw.execute(begin))

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


async def warm(engine: AsyncEngine) -> None:
    """Make all connections that an engine for SQLite keeps, now that nobody can be cancelled while one is made.

    SQLAlchemy would lose such a connection, and leave its thread behind.
    """
    if engine.dialect.name == "sqlite" and isinstance(engine.pool, AsyncAdaptedQueuePool):
        async with AsyncExitStack() as all_of_them:
            for _ in range(engine.pool.size()):
                await all_of_them.enter_async_context(engine.connect())


def _postgresql(address: URL, patience: float, use: Use) -> AsyncEngine:
    engine = create_async_engine(
        address,
        connect_args={
            "timeout": patience,
            "command_timeout": _COMMAND_S,
            "server_settings": {"application_name": "deephypebot", "lock_timeout": str(max(1, round(patience * 1000)))},
        },
        json_serializer=_json,
        pool_pre_ping=True,  # a connection that was lost while it was idle is replaced unnoticed
    )
    if use == "reading":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine
