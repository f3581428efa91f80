"""The database: opens it, brings it to the newest schema, and hands out transactions that write or only read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.store.engines import address_of, engine_for, file_of, in_memory, prepare, warm
from bot.store.faults import explain, failures
from bot.store.migrations import NEWEST, revision
from bot.store.tables import Base


class Database:
    """An open database; make it with `open`, end it with `close`."""

    def __init__(self, address: URL, writing: AsyncEngine, reading: AsyncEngine) -> None:
        """Take the engines of one database, whose schema `open` brings to the newest."""
        self._address = address
        self._writing = writing
        self._reading = reading
        self.found: str | None = None  # the schema that it had before it was opened; None where it is new

    @classmethod
    async def open(cls, url: str = "", *, patience: float = 5.0) -> Database:
        """Open the database at an SQLAlchemy address ("" is a file in the user's data folder), making it if need be.

        `patience` is for how many seconds is waited for one that others hold, or that does not answer. Raises StoreError.
        """
        address = address_of(url)
        try:
            if file_of(address):
                await asyncio.to_thread(prepare, file_of(address), patience)
            writing = engine_for(address, patience, "writing")
            reading = writing if in_memory(address) else engine_for(address, patience, "reading")
        except failures(ImportError) as error:
            raise explain(address, error) from error
        database = cls(address, writing, reading)
        try:
            database.found = await database._bring_to_newest(patience)
            await warm(reading)
            await warm(writing)
        except BaseException as error:
            await database.close()
            if isinstance(error, failures()):
                raise explain(address, error) from error
            raise
        return database

    def session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction: committed at the end, rolled back on an error; raises StoreError when the database fails.

        On SQLite others that write wait for its end, so nothing slow may happen in it, and no other session be opened.
        """
        return self._transaction(self._writing)

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that only reads: it sees one moment, waits for no writer and keeps none waiting.

        Raises StoreError when the database fails, and when something is written in it.
        """
        return self._transaction(self._reading)

    async def close(self) -> None:
        """Let go of the database."""
        await self._reading.dispose()
        await self._writing.dispose()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                yield session
        except failures() as error:
            raise explain(self._address, error) from error

    async def _bring_to_newest(self, patience: float) -> str | None:
        """Make or change the tables where need be; returns the schema that was found."""
        if in_memory(self._address):  # always new, so that there is nothing to migrate
            async with self._writing.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            return None
        async with self._reading.connect() as connection:
            found = await connection.run_sync(revision)
        if found == NEWEST:
            return found
        return await asyncio.to_thread(_upgrade, self._address, patience)


def _upgrade(address: URL, patience: float) -> str | None:
    from bot.store.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic takes longer to load than all else here

    return upgrade(address, patience)
