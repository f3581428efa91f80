"""conversations.*: channels, who is in them, and what was said there."""

from __future__ import annotations

from collections.abc import Iterable

from bot.stand_ins.slack.calls import Asking, Method, Methods, Refusal, next_cursor
from bot.stand_ins.slack.shapes import channel_object, with_reactions
from bot.stand_ins.slack.world import Channel, Kind, Message, Object

_FAMILY: dict[Kind, str] = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
_TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def _seen(asking: Asking, right: str, *, member: bool = False) -> Channel:
    """The channel of the call, if the token's scopes let it be seen; `right` is "read" or "history"."""
    channel = asking.channel(member=member)
    asking.need(f"{_FAMILY[channel.kind]}:{right}")
    return channel


def _info(asking: Asking) -> Object:
    return {"channel": channel_object(_seen(asking, "read"), asking.workspace)}


def _history(asking: Asking) -> Object:
    channel = _seen(asking, "history", member=True)
    top = (each for each in channel.messages.values() if not each.in_thread or each.subtype == "thread_broadcast")
    return _page(asking, sorted(_between(asking, top), key=lambda message: message.ts, reverse=True))


def _replies(asking: Asking) -> Object:
    channel = _seen(asking, "history", member=True)
    ts = asking.call.text("ts")
    thread = channel.messages.get(ts)
    if thread is None:
        raise Refusal("thread_not_found")
    root, *replies = channel.thread(thread.thread_ts or ts)
    return _page(asking, [root, *_between(asking, replies)])


def _page(asking: Asking, messages: list[Message]) -> Object:
    start, size = asking.call.page()
    told = [with_reactions(asking.world, message) for message in messages[start : start + size]]
    more = start + size < len(messages)
    return {"messages": told, "has_more": more, **next_cursor(start, size, len(messages))}


def _between(asking: Asking, messages: Iterable[Message]) -> list[Message]:
    """The messages later than `oldest` and earlier than `latest`, or at them with `inclusive`."""
    oldest, latest = _moment(asking, "oldest", 0.0), _moment(asking, "latest", float("inf"))
    if asking.call.flag("inclusive"):
        return [message for message in messages if oldest <= float(message.ts) <= latest]
    return [message for message in messages if oldest < float(message.ts) < latest]


def _moment(asking: Asking, name: str, default: float) -> float:
    value = asking.call.arguments.get(name)
    if value in (None, ""):
        return default
    try:
        return float(str(value))
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _join(asking: Asking) -> Object:
    channel = asking.channel()
    if channel.kind != "channel":
        raise Refusal("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refusal("is_archived")
    bot = asking.workspace.bot.id
    if bot in channel.members:
        return {"channel": channel_object(channel, asking.workspace), "warning": "already_in_channel"}
    channel.members.add(bot)
    asking.events.joined(bot, channel, None)
    return {"channel": channel_object(channel, asking.workspace)}


def _list(asking: Asking) -> Object:
    names = (asking.call.text("types") or "public_channel").split(",")
    if not {*names} <= _TYPES.keys():
        raise Refusal("invalid_types")
    kinds = {_TYPES[name] for name in names}
    asking.need(*(f"{_FAMILY[kind]}:read" for kind in _FAMILY if kind in kinds))
    found = [
        channel
        for channel in asking.world.channels.values()
        if channel.team == asking.workspace.id
        and channel.kind in kinds
        and (not channel.private or asking.workspace.bot.id in channel.members)
        and not (asking.call.flag("exclude_archived") and channel.archived)
    ]
    start, size = asking.call.page()
    told = [channel_object(channel, asking.workspace) for channel in found[start : start + size]]
    return {"channels": told, **next_cursor(start, size, len(found))}


def _members(asking: Asking) -> Object:
    members = sorted(_seen(asking, "read").members)
    start, size = asking.call.page()
    return {"members": members[start : start + size], **next_cursor(start, size, len(members))}


def _open(asking: Asking) -> Object:
    """Begin, or go on with, direct messages; `users` are ids with commas between them."""
    if asking.call.text("channel"):
        return {"channel": channel_object(asking.channel(), asking.workspace)}
    people = [name for name in asking.call.text("users").split(",") if name]
    if not people:
        raise Refusal("users_list_not_supplied")
    users = [asking.world.users.get(name) for name in people]
    if any(user is None or user.team != asking.workspace.id for user in users):
        raise Refusal("user_not_found")
    asking.need("im:write" if len(people) == 1 else "mpim:write")
    channel = asking.world.dm(asking.workspace.id, {*people, asking.workspace.bot.id})
    return {"channel": channel_object(channel, asking.workspace)}


METHODS: Methods = {
    "conversations.info": Method(_info),
    "conversations.history": Method(_history),
    "conversations.replies": Method(_replies),
    "conversations.join": Method(_join, "channels:join"),
    "conversations.list": Method(_list),
    "conversations.members": Method(_members),
    "conversations.open": Method(_open),
}
