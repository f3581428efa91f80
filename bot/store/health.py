"""Whether a database is whole, and what is in it; looks without changing anything."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, TableClause, func, inspect, select, table, text

from bot.errors import StoreError
from bot.store.engines import address_of, engine_for, file_of, in_memory
from bot.store.faults import explain, failures, shown
from bot.store.migrations import NEWEST, numbered, revision, unknown
from bot.store.tables import Base

_SLACK = "slack_"  # begins the names of the tables that Slack's SDK makes where the app may be installed by others
_TOLD = 3  # faults of one kind that are told


@dataclass(frozen=True)
class Health:
    """What was found in a database; whole when there are no faults."""

    database: str  # the address, without its password
    schema: str | None  # None where nothing was kept in it yet
    newest: str  # the schema that this program would bring it to
    rows: dict[str, int]  # by table
    bytes: int  # size on disk
    faults: tuple[str, ...]  # one sentence each

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"faults": list(self.faults)}


def existing(url: str) -> URL:
    """The address in [store] of a database that is there already; raises StoreError when it can be none."""
    address = address_of(url)
    if in_memory(address):
        raise StoreError("The database is kept in memory and ends with each program; name a file as url in [store].")
    if file_of(address) and not Path(file_of(address)).exists():
        raise StoreError(f"There is no database {shown(address)} yet; start the bot, or say deephypebot db upgrade.")
    return address


async def examine(url: str, *, patience: float = 5.0) -> Health:
    """Look through all of a database; raises StoreError when it cannot be opened or is too damaged to be read."""
    address = existing(url)
    try:
        engine = engine_for(address, patience, "reading")
    except ImportError as error:
        raise explain(address, error) from error
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_look, shown(address))
    except failures() as error:
        raise explain(address, error) from error
    finally:
        await engine.dispose()


def _look(connection: Connection, name: str) -> Health:
    faults = _damages(connection, name) if connection.dialect.name == "sqlite" else []
    schema = revision(connection) or numbered(connection)
    there = set(inspect(connection).get_table_names())
    tables: list[TableClause] = [each for each in Base.metadata.sorted_tables if each.name in there]
    tables += [table(name) for name in sorted(there) if name.startswith(_SLACK)]
    rows = {each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables}
    return Health(
        database=name.strip("'"),
        schema=schema,
        newest=NEWEST,
        rows=rows,
        bytes=_size(connection),
        faults=(*faults, *_wrongs(connection, schema, name)),
    )


def _damages(connection: Connection, name: str) -> list[str]:
    """What SQLite finds broken in its own file."""
    remedy = "restore a backup"
    broken = [str(row[0]) for row in connection.execute(text(f"PRAGMA integrity_check({_TOLD})")) if row[0] != "ok"]
    if broken:
        return [f"The database {name} is damaged ({'; '.join(broken)[:300]}); {remedy}."]
    loose = connection.execute(text("PRAGMA foreign_key_check")).all()
    if loose:
        pairs = sorted({f"{row[0]} on {row[2]}" for row in loose})[:_TOLD]
        return [f"The database {name} holds {len(loose)} rows that are about nothing ({', '.join(pairs)}); {remedy}."]
    return []


def _wrongs(connection: Connection, schema: str | None, name: str) -> list[str]:
    """What is wrong with the tables themselves."""
    if schema is None:
        return [f"The database {name} holds nothing of this program's yet; start the bot, or say deephypebot db upgrade."]
    # Loaded here since Alembic takes longer to load than all else.
    from bot.store.migrations.upgrade import differences, known  # noqa: PLC0415

    if schema not in known():
        return [str(unknown(schema))]
    wrong = differences(connection) if schema == NEWEST else []
    if not wrong:
        return []
    return [f"The database {name} was changed by hand (missing: {', '.join(wrong[:_TOLD])}); restore a backup."]


def _size(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    pages, size = (connection.scalar(text(f"PRAGMA {what}")) or 0 for what in ("page_count", "page_size"))
    return int(pages) * int(size)
