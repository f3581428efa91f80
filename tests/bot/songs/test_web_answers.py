"""What answers may look like: packing, encodings, headers, Retry-After and JSON of every hostile kind."""

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import LimitedError, UnavailableError
from bot.songs.network.web import MAX_RETRY_AFTER, NO_RETRY_AFTER, read_json, retry_after
from bot.songs.providers.base import at, list_at, number_at, seconds_at, text_at
from bot.stand_ins import faults
from tests.bot.songs.servers import SECRET, SONG, TEXT, Server, asking, error_of, little_memory, packed, raw


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server() as stand_in:
        yield stand_in


# --- packing and text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZIP "])
async def test_gzip_is_unpacked(server: Server, coding: str) -> None:
    server.fault = packed(gzip.compress(TEXT.encode()), coding)
    async with asking() as client:
        assert await client.json(server.base) == SONG
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT.encode(), "gzip"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-20], "gzip"),
        (gzip.compress(TEXT.encode(), mtime=0).replace(b"\x08", b"\x09", 1), "gzip"),
        (gzip.compress(TEXT.encode(), mtime=0), "identity"),
        (zlib.compress(TEXT.encode()), "deflate"),
        (TEXT.encode(), "br"),
        (TEXT.encode(), "gzip, gzip"),
        (TEXT.encode(), "x" * 5000),
        (b"", "gzip"),
    ],
)
async def test_packing_that_is_broken_or_not_asked_for_is_unreadable(server: Server, body: bytes, coding: str) -> None:
    server.fault = packed(body, coding)
    assert str(await error_of(server.base)) in {"sent an answer that cannot be read", "sent an answer that is no JSON"}


async def test_a_wish_to_be_left_alone_is_heard_though_its_body_is_packed_wrongly(server: Server) -> None:
    for coding in ("br", "gzip"):
        server.fault = packed(b"no such thing", coding, code=429)
        assert isinstance(await error_of(server.base), LimitedError)


@pytest.mark.parametrize(
    "kind", ["application/json", "text/html; charset=latin-1", "text/javascript; charset=utf-9", "image/png", "\u00e9", "; ;"]
)
async def test_json_is_read_as_utf_8_whatever_it_is_called(server: Server, kind: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=TEXT.encode(), headers={"Content-Type": kind})

    server.fault = answer
    async with asking() as client:
        assert await client.json(server.base) == SONG


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32", "cp500"])
async def test_json_in_another_encoding_is_none(server: Server, encoding: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        kind = f"application/json; charset={encoding}"
        return web.Response(body='{"title": "é"}'.encode(encoding), headers={"Content-Type": kind})

    server.fault = answer
    assert str(await error_of(server.base)) == "sent an answer that is no JSON"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_json(b"\xef\xbb\xbf" + TEXT.encode()) == SONG


# --- headers ---------------------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"<html>hello</html>\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n{}",
        b"HTTP/1.1 999999 OK\r\n\r\n{}",
        b"HTTP/1.1 -1 OK\r\n\r\n{}",
        b"HTTP/1.1 200\r\n\r\n",
        OK + b"Content-Length: -5\r\n\r\n{}",
        OK + b"Content-Length: 99999999999999999999999999\r\n\r\n{}",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
        OK + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n{}",
        OK + b"X" * 200_000 + b": x\r\n\r\n{}",
        OK + b"no colon here\r\n\r\n{}",
        OK + b"X-Null: a\x00b\r\n\r\n{}",
        OK + b"X: y\r\n" * 20_000 + b"\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_answers_that_are_no_http_are_one_error(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with raw(answer) as base:
        error = await error_of(base, deadline=0.5)
    assert isinstance(error, UnavailableError)
    assert SECRET not in str(error)
    assert caplog.records == []


@pytest.mark.parametrize(
    "header",
    [
        b"Set-Cookie: a=b; Domain=example.com; Max-Age=\xff\xfe\r\nSet-Cookie: ;;;=\r\nSet-Cookie: \xff{[=1\r\n",
        b"X-Latin: caf\xe9\r\nX-Empty:\r\n",
        b"Content-Type: \xff\xff\xff\r\n",
        b"Link: <http://169.254.169.254/>; rel=preload\r\nRefresh: 0; url=http://169.254.169.254/\r\n",
        b"Retry-After: 7200\r\nLocation: http://169.254.169.254/\r\n",
        b"Connection: close, keep-alive\r\nKeep-Alive: timeout=-1\r\n",
    ],
)
async def test_odd_headers_spoil_no_answer(header: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with raw(OK + header + b"Content-Length: 2\r\n\r\n{}") as base, asking() as client:
        assert await client.json(base, params={"api_key": SECRET}) == {}
    assert SECRET not in caplog.text


async def test_headers_without_end_are_bounded_in_time_and_memory() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        while not writer.is_closing():
            writer.write(b"X-More: and more\r\n" * 1000)
            await writer.drain()

    with little_memory(16):
        async with raw(answer) as base:
            assert isinstance(await error_of(base, deadline=0.3), UnavailableError)


async def test_no_cookie_is_kept_and_everybody_is_told_who_asks(server: Server) -> None:
    server.fault = faults.status(200, "{}", headers={"Set-Cookie": "session=1; Path=/"})
    async with asking() as client:
        for _ in range(2):
            await client.json(server.base, headers={"X-Key": "mine"})
    assert [asked.headers.get("Cookie") for asked in server.asked] == [None, None]
    assert {asked.headers["User-Agent"] for asked in server.asked} == {"test/1 (+https://example.org)"}
    assert server.asked[0].headers["X-Key"] == "mine"


# --- Retry-After -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, NO_RETRY_AFTER),
        ("", NO_RETRY_AFTER),
        ("120", 120),
        (" 7200 ", 7200),
        ("0", 1),
        ("-5", NO_RETRY_AFTER),
        ("1.5", NO_RETRY_AFTER),
        ("soon", NO_RETRY_AFTER),
        ("\u0663\u0662", NO_RETRY_AFTER),
        ("1e99", NO_RETRY_AFTER),
        ("NaN", NO_RETRY_AFTER),
        ("99999", MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("Mon, 01 Jan 1900 00:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2359", MAX_RETRY_AFTER),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 1),
        ("Mon, 99 Jan 2030 00:00:00 GMT", NO_RETRY_AFTER),
        ("Mon, 01 Jan 99999999 00:00:00 GMT", NO_RETRY_AFTER),
    ],
)
def test_retry_after_is_believed_within_reason(told: str | None, seconds: float) -> None:
    assert retry_after(told, NO_RETRY_AFTER) == seconds


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_retry_after_may_be_a_date(zone: str) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(minutes=10)).replace("+0000", zone)
    assert retry_after(moment, NO_RETRY_AFTER) == pytest.approx(600, abs=3)


