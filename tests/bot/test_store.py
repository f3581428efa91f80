"""The database: what is kept, every schema's way to the newest, and its failures as one sentence each."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Inspector, inspect

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.migrations import NEWEST, VERSIONS
from bot.store.replies import Replies
from bot.store.tables import Base, KeptReply, stamp

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def url_of(path: Path) -> str:
    """The address of a database file."""
    return f"sqlite+aiosqlite:///{path}"


def a_reply(name: str, *, channel: str = "terminal", text: str = "Bright drums.", minutes: int = 0) -> KeptReply:
    """A reply, said so many minutes after noon."""
    return KeptReply(
        id=name,
        at=stamp(NOON + timedelta(minutes=minutes)),
        channel=channel,
        text=text,
        song={"title": "Wuthering Heights", "artists": ["Kate Bush"]},
        seed=2**63 - 1,
        conditions={"genres": ["art pop"], "praise": 8.0},
        bundle={"name": "tiny", "version": "1", "device": "cpu"},
        scores={"fluency": 0.5},
    )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database in a file."""
    opened = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    yield opened
    await opened.close()


async def test_a_reply_comes_back_as_it_was_kept(database: Database) -> None:
    await Replies(database).keep(a_reply("one", text="“Naïve” — 漢字"))
    kept = await Replies(database).get("one")
    assert kept is not None
    assert (kept.text, kept.seed, kept.at) == ("“Naïve” — 漢字", 2**63 - 1, "2026-11-21T12:00:00.000+00:00")
    assert (kept.song, kept.conditions, kept.bundle, kept.scores) == (
        {"title": "Wuthering Heights", "artists": ["Kate Bush"]},
        {"genres": ["art pop"], "praise": 8.0},
        {"name": "tiny", "version": "1", "device": "cpu"},
        {"fluency": 0.5},
    )
    assert await Replies(database).get("two") is None


async def test_the_last_texts_of_one_channel_come_oldest_first(database: Database) -> None:
    replies = Replies(database)
    for minutes, text in ((3, "third"), (1, "first"), (2, "second")):
        await replies.keep(a_reply(text, text=text, minutes=minutes))
    await replies.keep(a_reply("elsewhere", channel="discord:1", minutes=4))
    assert await replies.texts("terminal", 2) == ["second", "third"]
    assert await replies.texts("slack:1", 2) == []


def test_moments_of_any_zone_sort_by_time_as_texts() -> None:
    early = NOON.astimezone(timezone(timedelta(hours=14)))
    late = (NOON + timedelta(milliseconds=1)).astimezone(timezone(timedelta(hours=-11)))
    assert stamp(early) < stamp(late)


def schema_of(inspector: Inspector) -> dict[str, Any]:
    """What a database consists of, comparable."""
    return {
        table: {
            "columns": {(c["name"], str(c["type"]), bool(c["nullable"])) for c in inspector.get_columns(table)},
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "points at": [
                (k["constrained_columns"], k["referred_table"], k["options"]) for k in inspector.get_foreign_keys(table)
            ],
            "indexes": {(i["name"], tuple(i["column_names"])) for i in inspector.get_indexes(table)},
            "checks": {(c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table)},
        }
        for table in inspector.get_table_names()
        if table != "schema_version"
    }


async def schema(database: Database) -> dict[str, Any]:
    """The schema that a database has."""

    def look(connection: Connection) -> dict[str, Any]:
        return schema_of(inspect(connection))

    async with database.session() as session:
        return await (await session.connection()).run_sync(look)


async def test_the_newest_schema_is_that_of_the_typed_tables(database: Database) -> None:
    typed = await Database.open("sqlite+aiosqlite:///:memory:")
    async with typed.session() as session:
        connection = await session.connection()
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
    assert await schema(typed) == await schema(database)
    await typed.close()


