"""How the made-up Discord is furnished, before and while the bot is there: accounts, servers, channels, roles, rights."""

from __future__ import annotations

from collections.abc import Iterable

from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.world import NOTHING, Channel, Emoji, Guild, Member, Message, Permission, Role, User, World


class Places:
    """Makes what there is; a bot that is connected is told at once."""

    world: World
    events: Events

    def user(self, name: str, *guilds: Guild, bot: bool = False, accepts_dms: bool = True) -> User:
        """A new account, a member of these servers."""
        user = self.world.user(name, bot=bot, accepts_dms=accepts_dms)
        for guild in guilds:
            self.joins(user, guild)
        return user

    def guild(self, name: str, *, owner: User | None = None, members: Iterable[User] = ()) -> Guild:
        """A new server that the bot is in; servers go round the shards in turn. It has no channel yet."""
        guild = self.world.guild(name, owner)
        for user in members:
            guild.members[user.id] = Member(user, self.world.time())
        self.events.guild_joined(guild)
        return guild

    def channel(self, guild: Guild, name: str = "music", *, nsfw: bool = False) -> Channel:
        """A new text channel."""
        channel = self.world.channel(guild, name, nsfw=nsfw)
        self.events.channel("CREATE", channel)
        return channel

    def thread(self, where: Channel | Message, name: str = "thread", *, by: User | None = None) -> Channel:
        """A new thread in a channel, or at a message."""
        parent, at = (where.channel, where.id) if isinstance(where, Message) else (where, None)
        thread = self.world.thread(parent, name, by or self.world.owner, at)
        self.events.channel("CREATE", thread)
        return thread

    def dm(self, user: User) -> Channel:
        """The conversation of the bot with somebody."""
        return self.world.dm(user)

    def role(self, guild: Guild, name: str, permissions: Permission = NOTHING) -> Role:
        """A new role."""
        role = Role(self.world.snowflake(), name, permissions, len(guild.roles))
        guild.roles[role.id] = role
        self.events.role_made(guild, role)
        return role

    def emoji(self, guild: Guild, name: str, *, animated: bool = False) -> Emoji:
        """A new emoji of a server."""
        emoji = Emoji(name, self.world.snowflake(), animated)
        guild.emojis[emoji.id or 0] = emoji
        self.events.emojis(guild)
        return emoji

    def joins(self, user: User, guild: Guild, *roles: Role) -> None:
        """Somebody joins a server, with these roles; one who is there already gets them."""
        member = guild.members.get(user.id)
        if member:
            member.roles.extend(role for role in roles if role not in member.roles)
            self.events.member_changed(guild, member)
            return
        member = guild.members[user.id] = Member(user, self.world.time(), list(roles))
        if user is self.world.bot:
            self.events.guild_joined(guild)
        else:
            self.events.member_joined(guild, member)

    def leaves(self, user: User, guild: Guild) -> None:
        """Somebody leaves a server, or the bot is thrown out of it."""
        del guild.members[user.id]
        if user is self.world.bot:
            self.events.guild_left(guild)
        else:
            self.events.member_left(guild, user)

    def permits(self, channel: Channel, who: User | Role, *, allow: Permission = NOTHING, deny: Permission = NOTHING) -> None:
        """Set what a person or role may and may not do in a channel, in place of what was set before."""
        channel.overwrites[who.id] = (allow, deny)
        self.events.channel("UPDATE", channel)
