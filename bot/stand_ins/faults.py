"""Ways in which services misbehave: each an answer that a stand-in gives instead of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from bot.stand_ins.base import Handler

HUGE = 50 * (1 << 20)  # bytes
LONG = 3600.0  # seconds: longer than anybody waits


def status(code: int, body: str = "", *, kind: str = "text/plain", headers: Mapping[str, str] | None = None) -> Handler:
    """An answer of one status, at once."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, content_type=kind, headers=headers)

    return answer


def too_often(seconds: str = "7200", body: str = '{"error": {"status": 429}}') -> Handler:
    """Status 429 with a Retry-After."""
    return status(429, body, kind="application/json", headers={"Retry-After": seconds})


def json(body: str) -> Handler:
    """Status 200 with this text as JSON, whether it is any or not."""
    return status(200, body, kind="application/json")


async def slow_headers(_: web.Request) -> web.StreamResponse:
    """Takes the request and says nothing."""
    await asyncio.sleep(LONG)
    return web.Response()


async def slow_body(request: web.Request) -> web.StreamResponse:
    """Begins an answer and goes on for ever, a byte at a time."""
    response = await _begun(request)
    with suppress(ConnectionError):  # whoever asked has had enough
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)
    return response


async def huge(request: web.Request) -> web.StreamResponse:
    """Sends fifty megabytes."""
    response = await _begun(request)
    piece = b'["' + b"x" * 65_532 + b'",'
    with suppress(ConnectionError):  # as above
        for _ in range(HUGE // len(piece)):
            await response.write(piece)
    return response


async def closed(request: web.Request) -> web.StreamResponse:
    """Closes the connection with no answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def truncated(request: web.Request) -> web.StreamResponse:
    """Announces more than it sends, and closes."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"data": [{"title": "Hal')
    if request.transport:
        request.transport.close()
    return response


def redirect(target: str = "") -> Handler:
    """A redirect to `target`, by default to itself."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": target or str(request.url)})

    return answer


async def _begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    return response
