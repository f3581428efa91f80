"""`deephypebot db`: upgrade, backup while somebody writes, and check, on every kind of database."""

from __future__ import annotations

import asyncio
import json
import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.store.database import Database
from bot.store.migrations import NEWEST
from bot.store.replies import Replies
from tests.bot.store.kept import a_reply, execute, url_of
from tests.bot.store.old_schemas import old_database
from tests.postgres import Server


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in a folder with no settings."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, which the settings name."""
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", database_url)
    return database_url


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An SQLite database with a reply in it, which the settings name."""
    path = tmp_path / "bot.sqlite3"
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", url_of(path))
    asyncio.run(keep(url_of(path), "one"))
    return path


async def keep(url: str, *names: str) -> None:
    """Keep replies in a database, which is made if need be."""
    database = await Database.open(url)
    for name in names:
        await Replies(database).keep(a_reply(name))
    await database.close()


def run(*arguments: str) -> Result:
    """What `deephypebot db` answers."""
    return CliRunner().invoke(main, ("db", *arguments), prog_name="deephypebot")


def refusal(status: int, *arguments: str) -> str:
    """The one sentence with which it ends."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1)
    assert "Traceback" not in result.stderr
    return result.stderr.strip()


def replies_in(path: Path) -> set[str]:
    """The replies in a database file, which no other file belongs to."""
    assert not list(path.parent.glob(f"{path.name}-*"))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        return {row[0] for row in connection.execute("SELECT id FROM replies")}


# --- upgrade ---------------------------------------------------------------------------------------------------


def test_upgrade_says_from_where_to_where(url: str) -> None:
    asyncio.run(execute(url, *old_database(1)))
    assert f"went from schema 0001 to {NEWEST}." in run("upgrade").stdout
    assert f"has schema {NEWEST}, the newest; there was nothing to do." in run("upgrade").stdout


def test_upgrade_makes_a_database_where_there_is_none(url: str) -> None:
    assert f"was made, with schema {NEWEST}." in run("upgrade").stdout
    assert run("check").exit_code == 0


def test_upgrade_refuses_what_is_newer(url: str) -> None:
    asyncio.run(execute(url, "CREATE TABLE schema_version (version INTEGER)", "INSERT INTO schema_version VALUES (77)"))
    assert "this program knows none after" in refusal(1, "upgrade")
    assert "this program knows none after" in refusal(1, "check")


# --- check -----------------------------------------------------------------------------------------------------


def test_check_tells_what_is_there(url: str) -> None:
    asyncio.run(execute(url, *old_database(2)))
    assert "0002 (the newest is" in run("check").stdout
    run("upgrade")
    told = run("check", "--json")
    found = json.loads(told.stdout)
    filled = {name: count for name, count in found["rows"].items() if count}
    assert (told.exit_code, filled, found["faults"]) == (0, {"answers": 1, "replies": 1, "votes": 2}, [])
    assert (found["schema"], found["newest"], found["bytes"] > 4096) == (NEWEST, NEWEST, True)
    lines = [line.split() for line in run("check").stdout.splitlines()]
    assert ["schema", NEWEST] in lines
    assert ["votes", "2", "rows"] in lines
    assert ["replies", "1", "row"] in lines


def test_check_counts_the_tables_of_an_app_for_slack_too(url: str) -> None:
    run("upgrade")
    asyncio.run(execute(url, "CREATE TABLE slack_bots (id TEXT)", "INSERT INTO slack_bots VALUES ('B1')"))
    asyncio.run(execute(url, "CREATE TABLE others (x TEXT)"))
    found = json.loads(run("check", "--json").stdout)
    assert (found["rows"]["slack_bots"], "others" in found["rows"], found["faults"]) == (1, False, [])


def test_check_changes_nothing(url: str) -> None:
    asyncio.run(execute(url, *old_database(1)))
    run("check")
    assert asyncio.run(execute(url, "SELECT version FROM schema_version")) == [(1,)]


def test_check_of_an_empty_database_says_so(url: str) -> None:
    asyncio.run(execute(url, "CREATE TABLE theirs (x TEXT)"))
    assert "holds nothing of this program's yet" in refusal(1, "check")


def test_check_without_a_database_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", url_of(tmp_path / "none.sqlite3"))
    assert "There is no database" in refusal(1, "check")
    assert "There is no database" in refusal(1, "backup", "copy.sqlite3")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", "sqlite+aiosqlite:///:memory:")
    assert "is kept in memory" in refusal(1, "check")


