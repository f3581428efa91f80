"""The use case: someone shared a song, so find out what it is and say something about it; or about what lies between two."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from bot.errors import BusyError
from bot.health.base import Health
from bot.links import Link, Platform, find_links
from bot.songs.query import Query, keepable
from bot.songs.resolver import LookUp, Resolver
from bot.songs.song import Song
from bot.work_queue import WorkQueue
from inference.commentary import CANDIDATES, Commentary, Commentator, Reply, Subject
from inference.conditions import FEATURES

if TYPE_CHECKING:  # as in the resolver
    from bot.songs.providers.base import Provider

SCHEMA = 1
# How many candidates there are at most while so many others wait for their turn: 16 take a third of the time of 64. The
# price: against 64 the total of what is said is 0.35, 0.73 and 1.08 lower with 40, 24 and 16, where it deviates by 1.2
# among songs, and some 0.4 higher with 96.
SHED = ((12, 16), (5, 24), (2, 40), (1, 64))


def pick_seed() -> int:
    """A seed that nobody chose, short enough to be typed again."""
    return secrets.randbelow(10**9)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A song and what there is to say about it; `replies` (best first) is empty when every candidate was rejected."""

    song: Song
    replies: tuple[Reply, ...]
    others: tuple[Reply, ...] = ()  # the best candidates that might have been said instead, 8 at most, one sentence each
    rejected: Mapping[str, int]
    seed: int
    praise: float
    candidates: int = CANDIDATES  # how many were sampled at once: with others, the same seed says something else
    bundle: Mapping[str, str]  # name, version, and the device it runs on
    timing_ms: Mapping[str, float]  # lookup (where the song was looked up for it), generate (with the wait), total

    @property
    def songs(self) -> tuple[Song, ...]:
        """What it is about: one song, or the two of a blend."""
        return (self.song,)

    @property
    def conditions(self) -> dict[str, Any]:
        """What the model was told, JSON-ready, without what a person typed and nobody confirmed."""
        return _told(self.song) | {"praise": self.praise, "candidates": self.candidates}

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


@dataclass(frozen=True, kw_only=True)
class Blend(Answer):
    """What lies between `song` and `other`: an answer like any, which names neither of them."""

    other: Song

    @property
    def songs(self) -> tuple[Song, ...]:
        """Both songs, in the order in which they were given."""
        return (self.song, self.other)

    @property
    def conditions(self) -> dict[str, Any]:
        """What the model was told, as of any answer; "blend" holds what it was told of the other song."""
        return super().conditions | {"blend": _told(self.other)}

    def as_dict(self) -> dict[str, Any]:
        """The answer as that of one song, with the other one beside it."""
        return super().as_dict() | {"other": self.other.as_dict()}


class Asked(TypedDict, total=False):
    """How a text may be asked for; `Hype.answer_about` tells what each means, and what holds where it is left out."""

    n: int
    seed: int | None
    praise: float
    heard: Sequence[str]
    correction: Mapping[str, float] | None
    candidates: int | None


