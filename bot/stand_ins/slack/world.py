"""What there is in this Slack: an app, workspaces, people, channels, messages with their reactions, and opened views."""

from __future__ import annotations

import itertools
import secrets
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Kind = Literal["channel", "group", "im", "mpim"]  # as `channel_type` of an event names them
Object = dict[str, Any]  # a JSON object, as it comes and goes

_DIGITS = string.digits + string.ascii_uppercase

ALL_SCOPES = frozenset(
    """app_mentions:read channels:history channels:join channels:read chat:write chat:write.public commands groups:history
    groups:read groups:write im:history im:read im:write links:read links:write mpim:history mpim:read mpim:write
    reactions:read reactions:write team:read users:read""".split()
)
ALL_EVENTS = frozenset(
    """app_home_opened app_mention app_uninstalled link_shared member_joined_channel message.channels message.groups
    message.im message.mpim reaction_added reaction_removed tokens_revoked""".split()
)
MAX_DOMAINS = 5  # that an app may register


@dataclass
class App:
    """The app as its settings page shows it; without a `request_url` everything goes through Socket Mode."""

    id: str = "A0STANDIN"
    app_token: str = field(default="xapp-1-A0STANDIN-1-made-up", repr=False)
    client_id: str = "1111.2222"
    client_secret: str = field(default="made-up-client-secret", repr=False)
    signing_secret: str = field(default="made-up-signing-secret", repr=False)
    verification_token: str = field(default="made-up-verification-token", repr=False)
    request_url: str | None = None
    redirect_uri: str | None = None  # where the OAuth page sends people to, unless it is asked otherwise
    events: frozenset[str] = ALL_EVENTS  # that it has subscribed to
    scopes: frozenset[str] = ALL_SCOPES  # that it asks for when it is installed
    domains: tuple[str, ...] = ()  # whose links it wants to hear of, at most five

    def __post_init__(self) -> None:
        """Refuse more domains than Slack lets an app register."""
        if len(self.domains) > MAX_DOMAINS:
            raise ValueError(f"An app may register {MAX_DOMAINS} domains, not {len(self.domains)}: leave some out.")


@dataclass(frozen=True)
class User:
    """A person, or a bot, in one workspace."""

    id: str
    team: str
    name: str
    is_bot: bool = False


@dataclass
class Workspace:
    """A workspace that has the app, or had it: `gone` names the error that its token gets then."""

    id: str
    name: str
    app_id: str
    bot: User
    bot_id: str
    bot_token: str = field(repr=False)
    scopes: frozenset[str] = ALL_SCOPES  # that its token has
    gone: str = ""


