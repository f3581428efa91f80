"""What every provider has in common: what it can do, what it finds, and the way to its service and back."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Required, TypedDict, TypeVar

from bot.errors import LeftAloneError, ServiceError, UnavailableError
from bot.links import Kind, Link, Service
from bot.songs.network.gate import Gate, Pace
from bot.songs.network.web import Web, refuse, unavailable
from bot.songs.query import NameQuery
from bot.songs.song import Song, clean_text

_T = TypeVar("_T")

Shape = Mapping[str, type]  # the fields of which an answer has at least one, and what they hold

Ability = Literal["identity", "features", "genres", "search"]

MAX_TITLE = 500  # characters of a video's title that are read
MAX_CANDIDATES = 20  # songs of one search that are looked at
_PATIENCE = 0.6  # of the deadline that may be spent on waiting for one's turn
_SHARE = 0.85  # of the deadline after which no second answer is waited for
_LEAST = 0.15  # of the deadline that a second answer must have left when its turn comes


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video as its service names it; the song in it has still to be read from that."""

    title: str
    author: str  # the channel's name
    is_music: bool | None = None  # what the service says; None where it says nothing


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one service says of one song (without sources: the resolver writes them), and what tells it from others."""

    song: Song
    popularity: float | None = None  # 0 to 1 within the service
    preview: str | None = None  # https address of a short excerpt
    video: Video | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON-ready values, for the cache."""
        video = self.video and {"title": self.video.title, "author": self.video.author, "is_music": self.video.is_music}
        return {"song": self.song.as_dict(), "popularity": self.popularity, "preview": self.preview, "video": video}

    @classmethod
    def from_dict(cls, values: Any) -> Found:
        """What `as_dict` wrote down; raises ValueError for anything else."""
        try:
            video = values["video"] and Video(**values["video"])
            return cls(
                song=Song.from_dict(values["song"]),
                popularity=values["popularity"],
                preview=values["preview"],
                video=video,
            )
        except (TypeError, KeyError) as error:
            raise ValueError(f"this is nothing found: {error}") from None


class Provider:
    """One outside service; what it cannot do, it is not asked for. Every method may raise ServiceError, and only that."""

    name: ClassVar[str]  # in the settings
    label: ClassVar[str]  # to people, and in `Song.sources`
    abilities: ClassVar[frozenset[Ability]]
    links: ClassVar[frozenset[tuple[Service, Kind]]] = frozenset()  # that `identify` takes
    scarce: ClassVar[bool] = False  # asked for identity and by search only where the others left something open
    details: ClassVar[bool] = False  # whether `describe` tells more than `search` did

    def __init__(self, gate: Gate | None = None) -> None:
        """Ask the service only when this gate lets one through."""
        self.gate = gate or Gate(self.label)

    async def identify(self, link: Link) -> Found | None:
        """What is behind a link (ability "identity"); None where the service does not know it."""
        raise NotImplementedError

    async def search(self, query: NameQuery) -> Sequence[Found]:
        """Songs that may be meant by names (ability "search"), at most MAX_CANDIDATES, the likeliest first."""
        raise NotImplementedError

    async def describe(self, song: Song) -> Found | None:
        """What the service knows of a song whose names or ids are known (abilities "features", "genres"), or None.

        `song.kind` may be "track", "album" or "artist".
        """
        raise NotImplementedError

    def can_describe(self, song: Song) -> bool:
        """Whether enough is known of a song for `describe` to ask the service anything."""
        return False

    async def close(self) -> None:
        """Let go of whatever is held."""


class Options(TypedDict, total=False):
    """What every web provider may be given; see `WebProvider`."""

    deadline: Required[float]
    gate: Gate | None
    pace: Pace | None
    jitter: Callable[[], float]
    clock: Callable[[], float]


