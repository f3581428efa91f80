"""What there is in the made-up Discord: people, servers, channels, messages, and who may do what where."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag
from typing import Any

Payload = dict[str, Any]

EPOCH = 1_420_070_400_000  # milliseconds: the first of 2015, from which Discord's ids count
EPHEMERAL, LOADING, SUPPRESS_EMBEDS, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 2, 1 << 15  # flags of a message
TEXT, DM, THREAD = 0, 1, 11  # kinds of channel


class Permission(IntFlag):
    """What a role, or an overwrite of a channel, allows: Discord's bits."""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


EVERYTHING = ~Permission(0)
NOTHING = Permission(0)
USUAL = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.USE_EXTERNAL_APPS
)


@dataclass(eq=False)
class User:
    """Somebody with an account, or a bot; `accepts_dms` is whether bots may write to them."""

    id: int
    name: str
    bot: bool = False
    accepts_dms: bool = True

    @property
    def mention(self) -> str:
        """How a message names them."""
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    """A role of a server; the one with the server's own id is everybody's."""

    id: int
    name: str
    permissions: Permission
    position: int = 0


@dataclass(eq=False)
class Emoji:
    """An emoji: a Unicode one has no id."""

    name: str
    id: int | None = None
    animated: bool = False

    @property
    def key(self) -> str:
        """What tells it from others."""
        return self.name if self.id is None else str(self.id)

    def __str__(self) -> str:
        """As a message or a route writes it."""
        return self.name if self.id is None else f"{self.name}:{self.id}"


@dataclass(eq=False)
class Member:
    """Somebody in a server."""

    user: User
    joined_at: float
    roles: list[Role] = field(default_factory=list)


