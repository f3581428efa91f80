"""The extension in somebody else's bot, beside its own commands: with a conversation given to it, and with its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.ext import commands

from bot.stand_ins.discord import Message, faults
from tests.bot.stand_ins.small_bot import point_at
from tests.scenarios.discord_fixtures import fast, stage, template, tiny
from tests.scenarios.discord_stage import AHA, RICK, RICK_TITLE, Stage, title_of

__all__ = ["fast", "stage", "template", "tiny"]


class Foreign(commands.Bot):
    """Somebody's bot, with a command and a cog of its own."""

    def __init__(self, stage: Stage, **more: Any) -> None:
        super().__init__(command_prefix="!", intents=discord.Intents.all(), guild_ready_timeout=0.02, **more)
        self.done: list[str] = []
        self.conversation: Any = stage.talk

        @self.command()
        async def ping(context: commands.Context[Foreign]) -> None:
            await context.send("pong")

        @self.tree.command(description="Their own")
        async def other(interaction: Any) -> None:
            await interaction.response.send_message("theirs")

    async def setup_hook(self) -> None:
        await self.load_extension("bot.platforms.discord")
        await self.tree.sync()

    async def on_interaction(self, interaction: Any) -> None:
        self.done.append(str(interaction.type))


@pytest.mark.parametrize("own", [True, False], ids=["with our conversation", "with one of its own"])
async def test_a_foreign_bot_loads_and_unloads_the_extension(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, made_bundle: Path, own: bool
) -> None:
    monkeypatch.setenv("DEEPHYPEBOT_MODEL__BUNDLE", str(made_bundle))
    monkeypatch.setattr("bot.conversation.conversation.TIDY_EVERY", 0.05)
    point_at(stage.discord, monkeypatch)
    bot = Foreign(stage)
    if not own:
        bot.conversation = None
    task = asyncio.create_task(bot.start(stage.discord.token))
    try:
        await stage.discord.until(lambda: bot.is_ready() or task.done())
        said = await stage.discord.says(stage.ann, stage.channel, RICK)
        await stage.discord.until(lambda: stage.discord.replies(said))
        (reply,) = stage.discord.replies(said)
        assert title_of(reply) == RICK_TITLE
        stage.discord.fault("POST", "/channels/*/messages", faults.server_error(503))
        unsent = await stage.discord.says(stage.ben, stage.channel, AHA)
        await stage.discord.until(lambda: stage.discord.replies(unsent))  # without anybody's telling it to tidy up
        assert (await (await stage.discord.slash(stage.ann, stage.channel, "other")).answered()).content == "theirs"
        await stage.discord.says(stage.ann, stage.channel, "!ping")
        await stage.discord.until(lambda: "pong" in contents(stage.discord.messages(stage.channel)))
        assert (await (await stage.discord.presses(stage.ben, reply, "👍")).answered()).ephemeral
        assert {one["name"] for one in stage.discord.synced()} == {"hype", "other", "Hype this"}
        await bot.unload_extension("bot.platforms.discord")
        quiet = await stage.discord.says(stage.ann, stage.channel, RICK)
        await stage.discord.says(stage.ann, stage.channel, "!ping")
        await stage.discord.until(lambda: contents(stage.discord.messages(stage.channel)).count("pong") == 2)
        assert not stage.discord.replies(quiet)
        assert [command.name for command in bot.tree.get_commands()] == ["other"]
    finally:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)
        await stage.talk.close()
        await stage.context.hype.close()


def contents(messages: Iterable[Message]) -> list[str]:
    """The texts of messages."""
    return [each.content for each in messages]
