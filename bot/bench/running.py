"""The bot as `deephypebot run` starts it, in a program of its own, and what it tells of itself there."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.config import PREFIX, Settings
from bot.errors import HypeError

FILE = "bot.sqlite3"  # the bot's database, in its folder
_CONNECTED_S = 60.0  # for which a bot that starts is waited for
_ENDED_S = 20.0  # the same for one that ends
_GLANCE = 0.05  # seconds between two looks at a bot that starts
_LAG = "deephypebot_event_loop_lag_seconds_bucket"
_MEMORY = "process_resident_memory_bytes"

Sections = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Numbers:
    """What /metrics tells: how many ticks of the event loop were at most so many seconds late, and the memory in bytes."""

    lag: Mapping[float, int]
    memory: float | None  # None where the system does not tell

    def late(self, share: float, before: Numbers) -> float:
        """By how many seconds at most this share (0 to 1) of the ticks since `before` were late; 0 where there were none."""
        since = {end: count - before.lag.get(end, 0) for end, count in self.lag.items()}
        least = share * max(since.values(), default=0)
        return min((end for end, count in since.items() if count >= least), default=0.0)


class Running:
    """A bot that runs."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        """Ask it at the address of its health."""
        self._address = address
        self._session = session

    async def numbers(self) -> Numbers:
        """How it is now."""
        async with self._session.get(f"{self._address}/metrics") as response:
            text = await response.text()
        lag: dict[float, int] = {}
        memory: float | None = None
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == _LAG:
                    lag[math.inf if sample.labels["le"] == "+Inf" else float(sample.labels["le"])] = int(sample.value)
                elif sample.name == _MEMORY:
                    memory = sample.value
        return Numbers(lag, memory)

    async def connected(self, platforms: set[str]) -> bool:
        """Whether all of these are up."""
        try:
            async with self._session.get(f"{self._address}/healthz") as response:
                told = (await response.json())["platforms"]
        except aiohttp.ClientError:  # it has not come so far
            return False
        return {name for name, each in told.items() if each["state"] == "up"} >= platforms


@asynccontextmanager
async def running(settings: Settings, folder: Path, sections: Sections, platforms: set[str]) -> AsyncIterator[Running]:
    """A bot that is connected to these platforms; what it keeps is in a folder, and it asks no outside service.

    Of the settings model and replies hold, and before them what stands in `sections`; whatever else the user has set would
    measure something else. Raises HypeError where it does not start.
    """
    port = _free_port()
    own: Sections = {
        "model": settings.model.model_dump(),
        "reply": settings.reply.model_dump(),
        "store": {"url": f"sqlite+aiosqlite:///{folder / FILE}"},
        "songs": {"online": False},
        "health": {"port": port},
        **sections,
    }
    config, log = folder / "config.toml", folder / "log"
    config.touch()  # so that no other file is read
    command = [sys.executable, "-m", "bot", "run", "--config", str(config)]
    with log.open("wb") as told:
        process = await asyncio.create_subprocess_exec(*command, env=_environment(own), stdout=subprocess.DEVNULL, stderr=told)
    try:
        async with aiohttp.ClientSession() as session:
            bot = Running(f"http://127.0.0.1:{port}", session)
            await _until_connected(process, bot, platforms, log)
            yield bot
    finally:
        await _end(process)


async def _until_connected(process: asyncio.subprocess.Process, bot: Running, platforms: set[str], log: Path) -> None:
    try:
        async with asyncio.timeout(_CONNECTED_S):
            # Another program tells nobody that it has started.
            while process.returncode is None and not await bot.connected(platforms):  # noqa: ASYNC110 - it is another program
                await asyncio.sleep(_GLANCE)
    except TimeoutError:
        pass
    else:
        if process.returncode is None:
            return
    lines = (await asyncio.to_thread(log.read_text, "utf-8", "replace")).strip().splitlines()
    raise HypeError(f"The bot did not start: {lines[-1] if lines else 'it says nothing'}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Tell it to stop, as a service manager would."""
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(_ENDED_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _environment(sections: Sections) -> dict[str, str]:
    """The environment of a program with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    given = [(section, key, value) for section, keys in sections.items() for key, value in keys.items()]
    return others | {f"{PREFIX}{section}__{key}".upper(): _text(value) for section, key, value in given}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