@dataclass(eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner: User
    everyone: Role
    roles: dict[int, Role] = field(default_factory=dict, repr=False)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[int, Channel] = field(default_factory=dict, repr=False)
    emojis: dict[int, Emoji] = field(default_factory=dict, repr=False)


@dataclass(eq=False)
class Channel:
    """A text channel, a thread (with a `parent`) or a direct conversation (with no `guild`).

    `overwrites` goes from the id of a user or a role to what is allowed and denied here; `typing` holds who was seen
    typing, and when.
    """

    id: int
    name: str
    kind: int = TEXT
    guild: Guild | None = None
    nsfw: bool = False
    parent: Channel | None = field(default=None, repr=False)
    owner: User | None = None
    recipient: User | None = None
    created_at: float = 0.0
    overwrites: dict[int, tuple[Permission, Permission]] = field(default_factory=dict, repr=False)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    typing: list[tuple[User, float]] = field(default_factory=list, repr=False)
    nonces: dict[tuple[int, str], Message] = field(default_factory=dict, repr=False)
    deleted: bool = False

    @property
    def last(self) -> Message | None:
        """The newest message."""
        return next(reversed(self.messages.values()), None)


@dataclass(eq=False)
class Reaction:
    """Who reacted with an emoji, in order."""

    emoji: Emoji
    users: dict[int, User] = field(default_factory=dict)


@dataclass(eq=False)
class Message:
    """A message; `sent` is what its author asked for, as it was sent.

    `pings` are the ids of the people it really notifies; `files` the bytes of its attachments by name; `interaction` is
    the interaction that it answers, and `deleted` stays true when it is gone.
    """

    id: int
    channel: Channel
    author: User
    content: str
    at: float
    embeds: list[Payload] = field(default_factory=list)
    components: list[Payload] = field(default_factory=list)
    attachments: list[Payload] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    reactions: dict[str, Reaction] = field(default_factory=dict)
    kind: int = 0
    flags: int = 0
    reply_to: Message | None = field(default=None, repr=False)
    nonce: str | None = None
    pings: dict[int, User] = field(default_factory=dict, repr=False)
    role_pings: list[int] = field(default_factory=list)
    pings_everyone: bool = False
    edited_at: float | None = None
    deleted: bool = False
    webhook_id: int | None = None
    interaction: Any = field(default=None, repr=False)
    sent: Payload = field(default_factory=dict, repr=False)

    @property
    def ephemeral(self) -> bool:
        """Whether only the person who is answered sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it only says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def seen_embeds(self) -> list[Payload]:
        """Its embeds as people see them: none where they are suppressed."""
        return [] if self.flags & SUPPRESS_EMBEDS else self.embeds

    @property
    def controls(self) -> list[Payload]:
        """All its buttons and menus, in order."""
        return [part for part in parts(self.components) if part.get("type") in (2, 3, 5, 6, 7, 8)]

    def control(self, mark: str) -> Payload | None:
        """The button or menu with this custom_id or, failing that, this label."""
        by_id = (part for part in self.controls if part.get("custom_id") == mark)
        by_label = (part for part in self.controls if part.get("label") == mark)
        return next(by_id, None) or next(by_label, None)


def parts(components: Iterable[Payload]) -> Iterator[Payload]:
    """Every component, whatever it lies in."""
    for component in components:
        yield component
        inside = component.get("components")
        within = [*(inside if isinstance(inside, list) else ()), component.get("component"), component.get("accessory")]
        yield from parts(part for part in within if isinstance(part, dict))


@dataclass
class World:
    """Everything there is; `clock` gives seconds since 1970, and servers go round the `shards` in turn."""

    clock: Callable[[], float] = time.time
    shards: int = 1
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    _last: int = 0
    _made: int = 0

    def __post_init__(self) -> None:
        """Make the application, its owner and its bot."""
        self.application_id = self.snowflake()
        self.owner = self.user("owner")
        self.bot = User(self.application_id, "hype", bot=True)
        self.users[self.bot.id] = self.bot

    @property
    def joined(self) -> list[Guild]:
        """The servers that the bot is in."""
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]

    def snowflake(self) -> int:
        """A new id: greater than all before it, and holding the time."""
        self._last = max(int(self.clock() * 1000 - EPOCH) << 22, self._last + 1)
        return self._last

    def time(self) -> float:
        """Seconds since 1970."""
        return self.clock()

    def stamp(self, at: float | None = None) -> str:
        """A time, by default this one, as Discord writes it."""
        return datetime.fromtimestamp(self.clock() if at is None else at, UTC).isoformat(timespec="microseconds")

    def user(self, name: str, *, bot: bool = False, accepts_dms: bool = True) -> User:
        """A new account."""
        user = User(self.snowflake(), name, bot, accepts_dms)
        self.users[user.id] = user
        return user

    def guild(self, name: str, owner: User | None = None) -> Guild:
        """A new server, with the bot and its owner in it."""
        instant = (self.snowflake() >> 22) + 1
        while instant % self.shards != self._made % self.shards:
            instant += 1
        self._last, self._made = instant << 22, self._made + 1
        everyone = Role(self._last, "@everyone", USUAL)
        guild = Guild(everyone.id, name, owner or self.owner, everyone, {everyone.id: everyone})
        for user in (guild.owner, self.bot):
            guild.members[user.id] = Member(user, self.time())
        self.guilds[guild.id] = guild
        return guild

    def channel(self, guild: Guild, name: str, *, nsfw: bool = False) -> Channel:
        """A new text channel."""
        return self._placed(Channel(self.snowflake(), name, TEXT, guild, nsfw, created_at=self.time()))

    def thread(self, parent: Channel, name: str, owner: User, thread_id: int | None = None) -> Channel:
        """A new thread of a text channel; one that begins at a message has that message's id."""
        guild, nsfw, made = parent.guild, parent.nsfw, thread_id or self.snowflake()
        return self._placed(Channel(made, name, THREAD, guild, nsfw, parent, owner, created_at=self.time()))

    def dm(self, user: User) -> Channel:
        """The conversation of the bot with somebody; there is one for each of them."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        return self._placed(Channel(self.snowflake(), "", DM, recipient=user, created_at=self.time()))

    def permissions(self, user: User, channel: Channel) -> Permission:
        """What somebody may do in a channel: roles first, then the overwrites of everybody, of roles, of the person.

        As Discord's documentation computes it; a thread goes by its parent, and a direct conversation allows the usual.
        """
        guild = channel.guild
        if guild is None:
            return USUAL if user in (channel.recipient, self.bot) else NOTHING
        member = guild.members.get(user.id)
        if member is None:
            return NOTHING
        allowed = self.base(member, guild)
        if allowed == EVERYTHING:
            return allowed
        overwrites = (channel.parent or channel).overwrites
        layers = [[guild.id], [role.id for role in member.roles], [user.id]]
        for layer in layers if overwrites else ():
            here = [overwrites[target] for target in layer if target in overwrites]
            for _, deny in here:
                allowed &= ~deny
            for allow, _ in here:
                allowed |= allow
        return allowed

    def base(self, member: Member, guild: Guild) -> Permission:
        """What somebody may do in a server as a whole."""
        allowed = guild.everyone.permissions
        for role in member.roles:
            allowed |= role.permissions
        return EVERYTHING if member.user is guild.owner or Permission.ADMINISTRATOR in allowed else allowed

    def bot_may(self, channel: Channel, wanted: Permission) -> bool:
        """Whether the bot has these permissions in a channel, and sees it."""
        wanted |= Permission.VIEW_CHANNEL
        return self.permissions(self.bot, channel) & wanted == wanted

    def remove(self, channel: Channel) -> None:
        """Take a channel away, with its threads and all that was said in them."""
        threads = [other for other in self.channels.values() if other.parent is channel]
        for gone in (*threads, channel):
            del self.channels[gone.id]
            gone.deleted = True
            if gone.guild:
                gone.guild.channels.pop(gone.id, None)
            for message in gone.messages.values():
                message.deleted = True

    def _placed(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild:
            channel.guild.channels[channel.id] = channel
        return channel