@pytest.mark.parametrize("version", range(NEWEST))
async def test_every_older_schema_becomes_the_newest(version: int, tmp_path: Path, database: Database) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as old:
        for statements in VERSIONS[:version]:
            for statement in statements:
                old.execute(statement)
        if version:
            old.execute("CREATE TABLE schema_version (version INTEGER NOT NULL)")
            old.execute("INSERT INTO schema_version VALUES (?)", (version,))
    old.close()
    migrated = await Database.open(url_of(path))
    assert await schema(migrated) == await schema(database)
    await migrated.close()


async def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE votes (something_else TEXT)")
    other.close()
    with pytest.raises(StoreError, match="table votes already exists"):
        await Database.open(url_of(path))
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("votes",)]
    other.close()


async def test_opening_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    await Replies(database).keep(a_reply("one"))
    before = await schema(database)
    again = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    assert await schema(again) == before
    assert await Replies(again).get("one") is not None
    await again.close()


async def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    opened = await asyncio.gather(*(Database.open(url_of(tmp_path / "new.sqlite3")) for _ in range(5)))
    for index, database in enumerate(opened):
        await Replies(database).keep(a_reply(str(index)))
        await database.close()


@pytest.mark.parametrize("version", [NEWEST + 1, -1, "new"])
async def test_a_schema_of_the_future_is_refused(version: object, tmp_path: Path) -> None:
    path = tmp_path / "future.sqlite3"
    with sqlite3.connect(path) as future:
        future.execute("CREATE TABLE schema_version (version)")
        future.execute("INSERT INTO schema_version VALUES (?)", (version,))
    future.close()
    with pytest.raises(StoreError, match="update deephypebot"):
        await Database.open(url_of(path))


def locked(path: Path) -> None:
    """Let another connection hold the file for as long as the test runs."""
    holder = sqlite3.connect(path)
    holder.execute("BEGIN EXCLUSIVE")
    _held.append(holder)


_held: list[sqlite3.Connection] = []


@pytest.fixture(autouse=True)
def let_go() -> Any:
    """Close what `locked` opened."""
    yield
    while _held:
        _held.pop().close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (locked, "another program holds it; close that one"),
        (lambda path: path.write_bytes(b"no database " * 100), "it is no database; move it away"),
        (lambda path: path.mkdir(), "it may not be opened here; name another file"),
        (lambda path: path.parent.joinpath("blocked").touch(), "cannot be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_told_in_one_sentence(
    spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "bot.sqlite3"
    spoil(path)
    path = tmp_path / "blocked" / "bot.sqlite3" if (tmp_path / "blocked").exists() else path
    with pytest.raises(StoreError) as caught:
        await Database.open(url_of(path), patience=0.01)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_damaged_page_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "bot.sqlite3"
    database = await Database.open(url_of(path))
    for index in range(5):
        await Replies(database).keep(a_reply(str(index), text="x" * 5000))
    await database.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StoreError, match="it is damaged; restore a copy"):
        await _look_everywhere(url_of(path))


async def _look_everywhere(url: str) -> None:
    database = await Database.open(url)
    try:
        await Replies(database).texts("terminal", 200)
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+asyncpg://me:hunter2@localhost/bot", r"extra \[postgres\]"),
        ("postgresql+asyncpg://me:hunter2@host:port/bot", "no database address"),
        ("no address", "no database address"),
        ("nosuch://x", "cannot be used"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        await Database.open(url)
    assert "hunter2" not in str(caught.value)


async def test_without_an_address_the_file_is_in_the_users_data_folder(tmp_path: Path) -> None:
    database = await Database.open()
    await database.close()
    assert (tmp_path / "data" / "deephypebot" / "deephypebot.sqlite3").is_file()


async def test_a_home_folder_in_the_address_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    database = await Database.open("sqlite+aiosqlite:///~/somewhere/bot.sqlite3")
    await database.close()
    assert (tmp_path / "somewhere" / "bot.sqlite3").is_file()