@given(st.one_of(st.text(), st.from_regex(r"\A[0-9,: a-zA-Z+-]{0,40}\Z"), st.datetimes().map(str)))
@example(",")
@example("1 1 1 1 1")
@example("Jan")
def test_whatever_retry_after_says_it_is_a_second_to_a_day(told: str) -> None:
    assert 1 <= retry_after(told, NO_RETRY_AFTER) <= MAX_RETRY_AFTER


# --- JSON ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "[" * 100_000,
        '{"a": NaN}',
        "[Infinity]",
        "-Infinity",
        "9" * 5000,
        "{'a': 1}",
        '{"a": 1} {"b": 2}',
        '{"a": 1,}',
        "callback({})",
        "\x00{}",
        '{"a": "line\nbreak"}',
    ],
)
async def test_text_that_is_no_strict_json_is_one_error(server: Server, text: str) -> None:
    server.fault = faults.json(text)
    assert str(await error_of(server.base)) == "sent an answer that is no JSON"


async def test_strange_json_is_read_and_the_readers_take_nothing_strange_from_it(server: Server) -> None:
    server.fault = faults.json(
        '{"big": ' + "9" * 400 + ', "far": 1e999, "minus": -1e999, "true": true, "lone": "a\\ud800b", "null": null,'
        ' "list": {"0": 1}, "text": 5, "same": 1, "same": 2, "long": "' + "x" * 9000 + '"}'
    )
    async with asking() as client:
        answer = await client.json(server.base)
    for name in ("big", "far", "minus", "true", "lone", "null", "list", "missing"):
        assert number_at(answer, name) is None
        assert seconds_at(answer, name) is None
        assert list_at(answer, name) == []
    assert text_at(answer, "lone") == "ab"
    assert text_at(answer, "text") is None
    assert text_at(answer, "null") is None
    assert len(text_at(answer, "long") or "") == 500
    assert at(answer, "list", 0) is None
    assert number_at(answer, "same") == 2


@pytest.mark.parametrize("body", ["null", " null\n"])
async def test_null_is_no_answer(server: Server, body: str) -> None:
    server.fault = faults.json(body)
    assert str(await error_of(server.base)) == "sent an answer with nothing in it"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.lists(st.text() | st.integers(), max_size=4))
def test_readers_of_json_never_raise(value: Any, path: list[str | int]) -> None:
    at(value, *path)
    found = text_at(value, *path)
    assert found is None or (found and "\n" not in found)
    assert number_at(value, *path) is None or isinstance(number_at(value, *path), float)
    assert isinstance(list_at(value, *path), list)
    assert 1 <= (seconds_at(value, *path, unit=0.001) or 1) <= 86_400


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_service_error(body: bytes) -> None:
    with contextlib.suppress(UnavailableError):
        read_json(body)
