"""Every schema's way to the newest: nothing is lost, all or nothing happens, and the tables are those of the program."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection

from bot.errors import StoreError
from bot.store.answers import Answers
from bot.store.database import Database
from bot.store.migrations import NEWEST, OLD_TABLE, TABLE
from bot.store.migrations.upgrade import known
from bot.store.replies import Replies
from bot.store.tables import Base
from bot.store.votes import Tally, Votes
from tests.bot.store.kept import a_reply, execute, url_of
from tests.bot.store.old_schemas import OLD_SCHEMAS, old_database

HOUSE = Path(__file__).parents[3]


def other_default(
    context: MigrationContext, found: Column[Any], mine: Column[Any], default: str | None, _: object, rendered: str | None
) -> bool | None:
    """Whether a column's default is another one; JSON is compared here, since PostgreSQL knows no two that are equal."""
    return (default or "").removesuffix("::json") != (rendered or "") if isinstance(mine.type, JSON) else None


async def unlike(database: Database) -> list[Any]:
    """What Alembic would change to make a database like the tables of the program, other tables in it included."""

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"version_table": TABLE, "compare_server_default": other_default})
        return list(compare_metadata(context, Base.metadata))

    async with database.reading() as session:
        return await (await session.connection()).run_sync(compare)


@pytest.mark.parametrize("number", range(len(OLD_SCHEMAS) + 1))
async def test_every_older_schema_becomes_the_newest_with_all_that_is_in_it(number: int, database_url: str) -> None:
    await execute(database_url, *old_database(number))
    database = await Database.open(database_url)
    assert database.found == (f"{number:04}" if number else None)
    assert await unlike(database) == []
    if number >= 1:
        kept = await Replies(database).get("r1")
        assert kept is not None
        assert (kept.text, kept.seed, kept.song["artists"]) == ("Bright drums — 漢字.", 2**63 - 1, ["Portishead"])
        assert await Votes(database).tally("r1") == Tally(1, 1)
        assert [vote.person for vote, _ in await Votes(database).with_replies()] == ["terminal:ann", "terminal:bob"]
    if number >= 2:
        assert await Answers(database).get("spotify:track") == ("spotify:track", {"title": "Roads"}, 1800000000.5)
    await Replies(database).keep(a_reply("new"))
    await database.close()
    again = await Database.open(database_url)
    assert again.found == NEWEST == max(known())
    assert await Replies(again).get("new") is not None
    await again.close()


async def test_a_database_in_memory_has_the_same_tables() -> None:
    database = await Database.open("sqlite+aiosqlite:///:memory:")
    assert await unlike(database) == []
    await database.close()


async def test_a_migration_that_fails_leaves_nothing_half_done(database_url: str) -> None:
    await execute(database_url, "CREATE TABLE answers (something_else TEXT)", "INSERT INTO answers VALUES ('mine')")
    with pytest.raises(StoreError, match="already exists"):
        await Database.open(database_url)
    assert await execute(database_url, "SELECT something_else FROM answers") == [("mine",)]
    await execute(
        database_url, "CREATE TABLE replies (x TEXT)", "CREATE TABLE votes (x TEXT)", f"CREATE TABLE {TABLE} (x TEXT)"
    )


@pytest.mark.parametrize("number", range(1, len(OLD_SCHEMAS) + 1))
async def test_a_takeover_that_fails_leaves_the_old_number(number: int, database_url: str) -> None:
    await execute(database_url, *old_database(number), "CREATE INDEX ix_replies_at ON replies (seed)")
    with pytest.raises(StoreError, match="already exists"):
        await Database.open(database_url)
    assert await execute(database_url, f"SELECT version FROM {OLD_TABLE}") == [(number,)]
    assert len(await execute(database_url, "SELECT * FROM votes")) == 2


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [(TABLE, "version_num", "9999"), (TABLE, "version_num", "000"), (OLD_TABLE, "version", 3), (OLD_TABLE, "version", -1)],
)
async def test_a_schema_of_the_future_is_refused(table: str, column: str, value: object, database_url: str) -> None:
    kind = "TEXT" if isinstance(value, str) else "INTEGER"
    await execute(database_url, f"CREATE TABLE {table} ({column} {kind})")
    await execute(database_url, f"INSERT INTO {table} VALUES (:value)", value=value)
    with pytest.raises(StoreError) as caught:
        await Database.open(database_url)
    assert str(caught.value) == (
        f"The database has schema '{value}' and this program knows none after {NEWEST}; "
        "update deephypebot, or name another database as url in [store]."
    )
    assert await execute(database_url, f"SELECT * FROM {table}") == [(value,)]


async def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    url = url_of(tmp_path / "bot.sqlite3")
    await execute(url, f"CREATE TABLE {OLD_TABLE} (version)", f"INSERT INTO {OLD_TABLE} VALUES ('new')")
    with pytest.raises(StoreError, match="'new' and this program knows none"):
        await Database.open(url)


async def test_what_others_keep_in_the_same_database_is_left_alone(database_url: str) -> None:
    await execute(
        database_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        "INSERT INTO alembic_version VALUES ('theirs')",
        "CREATE TABLE users (id INTEGER)",
    )
    database = await Database.open(database_url)
    await database.close()
    assert await execute(database_url, "SELECT * FROM alembic_version") == [("theirs",)]
    assert await execute(database_url, "SELECT * FROM users") == []


async def test_different_databases_may_be_migrated_at_once(tmp_path: Path, postgres_url: str) -> None:
    urls = [postgres_url, *(url_of(tmp_path / f"{index}.sqlite3") for index in range(4))]
    for index, url in enumerate(urls):
        await execute(url, *old_database(index % 3))
    for database in await asyncio.gather(*map(Database.open, urls)):
        assert await unlike(database) == []
        await database.close()


async def test_migrating_sets_up_no_logging(database_url: str) -> None:
    mine = logging.getLogger("somebody.elses")
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").level, mine.disabled)
    await (await Database.open(database_url)).close()
    assert (root.level, list(root.handlers), logging.getLogger("alembic").level, mine.disabled) == before
    assert all(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("alembic").handlers)


async def test_an_up_to_date_database_is_opened_without_alembic(database_url: str) -> None:
    await (await Database.open(database_url)).close()
    probe = f"""
import asyncio, sys
from bot.store.database import Database
async def open_and_close():
    await (await Database.open({database_url!r})).close()
asyncio.run(open_and_close())
assert "alembic" not in sys.modules
"""
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-W", "error", "-c", probe], cwd=HOUSE, check=False)
    assert done.returncode == 0
