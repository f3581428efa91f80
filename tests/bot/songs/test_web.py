"""Requests to services that misbehave: real ones to real local servers, each fault one sentence, in time, in bounds."""

import asyncio
import contextlib
import gzip
import logging
import socket
import time
import traceback
import zlib
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LimitedError, RefusedError, ServiceError, UnavailableError
from bot.songs.network.web import MAX_BYTES, refuse
from bot.stand_ins import faults
from bot.stand_ins.base import Handler
from tests.bot.songs.servers import MEGABYTE, SECRET, SONG, TEXT, Server, asking, error_of, little_memory, packed, raw


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as stand_in:
        yield stand_in


# --- every fault -----------------------------------------------------------------------------------------------

FAULTS: dict[str, tuple[Handler, type[ServiceError], str]] = {
    "401": (faults.status(401), RefusedError, "answered with status 401"),
    "403 empty": (faults.status(403), RefusedError, "answered with status 403"),
    "403 text": (faults.status(403, "Active premium subscription required"), RefusedError, "answered with status 403"),
    "410": (faults.status(410), RefusedError, "answered with status 410"),
    "400": (faults.status(400, SECRET), UnavailableError, "answered with status 400"),
    "500": (faults.status(500, "<h1>Oops</h1>", kind="text/html"), UnavailableError, "answered with status 500"),
    "502": (faults.status(502), UnavailableError, "answered with status 502"),
    "204": (faults.status(204), UnavailableError, "answered with status 204"),
    "429": (faults.too_often(), LimitedError, "was asked too often (status 429)"),
    "429, no header": (faults.status(429), LimitedError, "was asked too often (status 429)"),
    "429, quota": (
        faults.status(429, '{"error": {"status": 429, "reason": "QUOTA_EXCEEDED"}}'),
        LimitedError,
        "was asked too often (status 429: its quota is used up)",
    ),
    "503 with a wish": (faults.status(503, headers={"Retry-After": "9"}), LimitedError, "asked for a pause (status 503)"),
    "HTML": (faults.status(200, "<html></html>", kind="text/html"), UnavailableError, "sent an answer that is no JSON"),
    "half JSON": (faults.json('{"data": [{"title": "Hal'), UnavailableError, "sent an answer that is no JSON"),
    "empty": (faults.json(""), UnavailableError, "sent an answer that is no JSON"),
    "huge": (faults.huge, UnavailableError, "sent more than 1024 KiB"),
    "closed": (faults.closed, UnavailableError, "broke the connection off"),
    "truncated": (faults.truncated, UnavailableError, "broke the connection off"),
    "redirect to itself": (faults.redirect(), UnavailableError, "answered with a redirect (status 302), and none is followed"),
    "redirect to a private address": (
        faults.redirect("http://169.254.169.254/latest/meta-data/"),
        UnavailableError,
        "answered with a redirect (status 302), and none is followed",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_each_fault_is_one_sentence_that_tells_no_address_and_no_secret(
    server: Server, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fault, kind, message = FAULTS[name]
    error = await error_of(server.base)
    assert type(error) is kind
    assert str(error) == message
    shown = caplog.text + "".join(traceback.format_exception_only(error)) + repr(error.__cause__)
    shown += "" if error.__suppress_context__ else repr(error.__context__)
    assert SECRET not in shown
    assert server.base not in shown
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", [502, 503, 504])
async def test_only_these_may_pass_soon(server: Server, code: int) -> None:
    server.fault = faults.status(code)
    error = await error_of(server.base)
    assert isinstance(error, UnavailableError)
    assert error.passing
    server.fault = faults.status(500)
    error = await error_of(server.base)
    assert isinstance(error, UnavailableError)
    assert not error.passing


async def test_nobody_there_and_no_tls_there(server: Server) -> None:
    async with raw(b"") as base:
        pass
    assert str(await error_of(base)) == "cannot be reached"
    assert str(await error_of(server.base.replace("http:", "https:"))) == "has no certificate that can be trusted"


@given(st.integers(100, 599), st.dictionaries(st.sampled_from(["Retry-After", "Date"]), st.text()), st.binary(max_size=50))
def test_whatever_status_comes_it_is_a_service_error(status: int, headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        refuse(status, headers, body)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 100


# --- time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deadline", [0.1])
@pytest.mark.parametrize("fault", [faults.slow_headers, faults.slow_body])
async def test_the_deadline_holds(server: Server, fault: Handler, deadline: float) -> None:
    server.fault = fault
    began = time.perf_counter()
    assert str(await error_of(server.base, deadline)) == f"took longer than {deadline:g} s"
    assert deadline * 0.9 <= time.perf_counter() - began < deadline + 0.5


async def test_the_deadline_holds_where_the_server_takes_no_connection() -> None:
    # A full queue: the system completes no more handshakes, as where a firewall drops packets.
    with contextlib.ExitStack() as sockets:
        listening = sockets.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        host, port = listening.getsockname()
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((host, port))
        assert str(await error_of(f"http://{host}:{port}", 0.2)) == "took longer than 0.2 s"


@pytest.mark.parametrize("code", [403, 429])
@pytest.mark.parametrize(("deadline", "ending"), [(0.2, "hangs"), (0.2, "breaks off"), (5.0, "breaks off")])
async def test_a_status_is_believed_though_its_body_fails(code: int, deadline: float, ending: str) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {code} No\r\nRetry-After: 7200\r\nContent-Length: 500\r\n\r\nsome"
        writer.write(head.encode())
        await writer.drain()
        if ending == "hangs":
            await asyncio.sleep(faults.LONG)

    began = time.perf_counter()
    async with raw(answer) as base:
        error = await error_of(base, deadline)
    assert type(error) is (LimitedError if code == 429 else RefusedError)
    assert time.perf_counter() - began < 1.0
    if isinstance(error, LimitedError):
        assert error.retry_after == 7200


# --- size ------------------------------------------------------------------------------------------------------


async def test_fifty_megabytes_are_neither_held_nor_waited_for(server: Server) -> None:
    server.fault = faults.huge
    began = time.perf_counter()
    with little_memory(8):
        assert "more than 1024 KiB" in str(await error_of(server.base))
    assert time.perf_counter() - began < 1.0


async def test_fifty_megabytes_behind_an_error_are_not_read(server: Server) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 429 No\r\nRetry-After: 30\r\n\r\n")
        for _ in range(50):
            writer.write(b"x" * MEGABYTE)
            await writer.drain()

    with little_memory(8):
        async with raw(answer) as base:
            assert str(await error_of(base)) == "was asked too often (status 429)"


def bomb(blocks: int = 64, size: int = 16 * MEGABYTE) -> bytes:
    """One gibibyte of spaces in about one mebibyte of gzip: the same block over and over, each flushed in full."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * size) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * blocks


@pytest.mark.parametrize("code", [200, 403])
async def test_a_gzip_bomb_is_not_unpacked(server: Server, code: int) -> None:
    server.fault = packed(bomb(), code=code)
    began = time.perf_counter()
    with little_memory(8):
        error = await error_of(server.base)
    assert str(error) == ("sent more than 1024 KiB" if code == 200 else "answered with status 403")
    assert time.perf_counter() - began < 1.0


async def test_packed_nothing_without_end_is_not_waited_for() -> None:
    empty_blocks = b"\x00\x00\x00\xff\xff" * 10_000  # each stores no bytes

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
        while not writer.is_closing():
            writer.write(empty_blocks)
            await writer.drain()

    with little_memory(8):
        async with raw(answer) as base:
            assert str(await error_of(base)) == "sent an answer that is no JSON"


async def test_a_body_may_be_just_as_long_as_allowed(server: Server) -> None:
    server.fault = faults.json('"' + "x" * 98 + '"')
    async with asking(max_bytes=100) as client:
        assert await client.json(server.base) == "x" * 98
        server.fault = faults.json('"' + "x" * 99 + '"')
        with pytest.raises(UnavailableError, match="sent more than 0 KiB"):
            await client.json(server.base)


# --- asking ----------------------------------------------------------------------------------------------------


async def test_statuses_that_mean_unknown_are_none(server: Server) -> None:
    server.fault = faults.status(404, "<html>")
    async with asking() as client:
        assert await client.json(server.base, missing=(404,)) is None
        assert await client.body(server.base, missing=(404,)) is None
        with pytest.raises(RefusedError, match="404"):
            await client.json(server.base)
        server.fault = faults.status(400)
        assert await client.json(server.base, missing=(400, 404)) is None


async def test_who_asks_may_say_what_a_status_means(server: Server) -> None:
    seen: list[tuple[int, str | None, bytes]] = []

    def told(status: int, headers: Mapping[str, str], body: bytes) -> None:
        seen.append((status, headers.get("retry-after"), body))
        if status == 418:
            raise LimitedError("is a teapot", 5)

    async with asking() as client:
        server.fault = faults.status(418, "short and stout" * 1000, headers={"Retry-After": "soon"})
        with pytest.raises(LimitedError, match="is a teapot"):
            await client.json(server.base, refused=told)
        server.fault = faults.status(400, "nothing")
        assert await client.json(server.base, refused=told) is None
    assert seen == [(418, "soon", (b"short and stout" * 1000)[:4096]), (400, None, b"nothing")]


async def test_parameters_arrive_as_they_are(server: Server) -> None:
    hostile = {"q": 'a&b=c#d?e/f+g %41 "\\é방', "empty": ""}
    async with asking() as client:
        await client.json(f"{server.base}/2.0/", params=hostile)
    assert server.asked[0].query == hostile
    assert server.asked[0].path == "/2.0/"


async def test_two_hundred_at_once_are_answered(server: Server) -> None:
    server.fault = faults.json(TEXT)
    async with asking(deadline=10) as client:
        answers = await asyncio.gather(*(client.json(server.base, params={"n": str(n)}) for n in range(200)))
    assert answers == [SONG] * 200


async def test_a_connection_is_fit_for_the_next_request_after_every_fault(server: Server) -> None:
    async with asking() as client:
        for fault, _, _ in FAULTS.values():
            server.fault = fault
            with pytest.raises(ServiceError):
                await client.json(server.base)
            server.fault = None
            assert await client.json(server.base) == {}


async def test_whoever_gives_up_is_let_go(server: Server) -> None:
    arrived = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await faults.slow_headers(request)

    server.fault = answer
    async with asking(deadline=60) as client:
        asked = asyncio.ensure_future(client.json(server.base))
        await arrived.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked


async def test_after_close_nobody_is_asked(server: Server) -> None:
    async with asking() as client:
        pass
    with pytest.raises(UnavailableError, match="no longer asked"):
        await client.json(server.base)
    await client.close()
    assert server.asked == []


def test_the_limit_is_what_the_message_says() -> None:
    assert MAX_BYTES == 1024 * 1024
