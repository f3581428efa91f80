"""Discord by discord.py: its events become calls of a conversation; an extension for any bot, and the bot that loads it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, cast

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands

from bot.conversation.review import MOST_TEXT
from bot.curation.settings import KEYS
from bot.errors import ConfigError, HypeError
from bot.platforms.on_discord.answers import InteractionOutlet
from bot.platforms.on_discord.at_work import AtWork
from bot.platforms.on_discord.commands import MENU, invite, same
from bot.platforms.on_discord.faults import BAD_TOKEN, NO_CONTENT, NoContentError, closed, down, limited, refusal
from bot.platforms.on_discord.hearing import shared_in
from bot.platforms.on_discord.ids import PLATFORM, interaction_id, message_id, person_id, place_of, read_message
from bot.platforms.on_discord.listening import Listening, Written
from bot.platforms.on_discord.outlet import DiscordOutlet, May, Ours
from bot.platforms.on_discord.running import Shards, stay
from bot.platforms.on_discord.using import FIELD, Using
from bot.platforms.on_discord.votes import CatchingUp, Votes
from bot.platforms.outlet import Asker, Card

if TYPE_CHECKING:
    from bot.app import App
    from bot.config import Settings
    from bot.conversation.conversation import Conversation
    from bot.health.base import Health

Bot = commands.Bot | commands.AutoShardedBot
Interaction = discord.Interaction[Any]
Text = app_commands.Range[str, 1, 500]
Kind = Literal["word", "artist"]
P = ParamSpec("P")

EXTENSION = "bot.platforms.discord"
NOBODY = discord.AllowedMentions.none()
PATIENCE = 60.0  # seconds that a request may take, with all that the library waits for in it
ENDING = 5.0  # seconds that what was pressed or said last may take when the bot ends
GUILDS_WAIT = 2.0  # seconds without another server after which all of them are there
_USUAL = frozenset({discord.MessageType.default, discord.MessageType.reply})

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def _asking() -> AsyncIterator[None]:
    """Turn whatever the library raises into OutletError."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except discord.RateLimited as error:
        raise limited(error.retry_after) from error
    except discord.HTTPException as error:
        raise refusal(error.status, error.code, error.text) from error
    except Exception as error:  # the line is broken, the client closed, or an answer is not what the library expects
        raise down(type(error).__name__) from error


def _parts(payload: dict[str, Any], *, changing: bool = False) -> dict[str, Any]:
    """A rendered card as the library's methods take it; of its buttons `HypeCog.on_interaction` alone hears."""
    view = discord.ui.View(timeout=None)
    for row, line in enumerate(payload["components"]):
        for each in line["components"]:
            style = discord.ButtonStyle(each["style"])
            view.add_item(discord.ui.Button(style=style, label=each["label"], custom_id=each["custom_id"], row=row))
    view.stop()  # otherwise the library remembers every view for ever
    buttons = {"view": view if view.children else None} if changing or view.children else {}
    embeds = [discord.Embed.from_dict(each) for each in payload["embeds"]]
    return {"content": payload["content"] or None, "embeds": embeds, "allowed_mentions": NOBODY, **buttons}


class BotLine:
    """The `Line` of a bot."""

    def __init__(self, bot: Bot) -> None:
        """Speak as this bot."""
        self._bot = bot

    def may(self, channel: int) -> May | None:
        found = self._bot.get_channel(channel)
        if not isinstance(found, discord.abc.GuildChannel | discord.Thread) or found.guild.me is None:
            return None
        if isinstance(found, discord.Thread) and found.parent is None:
            return None
        may = found.permissions_for(found.guild.me)
        words = may.send_messages_in_threads if isinstance(found, discord.Thread) else may.send_messages
        return May(found.guild.id, words and may.view_channel, may.embed_links, may.read_message_history)

    async def send(self, channel: int, payload: dict[str, Any], *, source: int | None, nonce: str) -> int:
        more: dict[str, Any] = {"nonce": nonce} if nonce else {}
        if source:
            more["reference"] = discord.MessageReference(message_id=source, channel_id=channel, fail_if_not_exists=True)
        async with _asking():
            return (await self._channel(channel).send(**_parts(payload), **more)).id

    async def edit(self, channel: int, message: int, payload: dict[str, Any]) -> None:
        async with _asking():
            await self._channel(channel).get_partial_message(message).edit(**_parts(payload, changing=True))

    async def delete(self, channel: int, message: int) -> None:
        async with _asking():
            await self._channel(channel).get_partial_message(message).delete()

    async def ours(self, channel: int, most: int) -> list[Ours]:
        async with _asking():
            newest = [each async for each in self._channel(channel).history(limit=most)]
            return [_ours(each) for each in newest if self._bot.user and each.author.id == self._bot.user.id]

    async def types(self, channel: int) -> None:
        async with _asking():
            await self._channel(channel).typing()

    async def votes_on(self, message: str) -> Votes:
        """Who reacted with what, and whether what it answers is still there; raises OutletError."""
        channel, number = read_message(message) or (0, 0)
        async with _asking():
            found = await self._channel(channel).fetch_message(number)
            answered = found.reference.resolved if found.reference else None
            votes = Votes(_parent(self._bot.get_channel(channel)))
            if isinstance(answered, discord.DeletedReferencedMessage):
                votes.gone = message_id(answered.channel_id, answered.id)
            await votes.count(found.reactions)
        return votes

    def _channel(self, channel: int) -> discord.PartialMessageable:
        return self._bot.get_partial_messageable(channel)


