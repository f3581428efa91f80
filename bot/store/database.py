"""The database: opens it, brings it to the newest schema, and turns its every failure into one plain sentence."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from bot.config import expand, user_data_folder
from bot.errors import StoreError
from bot.store.migrations import migrate

_FILE = "deephypebot.sqlite3"
_RETRY_S = 0.02  # between tries where SQLite does not wait by itself
_REMEDIES = {
    "locked": "another program holds it; close that one or try again in a moment",
    "busy": "another program holds it; close that one or try again in a moment",
    "not a database": "it is no database; move it away or name another as url in [store]",
    "malformed": "it is damaged; restore a copy, or move it away and a new one is made",
    "readonly": "it may not be written; give yourself the right to, or name another as url in [store]",
    "unable to open": "it may not be opened here; name another file as url in [store]",
    "full": "the disk is full; make room",
}


class Database:
    """An open database; make it with `open`, end it with `close`."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take an engine whose schema is already the newest."""
        self._engine = engine

    @classmethod
    async def open(cls, url: str = "", *, patience: float = 5.0) -> Database:
        """Open the database at an SQLAlchemy address ("" is a file in the user's data folder), making it if need be.

        `patience` is for how many seconds a locked SQLite file is waited for. Raises StoreError.
        """
        address = _address(url)
        try:
            if _file(address):
                await asyncio.to_thread(_prepare, _file(address), patience)
            engine = _engine(address, patience)
        except (SQLAlchemyError, sqlite3.Error, ImportError, OSError) as error:
            raise _explain(address, error) from error
        try:
            async with engine.begin() as connection:
                await migrate(connection)
        except BaseException as error:
            await engine.dispose()
            if isinstance(error, SQLAlchemyError | OSError):
                raise _explain(address, error) from error
            raise
        return cls(engine)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back on an error; raises StoreError when the database fails."""
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session
        except (SQLAlchemyError, OSError) as error:
            raise _explain(self._engine.url, error) from error

    async def close(self) -> None:
        """Let go of the database."""
        await self._engine.dispose()


def _address(url: str) -> URL:
    """The address with `~` and the default filled in."""
    try:
        address = make_url(url or "sqlite+aiosqlite:///")
    except (ArgumentError, ValueError):
        raise StoreError("The url in [store] is no database address; see config.example.toml for one.") from None
    if address.get_backend_name() != "sqlite" or address.database == ":memory:":
        return address
    return address.set(database=str(expand(address.database or user_data_folder() / _FILE)))


def _file(address: URL) -> str:
    """The file that an SQLite address names; empty for every other address."""
    is_file = address.get_backend_name() == "sqlite" and address.database != ":memory:"
    return (address.database or "") if is_file else ""


def _prepare(file: str, patience: float) -> None:
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


def _engine(address: URL, patience: float) -> AsyncEngine:
    if address.get_backend_name() != "sqlite":
        return create_async_engine(address, pool_pre_ping=True)
    engine = create_async_engine(address, connect_args={"timeout": patience})
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin late and leave tables out of transactions; we begin
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_begin(connection: Any) -> None:
    # Taking the write lock at once makes others wait; a reader that turns writer would be refused instead.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _explain(address: URL, error: Exception) -> StoreError:
    """The plain sentence for what went wrong, without the address's password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    name = repr(address.render_as_string(hide_password=True))
    if isinstance(cause, ImportError):
        return StoreError(f"The database {name} needs a driver; install deephypebot with its extra [postgres].")
    reason = " ".join(str(cause).split())[:200]
    if isinstance(cause, OSError):
        reason = f"{cause.strerror or cause}; mend that, or name another as url in [store]"
    if isinstance(cause, sqlite3.Error):
        reason = next((remedy for sign, remedy in _REMEDIES.items() if sign in str(cause)), reason)
    return StoreError(f"The database {name} cannot be used: {reason}.")
