"""The use case: someone shared a song, so find out what it is and say something about it."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from bot.errors import BusyError
from bot.links import Link, Platform, find_links
from bot.songs.query import keepable
from bot.songs.resolver import Resolver
from bot.songs.song import Song
from inference.commentary import Commentary, Commentator, Reply, Subject
from inference.conditions import FEATURES

SCHEMA = 1


def pick_seed() -> int:
    """A seed that nobody chose, short enough to be typed again."""
    return secrets.randbelow(10**9)


@dataclass(frozen=True)
class Answer:
    """A song and what there is to say about it; `replies` (best first) is empty when every candidate was rejected."""

    song: Song
    replies: tuple[Reply, ...]
    rejected: Mapping[str, int]
    seed: int
    praise: float
    bundle: Mapping[str, str]  # name, version, and the device it runs on
    timing_ms: Mapping[str, float]  # lookup, generate, total

    @property
    def conditions(self) -> dict[str, Any]:
        """What the model was told, JSON-ready, without what a person typed and nobody confirmed."""
        subject = subject_of(keepable(self.song))
        return {
            "artist": subject.artist,
            "title": subject.title,
            "genres": list(subject.genres),
            "features": dict(subject.features),
            "praise": self.praise,
        }

    def as_dict(self) -> dict[str, Any]:
        """The answer as `hype --json` prints it."""
        return {
            "schema": SCHEMA,
            "song": self.song.as_dict(),
            "replies": [
                {
                    "text": reply.text,
                    "sentences": list(reply.sentences),
                    "seed": reply.seed,
                    "scores": dict(reply.scores),
                }
                for reply in self.replies
            ],
            "rejected": dict(self.rejected),
            "bundle": dict(self.bundle),
            "timing_ms": dict(self.timing_ms),
        }


class Hype:
    """Answers shared songs, one at a time, in a thread of its own, so that whoever waits can do other things."""

    def __init__(
        self,
        resolver: Resolver,
        commentator: Commentator,
        *,
        waiting: int,
        deadline: float,
        clock: Callable[[], float] = time.perf_counter,
        seeds: Callable[[], int] = pick_seed,
    ) -> None:
        """Let at most `waiting` replies be in the making, each for at most `deadline` seconds.

        `clock` (in seconds) measures how long the parts of an answer take; `seeds` gives a seed when none is asked for.
        """
        self._resolver = resolver
        self._commentator = commentator
        self._places = threading.Semaphore(waiting)
        self._limit = waiting
        self._deadline = deadline
        self._clock = clock
        self._seeds = seeds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commentary")

    @property
    def bundle(self) -> dict[str, str]:
        """Name and version of the bundle that speaks, and the device that it runs on."""
        return {
            "name": self._commentator.name,
            "version": self._commentator.version,
            "device": self._commentator.device,
        }

    async def answer(
        self,
        query: str | Link,
        *,
        n: int = 1,
        seed: int | None = None,
        praise: float = 8.0,
        heard: Sequence[str] = (),
        correction: Mapping[str, float] | None = None,
    ) -> Answer:
        """Find the song and make up to `n` (1..10) different replies, warm as `praise` (0..10) and unlike `heard`.

        `correction` is what a community's votes add to the weights of the bundle's ranker; with one, even an empty one,
        the replies' scores tell what it did and what more there is to learn from. The same query, seed (0..2^63-1, None
        picks one), n, praise, heard and correction give the same texts from the same bundle.
        Raises QueryError for a query that is no song (DeclinedError for playlists and podcasts), BusyError when too many
        wait or the deadline passes.
        """
        seed = self._seeds() if seed is None else seed
        began = self._clock()
        try:
            async with asyncio.timeout(self._deadline):
                song = await self._resolver.resolve(query)
                found = self._clock()
                learnt = None if correction is None else dict(correction)
                comment = partial(
                    self._commentator.comment, n=n, seed=seed, praise=praise, heard=tuple(heard), correction=learnt
                )
                commentary = await self._in_thread(partial(comment, subject_of(song)))
        except TimeoutError:
            raise BusyError(
                f"The reply took longer than {self._deadline:g} s and was given up: try again, or raise deadline in [reply]."
            ) from None
        done = self._clock()
        timing = {"lookup": found - began, "generate": done - found, "total": done - began}
        return Answer(
            song=song,
            replies=commentary.replies,
            rejected=commentary.rejected,
            seed=seed,
            praise=praise,
            bundle=self.bundle,
            timing_ms={step: round(seconds * 1000, 1) for step, seconds in timing.items()},
        )

    async def _in_thread(self, work: Callable[[], Commentary]) -> Commentary:
        """Run blocking work in the thread, behind those who came before; turn it away when too many have."""
        if not self._places.acquire(blocking=False):
            raise BusyError(f"{self._limit} replies are in the making already: try again in a moment.")
        future = self._thread.submit(work)
        # The place is free when the work ends, which may be after its deadline: a thread cannot be stopped.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Let go of the services and of the thread, without waiting for what it still does."""
        await self._resolver.close()
        self._thread.shutdown(wait=False, cancel_futures=True)


def songs_in(text: str, platform: Platform) -> tuple[str | Link, ...]:
    """What a message asks about: the links in it, else its text as the name of a song."""
    return find_links(text, platform) or (text,)


def subject_of(song: Song) -> Subject:
    """What the model is told of a song: its main artist, title, genres and audio features, each only if known."""
    return Subject(
        artist=song.artists[0] if song.artists else None,
        title=song.title,
        genres=song.genres,
        features={name: value for name, value in song.features.known().items() if name in FEATURES},
    )
