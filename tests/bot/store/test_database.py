"""Opening a database, reading beside a writer, connections that are lost, and every failure as one sentence."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.tables import KeptReply
from tests.bot.store.kept import a_reply, url_of
from tests.postgres import Server, name_in


async def test_opening_again_changes_nothing(database_url: str) -> None:
    database = await Database.open(database_url)
    await Replies(database).keep(a_reply("one"))
    again = await Database.open(database_url)
    assert await Replies(again).get("one") is not None
    await again.close()
    await database.close()


async def test_many_may_open_a_new_database_at_once(database_url: str) -> None:
    opened = await asyncio.gather(*(Database.open(database_url) for _ in range(5)))
    for index, database in enumerate(opened):
        await Replies(database).keep(a_reply(str(index)))
        await database.close()


async def test_without_an_address_the_file_is_in_the_users_data_folder(tmp_path: Path) -> None:
    database = await Database.open()
    await database.close()
    assert (tmp_path / "data" / "deephypebot" / "deephypebot.sqlite3").is_file()


async def test_a_home_folder_in_the_address_is_filled_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    database = await Database.open("sqlite+aiosqlite:///~/100 %s here/bot.sqlite3")
    await database.close()
    assert (tmp_path / "100 %s here" / "bot.sqlite3").is_file()


# --- reading and writing ---------------------------------------------------------------------------------------


async def test_a_reader_waits_for_no_writer_and_sees_one_moment(database_url: str) -> None:
    database = await Database.open(database_url, patience=0.05)
    other = await Database.open(database_url, patience=0.05)
    everything = select(KeptReply.id)
    async with database.session() as writer:
        writer.add(a_reply("one"))
        await writer.flush()
        for one in (database, other):
            assert await Replies(one).get("one") is None
    async with other.reading() as reader:
        assert list(await reader.scalars(everything)) == ["one"]
        await Replies(database).keep(a_reply("two"))
        assert list(await reader.scalars(everything)) == ["one"]
    assert await Replies(other).get("two") is not None
    await other.close()
    await database.close()


async def test_a_reader_writes_nothing(database_url: str) -> None:
    database = await Database.open(database_url)
    with pytest.raises(StoreError, match=r"may (not be written|only be read)"):
        async with database.reading() as reader:
            reader.add(a_reply("one"))
    assert await Replies(database).get("one") is None
    await Replies(database).keep(a_reply("two"))
    await database.close()


async def test_a_storm_of_writers_loses_nothing(database_url: str) -> None:
    database = await Database.open(database_url)
    await asyncio.gather(*(Replies(database).keep(a_reply(str(index))) for index in range(100)))
    assert len(await Replies(database).texts("terminal", 1000)) == 100
    await database.close()


async def test_what_fails_in_the_middle_leaves_nothing(database_url: str) -> None:
    database = await Database.open(database_url)

    async def fail() -> None:
        async with database.session() as writer:
            writer.add(a_reply("one"))
            await writer.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await Replies(database).get("one") is None
    await database.close()


async def test_what_is_cancelled_at_any_moment_leaves_nothing_held(database_url: str) -> None:
    database = await Database.open(database_url, patience=1.0)
    for steps in range(40):
        writes = [asyncio.create_task(Replies(database).keep(a_reply(f"{steps}-{index}"))) for index in range(2)]
        reading = asyncio.create_task(Replies(database).texts("terminal", 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        for task in (writes[0], reading):
            task.cancel()
        done = await asyncio.gather(*writes, reading, return_exceptions=True)
        assert done[1] is None
        assert await Replies(database).get(f"{steps}-1") is not None
    await database.close()


# --- a server that goes away -----------------------------------------------------------------------------------


async def test_a_connection_lost_in_the_middle_is_told_once(postgres_server: Server, postgres_url: str) -> None:
    database = await Database.open(postgres_url)

    async def write_meanwhile() -> None:
        async with database.session() as writer:
            writer.add(a_reply("one"))
            await writer.flush()
            await asyncio.to_thread(postgres_server.cut, postgres_url)
            await writer.execute(text("SELECT 1"))

    with pytest.raises(StoreError, match="the connection was lost; try again"):
        await write_meanwhile()
    await Replies(database).keep(a_reply("two"))
    assert [await Replies(database).get(name) is None for name in ("one", "two")] == [True, False]
    await database.close()


async def test_a_connection_lost_while_idle_is_found_again_unnoticed(postgres_server: Server, postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    await Replies(database).keep(a_reply("one"))
    await asyncio.to_thread(postgres_server.cut, postgres_url)
    assert await Replies(database).get("one") is not None
    await database.close()


async def test_a_server_that_lets_nobody_in_for_a_while_is_told_each_time(postgres_server: Server, postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    let_in = f"ALTER DATABASE {name_in(postgres_url)} ALLOW_CONNECTIONS"
    await asyncio.to_thread(postgres_server.say, f"{let_in} false")
    await asyncio.to_thread(postgres_server.cut, postgres_url)
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be used"):
            await Replies(database).get("one")
    await asyncio.to_thread(postgres_server.say, f"{let_in} true")
    await Replies(database).keep(a_reply("one"))
    await database.close()


async def test_what_another_holds_in_postgresql_is_waited_for_and_then_told(postgres_url: str) -> None:
    first = await Database.open(postgres_url)
    second = await Database.open(postgres_url, patience=0.05)
    await Replies(first).keep(a_reply("one"))
    held = select(KeptReply.id).with_for_update()
    async with first.session() as holder:
        await holder.execute(held)
        with pytest.raises(StoreError, match="another program holds it"):
            async with second.session() as waiting:
                await waiting.execute(held)
    await second.close()
    await first.close()


# --- failures as sentences -------------------------------------------------------------------------------------


@pytest.fixture
def locked() -> Iterator[Callable[[Path], None]]:
    """Lets another connection hold a file for as long as the test runs."""
    held: list[sqlite3.Connection] = []

    def lock(path: Path) -> None:
        holder = sqlite3.connect(path)
        holder.execute("BEGIN EXCLUSIVE")
        held.append(holder)

    yield lock
    for holder in held:
        holder.close()


async def test_a_new_file_that_another_holds_is_told(locked: Callable[[Path], None], tmp_path: Path) -> None:
    locked(tmp_path / "bot.sqlite3")
    with pytest.raises(StoreError, match="another program holds it; close that one"):
        await Database.open(url_of(tmp_path / "bot.sqlite3"), patience=0.01)


async def test_a_file_that_another_writes_can_be_opened_and_read(locked: Callable[[Path], None], tmp_path: Path) -> None:
    url = url_of(tmp_path / "bot.sqlite3")
    await (await Database.open(url)).close()
    keeper = await Database.open(url, patience=0.01)
    locked(tmp_path / "bot.sqlite3")
    database = await Database.open(url, patience=0.01)
    assert await Replies(database).texts("terminal", 1) == []
    for one in (database, keeper):
        with pytest.raises(StoreError, match="another program holds it; close that one"):
            await Replies(one).keep(a_reply("one"))
        await one.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no database " * 100), "it is no database; move it away"),
        (lambda path: path.mkdir(), "it may not be opened here; name another file"),
        (lambda path: path.parent.joinpath("blocked").touch(), "cannot be used"),
    ],
)
async def test_a_file_that_cannot_be_used_is_told_in_one_sentence(
    spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "bot.sqlite3"
    spoil(path)
    path = tmp_path / "blocked" / "bot.sqlite3" if (tmp_path / "blocked").exists() else path
    with pytest.raises(StoreError) as caught:
        await Database.open(url_of(path), patience=0.01)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_full_disk_is_told_and_what_was_there_stays(tmp_path: Path) -> None:
    database = await Database.open(url_of(tmp_path / "bot.sqlite3"))
    await Replies(database).keep(a_reply("one"))
    async with database.session() as session:
        await session.execute(text("PRAGMA max_page_count = 1"))  # SQLite makes it the number of pages that there are
    with pytest.raises(StoreError, match="the disk is full; make room"):
        await Replies(database).keep(a_reply("two", text="x" * 100_000))
    assert await Replies(database).texts("terminal", 5) == ["Bright drums."]
    await database.close()


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
        ("postgresql+asyncpg://me:hunter2@127.0.0.1:1/bot", "no server answers there; start it"),
        ("postgresql+asyncpg://me:hunter2@/bot?host=/nowhere", "no server answers there; start it"),
        ("postgresql+asyncpg://me@/bot?host=/nowhere&password=hunter2", "no server answers there; start it"),
        ("postgresql+asyncpg://me:hunter2@host:port/bot", "no database address"),
        ("no address", "no database address"),
        ("nosuch://x", "cannot be used"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        await Database.open(url)
    assert "hunter2" not in str(caught.value)


async def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(StoreError, match=r"extra \[postgres\]") as caught:
        await Database.open("postgresql+asyncpg://me:hunter2@localhost/bot")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("/test", "/nosuch"), "there is no database of this name; make it with createdb"),
        (("bot@", "nobody:hunter2@"), "it does not let this user in; correct the user and the password"),
    ],
)
async def test_a_server_that_refuses_is_told(change: tuple[str, str], said: str, postgres_url: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        await Database.open(postgres_url.replace(*change))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("right", ["CREATE", "ALL"])
async def test_a_user_without_rights_is_told(right: str, postgres_server: Server, postgres_url: str) -> None:
    def say(sql: str) -> None:
        postgres_server.say(sql, name_in(postgres_url))

    await asyncio.to_thread(
        say, f"DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN; REVOKE {right} ON SCHEMA public FROM PUBLIC"
    )
    with pytest.raises(StoreError, match="this user lacks the right"):
        await Database.open(postgres_url.replace("bot@", "guest@"))


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    held: list[Any] = []
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreError, match="it did not answer in time"):
            await Database.open(f"postgresql+asyncpg://me@127.0.0.1:{port}/bot?ssl=disable", patience=0.05)
        for writer in held:
            writer.close()
