"""The service: platforms side by side, one of which may fail, and an end at which nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.config import Settings, load
from bot.conversation.conversation import Conversation
from bot.errors import ConfigError, HypeError, StoreError
from bot.health.base import Health
from bot.links import find_links
from bot.platforms.outlet import Heard, Place
from bot.service import configured, serve
from tests.bot.conversation.chat import Chat

RICK = "https://youtu.be/dQw4w9WgXcQ"


@pytest.fixture
def settings(made_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with the tiny bundle and a free port for the numbers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setenv("DEEPHYPEBOT_STORE__URL", f"sqlite+aiosqlite:///{tmp_path}/bot.sqlite3")
    monkeypatch.setenv("DEEPHYPEBOT_HEALTH__PORT", "0")
    return load()


class Here:
    """A platform in memory: somebody shares a song as soon as it is connected."""

    def __init__(self, name: str = "discord") -> None:
        self.name = name
        self.chat = Chat(name)
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()

    async def connect(self, settings: Settings, conversation: Conversation, health: Health, stop: asyncio.Event) -> None:
        """Be connected until told to stop."""
        conversation.attach(self.name, self.chat)
        health.platform(self.name, "up")
        heard = Heard("m1", Place(self.name, "1", "10"), f"{self.name}:ann", find_links(RICK, "plain"))
        hearing = asyncio.create_task(conversation.answering.heard(heard))
        self.ready.set()
        await stop.wait()
        await hearing
        self.ended.set()


async def refused(settings: Settings, conversation: Conversation, health: Health, stop: asyncio.Event) -> None:
    """A platform that takes no token."""
    raise ConfigError(["The token is wrong."])


def test_without_a_platform_it_says_what_to_set(settings: Settings) -> None:
    with pytest.raises(ConfigError, match=r"\[discord\].*\[slack\].*deephypebot chat"):
        configured(settings)


async def test_what_is_under_way_when_it_is_told_to_stop_is_ended(settings: Settings) -> None:
    here, stop = Here(), asyncio.Event()
    here.chat.open.clear()
    serving = asyncio.create_task(serve(settings, stop=stop, platforms={"discord": here.connect}))
    await here.chat.posting.wait()
    stop.set()
    await asyncio.sleep(0)  # a turn of the loop, not a time
    assert not here.ended.is_set()
    here.chat.open.set()
    await serving
    assert len(here.chat.messages) == 1
    assert here.ended.is_set()


async def test_a_signal_stops_it(settings: Settings) -> None:
    here = Here()
    serving = asyncio.create_task(serve(settings, platforms={"discord": here.connect}))
    await here.ready.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    assert here.ended.is_set()


async def test_a_platform_that_fails_leaves_the_other_running(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    here, stop = Here(), asyncio.Event()
    serving = asyncio.create_task(serve(settings, stop=stop, platforms={"slack": refused, "discord": here.connect}))
    await here.chat.posting.wait()
    told = capfd.readouterr().err
    assert "The token is wrong." in told
    address = told.partition("can be seen at ")[2].partition("/healthz")[0]
    async with aiohttp.ClientSession() as session, session.get(f"{address}/healthz") as answer:
        condition = json.loads(await answer.text())
    assert {name: each["state"] for name, each in condition["platforms"].items()} == {"discord": "up", "slack": "down"}
    stop.set()
    await serving
    assert len(here.chat.messages) == 1


async def test_a_fault_of_ours_in_one_platform_is_in_the_log_and_the_other_ends_in_peace(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    async def broken(settings: Settings, conversation: Conversation, health: Health, stop: asyncio.Event) -> None:
        raise RuntimeError("made up")

    here, stop = Here(), asyncio.Event()
    here.chat.open.clear()
    serving = asyncio.create_task(serve(settings, stop=stop, platforms={"slack": broken, "discord": here.connect}))
    await here.chat.posting.wait()
    told = capfd.readouterr().err
    assert "The connection to slack has ended by a fault of mine (RuntimeError)" in told
    assert "made up" in told
    stop.set()
    here.chat.open.set()
    await serving
    assert len(here.chat.messages) == 1


async def test_where_no_platform_is_left_it_ends_with_the_reason(settings: Settings) -> None:
    with pytest.raises(HypeError, match=r"The token is wrong\."):
        await serve(settings, platforms={"slack": refused})


async def test_without_a_database_it_does_not_begin(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "bot.sqlite3").write_bytes(b"no database " * 100)
    with pytest.raises(StoreError, match="no database"):
        await serve(settings, platforms={"discord": Here().connect})
