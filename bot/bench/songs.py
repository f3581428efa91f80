"""Measures how fast songs are found out, against stand-ins for all services that run in a process of their own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bot.app import Lazily, open_hype, open_resolver
from bot.config import Settings
from bot.errors import HypeError
from bot.links import Link
from bot.songs.resolver import LookUp
from bot.songs.song import Song
from inference.bundle import shipped
from inference.genres import GenreTable

DELAY = 0.1  # seconds that each healthy service takes
AT_ONCE = 200
TRIED = 16  # cold links, and as many cached ones
_LOOK = 0.002  # seconds between two looks at the event loop
_MAX_LINE = 1 << 24


async def measure(settings: Settings, *, tried: int = TRIED, at_once: int = AT_ONCE) -> dict[str, Any]:
    """Times of `tried` (2 or more) cold, cached and hopeless links in ms, and what happens when `at_once` come together."""
    healthy = await _healthy(settings, tried)
    crowd = await _crowd(settings, at_once)
    hanging = await _hanging(settings)
    return {"service_delay_ms": DELAY * 1000, **healthy, "at_once": crowd, "all_hanging_reply_ms": hanging}


def rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures as (name, value) texts for a table."""
    crowd = figures["at_once"]
    return [
        ("cold link", f"p50 {figures['cold_ms']['p50']} ms, most {figures['cold_ms']['max']} ms (services at 100 ms)"),
        ("cached link", f"{figures['cached_ms']['memory']} ms, after a restart {figures['cached_ms']['restarted']} ms"),
        ("all services hang", f"reply after {figures['all_hanging_reply_ms']} ms"),
        (
            f"{crowd['links']} links at once",
            f"{crowd['seconds']} s, {crowd['named']:.0%} known by name, loop lag {crowd['loop_lag_ms']} ms, "
            f"MusicBrainz at most {crowd['musicbrainz_per_s']}/s, "
            f"at most {crowd['most_requests_per_song']} request of a kind and song",
        ),
    ]


async def _healthy(settings: Settings, tried: int) -> dict[str, Any]:
    """Cold and cached links, from Spotify and YouTube in turn, with services that answer after DELAY."""
    async with _stand_ins("--songs", str(tried), "--delay", str(DELAY)) as others:
        with TemporaryDirectory() as folder:
            own = others.settings(settings, f"sqlite+aiosqlite:///{folder}/bench.sqlite3")
            links = [_link(song, n) for n, song in enumerate(others.songs)]
            async with _resolver(own) as look_up:
                # The first opens connections and threads, as the first after a start does: it is not counted.
                cold = [(await look_up(link)).ms for link in links]
                again = [(await look_up(link)).ms for link in links]
            async with _resolver(own) as look_up:
                await look_up(links[0])
                restarted = [(await look_up(link)).ms for link in links[1:]]
    return {
        "cold_ms": {"p50": round(median(cold[1:]), 1), "max": round(max(cold[1:]), 1), "first": round(cold[0], 1)},
        "cached_ms": {"memory": round(max(again), 2), "restarted": round(max(restarted), 2)},
    }


async def _crowd(settings: Settings, at_once: int) -> dict[str, Any]:
    """So many different links, each asked for twice, all at the same moment."""
    async with _stand_ins("--songs", str(at_once), "--delay", str(DELAY)) as others:
        with TemporaryDirectory() as folder:
            own = others.settings(settings, f"sqlite+aiosqlite:///{folder}/bench.sqlite3")
            links = [_link(song, n) for n, song in enumerate(others.songs)]
            async with _resolver(own) as look_up:
                await look_up("Somebody Else - Something Else")  # opens what has to be opened
                await others.asked()
                began = time.perf_counter()
                lag, found = await asyncio.gather(_lag(stop := asyncio.Event()), _all(look_up, links + links, stop))
                seconds = time.perf_counter() - began
            asked = await others.asked()
    brainz = [at for _, at in asked.get("musicbrainz", [])]
    repeated = Counter((service, what) for service, requests in asked.items() for what, _ in requests)
    return {
        "links": at_once,
        "seconds": round(seconds, 2),
        "named": sum(bool(each.song.title and each.song.artists) for each in found) / len(found),
        "loop_lag_ms": round(lag * 1000, 1),
        "musicbrainz_requests": len(brainz),
        "musicbrainz_per_s": round(1 / min((b - a for a, b in pairwise(sorted(brainz))), default=float("inf")), 2),
        "most_requests_per_song": max(repeated.values(), default=0),
    }


