"""The page of health, over real HTTP: what it says, to whom, and that nothing there can harm the bot."""

import asyncio
import errno
import json
import socket
import sqlite3
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from bot.config import load
from bot.errors import ConfigError, StoreError
from bot.health.numbers import Numbers
from bot.health.probe import write
from bot.health.reading import Sources
from bot.health.server import HealthServer
from bot.logs import Secrets
from bot.settings import HealthSettings
from bot.store.database import Database
from tests.bot.health.watching import BUNDLE, OPEN, Clock, full, shown, values


async def test_health_follows_platforms_database_and_model() -> None:
    clock = Clock()
    numbers = Numbers(clock=clock.now, seconds=clock.monotonic)
    full_disk: list[StoreError] = []

    async def writes() -> None:
        if full_disk:
            raise full_disk[0]

    numbers.watch(Sources(writes=writes))
    async with shown(numbers) as visitor:
        nothing = {"platforms": {}, "model": None, "degraded": [], "since": "2026-11-21T12:00:00Z"}
        assert await visitor.health() == (503, {"status": "down", "database": "ok", **nothing})
        numbers.speaks(BUNDLE)
        clock.seconds = 10
        numbers.platform("discord", "up", latency=0.05)
        assert await visitor.health() == (
            200,
            {
                "status": "ok",
                "since": "2026-11-21T12:00:10Z",
                "platforms": {"discord": {"state": "up", "since": "2026-11-21T12:00:10Z", "detail": ""}},
                "database": "ok",
                "model": BUNDLE,
                "degraded": [],
            },
        )
        clock.seconds = 20
        numbers.platform("slack", "connecting", "Slack asks for patience.")
        numbers.platform("discord", "up")
        status, health = await visitor.health()
        assert (status, health["status"], health["since"]) == (200, "degraded", "2026-11-21T12:00:20Z")
        assert health["platforms"]["slack"]["detail"] == "Slack asks for patience."
        assert health["platforms"]["discord"]["since"] == "2026-11-21T12:00:10Z"
        numbers.platform("slack", "up")
        numbers.degraded("offline", "No service can be asked.")
        status, health = await visitor.health()
        assert (status, health["degraded"]) == (200, [{"mode": "offline", "detail": "No service can be asked."}])
        numbers.mended("offline")
        assert (await visitor.health())[1]["status"] == "ok"
        full_disk.append(StoreError("The disk is full."))
        assert (await visitor.health())[1]["status"] == "ok"  # as it was a moment ago
        clock.seconds = 30
        status, health = await visitor.health()
        assert (status, health["status"], health["database"]) == (503, "down", "failing")
        full_disk.clear()
        clock.seconds = 40
        assert (await visitor.health())[1]["status"] == "ok"
        numbers.platform("slack", "down")
        assert (await visitor.health())[0] == 200
        numbers.platform("discord", "down")
        assert (await visitor.health())[0] == 503
    found = values(numbers)
    assert (found["platform_drops_total{platform=discord}"], found["degraded{mode=offline}"]) == (1, 0)


async def test_a_real_database_that_somebody_holds_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock, file = Clock(), tmp_path / "bot.sqlite3"
    database = await Database.open(f"sqlite+aiosqlite:///{file}", patience=0.05)
    numbers = Numbers(seconds=clock.monotonic)
    numbers.watch(Sources(writes=lambda: write(database)))
    async with shown(numbers) as visitor:
        assert (await visitor.health())[1]["database"] == "ok"
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            clock.seconds += 10
            assert (await visitor.health())[1]["database"] == "failing"
        assert "deephypebot_database_up 0.0" in (await visitor.ask("/metrics")).text
        holder.execute("ROLLBACK")
        holder.close()
        clock.seconds += 10
        assert (await visitor.health())[1]["database"] == "ok"
        assert "deephypebot_database_up 1.0" in (await visitor.ask("/metrics")).text
    await database.close()
    told = [record.getMessage() for record in caplog.records if record.levelname in {"ERROR", "WARNING"}]
    assert len(told) == 2
    assert told[0].startswith("Nothing can be written down: The database ")
    assert told[1] == "The database can be written again."


async def test_metrics_come_in_both_forms_and_as_they_were_asked_for() -> None:
    numbers = Numbers()
    full(numbers)
    async with shown(numbers) as visitor:
        plain = await visitor.ask("/metrics")
        assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert len(list(plain_families(plain.text))) > 15
        new = await visitor.ask("/metrics", Accept=f"{OPEN};q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1")
        assert new.headers["Content-Type"].startswith("application/openmetrics-text; version=1.")
        assert new.text.endswith("# EOF\n")
        assert len(list(open_families(new.text))) > 15
        for odd in ("text/plain; version=x", "application/openmetrics-text; version=,;=", "*", ";" * 500):
            assert (await visitor.ask("/metrics", Accept=odd)).status == 200


