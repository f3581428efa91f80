"""Asks Slack at the start for as long as it takes, and then watches the connection until the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from bot.errors import ConfigError
from bot.health.base import Health, PlatformState
from bot.platforms.on_slack.faults import SlackError
from bot.platforms.on_slack.ids import PLATFORM

Pause = Callable[[float], Awaitable[None]]
State = Callable[[], Awaitable[tuple[PlatformState, str]]]  # how the connection is now, and a sentence about it

WATCHED = 1.0  # seconds between two looks at the connection

_LONGEST = 30.0  # seconds between two tries

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Tries:
    """Asks Slack at the start: until it answers, or the bot is stopped."""

    def __init__(self, health: Health, stop: asyncio.Event, pause: Pause) -> None:
        """Tell `health` how it goes, end with `stop`, and wait with `pause`."""
        self.health = health
        self.stop = stop
        self._pause = pause

    async def ask(self, setting: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """What Slack answers, None once `stop` is set; raises ConfigError where it does not accept the setting.

        `call` raises SlackError and nothing else.
        """
        wait = 1.0
        while not self.stop.is_set():
            try:
                return await call()
            except SlackError as error:
                if error.reason not in {"down", "limited"}:
                    told = f"Slack does not accept {setting} in [slack] ({error.code}): copy it again from the app's page."
                    raise ConfigError([told]) from None
                self.health.platform(PLATFORM, "down", "Slack cannot be reached.")
                if wait == 1.0:
                    _log.warning("Slack cannot be reached (%s); I try again and again.", error.code or "no answer")
            await until(self.stop, wait, asyncio.ensure_future(self._pause(wait)))
            wait = min(wait * 2, _LONGEST)
        return None


async def until(stop: asyncio.Event, seconds: float, other: asyncio.Future[Any] | None = None) -> None:
    """Wait until `stop` is set, `other` is done, or some seconds have passed."""
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({stopped, other} if other else {stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()


async def watch(
    ready: Callable[[], Awaitable[None]], state: State, health: Health, stop: asyncio.Event, removed: asyncio.Event
) -> None:
    """Do what is to be done once connected, and tell how the connection is, until `stop` is set.

    After the app was `removed` from its only workspace the connection is worth nothing.
    """
    readying = asyncio.ensure_future(_without_end(ready))
    before: PlatformState = "connecting"
    try:
        while not stop.is_set():
            now, detail = await state()
            if removed.is_set():
                now, detail = "down", "The workspace has removed the app."
            if now != before:
                before = now
                known = "in Slack" if now == "up" else "not in Slack now"
                _log.log(logging.INFO if now == "up" else logging.WARNING, "The bot is %s: %s", known, detail)
            health.platform(PLATFORM, now, detail)
            await until(stop, WATCHED)
    finally:
        readying.cancel()
        await asyncio.gather(readying, return_exceptions=True)


async def _without_end(ready: Callable[[], Awaitable[None]]) -> None:
    try:
        await ready()
    except Exception:  # hearing must go on
        _log.exception("What was begun in Slack before the start could not be ended.")


@web.middleware
async def tidy(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """Tell of a fault by its kind alone: what a driver or the SDK says of it may hold tokens."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:
        _log.error("A request to %s could not be answered (%s).", request.path, type(error).__name__)
        return web.Response(status=500, text="This did not work: try again in a moment.")
