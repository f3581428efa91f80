"""How messages come to be and change: made from what a bot or a person sends, within Discord's limits."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from bot.stand_ins.discord.limits import ApiError, check_message, snowflake
from bot.stand_ins.discord.world import COMPONENTS_V2, EPHEMERAL, Channel, Message, Payload, User, World, parts

_USER, _ROLE, _ALL = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(everyone|here)\b")
_SETTABLE = EPHEMERAL | COMPONENTS_V2 | 1 << 2 | 1 << 12  # flags that a sender may set

_USUAL_RULES: Payload = {"parse": ["users", "roles", "everyone"], "replied_user": True}


def compose(
    world: World, channel: Channel, author: User, payload: Payload, files: Mapping[str, bytes], reply_to: Message | None = None
) -> Message:
    """Make a message, not yet in its channel; raises `ApiError` where it passes a limit or is empty."""
    check_message(payload)
    message = Message(world.snowflake(), channel, author, "", world.time(), reply_to=reply_to, kind=19 if reply_to else 0)
    message.sent = copy.deepcopy(payload)
    message.nonce = None if payload.get("nonce") is None else str(payload["nonce"])
    _write(world, message, payload, files)
    message.flags |= (payload.get("flags") or 0) & _SETTABLE
    refuse_empty(message)
    _ping(world, message, payload)
    return message


def revise(world: World, message: Message, payload: Payload, files: Mapping[str, bytes] | None = None) -> None:
    """Edit a message by what is sent; what is not named stays; raises `ApiError` and changes nothing where it may not be."""
    check_message({"flags": message.flags, **payload})
    kept = (message.content, message.embeds, message.components, message.attachments)
    _write(world, message, payload, files or {})
    if isinstance(payload.get("flags"), int):
        message.flags = (message.flags & ~(1 << 2)) | (payload["flags"] & (1 << 2 | COMPONENTS_V2))
    try:
        refuse_empty(message)
    except ApiError:
        message.content, message.embeds, message.components, message.attachments = kept
        raise
    message.sent = {**message.sent, **copy.deepcopy(payload)}
    message.edited_at = world.time()


def refuse_empty(message: Message) -> None:
    """Raise `ApiError` 50006 for a message with nothing in it."""
    if not (message.content.strip() or message.embeds or message.attachments or message.components):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _write(world: World, message: Message, payload: Payload, files: Mapping[str, bytes]) -> None:
    if "content" in payload:
        message.content = str(payload["content"] or "").strip()
    if "embeds" in payload:
        message.embeds = [{"type": "rich", **embed} for embed in copy.deepcopy(payload["embeds"] or [])]
    if "components" in payload:
        message.components = copy.deepcopy(payload["components"] or [])
        for number, part in enumerate(parts(message.components), 1):
            part["id"] = part.get("id") or number
    if "attachments" in payload:
        wanted = {str(each.get("id")) for each in payload["attachments"] or [] if isinstance(each, dict)}
        message.attachments = [each for each in message.attachments if each["id"] in wanted]
    for name, data in files.items():
        message.files[name] = data
        message.attachments.append(_attachment(world, message, name, data))


def _attachment(world: World, message: Message, name: str, data: bytes) -> Payload:
    made = str(world.snowflake())
    url = f"https://cdn.discordapp.com/attachments/{message.channel.id}/{made}/{name}"
    return {"id": made, "filename": name, "size": len(data), "url": url, "proxy_url": url}


def _ping(world: World, message: Message, payload: Payload) -> None:
    """Note whom the message notifies: whom it names or answers, as far as `allowed_mentions` lets it."""
    allowed = payload.get("allowed_mentions")
    rules: Payload = allowed if isinstance(allowed, dict) else _USUAL_RULES
    parse, text = rules.get("parse") or [], message.content
    named = {int(found) for found in _USER.findall(text)}
    if "users" not in parse:
        named &= _ids(rules, "users")
    for user_id in sorted(named & world.users.keys()):
        message.pings[user_id] = world.users[user_id]
    if message.reply_to and rules.get("replied_user", False):
        message.pings[message.reply_to.author.id] = message.reply_to.author
    message.pings_everyone = "everyone" in parse and bool(_ALL.search(text))
    roles = {int(found) for found in _ROLE.findall(text)}
    message.role_pings = sorted(roles if "roles" in parse else roles & _ids(rules, "roles"))


def _ids(rules: Payload, name: str) -> set[int]:
    """The ids that `allowed_mentions` lets be notified."""
    return {snowflake("allowed_mentions", one) for one in rules.get(name) or ()}