class WebProvider(Provider):
    """A provider whose service answers HTTP GET with a JSON object."""

    limit: ClassVar[tuple[int, float] | None] = None  # requests, and in how many seconds; None where there is no limit

    def __init__(
        self,
        web: Web,
        base: str,
        *,
        deadline: float,
        gate: Gate | None = None,
        pace: Pace | None = None,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask below the address `base`, each time for at most `deadline` seconds.

        `pace` is by default what `limit` says; `jitter` gives numbers from 0 to 1, `clock` gives seconds.
        """
        super().__init__(gate)
        self._web = web
        self._base = base.rstrip("/")
        self._deadline = deadline
        self._pace = pace or (Pace(*self.limit) if self.limit else None)
        self._jitter = jitter
        self._clock = clock

    async def _ask(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        shape: Shape,
        endpoint: str = "",
        missing: Collection[int] = (),
        check: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda answer: answer,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
        within: float | None = None,
    ) -> dict[str, Any] | None:
        """The JSON object at `path`; None where the status is among `missing`, or where `check` says so.

        `shape` is what the service documents of it. `missing` is for paths that name one thing: that a search or a list
        is not there is no answer to what was asked. `endpoint` names what is left alone for a day once it is refused (by
        default the first part of the path). `check` looks at the object for errors that came with status 200 and raises
        ServiceError for them. `patience` is for how many seconds to wait for a turn, by default a part of the deadline;
        `within` means that the turn was waited for already, and so many seconds are left for the answer.
        """
        place = endpoint or path.strip("/").partition("/")[0] or "it"
        if within is None:
            await self._turn(place, patience)

        async def once() -> dict[str, Any] | None:
            answer = await self._web.json(
                f"{self._base}/{path.lstrip('/')}", params=params, headers=headers, missing=missing, refused=self._refuse
            )
            if isinstance(answer, dict):
                answer = check(answer)
            return None if answer is None else shaped(answer, shape)

        with self.gate.passing(place):  # only now, as much may have happened during the wait
            try:
                async with asyncio.timeout(within):
                    answer = await self._twice(once)
            except TimeoutError as error:
                raise unavailable(error, self._deadline) from None
        self.gate.known(place, (path, *sorted((params or {}).items())), answer is not None)
        return answer

    async def _turn(self, place: str, patience: float | None = None) -> None:
        """Wait until this endpoint may be asked; raises LeftAloneError where it may not, or not soon enough."""
        if self._pace:
            self.gate.look(place)
            await self._pace.turn(self._deadline * _PATIENCE if patience is None else patience)

    async def _twice(self, once: Callable[[], Awaitable[dict[str, Any] | None]]) -> dict[str, Any] | None:
        """Ask, and once more where the failure may pass, if there is a turn for it."""
        try:
            return await once()
        except UnavailableError as error:
            if not error.passing:
                raise
            await asyncio.sleep(0.1 + 0.2 * self._jitter())
            try:
                if self._pace:
                    await self._pace.turn(self._deadline * _PATIENCE)
            except LeftAloneError:
                raise error from None
            return await once()

    async def _second(self, began: float, ask: Callable[[float], Awaitable[_T | None]]) -> _T | None:
        """What `ask`, which is given its patience, brings in what is left of the deadline since the moment `began`.

        None where it would not fit, or fails: what a first answer gave must not be lost for it.
        """
        left = self._deadline * _SHARE - (self._clock() - began)
        patience = left - self._deadline * _LEAST
        if patience < 0:
            return None
        try:
            async with asyncio.timeout(left):
                return await ask(patience)
        except (TimeoutError, ServiceError):
            return None

    def _refuse(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raise what a status other than 200 means here; returning, it means that there is nothing.

        For providers whose service tells more by the beginning of the body, or that know what to do about a refusal.
        """
        refuse(status, headers, body)


def shaped(answer: Any, shape: Shape) -> dict[str, Any]:
    """The answer itself; raises UnavailableError where nothing of it is as documented, or it tells of an error."""
    if isinstance(answer, dict) and answer.get("error"):
        raise UnavailableError("answered with an error")
    if not isinstance(answer, dict) or not any(isinstance(answer.get(name), kind) for name, kind in shape.items()):
        raise UnavailableError("sent an answer of another shape than documented")
    return answer


def at(value: Any, *path: str | int) -> Any:
    """What stands in a JSON value at a path of keys and places; None where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def text_at(value: Any, *path: str | int) -> str | None:
    """The clean text at a path, None where there is none."""
    found = at(value, *path)
    return clean_text(found[: 4 * MAX_TITLE], MAX_TITLE) or None if isinstance(found, str) else None


def number_at(value: Any, *path: str | int) -> float | None:
    """The finite number at a path, None where there is none."""
    found = at(value, *path)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        number = float(found)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def list_at(value: Any, *path: str | int) -> list[Any]:
    """The list at a path, empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []


def seconds_at(value: Any, *path: str | int, unit: float = 1.0) -> float | None:
    """The duration at a path, where one of it lasts `unit` seconds; None where no song can last so long."""
    found = number_at(value, *path)
    seconds = None if found is None else found * unit
    return seconds if seconds is not None and 1 <= seconds <= 86_400 else None