class Used:
    """What `Asked` and `Using` need of an interaction."""

    def __init__(self, interaction: Interaction) -> None:
        """Answer this one."""
        self._it = interaction
        self.is_command = interaction.type is discord.InteractionType.application_command
        self.may_embed = interaction.app_permissions.embed_links

    @property
    def is_answered(self) -> bool:
        return self._it.response.is_done()

    async def respond(self, payload: dict[str, Any], *, alone: bool) -> int:
        async with _asking():
            return (await self._it.response.send_message(**_parts(payload), ephemeral=alone)).message_id or 0

    async def put_off(self, *, alone: bool) -> None:
        async with _asking():
            await self._it.response.defer(ephemeral=alone)

    async def follow(self, payload: dict[str, Any], *, alone: bool) -> int:
        async with _asking():
            sent: discord.WebhookMessage = await self._it.followup.send(**_parts(payload), ephemeral=alone, wait=True)
            return sent.id

    async def take_back(self) -> None:
        async with _asking():
            await self._it.delete_original_response()

    async def form(self, custom_id: str, text: str) -> None:
        """Open the form in which a text is edited; `HypeCog.on_interaction` hears of it, so the library need not."""
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, custom_id=FIELD, default=text[:MOST_TEXT], max_length=MOST_TEXT
        )
        form = discord.ui.Modal(title="Edit this reply", custom_id=custom_id)
        form.add_item(discord.ui.Label(text="What I am to say", component=field))
        form.stop()
        async with _asking():
            await self._it.response.send_modal(form)