@dataclass
class Message:
    """One message; `reactions` maps an emoji's name to the people who gave it, in their order."""

    ts: str
    channel: str
    team: str
    user: str
    text: str  # as Slack keeps it: escaped
    thread_ts: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    blocks: list[Object] = field(default_factory=list)
    attachments: list[Object] = field(default_factory=list)
    files: list[Object] = field(default_factory=list)
    metadata: Object | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: str | None = None  # the ts of the last edit
    deleted: bool = False
    ephemeral_for: str | None = None  # the only person who sees it
    unfurl_links: bool | None = None  # as the app asked, None where it said nothing
    unfurl_media: bool | None = None

    @property
    def in_thread(self) -> bool:
        """Whether this is a reply, not the beginning of a thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Channel:
    """A conversation; `messages` by ts, oldest first, deleted ones taken out; `ephemeral` are those for one person each."""

    id: str
    team: str
    name: str
    kind: Kind
    members: set[str] = field(default_factory=set)
    archived: bool = False
    shared: bool = False  # with another organisation
    messages: dict[str, Message] = field(default_factory=dict)
    ephemeral: list[Message] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)  # by the ts of the thread, of messages that are there
    posted_at: float | None = None  # when the app last posted here

    @property
    def private(self) -> bool:
        """Whether only its members know of it."""
        return self.kind != "channel"

    def thread(self, ts: str) -> list[Message]:
        """The message that began a thread, where it is still there, and the replies, oldest first."""
        return [self.messages[each] for each in (ts, *self.replies.get(ts, ())) if each in self.messages]


@dataclass
class View:
    """A modal, or the app's home, that somebody has open; `payload` is the app's, with every id filled in."""

    id: str
    team: str
    user: str
    payload: Object
    root: str
    previous: str | None = None
    version: int = 1
    open: bool = True
    values: dict[str, dict[str, Object]] = field(default_factory=dict)  # what was last filled in, by block and action

    @property
    def hash(self) -> str:
        """What changes with every update."""
        return f"{self.version}.{self.id.lower()}"

    @property
    def callback_id(self) -> str:
        """By which the app knows it."""
        return str(self.payload.get("callback_id", ""))


@dataclass
class Trigger:
    """What lets the app open a view: once, within three seconds."""

    user: str
    team: str
    at: float
    used: bool = False
    view: str | None = None  # the view that it came from


@dataclass
class ResponseUrl:
    """Where the app may answer to an interaction: five times, within half an hour."""

    token: str
    team: str
    channel: str
    user: str
    at: float
    message: Message | None = None  # the message that it came from
    uses: int = 0
    posted: list[Message] = field(default_factory=list)


class Grant(NamedTuple):
    """What a code of the OAuth page stands for."""

    workspace: str
    user: str
    redirect_uri: str | None


@dataclass
class World:
    """All of it; `clock` gives Unix seconds."""

    app: App = field(default_factory=App)
    clock: Callable[[], float] = time.time
    message_interval: float = 0.0  # seconds that the app must leave between its messages in a channel
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)
    _last_ts: int = 0  # microseconds

    def new_id(self, letter: str) -> str:
        """An id that nothing else has, such as U00000001A."""
        number, digits = next(self._numbers), ""
        while number:
            number, rest = divmod(number, len(_DIGITS))
            digits = _DIGITS[rest] + digits
        return letter + digits.rjust(9, "0")

    def new_ts(self) -> str:
        """The time as Slack writes it, later than every one before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_token(self) -> str:
        """A bot token that has not been given before."""
        return f"xoxb-made-up-{next(self._numbers)}"

    def add_workspace(self, name: str) -> Workspace:
        """A workspace that has the app installed."""
        team = self.new_id("T")
        bot = self.add_user(team, f"{name}-bot", is_bot=True)
        workspace = Workspace(team, name, self.app.id, bot, self.new_id("B"), self.new_token(), self.app.scopes)
        self.workspaces[team] = workspace
        return workspace

    def add_user(self, team: str, name: str, *, is_bot: bool = False) -> User:
        """Somebody new."""
        user = User(self.new_id("U"), team, name, is_bot)
        self.users[user.id] = user
        return user

    def add_channel(self, team: str, name: str, kind: Kind, members: set[str]) -> Channel:
        """A conversation."""
        channel = Channel(self.new_id("D" if kind == "im" else "C"), team, name, kind, members)
        self.channels[channel.id] = channel
        return channel

    def dm(self, team: str, members: set[str]) -> Channel:
        """The direct messages among these, begun where there were none."""
        for channel in self.channels.values():
            if channel.team == team and channel.kind in {"im", "mpim"} and channel.members == members:
                return channel
        kind: Kind = "im" if len(members) == 2 else "mpim"
        return self.add_channel(team, "directmessage" if kind == "im" else "mpdm", kind, members)

    def put(self, channel: Channel, message: Message) -> Message:
        """Add a message to a channel, below its thread where it is in one."""
        if message.ephemeral_for:
            channel.ephemeral.append(message)
            return message
        channel.messages[message.ts] = message
        if message.in_thread and message.thread_ts:
            channel.replies.setdefault(message.thread_ts, []).append(message.ts)
            root = channel.messages.get(message.thread_ts)
            if root:
                root.thread_ts = root.ts
        return message

    def take(self, channel: Channel, message: Message) -> bool:
        """Delete a message; True where a gravestone is left, since there are replies to it."""
        message.deleted = True
        if message.ephemeral_for:
            channel.ephemeral.remove(message)
            return False
        if channel.replies.get(message.ts):
            stone = Message(message.ts, channel.id, message.team, "USLACKBOT", GRAVESTONE, message.ts, subtype="tombstone")
            channel.messages[message.ts] = stone
            return True
        del channel.messages[message.ts]
        if message.in_thread and message.thread_ts:
            self._forget_reply(channel, message.thread_ts, message.ts)
        return False

    @staticmethod
    def _forget_reply(channel: Channel, thread: str, ts: str) -> None:
        """Take a reply out of its thread; a gravestone above no replies goes too."""
        channel.replies[thread].remove(ts)
        root = channel.messages.get(thread)
        if not channel.replies[thread]:
            del channel.replies[thread]
            if root and root.subtype == "tombstone":
                del channel.messages[thread]
            elif root:
                root.thread_ts = None

    def home(self, user: str) -> View | None:
        """The app's own page as one person sees it."""
        return next((view for view in self.views.values() if view.user == user and view.payload["type"] == "home"), None)

    def trigger(self, user: User, view: str | None = None) -> str:
        """A new trigger for a view."""
        trigger = f"{next(self._numbers)}.{next(self._numbers)}.{secrets.token_hex(16)}"
        self.triggers[trigger] = Trigger(user.id, user.team, self.clock(), view=view)
        return trigger

    def response_url(self, user: User, channel: Channel, message: Message | None = None) -> ResponseUrl:
        """A new address for answers."""
        told = ResponseUrl(secrets.token_hex(12), channel.team, channel.id, user.id, self.clock(), message)
        self.response_urls[told.token] = told
        return told

    def workspace_of(self, token: str) -> Workspace | None:
        """Whose bot token this is, also where the app is not installed any more."""
        return next((each for each in self.workspaces.values() if each.bot_token == token), None)


GRAVESTONE = "This message was deleted."
