"""The stand-in for Discord, with a server, a channel, two people, and discord.py pointed at it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.stand_ins.discord import Channel, DiscordStandIn, Guild, User
from tests.bot.stand_ins.small_bot import SmallBot, point_at, running


@dataclass
class Place:
    """Where a test plays."""

    discord: DiscordStandIn
    guild: Guild
    channel: Channel
    ann: User
    ben: User


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with DiscordStandIn() as stand_in:
        guild = stand_in.guild("Listeners")
        channel = stand_in.channel(guild, "music")
        point_at(stand_in, monkeypatch)
        yield Place(stand_in, guild, channel, stand_in.user("ann", guild), stand_in.user("ben", guild))


@pytest.fixture
async def bot(place: Place) -> AsyncIterator[SmallBot]:
    async with running(SmallBot(), place.discord) as client:
        yield client
