"""Runs the bot on every platform that is configured, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from bot.app import App
from bot.config import Settings
from bot.conversation.conversation import Conversation
from bot.errors import ConfigError, HypeError
from bot.health.base import Health
from bot.health.numbers import Numbers
from bot.health.probe import write
from bot.health.reading import Sources
from bot.health.server import HealthServer
from bot.logs import Secrets, configure
from bot.store.drafts import Drafts

PATIENCE = 10.0  # seconds for replies that are under way when the bot is told to stop
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)

# Connects a platform and returns when told to stop; raises HypeError where that cannot be.
Connect = Callable[[Settings, Conversation, Health, asyncio.Event], Coroutine[Any, Any, None]]


def configured(settings: Settings) -> Mapping[str, Connect]:
    """The platforms that the settings name, with what connects each; raises ConfigError where there are none."""
    found: dict[str, Connect] = {}
    if settings.discord.token.get_secret_value():
        from bot.platforms import discord  # noqa: PLC0415 - only those that are used are loaded

        found["discord"] = discord.run
    if settings.slack.wanted:
        from bot.platforms import slack  # noqa: PLC0415 - as above

        found["slack"] = slack.run
    if not found:
        raise ConfigError(
            [
                "No platform is configured: set token in [discord], or bot_token and app_token in [slack] (README.md tells "
                "how to get them); `deephypebot chat` needs neither."
            ]
        )
    return found


async def serve(
    settings: Settings, *, stop: asyncio.Event | None = None, platforms: Mapping[str, Connect] | None = None
) -> None:
    """Talk on all platforms until `stop` is set, SIGTERM or SIGINT comes; then what is under way ends, and all is closed.

    A platform that cannot be connected leaves the others running, and is told of in the log; HypeError is raised once
    none is left, and where model or database cannot be opened.
    """
    connects = platforms or configured(settings)
    secrets = Secrets.of(settings)
    undo = configure(settings.log, secrets)
    stop = stop or asyncio.Event()
    numbers = Numbers()
    server = HealthServer(numbers, settings.health, hide=secrets.hide)
    try:
        app = await App.open(settings, health=numbers)
        try:
            _watch(numbers, app, settings)
            # What is loaded by now stays: going through it again and again, the garbage collector would hold up the event
            # loop for a tenth of a second each time.
            gc.freeze()
            await server.open()
            _log.info("deephypebot speaks with %(name)s %(version)s on %(device)s.", app.hype.bundle)
            _log.info("%s", app.mode)
            with _signals(stop):
                await _talk(settings, app, numbers, connects, stop)
        finally:
            await server.close()
            await app.close(0)
    finally:
        undo()


def _watch(numbers: Numbers, app: App, settings: Settings) -> None:
    numbers.speaks(app.hype.bundle)
    numbers.watch(
        Sources(
            providers=app.hype.providers,
            queue=lambda: app.conversation.answering.busy,
            capacity=settings.reply.waiting,
            writes=partial(write, app.database),
            drafts=Drafts(app.database).counts,
        )
    )


async def _talk(settings: Settings, app: App, health: Health, connects: Mapping[str, Connect], stop: asyncio.Event) -> None:
    """Keep the platforms connected until told to stop."""
    ending = asyncio.Event()  # for the platforms: only once the conversation has ended, which still posts through them
    platforms = {
        asyncio.create_task(connect(settings, app.conversation, health, ending)): name for name, connect in connects.items()
    }
    stopped = asyncio.create_task(_wait(stop))
    faults: list[str] = []
    try:
        while platforms and not stop.is_set():
            done, _ = await asyncio.wait([stopped, *platforms], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                name = platforms.pop(task)
                faults += _end_of(name, task, health)
    finally:
        try:
            _log.info("Stopping: replies that are under way get %g seconds.", PATIENCE)
            await app.conversation.close(PATIENCE)
        finally:
            ending.set()
            stopped.cancel()
            await asyncio.gather(*platforms, stopped, return_exceptions=True)
    if faults and not platforms and not stop.is_set():
        raise HypeError(" ".join(faults))


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def _end_of(name: str, task: asyncio.Task[None], health: Health) -> list[str]:
    """What is to be told of a platform whose connection has ended by itself; of a fault of ours the log tells more."""
    error = None if task.cancelled() else task.exception()
    ours = error if error is not None and not isinstance(error, HypeError) else None
    fault = f"The connection to {name} has ended."
    if ours:
        fault = f"The connection to {name} has ended by a fault of mine ({type(ours).__name__}); the log tells where."
    elif error:
        fault = str(error)
    health.platform(name, "down", fault)
    _log.error("%s", fault, exc_info=ours)
    return [fault]


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """While it lasts, the signals that ask a program to end set an event; a second one ends it at once, as is usual."""
    loop = asyncio.get_running_loop()

    def release() -> None:
        for each in _SIGNALS:
            with suppress(NotImplementedError, RuntimeError):  # on Windows, and outside of the main thread
                loop.remove_signal_handler(each)

    def asked() -> None:
        stop.set()
        release()

    for each in _SIGNALS:
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(each, asked)
    try:
        yield
    finally:
        release()
