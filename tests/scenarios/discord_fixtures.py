"""Fixtures for conversations on Discord: the tiny model and an empty database once, a stage for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from bot.platforms import discord as adapter
from bot.store.database import Database
from inference.bundle import Bundle
from tests.scenarios.discord_stage import Stage, staged


@pytest.fixture(scope="module")
def tiny(made_bundle: Path) -> Bundle:
    """The tiny bundle, opened."""
    return Bundle.open(made_bundle, device="cpu", threads=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, to be copied."""
    path = tmp_path_factory.mktemp("template") / "bot.sqlite3"

    async def make() -> None:
        await (await Database.open(f"sqlite+aiosqlite:///{path}")).close()

    asyncio.run(make())
    return path


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing that Discord alone makes worth waiting for, and undo what `run` does to the library."""

    async def at_once(_: adapter.HypeBot, shard: int | None, *, initial: bool = False) -> None:
        """Identify without waiting for five seconds."""

    monkeypatch.setattr("discord.http.Route.BASE", discord.http.Route.BASE)
    monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY)
    monkeypatch.setattr(adapter, "GUILDS_WAIT", 0.02)
    monkeypatch.setattr(adapter.HypeBot, "before_identify_hook", at_once)


@pytest.fixture
async def stage(tiny: Bundle, template: Path, tmp_path: Path, fast: None) -> AsyncIterator[Stage]:
    """A stage on which the bot is not yet."""
    async with staged(tiny, template, tmp_path) as made:
        yield made


@pytest.fixture
async def live(stage: Stage) -> AsyncIterator[Stage]:
    """A stage with the bot on it."""
    async with stage.playing():
        yield stage