async def test_only_what_is_offered_is_answered() -> None:
    async with shown(Numbers()) as visitor:
        live = await visitor.ask("/livez")
        assert (live.status, json.loads(live.text)) == (200, {"status": "ok"})
        assert (live.headers["Cache-Control"], live.headers["Server"]) == ("no-store", "deephypebot")
        assert (await visitor.ask("/livez", "HEAD")).text == ""
        assert (await visitor.ask("/")).status == 404
        assert (await visitor.ask("/metrics/../config.toml")).status == 404
        refused = await visitor.ask("/metrics", "POST")
        assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_page_elsewhere_cannot_make_a_browser_ask_here() -> None:
    async with shown(Numbers()) as visitor:
        for host in ("evil.example", "evil.example:9754", "127.0.0.1.evil.example", "[::1", "", "10.0.0.1"):
            assert (await visitor.ask("/metrics", Host=host)).status in {400, 421}
        for host in ("localhost:1234", "LOCALHOST", "127.0.0.1", "[::1]:9754", "127.1.2.3"):
            assert (await visitor.ask("/livez", Host=host)).status == 200
    async with shown(Numbers(), HealthSettings(public=True, host="127.0.0.1", port=0)) as visitor:
        assert (await visitor.ask("/livez", Host="bot.example")).status == 200


async def test_garbage_ends_in_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    server = HealthServer(Numbers(), HealthSettings(port=0))
    await server.open()
    host, _, port = server.address.removeprefix("http://").partition(":")
    for garbage in (
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"GET " + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(garbage)
        await writer.drain()
        assert (await reader.readline()).startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
        writer.close()
        await writer.wait_closed()
    await server.close()
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}]


async def test_no_secret_is_shown() -> None:
    numbers = Numbers()
    numbers.platform("slack", "down", "xoxb-123456789012-abcdefghijkl was refused; hunter2 too")
    numbers.degraded("no_key", "The address https://me:pass@host/x says no.")
    async with shown(numbers, hide=Secrets(["hunter2"]).hide) as visitor:
        text = (await visitor.ask("/healthz")).text + (await visitor.ask("/metrics")).text
    assert "*** was refused; *** too" in text
    assert not [secret for secret in ("xoxb", "hunter2", "pass@") if secret in text]


async def test_a_port_that_is_taken_is_one_sentence_and_no_end(caplog: pytest.LogCaptureFixture) -> None:
    first = HealthServer(Numbers(), HealthSettings(port=0))
    assert await first.open() == ""
    port = int(first.address.rpartition(":")[2])
    second = HealthServer(Numbers(), HealthSettings(port=port))
    fault = await second.open()
    assert fault == (
        f"Health cannot be shown on 127.0.0.1 port {port}, since another program listens there: "
        "close that or set another port in [health] (0 picks one); the bot runs without."
    )
    assert fault in caplog.messages
    assert second.address == ""
    await second.close()
    await first.close()
    assert await second.open() == ""  # what is closed lets go of the port
    await second.close()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EACCES, "Permission denied"), "that port is reserved: set one above 1023 in [health]"),
        (socket.gaierror(-2, "Name or service not known"), "this computer has no such address: correct host in [health]"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files: correct host and port in [health]"),
    ],
)
async def test_whatever_keeps_it_from_listening_is_one_sentence(
    error: OSError, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    server = HealthServer(Numbers(), HealthSettings(port=80))
    assert await server.open() == f"Health cannot be shown on 127.0.0.1 port 80, since {why}; the bot runs without."
    await server.close()


async def test_an_address_of_another_computer_is_one_sentence_too() -> None:
    server = HealthServer(Numbers(), HealthSettings(public=True, host="203.0.113.7", port=0))
    assert "since this computer has no such address: correct host in [health]" in await server.open()
    await server.close()


async def test_what_is_switched_off_listens_nowhere() -> None:
    server = HealthServer(Numbers(), HealthSettings(enabled=False))
    assert (await server.open(), server.address) == ("", "")
    await server.close()


async def test_it_ends_at_once_while_somebody_is_being_answered() -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def writes() -> None:
        asked.set()
        await never.wait()

    numbers = Numbers()
    numbers.watch(Sources(writes=writes))
    async with shown(numbers) as visitor:
        waiting = asyncio.ensure_future(visitor.health())
        await asked.wait()
        await numbers.close()
        status, health = await waiting
        assert (status, health["database"]) == (503, "unknown")
        assert (await visitor.health())[1]["database"] == "unknown"  # and nothing is asked again


async def test_a_fault_of_ours_is_told_in_one_line(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = Numbers()
    async with shown(numbers) as visitor:
        monkeypatch.setattr(numbers, "text", None)
        page = await visitor.ask("/metrics")
        assert (page.status, page.text) == (500, "A fault; the log tells more.\n")
        assert (await visitor.ask("/livez")).status == 200
    assert caplog.messages[-1] == "/metrics cannot be shown (TypeError)."


# --- the settings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "bot.example", "localhost.evil.example"])  # noqa: S104
def test_others_are_let_in_only_where_the_settings_say_so_in_words(host: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[health]\nhost = "{host}"')
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.faults == (
        f'In {str(file)!r} health.host is {host!r}, but must be "127.0.0.1", "::1" or "localhost", '
        "or with public = true any address of this computer; the default is '127.0.0.1'.",
    )
    file.write_text(f'[health]\nhost = "{host}"\npublic = true')
    assert load(file).health.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_the_loopback_has_several_names(host: str) -> None:
    assert HealthSettings(host=host).host == host


@pytest.mark.parametrize("line", ['host = ""', 'host = "a b"', "port = 65536", "port = -1", "port = true", 'public = "maybe"'])
def test_what_can_be_no_address_is_one_fault(line: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[health]\n{line}")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert len(caught.value.faults) == 1