class Hype:
    """Answers shared songs, one at a time, in a thread of its own, so that whoever waits can do other things."""

    def __init__(
        self,
        resolver: Resolver,
        commentator: Commentator,
        *,
        waiting: int,
        deadline: float,
        health: Health | None = None,
        clock: Callable[[], float] = time.perf_counter,
        seeds: Callable[[], int] = pick_seed,
    ) -> None:
        """Let at most `waiting` replies be in the making, each for at most `deadline` seconds.

        `health` is told of every song that was looked up and of every answer. `clock` (in seconds) measures how long the
        parts of an answer take; `seeds` gives a seed when none is asked for.
        """
        self._resolver = resolver
        self._commentator = commentator
        self._queue = WorkQueue(waiting)
        self._deadline = deadline
        self._health = health or Health()
        self._clock = clock
        self._seeds = seeds

    @property
    def bundle(self) -> dict[str, str]:
        """Name and version of the bundle that speaks, and the device that it runs on."""
        return {
            "name": self._commentator.name,
            "version": self._commentator.version,
            "device": self._commentator.device,
        }

    @property
    def busy(self) -> int:
        """How many replies are in the making."""
        return len(self._queue)

    async def answer(self, query: str | Link, **asked: Unpack[Asked]) -> Answer:
        """Find the song and say something about it, as `answer_about` does, within one deadline; raises what both do."""
        return await self.answer_about(await self.look_up(query), **asked)

    async def look_up(self, query: str | Query) -> LookUp:
        """Find the song of a link or of a text; `ms` is how long it took from here, however long others had waited for it.

        Raises QueryError for a query that is no song (DeclinedError for playlists and podcasts), BusyError when the deadline
        passes.
        """
        began = self._clock()
        async with self._within(self._deadline):
            found = await self._resolver.look_up(query)
        found = replace(found, ms=round((self._clock() - began) * 1000, 2))
        self._health.looked_up(found)
        return found

    async def answer_about(
        self,
        found: LookUp | Song,
        *,
        n: int = 1,
        seed: int | None = None,
        praise: float = 8.0,
        heard: Sequence[str] = (),
        correction: Mapping[str, float] | None = None,
        candidates: int | None = None,
    ) -> Answer:
        """Make up to `n` (1..10) different replies about a song, warm as `praise` (0..10) and unlike `heard`.

        A song that `look_up` found has what is left of the deadline; any other has all of it. `correction` is what a
        community's votes add to the weights of the bundle's ranker; with one, even an empty one, the replies' scores tell
        what it did and what more there is to learn from. `candidates` (1..256) are chosen from; None takes as many as the
        bundle's speaker usually does, and fewer while others wait. The same song, seed (0..2^63-1, None picks one), n,
        praise, heard, correction and candidates give the same texts from the same bundle; seed and candidates are told by
        the answer. Raises BusyError when too many wait or the deadline passes.
        """
        comment = partial(
            self._commentator.comment,
            subject_of(_song(found)),
            n=n,
            seed=self._seeds() if seed is None else seed,
            praise=praise,
            heard=tuple(heard),
            correction=None if correction is None else dict(correction),
        )
        answer = await self._make(comment, candidates, found)
        self._health.answered(answer)
        return answer

    async def blend(self, one: str | Link, other: str | Link, **asked: Unpack[Asked]) -> Blend:
        """Find two songs, side by side, and say what lies between them, as `blend_of` does, within one deadline."""
        try:
            async with asyncio.TaskGroup() as both:
                first, second = (both.create_task(self.look_up(query)) for query in (one, other))
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None
        return await self.blend_of(first.result(), second.result(), **asked)

    async def blend_of(
        self,
        one: LookUp | Song,
        other: LookUp | Song,
        *,
        n: int = 1,
        seed: int | None = None,
        praise: float = 8.0,
        heard: Sequence[str] = (),
        correction: Mapping[str, float] | None = None,
        candidates: int | None = None,
    ) -> Blend:
        """Make up to `n` replies about what lies between two songs, in whichever order; all else is as in `answer_about`."""
        blend = partial(
            self._commentator.blend,
            subject_of(_song(one)),
            subject_of(_song(other)),
            n=n,
            seed=self._seeds() if seed is None else seed,
            praise=praise,
            heard=tuple(heard),
            correction=None if correction is None else dict(correction),
        )
        answer = await self._make(blend, candidates, one, other)
        blended = Blend(**vars(answer), other=_song(other))
        self._health.answered(blended)
        return blended

    def providers(self) -> Sequence[Provider]:
        """The services that are asked, for whoever wants to see how they are; none before the first is."""
        return self._resolver.providers

    async def close(self) -> None:
        """Let go of the services and of the thread, without waiting for what it still does."""
        await self._resolver.close()
        self._queue.close()

    async def _make(self, speak: partial[Commentary], candidates: int | None, *found: LookUp | Song) -> Answer:
        """Have a text made in the time that looking up has left."""
        lookup = max((each.ms for each in found if isinstance(each, LookUp)), default=None)
        began = self._clock()

        def work(waiting: int) -> Commentary:
            return speak(candidates=self._affordable(waiting) if candidates is None else candidates)

        async with self._within(self._deadline - (lookup or 0.0) / 1000):
            commentary = await self._queue.run(work)
        generate = (self._clock() - began) * 1000
        timing = ({} if lookup is None else {"lookup": lookup}) | {"generate": generate, "total": (lookup or 0.0) + generate}
        return Answer(
            song=_song(found[0]),
            replies=commentary.replies,
            others=commentary.others,
            rejected=commentary.rejected,
            seed=speak.keywords["seed"],
            praise=speak.keywords["praise"],
            candidates=commentary.batch,
            bundle=self.bundle,
            timing_ms={step: round(milliseconds, 1) for step, milliseconds in timing.items()},
        )

    def _affordable(self, waiting: int) -> int | None:
        """How many candidates to sample while so many others wait; None for as many as the commentator likes."""
        usual = self._commentator.candidates
        return next((min(usual, most) for least, most in SHED if waiting >= least), None)

    @asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        """Give up what takes longer than these, with BusyError; where none are left, do not begin."""
        try:
            if seconds <= 0:
                raise TimeoutError
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            raise BusyError(
                f"The reply took longer than {self._deadline:g} s and was given up: try again, or raise deadline in [reply]."
            ) from None


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


def _song(found: LookUp | Song) -> Song:
    return found.song if isinstance(found, LookUp) else found


def _told(song: Song) -> dict[str, Any]:
    """What the model was told of a song, JSON-ready, without what a person typed and nobody confirmed."""
    subject = subject_of(keepable(song))
    return {
        "artist": subject.artist,
        "title": subject.title,
        "genres": list(subject.genres),
        "features": dict(subject.features),
    }
