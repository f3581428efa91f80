"""A small bot with everything that a bot has: a command group, a message command, buttons, a menu and a modal."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands

from bot.stand_ins.discord import DiscordStandIn

LIBRARY = Path(discord.__file__).parent
USUAL = discord.Intents(guilds=True, messages=True, reactions=True, message_content=True, typing=True)


class Tune(discord.ui.Modal, title="Tune it"):
    """A modal with a row of the classic kind."""

    words: discord.ui.TextInput[Tune] = discord.ui.TextInput(label="Words", custom_id="words", max_length=100)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"tuned: {self.words.value}", ephemeral=True)


class Labelled(discord.ui.Modal, title="Tell more"):
    """A modal with a label, the new kind."""

    more = discord.ui.Label[Any](text="More", component=discord.ui.TextInput(custom_id="more", required=False))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.more.component, discord.ui.TextInput)
        await interaction.response.edit_message(content=f"more: {self.more.component.value}")


class Votes(discord.ui.View):
    """Buttons and a menu."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="up", custom_id="votes:up")
    async def up(self, interaction: discord.Interaction, _: discord.ui.Button[Votes]) -> None:
        await interaction.response.send_message("counted", ephemeral=True)

    @discord.ui.button(label="again", custom_id="votes:again")
    async def again(self, interaction: discord.Interaction, _: discord.ui.Button[Votes]) -> None:
        await interaction.response.edit_message(content="once more")

    @discord.ui.button(label="later", custom_id="votes:later")
    async def later(self, interaction: discord.Interaction, _: discord.ui.Button[Votes]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later it is", view=None)

    @discord.ui.button(label="tune", custom_id="votes:tune")
    async def tune(self, interaction: discord.Interaction, _: discord.ui.Button[Votes]) -> None:
        await interaction.response.send_modal(Tune())

    @discord.ui.button(label="label", custom_id="votes:label")
    async def label(self, interaction: discord.Interaction, _: discord.ui.Button[Votes]) -> None:
        await interaction.response.send_modal(Labelled())

    @discord.ui.select(custom_id="votes:mood", options=[discord.SelectOption(label=word) for word in ("calm", "loud")])
    async def mood(self, interaction: discord.Interaction, select: discord.ui.Select[Votes]) -> None:
        await interaction.response.send_message(f"mood: {select.values[0]}")


class SmallBot(discord.AutoShardedClient):
    """Notes every raw event in `heard`, by name."""

    def __init__(self, intents: discord.Intents = USUAL, **more: Any) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.02, allowed_mentions=discord.AllowedMentions.none(), **more)
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(Hype())
        self.tree.add_command(app_commands.ContextMenu(name="Hype this", callback=hype_this))
        self.heard: list[tuple[str, Any]] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing; the library waits for five seconds, as Discord limits how often one may identify."""

    async def setup_hook(self) -> None:
        self.add_view(Votes())
        await self.tree.sync()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.heard.append((event, args[0] if args else None))
        super().dispatch(event, *args, **kwargs)

    def of(self, event: str) -> list[Any]:
        """What was heard of one kind of event."""
        return [told for name, told in self.heard if name == event]


class Hype(app_commands.Group):
    """A command group, one of whose commands is in a group of its own."""

    deep = app_commands.Group(name="deep", description="Deeper down")

    def __init__(self) -> None:
        super().__init__(name="hype", description="Say something about a song")

    @app_commands.command(description="About a song")
    async def song(self, interaction: discord.Interaction, query: app_commands.Range[str, 1, 50], quiet: bool = False) -> None:
        await interaction.response.defer(ephemeral=quiet)
        await interaction.followup.send(f"hype for {query}")
        await interaction.followup.send("and more", ephemeral=True)

    @app_commands.command(description="At once")
    async def now(
        self, interaction: discord.Interaction, who: discord.Member, where: discord.TextChannel | None = None
    ) -> None:
        text = f"{who.name} in {where.name if where else interaction.channel}"
        await interaction.response.send_message(text, view=Votes())

    @song.autocomplete("query")
    async def complete(self, _: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} {number}", value=str(number)) for number in range(3)]

    @app_commands.command(description="Never answers")
    async def sleepy(self, interaction: discord.Interaction) -> None:
        interaction.client.dispatch("sleepy", interaction)

    @deep.command(name="down", description="A command in a group in a group")
    @app_commands.choices(
        mode=[app_commands.Choice(name="Automatic", value="auto"), app_commands.Choice(name="Off", value="off")]
    )
    async def down(self, interaction: discord.Interaction, mode: str, count: app_commands.Range[int, 1, 9] = 1) -> None:
        await interaction.response.send_message(f"{mode} {count}", ephemeral=True)


async def hype_this(interaction: discord.Interaction, message: discord.Message) -> None:
    """Quote a message's text."""
    await interaction.response.send_message(f"this: {message.content}")


@contextlib.asynccontextmanager
async def running(bot: SmallBot, stand_in: DiscordStandIn, token: str | None = None) -> AsyncIterator[SmallBot]:
    """The bot, logged in and ready; at the end it is closed, and no task, thread or connection of it is left."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(bot.start(token or stand_in.token))
    try:
        await stand_in.until(lambda: "ready" in dict(bot.heard) or task.done())
        if task.done():
            task.result()
        assert stragglers(before), "what is looked for at the end is there now"
        yield bot
    finally:
        await bot.close()
        await asyncio.wait([task])
        await stand_in.until(lambda: not stand_in.gateway.links and not stragglers(before))


def stragglers(before: set[asyncio.Task[None]]) -> list[object]:
    """What the bot has left behind: tasks, and the threads that keep its connections alive."""
    tasks = [task for task in asyncio.all_tasks() - before if LIBRARY in Path(task.get_coro().cr_code.co_filename).parents]
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("keep-alive-handler")]
    return [*tasks, *threads]


def point_at(stand_in: DiscordStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py take the stand-in for Discord."""
    monkeypatch.setattr("discord.http.Route.BASE", stand_in.api_base)
    monkeypatch.setattr("discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY", yarl.URL(stand_in.gateway_url))


class Haste:
    """The sleeping of a module of discord.py, which then takes no time; `slept` holds the seconds asked for."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        await asyncio.sleep(0)


def hurry(monkeypatch: pytest.MonkeyPatch) -> Haste:
    """Let discord.py wait for nothing before it tries again."""
    made = Haste()
    for module in ("http", "webhook.async_", "shard"):
        monkeypatch.setattr(f"discord.{module}.asyncio", made)
    return made
