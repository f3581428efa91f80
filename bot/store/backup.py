"""A copy of an SQLite database in one file, taken while the bot runs; for PostgreSQL the command that takes one."""

from __future__ import annotations

import asyncio
import errno
import os
import shlex
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from bot.errors import InputError, StoreError
from bot.settings import expand
from bot.store.engines import file_of
from bot.store.faults import explain, shown
from bot.store.health import existing

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
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not force and target.exists():
            raise _taken(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
        os.close(handle)
        unfinished = Path(name)
        try:
            _fill(address, unfinished, target, patience)
            size = unfinished.stat().st_size
            _give_name(unfinished, target, force)
        finally:
            for end in _BESIDE:
                Path(name + end).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(target, error) from error
    return size


def _fill(address: URL, unfinished: Path, target: Path, patience: float) -> None:
    """Copy the database into an empty file, look whether it is whole, and wait until it is on the disk."""
    with closing(sqlite3.connect(unfinished)) as copy:
        try:
            with closing(sqlite3.connect(file_of(address), timeout=patience)) as original:
                original.execute("PRAGMA schema_version")  # says what is wrong with the original, not with the copy
                original.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file, wherever it is read
            broken = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "full" in str(error) or "disk I/O" in str(error):
                raise _unwritable(target, error) from error
            raise explain(address, error) from error
        except sqlite3.Error as error:
            raise explain(address, error) from error
    if broken != "ok":
        raise StoreError(f"The database {shown(address)} is damaged ({str(broken)[:200]}); no backup was made of it.")
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())


def _give_name(unfinished: Path, target: Path, force: bool) -> None:
    """Let the finished file have its name, at once; without `force` not even over one that appeared meanwhile."""
    if force:
        unfinished.replace(target)
        return
    try:
        target.hardlink_to(unfinished)
    except FileExistsError:
        raise _taken(target) from None
    except OSError:  # a file system without links
        unfinished.rename(target)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _taken(target: Path) -> InputError:
    return InputError(f"{str(target)!r} is there already; name another file, or replace it with --force.")


def _unwritable(target: Path, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return InputError(
        f"The backup {str(target)[:200]!r} cannot be written ({reason}); name a file where there is room and right."
    )