def test_check_finds_what_was_changed_by_hand(url: str) -> None:
    asyncio.run(keep(url))
    asyncio.run(execute(url, "DROP INDEX ix_votes_reply", "ALTER TABLE replies DROP COLUMN scores"))
    asyncio.run(execute(url, "CREATE TABLE theirs (x TEXT)"))
    said = refusal(1, "check")
    assert "was changed by hand (" in said
    assert "add column replies scores" in said
    assert "ix_votes_reply" in said
    assert "theirs" not in said
    assert len(json.loads(run("check", "--json").stdout)["faults"]) == 1


def test_check_finds_votes_on_nothing(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO votes (person, reply, vote, at) VALUES ('ann', 'gone', 1, '')")
    assert "holds 1 rows that are about nothing (votes on replies)" in refusal(1, "check")


@pytest.mark.parametrize("start", [4096, 100])
def test_check_finds_damage(start: int, file: Path) -> None:
    asyncio.run(keep(url_of(file), *map(str, range(200))))
    content = bytearray(file.read_bytes())
    content[start : start + 64] = b"\xff" * 64
    content[-4096 * 3 :] = b"\xff" * 4096 * 3
    file.write_bytes(content)
    assert "damaged" in refusal(1, "check")
    assert "damaged" in refusal(1, "backup", "copy.sqlite3")
    assert not list(file.parent.glob("*copy*"))


def test_no_password_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", "postgresql+asyncpg://me:hunter2@127.0.0.1:1/bot?password=hunter3")
    for arguments in (("check",), ("upgrade",), ("backup", "x")):
        assert "hunter" not in refusal(1, *arguments)


# --- backup ----------------------------------------------------------------------------------------------------


def test_a_backup_holds_what_was_committed_while_somebody_writes(file: Path) -> None:
    async def back_up_meanwhile() -> None:
        database = await Database.open(url_of(file))
        await Replies(database).keep(a_reply("two"))  # stands in the log beside the file, not yet in the file
        async with database.session() as writer:
            writer.add(a_reply("three"))
            await writer.flush()
            result = await asyncio.to_thread(run, "backup", "copy.sqlite3")
            assert (result.exit_code, result.stderr) == (0, "")
        assert await Replies(database).get("three") is not None
        await database.close()

    asyncio.run(back_up_meanwhile())
    copy = file.with_name("copy.sqlite3")
    assert replies_in(copy) == {"one", "two"}
    assert copy.stat().st_mode & 0o077 == 0  # it says who voted for what
    assert sorted(path.name for path in file.parent.iterdir()) == ["bot.sqlite3", "copy.sqlite3"]


def test_a_backup_is_a_database_to_go_back_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("backup", "copy.sqlite3")
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", url_of(file.with_name("copy.sqlite3")))
    found = json.loads(run("check", "--json").stdout)
    assert (found["schema"], found["rows"]["replies"], found["faults"]) == (NEWEST, 1, [])


def test_a_backup_replaces_nothing_unless_told(file: Path) -> None:
    copy = file.with_name("copy.sqlite3")
    copy.write_text("mine")
    assert "is there already; name another file, or replace it with --force." in refusal(2, "backup", "copy.sqlite3")
    assert copy.read_text() == "mine"
    assert run("backup", "copy.sqlite3", "--force").exit_code == 0
    assert replies_in(copy) == {"one"}


@pytest.mark.parametrize("name", ["bot.sqlite3", "./bot.sqlite3", "link.sqlite3"])
def test_a_backup_never_replaces_the_database_itself(name: str, file: Path) -> None:
    file.with_name("link.sqlite3").symlink_to(file)
    before = file.read_bytes()
    assert "is the database itself; name another file" in refusal(2, "backup", name, "--force")
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["nowhere/copy.sqlite3", "bot.sqlite3/copy", "x" * 300, "folder"])
def test_a_backup_that_cannot_be_written_is_told_and_leaves_nothing(name: str, file: Path) -> None:
    file.with_name("folder").mkdir()
    for options in ((), ("--force",)):
        assert name[:20] in refusal(2, "backup", name, *options)
    assert sorted(path.name for path in file.parent.iterdir()) == ["bot.sqlite3", "folder"]


def test_for_postgresql_the_command_is_told_and_works(
    postgres_server: Server, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(keep(postgres_url, "one"))
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", postgres_url.replace("bot@", "bot:hunter2@"))
    said = refusal(1, "backup", "my copy.dump")
    assert "hunter2" not in said
    program, *arguments = shlex.split(said.partition("say: ")[2])
    assert program == "pg_dump"
    subprocess.run([postgres_server.bin / program, *arguments], check=True)  # noqa: S603 - our own command
    command = [str(postgres_server.bin / "pg_restore"), "--list", str(tmp_path / "my copy.dump")]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    assert "TABLE DATA public replies" in listed.stdout