def _listener(work: Callable[Concatenate[HypeCog, P], Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """Let the library call a method when what it is named after happens; the end waits until that is done."""

    @commands.Cog.listener()
    @functools.wraps(work)
    async def counted(self: HypeCog, *args: P.args, **kwargs: P.kwargs) -> None:
        with self.at_work:
            await work(self, *args, **kwargs)

    return counted


class HypeCog(commands.Cog, name="Hype"):
    """Tells a conversation what happens on Discord."""

    hype = app_commands.Group(
        name="hype",
        description="A line or two about a song.",
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
    )

    def __init__(self, bot: Bot, conversation: Conversation, app: App | None = None) -> None:
        """Take part in a conversation; `app`, where it was opened for that, is closed at the end."""
        self._bot, self._conversation, self._app = bot, conversation, app
        self.at_work = AtWork()
        self._line = BotLine(bot)
        self._outlet = DiscordOutlet(self._line)
        self._listening = Listening(conversation, self._outlet)
        self._using = Using(conversation, self._line)
        self._missed = CatchingUp(conversation, self._line.votes_on)
        conversation.voting.reads(PLATFORM, self._missed.again)
        self._menu = app_commands.ContextMenu(name=MENU, callback=self._hype_this, allowed_contexts=self.hype.allowed_contexts)
        self._menu.allowed_installs = self.hype.allowed_installs

    async def cog_load(self) -> None:
        """Begin; a bot that is connected already is not told so again."""
        self._bot.tree.add_command(self._menu)
        self._conversation.attach(PLATFORM, self._outlet)
        if self._bot.is_ready():
            self._missed.begin()

    async def cog_unload(self) -> None:
        """Let go of everything."""
        self._bot.tree.remove_command(MENU, type=discord.AppCommandType.message)
        await self._missed.end()
        await self.at_work.end(ENDING)
        if self._app:
            await self._app.close()

    @_listener
    async def on_ready(self) -> None:
        self._missed.begin()

    @_listener
    async def on_shard_ready(self, _: int) -> None:
        if self._missed.begun:  # what was missed in between by one of several connections is not told
            self._missed.begin()

    @_listener
    async def on_message(self, message: discord.Message) -> None:
        if written := self._written(message):
            await self._listening.heard(written)

    @_listener
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        before, now = payload.cached_message, payload.message
        # Discord also tells of a preview that it has put below a message: that is no edit.
        changed = before.content != now.content if before else now.edited_at is not None
        if changed and (written := self._written(now)):
            await self._listening.edited(written, before.content if before else None)

    @_listener
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        await self._listening.deleted(payload.channel_id, [payload.message_id])

    @_listener
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        await self._listening.deleted(payload.channel_id, payload.message_ids)

    def _written(self, message: discord.Message) -> Written | None:
        """What a person wrote; None for what others did."""
        if message.author.bot or message.webhook_id or message.type not in _USUAL or self._bot.user is None:
            return None
        answered = message.reference.resolved if message.reference else None
        before = answered if isinstance(answered, discord.Message) else None
        role = message.guild.self_role if message.guild and "<@&" in message.content else None
        return Written(
            message.id,
            message.channel.id,
            message.guild.id if message.guild else None,
            message.author.id,
            message.content,
            names=(self._bot.user.id, role.id if role else None),
            to_me=before is not None and before.author.id == self._bot.user.id,
            answered=_shared(before) if before else "",
            nsfw=_for_adults(message.channel),
            parent=_parent(message.channel),
        )

    @_listener
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        by_bot = payload.member is not None and payload.member.bot
        # Whose message it is need not be told.
        if not by_bot and self._bot.user and payload.message_author_id in {None, self._bot.user.id}:
            await self._reacted(payload, added=True)

    @_listener
    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        await self._reacted(payload, added=False)

    @_listener
    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        message = self._missed.touched(payload.channel_id, payload.message_id)
        await self._conversation.voting.cleared(message)

    @_listener
    async def on_raw_reaction_clear_emoji(self, payload: discord.RawReactionClearEmojiEvent) -> None:
        message = self._missed.touched(payload.channel_id, payload.message_id)
        await self._conversation.voting.cleared(message, str(payload.emoji))

    async def _reacted(self, payload: discord.RawReactionActionEvent, *, added: bool) -> None:
        if self._bot.user and payload.user_id == self._bot.user.id:
            return
        message = self._missed.touched(payload.channel_id, payload.message_id)
        place, person = place_of(payload.guild_id, payload.channel_id), person_id(payload.user_id)
        parent = _parent(self._bot.get_channel(payload.channel_id))
        await self._conversation.voting.reacted(message, person, str(payload.emoji), place, added=added, parent=parent)

    # Commands: the first line of each text below is what Discord shows of it.

    @hype.command()
    @app_commands.describe(song='A link to it, or "Artist - Title".')
    async def song(self, interaction: Interaction, song: Text) -> None:
        """Say something about a song."""
        await self._posts(interaction, lambda asker, via: self._conversation.answering.song(asker, song, via))

    @hype.command()
    async def again(self, interaction: Interaction) -> None:
        """Say something else about the last song here."""
        await self._posts(interaction, lambda asker, via: self._conversation.answering.again(asker, via=via))

    @hype.command()
    @app_commands.describe(one='A link to a song, or "Artist - Title".', other="The other song.")
    async def blend(self, interaction: Interaction, one: Text, other: Text) -> None:
        """Write a line between two songs."""
        await self._posts(interaction, lambda asker, via: self._conversation.answering.blend(asker, one, other, via))

    @hype.command()
    @app_commands.describe(when="The best of this week, or of all time.")
    @app_commands.rename(when="range")
    async def top(self, interaction: Interaction, when: Literal["this week", "ever"] = "this week") -> None:
        """Show what was liked best here."""
        await self._tells(interaction, lambda asker: self._conversation.commands.top(asker, when == "ever"))

    @hype.command()
    @app_commands.describe(key="Which setting.", value='What it is to be; "default" undoes it.', here="Only in this channel.")
    @app_commands.choices(key=[app_commands.Choice(name=key, value=key) for key in KEYS])
    async def settings(self, interaction: Interaction, key: str = "", value: str = "", here: bool = False) -> None:
        """Show how I behave here, or change it if you manage this server."""
        await self._tells(interaction, lambda asker: self._conversation.commands.settings(asker, key, value, here))

    @hype.command()
    async def block(self, interaction: Interaction, kind: Kind, text: Text) -> None:
        """Never use a word here, or never speak of an artist (for curators)."""
        await self._tells(interaction, lambda asker: self._conversation.commands.block(asker, kind, text))

    @hype.command()
    async def unblock(self, interaction: Interaction, kind: Kind, text: Text) -> None:
        """Allow a word or an artist again (for curators)."""
        await self._tells(interaction, lambda asker: self._conversation.commands.unblock(asker, kind, text))

    @hype.command()
    async def blocked(self, interaction: Interaction) -> None:
        """Show which words and artists are blocked here (for curators)."""
        await self._tells(interaction, self._conversation.commands.blocked)

    @hype.command()
    async def reset(self, interaction: Interaction) -> None:
        """Forget what I learnt from votes here (for those who manage this server)."""
        await self._tells(interaction, self._conversation.commands.reset)

    @hype.command()
    @app_commands.describe(choice="out: never answer me; in: do again; show: what you keep of me; erase: forget it.")
    async def privacy(self, interaction: Interaction, choice: Literal["out", "in", "show", "erase"]) -> None:
        """Decide what I keep about you, and whether I answer you at all."""
        await self._tells(interaction, lambda asker: self._conversation.commands.privacy(asker, choice))

    @hype.command()
    async def help(self, interaction: Interaction) -> None:
        """Show what I can do."""
        await self._outlet_of(interaction).tell(self._conversation.commands.help(PLATFORM))

    async def _hype_this(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer below the message whose menu was used."""
        await self._tells(interaction, lambda asker: self._conversation.answering.song(asker, _shared(message)), message)

    @_listener
    async def on_interaction(self, interaction: Interaction) -> None:
        """Hear of buttons and forms, also those from before the last start."""
        data, may = cast(dict[str, Any], interaction.data or {}), interaction.permissions
        used, custom_id = Used(interaction), data.get("custom_id")
        if interaction.type is discord.InteractionType.component:
            moderates = may.administrator or may.manage_messages
            await self._using.pressed(used, _asker(interaction), custom_id, moderates=moderates)
        elif interaction.type is discord.InteractionType.modal_submit:
            await self._using.sent(used, _asker(interaction), custom_id, data.get("components"))

    def _outlet_of(self, interaction: Interaction) -> InteractionOutlet:
        return InteractionOutlet(self._line, Used(interaction))

    async def _posts(self, interaction: Interaction, work: Callable[[Asker, InteractionOutlet], Awaitable[str]]) -> None:
        via = self._outlet_of(interaction)
        with self.at_work:
            await via.answers(work(_asker(interaction), via), public=True)

    async def _tells(
        self, interaction: Interaction, work: Callable[[Asker], Awaitable[str | Card]], on: discord.Message | None = None
    ) -> None:
        with self.at_work:
            await self._outlet_of(interaction).answers(work(_asker(interaction, on)))


def _asker(interaction: Interaction, on: discord.Message | None = None) -> Asker:
    """Who uses a command, button or form, or the menu `on` a message, and where."""
    user, may = interaction.user, interaction.permissions
    roles = [role.id for role in user.roles] if isinstance(user, discord.Member) else []
    return Asker(
        place_of(interaction.guild_id, interaction.channel_id or 0),
        person_id(user.id),
        interaction_id(interaction.id),
        manages=interaction.guild_id is None or may.administrator or may.manage_guild,
        roles=tuple(str(each) for each in (*roles, user.id)),
        nsfw=_for_adults(interaction.channel),
        parent=_parent(interaction.channel),
        answering=message_id(on.channel.id, on.id) if on else "",
        author=person_id(on.author.id) if on and not on.author.bot else "",
        sees=functools.partial(_sees, user) if isinstance(user, discord.Member) else None,
    )


def _sees(member: discord.Member, channel: str) -> bool:
    """Whether somebody may see a channel of their server, by its number; of threads those that are not private."""
    found = member.guild.get_channel_or_thread(int(channel)) if channel.isdecimal() else None
    if isinstance(found, discord.Thread):
        found = None if found.is_private() else found.parent
    return found is not None and found.permissions_for(member).view_channel


def _ours(message: discord.Message) -> Ours:
    rows = [row.children for row in message.components if isinstance(row, discord.ActionRow)]
    buttons = tuple(each.custom_id for row in rows for each in row if each.custom_id)
    return Ours(message.id, str(message.nonce or ""), buttons)


def _shared(message: discord.Message) -> str:
    return shared_in(message.content, (each.url for each in message.embeds))


def _for_adults(channel: object) -> bool:
    return isinstance(channel, discord.abc.GuildChannel | discord.Thread) and bool(getattr(channel, "is_nsfw", bool)())


def _parent(channel: object) -> str:
    return str(channel.parent_id) if isinstance(channel, discord.Thread) else ""


async def setup(bot: Bot) -> None:
    """Take part in the conversation in the bot's attribute `conversation`, else in one opened as the settings say.

    The commands are in its tree then; whoever owns the bot syncs them.
    """
    conversation, app = cast("Conversation | None", getattr(bot, "conversation", None)), None
    if conversation is None:
        from bot.app import App  # noqa: PLC0415 - a bot that brings a conversation needs none of it
        from bot.config import load  # noqa: PLC0415

        app = await App.open(load())
        conversation = app.conversation
    if not bot.intents.message_content:
        _log.warning("%s", NO_CONTENT)
    try:
        await bot.add_cog(HypeCog(bot, conversation, app))
    except BaseException:
        if app:
            await app.close()
        raise


class HypeBot(commands.AutoShardedBot):
    """The bot that `deephypebot run` starts: the extension, and little else."""

    def __init__(self, conversation: Conversation, health: Health, *, content: bool) -> None:
        """Take part in a conversation; with `content` links in messages are heard."""
        super().__init__(
            command_prefix=(),
            help_command=None,
            intents=discord.Intents(guilds=True, messages=True, reactions=True, message_content=content),
            allowed_mentions=NOBODY,
            max_ratelimit_timeout=30.0,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=GUILDS_WAIT,
            max_messages=100,
        )
        self.conversation = conversation
        self._shards = Shards(health, lambda: self.latency)

    @property
    def was_ready(self) -> bool:
        """Whether every server was known once."""
        return self._shards.were_ready

    async def live(self, token: str) -> None:
        """Connect, and end when the connection does; see `Client` for what is raised."""
        try:
            async with self:
                await self.start(token)
        except discord.LoginFailure:
            raise ConfigError([BAD_TOKEN]) from None
        except discord.PrivilegedIntentsRequired:
            raise NoContentError(NO_CONTENT) from None
        except discord.ConnectionClosed as error:
            raise (ConfigError([BAD_TOKEN]) if error.code == 4004 else HypeError(closed(error.code))) from None
        except commands.ExtensionError:
            raise
        except discord.HTTPException as error:
            raise refusal(error.status, error.code, error.text) from None
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise down(type(error).__name__) from None

    async def setup_hook(self) -> None:
        """Load the extension, and register the commands where they have changed."""
        await self.load_extension(EXTENSION)
        application = self.application_id or 0
        _log.info("To add me to a server: %s", invite(application))
        present = cast(list[dict[str, Any]], await self.http.get_global_commands(application))
        if not same([each.to_dict(self.tree) for each in self.tree.get_commands()], present):
            await self.tree.sync()
            _log.info("The commands were registered with Discord.")

    async def on_message(self, message: discord.Message, /) -> None:
        """Know no commands that are typed as text."""

    async def on_ready(self) -> None:
        """Every server is known."""
        _log.info("Connected to Discord as %s; servers: %d.", self.user, len(self.guilds))
        self._shards.ready()

    async def on_shard_ready(self, shard: int) -> None:
        """A connection is there."""
        self._shards.there(shard)

    on_shard_resumed = on_shard_ready

    async def on_shard_disconnect(self, shard: int) -> None:
        """A connection is lost."""
        if not self.is_closed():
            self._shards.lost(shard)


async def run(settings: Settings, conversation: Conversation, health: Health, stop: asyncio.Event) -> None:
    """Be on Discord until `stop`; a connection that is lost is made again.

    Close the conversation before `stop`, so that replies under way can still be posted. Raises ConfigError where Discord
    does not take the token, HypeError where it will not talk with us at all.
    """
    if not (token := settings.discord.token.get_secret_value().strip()):
        raise ConfigError([BAD_TOKEN])
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody is to be told that there is no voice
    discord.http.Route.BASE = settings.discord.api_base.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord.gateway)

    def make(content: bool) -> HypeBot:
        return HypeBot(conversation, health, content=content)

    await stay(make, token, health, stop, content=settings.discord.message_content)
