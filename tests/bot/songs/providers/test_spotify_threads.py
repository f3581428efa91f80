"""Spotify's provider under hard conditions: tokens and secrets stay hidden, hangs end, threads come free and go."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.errors import LeftAloneError, ServiceError, UnavailableError
from bot.links import Link
from bot.songs.network.gate import Gate
from bot.songs.network.threads import THREADS, WAITING
from bot.songs.providers.spotify import SpotifyProvider
from bot.songs.query import NameQuery
from bot.stand_ins import faults
from bot.stand_ins.spotify import SpotifyStandIn
from tests.bot.songs.providers.asked_spotify import ALBUM, DEEP, SONGS, TRACK, paths, spotify

# --- tokens and secrets --------------------------------------------------------------------------------------------


async def test_fifty_at_once_fetch_one_token_and_all_are_answered() -> None:
    async with spotify() as (provider, server):
        server.delay = 0.01
        found = await asyncio.gather(*(provider.identify(Link("spotify", "track", song.ids["spotify"])) for song in SONGS[:50]))
        assert all(found)
        assert server.tokens_given == 1


async def test_a_token_that_is_good_no_more_is_replaced_once() -> None:
    async with spotify() as (provider, server):
        assert await provider.identify(TRACK)
        server.tokens.clear()
        links = [Link("spotify", "track", song.ids["spotify"]) for song in SONGS[:20]]
        assert all(await asyncio.gather(*map(provider.identify, links)))
        assert server.tokens_given == 2


async def test_a_token_about_to_end_is_not_used_again() -> None:
    async with spotify(SpotifyStandIn(songs=SONGS, token_life=30.0)) as (provider, server):
        assert await provider.identify(TRACK)
        assert await provider.identify(TRACK)
        assert server.tokens_given == 2


@pytest.mark.parametrize(
    "body",
    [
        *('{"access_token": 5, "expires_in": 3600}', '{"access_token": "a\\nX-Injected: 1", "expires_in": 3600}'),
        *('{"access_token": "a", "expires_in": "x"}', '{"access_token": "a"}', "[]", "null", "<html>", DEEP),
    ],
)
async def test_a_token_that_cannot_be_read_is_said_to_be_so(body: str) -> None:
    async with spotify(SpotifyStandIn(token_fault=faults.json(body))) as (provider, server):
        with pytest.raises(UnavailableError, match="cannot be read"):
            await provider.identify(TRACK)
        assert paths(server) == []


async def test_neither_token_nor_secret_nor_query_reaches_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[ServiceError] = []
    async with spotify(deadline=0.3) as (provider, server):
        for name in ("", "spotipy", "spotipy.client", "spotipy.oauth2", "urllib3", "urllib3.connectionpool", "requests"):
            caplog.set_level(logging.DEBUG, name)
        logging.getLogger("spotipy.client").debug("what others do with it is heard")
        query = NameQuery(title="Somebody's question", artist="Who")
        await provider.search(query)
        for fault in (faults.status(403), faults.status(500, "oops"), faults.too_often(), faults.closed, faults.slow_headers):
            server.api_fault = fault
            provider.gate = Gate(provider.label)
            with pytest.raises(ServiceError) as caught:
                await provider.search(query)
            errors.append(caught.value)
        hidden = (server.client_secret, "made-up-token", "Bearer", "Basic", "Somebody", server.base)
    told = [caplog.text, repr(provider), *("".join(traceback.format_exception(error)) for error in errors)]
    assert "what others do with it is heard" in caplog.text
    assert "Spotify answered with status 403" in caplog.text
    assert not [(secret, text) for secret in hidden for text in told if secret in text]


async def test_nothing_of_the_system_takes_the_place_of_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SPOTIPY_CLIENT_SECRET", "of somebody else")
    async with spotify() as (provider, server):
        assert await provider.identify(TRACK)
        assert server.asked[-1].headers["Authorization"].startswith("Bearer ")


# --- time and threads ----------------------------------------------------------------------------------------------


async def dripping_headers(request: web.Request) -> web.StreamResponse:
    """Sends a header a letter at a time, so that no piece is ever late."""
    transport = request.transport
    assert transport
    transport.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not transport.is_closing():
        transport.write(b"a")
        await asyncio.sleep(0.02)
    return web.Response()


@pytest.mark.parametrize("place", ["api_fault", "token_fault"])
@pytest.mark.parametrize("fault", [faults.slow_headers, dripping_headers, faults.slow_body])
async def test_a_hang_ends_at_the_deadline_and_every_thread_is_free_at_once(place: str, fault: Any) -> None:
    async with spotify(deadline=0.5) as (provider, server):
        setattr(server, place, fault)
        began = time.monotonic()
        outcomes = await asyncio.gather(*(provider.identify(TRACK) for _ in range(THREADS)), return_exceptions=True)
        assert 0.4 < time.monotonic() - began < 1.2
        assert [str(outcome) for outcome in outcomes] == ["took longer than 0.5 s"] * THREADS
        setattr(server, place, None)
        provider.gate = Gate(provider.label)
        assert all(await asyncio.gather(*(provider.identify(TRACK) for _ in range(THREADS))))


async def test_whoever_is_called_off_frees_the_thread() -> None:
    async with spotify(deadline=30) as (provider, server):
        arrived = asyncio.Semaphore(0)

        async def hang(request: web.Request) -> web.StreamResponse:
            arrived.release()
            return await faults.slow_headers(request)

        server.api_fault = hang
        tasks = [asyncio.create_task(provider.identify(TRACK)) for _ in range(THREADS)]
        for _ in tasks:
            await arrived.acquire()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.api_fault = None
        async with asyncio.timeout(2):
            assert all(await asyncio.gather(*(provider.identify(TRACK) for _ in range(THREADS))))
        assert provider.gate.counts == {"answered": THREADS}


async def test_those_too_many_are_turned_away_without_blame_for_the_service() -> None:
    most = THREADS + WAITING
    async with spotify(deadline=0.5) as (provider, server):
        assert all(await asyncio.gather(*(provider.identify(TRACK) for _ in range(THREADS))))  # the threads are there
        provider.gate = Gate(provider.label)
        server.api_fault = faults.slow_headers
        outcomes = await asyncio.gather(*(provider.identify(TRACK) for _ in range(most + 12)), return_exceptions=True)
        assert sum("questions to it wait already" in str(outcome) for outcome in outcomes) == 12
        assert sum("took longer" in str(outcome) for outcome in outcomes) == THREADS
        assert sum(isinstance(outcome, LeftAloneError) for outcome in outcomes) == WAITING + 12
        assert provider.gate.counts == {"unavailable": THREADS}


async def test_fifty_megabytes_are_not_read() -> None:
    async with spotify() as (provider, server):
        server.api_fault = faults.huge
        with pytest.raises(UnavailableError, match="more than 1024 KiB"):
            await provider.identify(TRACK)


async def test_closing_ends_what_runs_and_leaves_no_thread() -> None:
    async with spotify(deadline=30) as (provider, server):
        arrived = asyncio.Event()

        async def hang(request: web.Request) -> web.StreamResponse:
            arrived.set()
            return await faults.slow_headers(request)

        server.api_fault = hang
        task = asyncio.create_task(provider.identify(TRACK))
        await arrived.wait()
        assert any(thread.name.startswith("spotipy") for thread in threading.enumerate())
        async with asyncio.timeout(2):
            await provider.close()
            with pytest.raises(ServiceError):
                await task
        assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("spotipy")]
        with pytest.raises(LeftAloneError):
            await provider.identify(ALBUM)


async def test_a_port_where_nobody_listens_is_said_to_be_out_of_reach(unused_tcp_port: int) -> None:
    base = f"http://127.0.0.1:{unused_tcp_port}"
    provider = SpotifyProvider("a", SecretStr("b"), api_base=base, accounts_base=base, deadline=2.5)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await provider.identify(TRACK)
    await provider.close()
