"""From a link or a line of text to a song: the catalogue, then what was found out before, then the services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.errors import HypeError
from bot.links import Link
from bot.songs.catalogue import Catalogue
from bot.songs.query import NameQuery, Query, decline, mark_of, parse_query, song_of_link, song_of_names
from bot.songs.song import Song

if TYPE_CHECKING:  # whoever is answered by the catalogue need not wait for the services' libraries
    from bot.songs.desk import Call
    from bot.songs.providers.base import Provider
    from bot.songs.services import Services

SCHEMA = 1
AT_ONCE = 24  # songs that are found out side by side; more wait, so that none holds up the event loop for long


@dataclass(frozen=True)
class LookUp:
    """A song, and how it was found out; `calls` tells each service that was asked, none where it was known before."""

    song: Song
    calls: tuple[Call, ...] = ()
    known_before: bool = False
    ms: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The look-up as `song --json` prints it."""
        return {
            "schema": SCHEMA,
            "song": self.song.as_dict(),
            "unknown": list(self.song.unknown),
            "services": [call.as_dict() for call in self.calls],
            "known_before": self.known_before,
            "ms": self.ms,
        }


class Resolver:
    """Turns whatever a person shared into a song, and always does, however little is known of it."""

    def __init__(
        self,
        catalogue: Catalogue | None,
        services: Callable[[], Awaitable[Services]] | None = None,
        *,
        deadline: float = 8.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Ask the catalogue first, then the services for at most `deadline` seconds; `clock` (in seconds) measures.

        `services` opens them when they are first needed; None does without.
        """
        self._catalogue = catalogue
        self._open_services = services
        self._services: asyncio.Task[Services] | None = None
        self._deadline = deadline
        self._clock = clock
        self._flights: dict[str, asyncio.Task[LookUp]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    @classmethod
    def offline(cls) -> Resolver:
        """A resolver that needs no network: it knows the sample catalogue only."""
        return cls(Catalogue.load())

    @property
    def providers(self) -> Sequence[Provider]:
        """The services, once they are open."""
        opened = self._services
        return opened.result().providers if opened and opened.done() and not opened.exception() else ()

    async def resolve(self, query: Query | str) -> Song:
        """The song of a link or of a text; raises as `look_up` does."""
        return (await self.look_up(query)).song

    async def look_up(self, query: Query | str) -> LookUp:
        """The song of a link or of a text with how it was found; where nobody knows it, what the query itself tells.

        Raises QueryError for a text that `parse_query` refuses, DeclinedError for links to playlists and podcasts.
        """
        began = self._clock()
        asked = parse_query(query) if isinstance(query, str) else query
        if isinstance(asked, Link):
            decline(asked)
        song = self._in_catalogue(asked)
        if song is not None:
            return LookUp(song, known_before=True, ms=self._since(began))
        if self._open_services is None:
            return LookUp(song_of_link(asked) if isinstance(asked, Link) else song_of_names(asked), ms=self._since(began))
        services = await self._opened(self._open_services)
        key = f"song:{services.mark}:{_key(asked)}"
        song = await _remembered(services, key)
        if song is not None:
            return LookUp(song, known_before=True, ms=self._since(began))
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._find_out(services, asked, key))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        # Whoever gives up waiting does not stop what others wait for.
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """Let go of the services; what was found out is written down."""
        for flight in (flights := list(self._flights.values())):
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._services:
            with suppress(HypeError):  # why they could not be opened was told to whoever asked
                await (await self._services).close()

    async def _opened(self, services: Callable[[], Awaitable[Services]]) -> Services:
        """The services, opened by whoever comes first."""
        if self._services is None:
            self._services = asyncio.ensure_future(services())
        return await asyncio.shield(self._services)

    def _in_catalogue(self, asked: Query) -> Song | None:
        """The song of that link, or of that name in whichever order artist and title were given."""
        if self._catalogue is None:
            return None
        if isinstance(asked, Link):
            return self._catalogue.by_link(asked)
        if asked.artist is None:
            return self._catalogue.by_text(asked.title)
        names = (asked.artist, asked.title)
        return self._catalogue.by_name(*names) or self._catalogue.by_name(*reversed(names))

    async def _find_out(self, services: Services, asked: Query, key: str) -> LookUp:
        """Ask the services until all is known or the time is over, and remember it for as long as it is worth."""
        from bot.songs.inquiry import Inquiry  # noqa: PLC0415 - not every answer needs the services' libraries

        began = self._clock()
        inquiry = Inquiry(services, asked)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline), self._places:
                await inquiry.run()
        song = inquiry.song
        services.cache.put(key, song.as_dict(), inquiry.worth)
        return LookUp(song, tuple(inquiry.calls), ms=self._since(began))

    def _since(self, began: float) -> float:
        return round((self._clock() - began) * 1000, 2)


async def _remembered(services: Services, key: str) -> Song | None:
    """The song as it was found out before, None where that is too long ago."""
    kept = await services.cache.get(key)
    try:
        return Song.from_dict(kept[0]) if kept else None
    except ValueError:  # written by another version
        return None


def _key(asked: Query) -> str:
    """What tells a query from all others."""
    if isinstance(asked, NameQuery):
        return f"names:{mark_of(asked)}"
    return asked.url
