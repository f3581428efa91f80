"""Measures the bot on Discord and Slack: how soon it replies, how it stands crowds and storms of votes, and its memory."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from bot.bench.crowds import AnyCrowd, DiscordCrowd, SlackCrowd
from bot.bench.replies import Step, progress
from bot.bench.running import FILE, Numbers, Running, running
from bot.config import Settings
from bot.conversation.delivery import address_of
from bot.errors import HypeError
from bot.songs.catalogue import Catalogue
from bot.stand_ins.discord import DiscordStandIn
from bot.stand_ins.slack import SlackStandIn

_PATIENCE = 60.0  # seconds for which anything is waited for
_GLANCE = 0.01  # seconds between two looks at the votes
_AHEAD = 4  # links that are unanswered while people go on talking
_MARKS = (0.2, 0.6, 1.0)  # of all messages: when memory is looked at
_BLOCK = 100  # messages for a step of the progress bar
_MB = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """How much is measured; a crowd's links are no more than the catalogue has songs."""

    alone: int = 60  # links on each platform, one at a time
    crowd: int = 50  # links in a second
    votes: int = 1_000  # in a second
    spread: int = 50  # replies that they are spread over, no more than the crowd
    messages: int = 10_000  # while memory is watched
    linked: int = 33  # every so-many-th of these has a link
    seconds: float = 1.0  # in which a crowd comes, or the votes


async def measure(settings: Settings, sizes: Sizes | None = None) -> dict[str, Any]:
    """All figures, with a progress bar on stderr: times in ms, if not said otherwise, and memory in MB of 10^6 bytes.

    The bot is a program of its own that knows the sample catalogue only; the platforms, and the people on them, are in this
    one.
    """
    sizes = sizes or Sizes()
    steps = 2 * (sizes.alone + sizes.crowd + 2) + sizes.messages // _BLOCK
    with progress(steps) as step, TemporaryDirectory() as folder:
        async with _stage(settings, Path(folder)) as (bot, crowds):
            for crowd in crowds:
                await _alone(crowd, 1, lambda: None)  # opens what has to be opened
            talk = _Talk(bot, Path(folder) / FILE, sizes, step)
            before = await bot.numbers()
            figures: dict[str, Any] = {crowd.platform: await talk.on(crowd) for crowd in crowds}
            memory = await talk.memory(crowds)
            return figures | {"memory": memory, "loop_lag": _lag(before, await bot.numbers())}


def rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures as (name, value) texts for a table."""
    platforms = [(name.capitalize(), figures[name]) for name in (DiscordCrowd.platform, SlackCrowd.platform)]
    shown: list[tuple[str, str]] = []
    for name, found in platforms:
        alone, crowd, one, many = (found[key] for key in ("alone", "crowd", "votes_on_one", "votes_on_many"))
        shown += [
            (f"{name}: link to reply", _told_of(alone)),
            (f"{name}: {crowd['links']} links in a second", _told_of(crowd)),
            (
                f"{name}: {one['cast']} votes in a second",
                f"{one['counted']} counted {one['ms']} ms after the last, on one reply; "
                f"{many['counted']} after {many['ms']} ms, on {many['replies']}",
            ),
        ]
    lag = figures["loop_lag"]
    return [
        *shown,
        ("loop lag meanwhile", f"99% at most {lag['p99']} ms, the longest at most {lag['max']} ms"),
        ("memory of the bot", _told_of_memory(figures["memory"])),
    ]


class _Talk:
    """What is measured with a bot that runs."""

    def __init__(self, bot: Running, file: Path, sizes: Sizes, step: Step) -> None:
        self._bot = bot
        self._file = file
        self._sizes = sizes
        self._step = step

    async def on(self, crowd: AnyCrowd) -> dict[str, Any]:
        """Single messages, a crowd and two storms of votes on one platform."""
        sizes, began = self._sizes, await self._bot.numbers()
        singly, alone = await _alone(crowd, sizes.alone, self._step)
        crowded = await self._bot.numbers()
        together, came = await _crowd(crowd, sizes, self._step)
        storms = await self._bot.numbers()
        on_one = await self._storm(crowd, _known(crowd, singly)[:1])
        on_many = await self._storm(crowd, _known(crowd, together)[: sizes.spread])
        return {
            "alone": alone | {"loop_lag": _lag(began, crowded)},
            "crowd": came | {"loop_lag": _lag(crowded, storms)},
            "votes_on_one": on_one,
            "votes_on_many": on_many,
            "votes_loop_lag": _lag(storms, await self._bot.numbers()),
        }

    async def memory(self, crowds: Sequence[AnyCrowd]) -> dict[str, Any]:
        """The memory of the bot while people talk, now and then with a link."""
        sizes = self._sizes
        marks = {round(sizes.messages * mark) for mark in _MARKS}
        waiting: list[tuple[AnyCrowd, Any]] = []
        found: dict[str, float | None] = {}
        links = 0
        for number in range(1, sizes.messages + 1):
            crowd = crowds[number % len(crowds)]
            if number % sizes.linked == 0:
                links += 1
                waiting.append((crowd, await crowd.share()))
            else:
                await crowd.talk()
            if len(waiting) > _AHEAD:
                await _answered(waiting, _AHEAD)
            if number % _BLOCK == 0:
                self._step()
            if number in marks:
                await _answered(waiting, 0)
                memory = (await self._bot.numbers()).memory
                found[str(number)] = None if memory is None else round(memory / _MB, 1)
                for each in crowds:
                    each.forget()
        return {
            "messages": sizes.messages,
            "links": links,
            "unanswered": len(waiting),
            "mb": found,
            "mb_per_1000": _slope(found),
        }

    async def _storm(self, crowd: AnyCrowd, shared: Sequence[Any]) -> dict[str, Any]:
        """So many people vote on the replies to these within a second: how long after the last one all are counted."""
        loop, cast, before = asyncio.get_running_loop(), self._sizes.votes, await self._votes()
        began = loop.time()
        async for number in _paced(cast, self._sizes.seconds):
            await crowd.react(shared[number % len(shared)], number)
        sent = loop.time()
        # Another program's file tells nobody that it has changed.
        while (counted := await self._votes() - before) < cast and loop.time() - sent < _PATIENCE:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(_GLANCE)
        self._step()
        return {
            "cast": cast,
            "replies": len(shared),
            "cast_in": _ms(sent - began),
            "counted": counted,
            "ms": _ms(loop.time() - sent),
        }

    async def _votes(self) -> int:
        """How many votes are in the database."""
        return await asyncio.to_thread(_count, self._file)


async def _alone(crowd: AnyCrowd, count: int, step: Step) -> tuple[list[Any], dict[str, Any]]:
    """Links one at a time, the next one once there is a reply; returns the messages too."""
    shared: list[Any] = []
    for _ in range(count):
        shared.append(await crowd.share())
        with suppress(TimeoutError):
            await crowd.until(lambda: crowd.answered(shared[-1]) is not None, _PATIENCE)
        step()
    return shared, _spread([crowd.answered(each) for each in shared])


async def _crowd(crowd: AnyCrowd, sizes: Sizes, step: Step) -> tuple[list[Any], dict[str, Any]]:
    """Many links within a second; returns the messages too."""
    shared = []
    async for _ in _paced(sizes.crowd, sizes.seconds):
        shared.append(await crowd.share())
        step()
    with suppress(TimeoutError):
        await crowd.until(lambda: all(crowd.answered(each) is not None for each in shared), _PATIENCE)
    return shared, _spread([crowd.answered(each) for each in shared])


def _known(crowd: AnyCrowd, shared: Sequence[Any]) -> list[Any]:
    """Those that were answered; raises HypeError where none was."""
    if known := [each for each in shared if crowd.answered(each) is not None]:
        return known
    raise HypeError(f"The bot answers nothing on {crowd.platform}: start deephypebot run to see why.")


async def _answered(waiting: list[tuple[AnyCrowd, Any]], most: int) -> None:
    """Wait until at most so many of these are unanswered, and take the others out."""

    def left() -> list[tuple[AnyCrowd, Any]]:
        return [(crowd, shared) for crowd, shared in waiting if crowd.answered(shared) is None]

    with suppress(TimeoutError):
        for crowd in {crowd for crowd, _ in waiting}:
            await crowd.until(lambda: len(left()) <= most, _PATIENCE)
    waiting[:] = left()


async def _paced(count: int, seconds: float) -> AsyncIterator[int]:
    """So many numbers, evenly spread over some seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(count):
        if (early := began + number * seconds / count - loop.time()) > 0:
            await asyncio.sleep(early)
        yield number


@asynccontextmanager
async def _stage(settings: Settings, folder: Path) -> AsyncIterator[tuple[Running, tuple[AnyCrowd, AnyCrowd]]]:
    """Both platforms with their people, and a bot that is connected to them."""
    links = [link for song in Catalogue.load().songs if (link := address_of(song))]
    async with AsyncExitStack() as open_:
        discord = await open_.enter_async_context(DiscordStandIn())
        slack = await open_.enter_async_context(SlackStandIn(app=SlackCrowd.app()))
        crowds = (DiscordCrowd(discord, links), SlackCrowd(slack, links))
        sections = {**DiscordCrowd.sections(discord), **SlackCrowd.sections(slack)}
        platforms = {crowd.platform for crowd in crowds}
        yield await open_.enter_async_context(running(settings, folder, sections, platforms)), crowds


def _count(file: Path) -> int:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM votes").fetchone()[0])


def _spread(times: Sequence[float | None]) -> dict[str, Any]:
    """How the times of those that were answered are spread; None where there are too few."""
    known = [each for each in times if each is not None]
    return {
        "links": len(times),
        "answered": len(known),
        "p50": _ms(median(known)) if known else None,
        "p95": _ms(quantiles(known, n=20, method="inclusive")[-1]) if len(known) > 1 else None,
        "max": _ms(max(known)) if known else None,
    }


def _lag(before: Numbers, after: Numbers) -> dict[str, float]:
    """By how many ms at most the event loop was late, for 99 % of the time and at worst; as exact as the buckets are."""
    return {"p99": _ms(after.late(0.99, before)), "max": _ms(after.late(1.0, before))}


def _slope(found: Mapping[str, float | None]) -> float | None:
    """MB that a thousand messages add, from the first mark to the last."""
    (first, low), *_, (last, high) = found.items()
    return None if low is None or high is None else round((high - low) / (int(last) - int(first)) * 1000, 2)


def _told_of(replies: Mapping[str, Any]) -> str:
    return f"p50 {replies['p50']} ms, p95 {replies['p95']} ms ({replies['answered']} of {replies['links']})"


def _told_of_memory(memory: Mapping[str, Any]) -> str:
    if memory["mb_per_1000"] is None:
        return "unknown"
    marks = ", ".join(f"{mb} MB after {count}" for count, mb in memory["mb"].items())
    return f"{marks} messages: {memory['mb_per_1000']:+} MB per 1000"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
