"""reactions.*: emoji given to messages, by their names."""

from __future__ import annotations

import re

from bot.stand_ins.slack.calls import Asking, Method, Methods, Refusal, next_cursor
from bot.stand_ins.slack.shapes import with_reactions
from bot.stand_ins.slack.world import Message, Object

MAX_EMOJI = 23  # different ones on one message
_NAME = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")
_ALIASES = {"thumbsup": "+1", "thumbsdown": "-1"}  # which Slack tells by the other name


def canonical(name: str) -> str:
    """The name by which Slack keeps an emoji; raises Refusal where it can be none."""
    if not _NAME.fullmatch(name):
        raise Refusal("invalid_name")
    base, tone, rest = name.partition("::")
    return _ALIASES.get(base, base) + tone + rest


def add(message: Message, user: str, name: str) -> str:
    """Give a reaction and return its name as kept; raises Refusal where it cannot be given."""
    name = canonical(name)
    if user in message.reactions.get(name, ()):
        raise Refusal("already_reacted")
    if name not in message.reactions and len(message.reactions) >= MAX_EMOJI:
        raise Refusal("too_many_emoji")
    message.reactions.setdefault(name, []).append(user)
    return name


def remove(message: Message, user: str, name: str) -> str:
    """Take a reaction back and return its name as kept; raises Refusal where there is none."""
    name = canonical(name)
    if user not in message.reactions.get(name, ()):
        raise Refusal("no_reaction")
    message.reactions[name].remove(user)
    if not message.reactions[name]:
        del message.reactions[name]
    return name


def _add(asking: Asking) -> Object:
    channel = asking.channel(member=True)
    message, user = asking.message(channel, "timestamp"), asking.workspace.bot.id
    if channel.archived:
        raise Refusal("is_archived")
    asking.events.reacted(user, message, add(message, user, asking.call.text("name")), added=True)
    return {}


def _remove(asking: Asking) -> Object:
    message, user = asking.message(asking.channel(member=True), "timestamp"), asking.workspace.bot.id
    asking.events.reacted(user, message, remove(message, user, asking.call.text("name")), added=False)
    return {}


def _get(asking: Asking) -> Object:
    channel = asking.channel(member=True)
    message = asking.message(channel, "timestamp")
    return {"type": "message", "channel": channel.id, "message": with_reactions(asking.world, message)}


def _list(asking: Asking) -> Object:
    """What somebody, by default the app, has given a reaction to in the channels of the app."""
    bot = asking.workspace.bot.id
    user = asking.call.text("user") or bot
    items = [
        {"type": "message", "channel": channel.id, "message": with_reactions(asking.world, message)}
        for channel in asking.world.channels.values()
        if channel.team == asking.workspace.id and bot in channel.members
        for message in channel.messages.values()
        if any(user in users for users in message.reactions.values())
    ]
    start, size = asking.call.page()
    return {"items": items[start : start + size], **next_cursor(start, size, len(items))}


METHODS: Methods = {
    "reactions.add": Method(_add, "reactions:write"),
    "reactions.remove": Method(_remove, "reactions:write"),
    "reactions.get": Method(_get, "reactions:read"),
    "reactions.list": Method(_list, "reactions:read"),
}
