"""Processes that are killed while they write, and many that open a new database at once: nothing committed is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.votes import Tally, Votes
from tests.bot.store.kept import a_reply, execute, url_of
from tests.bot.store.old_schemas import old_database
from tests.postgres import Server

HOUSE = Path(__file__).parents[3]
# Each writes replies and votes on them for ever, and says the name of each that was committed.
WRITER = """
import asyncio, sys
from bot.store.database import Database
from bot.store.replies import Replies
from bot.store.votes import Votes
from tests.bot.store.kept import a_reply

async def main(url, writer):
    database = await Database.open(url)
    for number in range(100_000):
        name = f"{writer}-{number}"
        await Replies(database).keep(a_reply(name, text="x" * 5000))
        await Votes(database).change("ann", name, lambda vote: 1, "2026")
        print(name, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""
# Eight processes that open one database after another at the same moments, and keep a reply in each.
OPENERS = """
import asyncio, os, sys, traceback
import bot.store.migrations.upgrade
from bot.store.database import Database
from bot.store.replies import Replies
from tests.bot.store.kept import a_reply

async def main(urls, name):
    for url in urls:
        database = await Database.open(url)
        await Replies(database).keep(a_reply(name))
        await database.close()

wait, go = os.pipe()
children = []
for number in range(8):
    child = os.fork()
    if not child:
        try:
            os.close(go)
            os.read(wait, 1)  # until the other end is closed
            asyncio.run(main(sys.argv[1:], str(number)))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    children.append(child)
os.close(go)
sys.exit(any([os.waitpid(child, 0)[1] for child in children]))
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    """A process of its own, with pipes."""
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=HOUSE, stdout=pipe, stderr=pipe, text=True)  # noqa: S603 - our own code


def test_what_was_committed_survives_a_kill(database_url: str) -> None:
    counts = (5, 40)  # how many each has committed when it is killed, in the middle of whatever comes then
    writers = [start(WRITER, database_url, str(count)) for count in counts]
    committed: list[str] = []
    for writer, count in zip(writers, counts, strict=True):
        assert writer.stdout is not None
        committed += [writer.stdout.readline().strip() for _ in range(count)]
        writer.kill()
        said, complaints = writer.communicate(timeout=20)
        assert complaints == ""
        committed += said.split("\n")[:-1]  # a last line without an end was not said to the end

    async def look() -> None:
        database = await Database.open(database_url)
        for name in committed:
            assert await Replies(database).get(name) is not None
            assert await Votes(database).tally(name) == Tally(1, 0)
        await Replies(database).keep(a_reply("after"))
        await database.close()

    assert len(committed) >= sum(counts)
    asyncio.run(look())


def test_eight_processes_may_make_or_take_over_a_database_at_once(postgres_server: Server, tmp_path: Path) -> None:
    new, old = ([url_of(tmp_path / f"{age}.sqlite3"), postgres_server.make()] for age in ("new", "old"))
    for url in old:
        asyncio.run(execute(url, *old_database(1)))
    openers = start(OPENERS, *new, *old)
    assert (openers.communicate(timeout=60), openers.returncode) == (("", ""), 0)
    for url in (*new, *old):
        kept = asyncio.run(execute(url, "SELECT id FROM replies"))
        assert {row[0] for row in kept} - {"r1"} == set("01234567")
    for url in old:
        assert asyncio.run(execute(url, "SELECT count(*) FROM votes")) == [(2,)]
    for url in (new[1], old[1]):
        postgres_server.give_back(url)
