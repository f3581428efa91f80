"""What the gateway tells of: each happening as an event, for the intents and permissions that let a bot hear it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.stand_ins.discord import payloads
from bot.stand_ins.discord.gateway import Gateway
from bot.stand_ins.discord.sessions import Intent
from bot.stand_ins.discord.world import THREAD, Channel, Emoji, Guild, Member, Message, Payload, Permission, Role, User, World

NO_INTENT = Intent(0)


@dataclass(eq=False)
class Events:
    """Tells the bot what happens in the world, as far as it may know."""

    world: World
    gateway: Gateway

    def said(self, message: Message) -> None:
        """A new message."""
        self._message("MESSAGE_CREATE", message)

    def changed(self, message: Message) -> None:
        """A message was edited, or got its links unfurled."""
        self._message("MESSAGE_UPDATE", message)

    def deleted(self, channel: Channel, messages: Sequence[Message], *, bulk: bool) -> None:
        """Messages are gone."""
        intents, ids = _intents(channel, Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES), [str(each.id) for each in messages]
        if bulk:
            self._tell("MESSAGE_DELETE_BULK", channel, {"ids": ids}, intents)
        for each in () if bulk else ids:
            self._tell("MESSAGE_DELETE", channel, {"id": each}, intents)

    def reacted(self, message: Message, emoji: Emoji, user: User) -> None:
        """Somebody reacted."""
        body = self._reaction(message, emoji, user) | {"message_author_id": str(message.author.id)}
        guild = message.channel.guild
        if guild and user.id in guild.members:
            body["member"] = payloads.member(guild.members[user.id], self.world)
        self._tell("MESSAGE_REACTION_ADD", message.channel, body, _reactions(message.channel))

    def unreacted(self, message: Message, emoji: Emoji, user: User) -> None:
        """Somebody took a reaction back, or had it taken."""
        body = self._reaction(message, emoji, user)
        self._tell("MESSAGE_REACTION_REMOVE", message.channel, body, _reactions(message.channel))

    def cleared(self, message: Message, emoji: Emoji | None) -> None:
        """All reactions, or all with one emoji, were removed."""
        body: Payload = {"message_id": str(message.id)}
        if emoji:
            body["emoji"] = payloads.emoji(emoji)
        event = "MESSAGE_REACTION_REMOVE_EMOJI" if emoji else "MESSAGE_REACTION_REMOVE_ALL"
        self._tell(event, message.channel, body, _reactions(message.channel))

    def typing(self, channel: Channel, user: User) -> None:
        """Somebody types."""
        body: Payload = {"user_id": str(user.id), "timestamp": int(self.world.time())}
        if channel.guild and user.id in channel.guild.members:
            body["member"] = payloads.member(channel.guild.members[user.id], self.world)
        self._tell("TYPING_START", channel, body, _intents(channel, Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING))

    def channel(self, event: str, channel: Channel) -> None:
        """A channel or thread was made, changed or deleted: "CREATE", "UPDATE" or "DELETE"."""
        kind = "THREAD" if channel.kind == THREAD else "CHANNEL"
        body = payloads.channel(channel, self.world)
        if (kind, event) == ("THREAD", "CREATE"):
            body["newly_created"] = True
        self.gateway.send(f"{kind}_{event}", body, Intent.GUILDS, channel.guild)

    def guild_joined(self, guild: Guild) -> None:
        """The bot was added to a server."""
        for session in self.gateway.sessions.values():
            if session.hears(guild) and Intent.GUILDS in session.intents:
                whole = self.gateway.whole(session, guild)
                whole.pop("unavailable")  # absent where the server is new, false where it is only back
                session.tell("GUILD_CREATE", payloads.written(whole))
        self.gateway.touched()

    def guild_left(self, guild: Guild) -> None:
        """The bot was removed from a server."""
        self.gateway.send("GUILD_DELETE", {"id": str(guild.id)}, Intent.GUILDS, guild)

    def member_joined(self, guild: Guild, member: Member) -> None:
        """Somebody joined a server."""
        body = payloads.member(member, self.world) | {"guild_id": str(guild.id)}
        self.gateway.send("GUILD_MEMBER_ADD", body, Intent.GUILD_MEMBERS, guild)

    def member_changed(self, guild: Guild, member: Member) -> None:
        """Somebody has other roles; of itself a bot hears that without the intent."""
        body = payloads.member(member, self.world) | {"guild_id": str(guild.id)}
        intents = Intent.GUILDS if member.user is self.world.bot else Intent.GUILD_MEMBERS
        self.gateway.send("GUILD_MEMBER_UPDATE", body, intents, guild)

    def member_left(self, guild: Guild, user: User) -> None:
        """Somebody left a server."""
        body = {"guild_id": str(guild.id), "user": payloads.user(user)}
        self.gateway.send("GUILD_MEMBER_REMOVE", body, Intent.GUILD_MEMBERS, guild)

    def role_made(self, guild: Guild, role: Role) -> None:
        """A server has a new role."""
        body = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self.gateway.send("GUILD_ROLE_CREATE", body, Intent.GUILDS, guild)

    def emojis(self, guild: Guild) -> None:
        """A server has other emojis."""
        body = {"guild_id": str(guild.id), "emojis": [payloads.guild_emoji(each) for each in guild.emojis.values()]}
        self.gateway.send("GUILD_EMOJIS_UPDATE", body, Intent.GUILD_EXPRESSIONS, guild)

    def interaction(self, body: Payload, channel: Channel) -> None:
        """Somebody used a command, a button, a menu or a modal: that needs no intent."""
        self.gateway.send("INTERACTION_CREATE", body, NO_INTENT, channel.guild)

    def _message(self, event: str, message: Message) -> None:
        channel = message.channel
        if not self.world.bot_may(channel, Permission(0)):
            return
        body = payloads.message_event(message, self.world)
        open_to_all = channel.guild is None or message.author is self.world.bot or self.world.bot.id in message.pings
        masked = None if open_to_all else _masked(body)
        self.gateway.send(event, body, _intents(channel, Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES), channel.guild, masked)

    def _reaction(self, message: Message, emoji: Emoji, user: User) -> Payload:
        told = {"user_id": str(user.id), "message_id": str(message.id), "emoji": payloads.emoji(emoji)}
        return {**told, "burst": False, "type": 0}

    def _tell(self, event: str, channel: Channel, body: Payload, intents: Intent) -> None:
        """Tell what happened in a channel, where the bot sees it."""
        if self.world.bot_may(channel, Permission(0)):
            place = {"guild_id": str(channel.guild.id)} if channel.guild else {}
            self.gateway.send(event, {"channel_id": str(channel.id), **place, **body}, intents, channel.guild)


def _masked(body: Payload) -> Payload:
    """A message as a bot without the message-content intent is told of it; so is the one that it replies to."""
    empty = {"content": "", "embeds": [], "attachments": [], "components": []}
    quoted = body.get("referenced_message")
    return {**body, **empty, **({"referenced_message": {**quoted, **empty}} if quoted else {})}


def _intents(channel: Channel, in_guild: Intent, direct: Intent) -> Intent:
    return in_guild if channel.guild else direct


def _reactions(channel: Channel) -> Intent:
    return _intents(channel, Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS)
