"""A server on the loopback that answers as a service does, counts what it is asked, and misbehaves when told to."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.songs.song import AudioFeatures, Song

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    """One request that came in: its path, query and headers, and when (seconds of the event loop)."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float


@dataclass
class StandIn:
    """A server for some songs; subclasses answer in `routes`. Use it with `async with`; `base` is its address then.

    `delay` is in seconds, before each answer; `fault`, where set, answers instead of the routes.
    """

    songs: Sequence[Song] = ()
    delay: float = 0.0
    fault: Handler | None = None
    asked: list[Asked] = field(default_factory=list)
    base: str = ""
    _runner: web.AppRunner | None = None

    def routes(self) -> Mapping[str, Handler]:
        """What answers below each path, as aiohttp writes paths ("/v1/track/{id}")."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Begin to answer on a free port."""
        app = web.Application()
        for path, handler in self.routes().items():
            app.router.add_route("*", path, self._counted(handler))
        app.router.add_route("*", "/{anything:.*}", self._counted(_nothing_here))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer no more."""
        if self._runner:
            await self._runner.cleanup()

    def by_id(self, service: str, value: str) -> Song | None:
        """The song with this id ("spotify", "youtube", "isrc", ...)."""
        return next((song for song in self.songs if song.ids.get(service) == value), None)

    def _counted(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            now = asyncio.get_running_loop().time()
            self.asked.append(Asked(request.path, dict(request.query), dict(request.headers), now))
            if self.delay:
                await asyncio.sleep(self.delay)
            return await (self.fault or handler)(request)

        return answer


async def _nothing_here(_: web.Request) -> web.StreamResponse:
    return web.json_response({"error": "no such endpoint"}, status=404)


def made_up_songs(count: int, seed: int = 1) -> tuple[Song, ...]:
    """So many songs that do not exist, all different, with every field and id filled in."""
    rng = random.Random(seed)  # noqa: S311 - names for trying things out, no secret
    return tuple(_made_up(number, rng) for number in range(count))


def _made_up(number: int, rng: random.Random) -> Song:
    def mark(letters: str, length: int) -> str:
        return "".join(rng.choice(letters) for _ in range(length))

    features = {
        name: round(rng.random(), 3)
        for name in ("danceability", "energy", "valence", "acousticness", "instrumentalness", "liveness", "speechiness")
    }
    ids = {
        "spotify": mark(string.ascii_letters + string.digits, 22),
        "youtube": mark(string.ascii_letters + string.digits + "_-", 11),
        "isrc": f"QZ{mark(string.ascii_uppercase, 3)}{number:07d}",
        "deezer": str(10_000_000 + number),
    }
    return Song(
        title=f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {_ordinal(number)}",
        artists=(f"The {rng.choice(_SECOND)} {rng.choice(_BANDS)} {_ordinal(number * 7 + 3)}",),
        album=f"{rng.choice(_SECOND)} {rng.choice(_FIRST)}",
        duration=float(rng.randrange(120, 400)),
        ids=ids,
        genres=(rng.choice(_GENRES), rng.choice(_GENRES)),
        features=AudioFeatures(**features, tempo=float(rng.randrange(60, 190)), loudness=round(rng.uniform(-20, -3), 2)),
    )


def _ordinal(number: int) -> str:
    """A number as letters, so that names differ by more than a digit."""
    letters = ""
    while True:
        number, rest = divmod(number, 20)
        letters += _SYLLABLES[rest]
        if not number:
            return letters.capitalize()


_SYLLABLES = "ba ke li mo nu ra se ti vo zu da fe gi ho ju ka le mi no pu".split()
_FIRST = "Amber Broken Distant Electric Frozen Golden Hidden Midnight Paper Velvet".split()
_SECOND = "Avenue Garden Harbour Island Lantern Mirror Orchard Signal Tide Window".split()
_BANDS = "Collective Drifters Echoes Engines Foxes Parade Relatives Satellites Trio Weather".split()
_GENRES = ["ambient", "dream pop", "house", "indie rock", "jazz", "metal", "shoegaze", "soul", "techno", "trip hop"]
