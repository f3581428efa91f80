"""Local servers that misbehave, and one request to them that must fail."""

import asyncio
import contextlib
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from bot.errors import ServiceError
from bot.songs.network.web import Web
from bot.stand_ins import faults
from bot.stand_ins.base import Handler, StandIn

SONG = {"title": "Hoppípolla", "artists": ["방탄소년단"]}
TEXT = json.dumps(SONG, ensure_ascii=False)
SECRET = "hunter2"  # noqa: S105 - stands for one
MEGABYTE = 1 << 20
LIMIT_S = 2.0  # of a test's request where the deadline is not what is tested


@dataclass
class Server(StandIn):
    """Answers everything with the fault, or with an empty object."""

    def routes(self) -> Mapping[str, Handler]:
        return {"/{path:.*}": faults.json("{}")}


@contextlib.asynccontextmanager
async def asking(deadline: float = LIMIT_S, **more: Any) -> AsyncIterator[Web]:
    client = Web(deadline=deadline, agent="test/1 (+https://example.org)", **more)
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def raw(answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that sends these bytes whatever it is asked, and closes; gives its address."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            serving.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked went away, or the test is over
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        listening.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def error_of(base: str, deadline: float = LIMIT_S) -> ServiceError:
    """The one error that comes of asking, with secrets in the address."""
    async with asking(deadline) as client:
        with pytest.raises(ServiceError) as caught:
            await client.json(f"{base}/path/{SECRET}", params={"api_key": SECRET}, headers={"Authorization": SECRET})
    return caught.value


def packed(body: bytes, coding: str = "gzip", kind: str = "application/json", code: int = 200) -> Handler:
    """An answer that says of its body that it is packed like this."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=code, headers={"Content-Encoding": coding, "Content-Type": kind})

    return answer


@contextlib.contextmanager
def little_memory(megabytes: float) -> Iterator[None]:
    """Fails where more than that is ever held at once, beyond what was held before."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < megabytes * MEGABYTE, f"{peak / MEGABYTE:.1f} MiB were held"
