"""A copy of an SQLite database in one file, taken while the bot runs; for PostgreSQL the command that takes one."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from bot.errors import InputError, StoreError
from bot.files import unwritable, whole_file
from bot.settings import expand
from bot.store.engines import file_of
from bot.store.faults import explain, shown
from bot.store.health import existing

_WHAT = "backup"
_BESIDE = ("", "-wal", "-shm", "-journal")  # the files that make up a database


async def backup(url: str, target: Path, *, force: bool = False, patience: float = 5.0) -> int:
    """Copy the database of [store] to a file, whole and as it is at one moment; returns the file's size in bytes.

    The file gets its name only when it is complete. Raises InputError when a file of this name is there (`force`
    replaces it) or none can be made there, StoreError when the database cannot be read, is damaged, or is PostgreSQL's.
    """
    address = existing(url)
    target = expand(target)
    if not file_of(address):
        command = shlex.join(_pg_dump(address, target))
        raise StoreError(f"The database {shown(address)} is PostgreSQL's, which makes its own backups; say: {command}")
    return await asyncio.to_thread(_copy, address, target, force, patience)


def _pg_dump(address: URL, target: Path) -> list[str]:
    """The command line that backs up a PostgreSQL database; it asks for the password itself."""

    def asked(name: str, given: str | int | None) -> str:
        found = address.query.get(name)
        return str(given or (found if isinstance(found, str) else ",".join(found or ())))

    host, port, database = asked("host", address.host), asked("port", address.port), address.database
    options = {"host": host, "port": port, "username": address.username, "dbname": database}
    return [
        "pg_dump",
        "--format=custom",
        f"--file={target}",
        *(f"--{name}={value}" for name, value in options.items() if value),
    ]


def _copy(address: URL, target: Path, force: bool, patience: float) -> int:
    source = Path(file_of(address))
    if any(_same(target, source.with_name(source.name + end)) for end in _BESIDE):
        raise InputError(f"{str(target)!r} is the database itself; name another file for the backup.")
    with whole_file(_WHAT, target, force=force) as unfinished:
        try:
            _fill(address, unfinished, target, patience)
            return unfinished.stat().st_size
        finally:
            for end in _BESIDE[1:]:
                unfinished.with_name(unfinished.name + end).unlink(missing_ok=True)


def _fill(address: URL, unfinished: Path, target: Path, patience: float) -> None:
    """Copy the database into an empty file, and look whether it is whole."""
    with closing(sqlite3.connect(unfinished)) as copy:
        try:
            with closing(sqlite3.connect(file_of(address), timeout=patience)) as original:
                original.execute("PRAGMA schema_version")  # says what is wrong with the original, not with the copy
                original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file, wherever it is read
            broken = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise unwritable(_WHAT, target, error) from error
            raise explain(address, error) from error
        except sqlite3.Error as error:
            raise explain(address, error) from error
    if broken != "ok":
        raise StoreError(f"The database {shown(address)} is damaged ({str(broken)[:200]}); no backup was made of it.")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