async def _hanging(settings: Settings) -> float:
    """Milliseconds from a link to its reply while no service ever answers."""
    async with _stand_ins("--songs", "1", "--hang") as others:
        with TemporaryDirectory() as folder:
            own = others.settings(settings, f"sqlite+aiosqlite:///{folder}/bench.sqlite3")
            database = Lazily(own)
            hype = open_hype(own, database)
            try:
                began = time.perf_counter()
                await hype.answer(_link(others.songs[0], 1), seed=7)
                return round((time.perf_counter() - began) * 1000, 1)
            finally:
                await hype.close()
                await database.close()


async def _all(look_up: Any, links: Sequence[Link], stop: asyncio.Event) -> list[LookUp]:
    try:
        return list(await asyncio.gather(*map(look_up, links)))
    finally:
        stop.set()


async def _lag(stop: asyncio.Event) -> float:
    """The longest time, in seconds, by which the event loop came too late."""
    worst = 0.0
    while not stop.is_set():
        began = time.perf_counter()
        await asyncio.sleep(_LOOK)
        worst = max(worst, time.perf_counter() - began - _LOOK)
    return worst


def _link(song: Song, number: int) -> Link:
    if number % 2:
        return Link("youtube", "video", song.ids["youtube"])
    return Link("spotify", "track", song.ids["spotify"])


@asynccontextmanager
async def _resolver(settings: Settings) -> AsyncIterator[Any]:
    database = Lazily(settings)
    resolver = open_resolver(settings, database, GenreTable.load((settings.model.folder or shipped()) / "genres.npz"))
    try:
        yield resolver.look_up
    finally:
        await resolver.close()
        await database.close()


class _StandIns:
    """The other process, seen from here: its songs, its addresses, and what it has been asked."""

    def __init__(self, process: asyncio.subprocess.Process, told: Mapping[str, Any]) -> None:
        self._process = process
        self._sections = told["settings"]
        self.songs = [Song.from_dict(song) for song in told["songs"]]

    def settings(self, settings: Settings, url: str) -> Settings:
        """Settings that ask the stand-ins, whatever the user's own say, and keep answers at `url`."""
        values = settings.model_dump()
        for section, keys in {**self._sections, "store": {"url": url}}.items():
            values[section] |= keys
        return Settings.model_construct(
            **{name: type(getattr(settings, name))(**values[name]) for name in type(settings).model_fields}
        )

    async def asked(self) -> dict[str, list[tuple[str, float]]]:
        """What each service was asked since the last time: what, and when in seconds."""
        if self._process.stdin is None:
            raise HypeError("The stand-ins cannot be asked: run deephypebot bench again.")
        self._process.stdin.write(b"asked\n")
        return dict(await _told(self._process))


@asynccontextmanager
async def _stand_ins(*arguments: str) -> AsyncIterator[_StandIns]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.stand_ins",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MAX_LINE,
    )
    try:
        yield _StandIns(process, await _told(process))
    finally:
        if process.stdin:
            process.stdin.close()
        await process.wait()


async def _told(process: asyncio.subprocess.Process) -> Any:
    line = await process.stdout.readline() if process.stdout else b""
    if not line:
        raise HypeError("The stand-ins for the services ended: run python -m bot.stand_ins by hand to see why.")
    return json.loads(line)
