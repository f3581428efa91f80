"""People, channels, messages and views as JSON objects, as Slack's answers and events tell them."""

from __future__ import annotations

from bot.stand_ins.slack.world import Channel, Message, Object, User, View, Workspace, World

_MOST_REACTORS = 50  # names of people told below one reaction; `count` tells all


def user_object(user: User) -> Object:
    """Somebody."""
    profile = {"real_name": user.name.title(), "display_name": user.name, "team": user.team}
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "real_name": user.name.title(),
        "deleted": False,
        "is_bot": user.is_bot,
        "is_admin": False,
        "is_owner": False,
        "is_app_user": False,
        "tz": "Europe/Amsterdam",
        "tz_offset": 3600,
        "updated": 1_700_000_000,
        "profile": profile,
    }


def channel_object(channel: Channel, workspace: Workspace) -> Object:
    """A conversation, as the app sees it."""
    told: Object = {
        "id": channel.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_ext_shared": channel.shared,
        "is_org_shared": False,
        "context_team_id": channel.team,
        "created": 1_700_000_000,
    }
    if channel.kind == "im":
        others = channel.members - {workspace.bot.id}
        return told | {"user": next(iter(sorted(others)), workspace.bot.id), "is_open": True}
    told |= {"name": channel.name, "name_normalized": channel.name, "is_member": workspace.bot.id in channel.members}
    return told | {"num_members": len(channel.members), "topic": {"value": ""}, "purpose": {"value": ""}}


def message_object(world: World, message: Message) -> Object:
    """A message as history and events tell it, with neither its channel nor its reactions."""
    told: Object = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": message.team}
    if message.subtype:
        told["subtype"] = message.subtype
    if message.subtype == "tombstone":
        told["hidden"] = True
    if message.bot_id:
        bot = world.users.get(message.user)
        told |= {"bot_id": message.bot_id, "app_id": message.app_id}
        told["bot_profile"] = {
            "id": message.bot_id,
            "app_id": message.app_id,
            "name": bot.name if bot else "bot",
            "deleted": False,
            "team_id": message.team,
        }
    for name in ("blocks", "attachments", "files", "metadata"):
        if value := getattr(message, name):
            told[name] = value
    if message.edited:
        told["edited"] = {"user": message.user, "ts": message.edited}
    if message.thread_ts:
        told |= _thread_fields(world, message)
    return told


def with_reactions(world: World, message: Message) -> Object:
    """A message with what people gave it, as history and reactions.get tell it."""
    told = message_object(world, message)
    if message.reactions:
        told["reactions"] = [
            {"name": name, "users": users[:_MOST_REACTORS], "count": len(users)} for name, users in message.reactions.items()
        ]
    return told


def view_object(view: View, workspace: Workspace) -> Object:
    """A view as the app is told of it."""
    payload = view.payload
    return {
        "id": view.id,
        "team_id": view.team,
        "app_id": workspace.app_id,
        "app_installed_team_id": view.team,
        "bot_id": workspace.bot_id,
        "type": payload["type"],
        "title": payload.get("title"),
        "submit": payload.get("submit"),
        "close": payload.get("close"),
        "blocks": payload["blocks"],
        "private_metadata": payload.get("private_metadata", ""),
        "callback_id": view.callback_id,
        "external_id": payload.get("external_id", ""),
        "clear_on_close": bool(payload.get("clear_on_close")),
        "notify_on_close": bool(payload.get("notify_on_close")),
        "state": {"values": view.values},
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
    }


def _thread_fields(world: World, message: Message) -> Object:
    channel = world.channels[message.channel]
    told: Object = {"thread_ts": message.thread_ts}
    root = channel.messages.get(message.thread_ts or "")
    if message.in_thread:
        return told | ({"parent_user_id": root.user} if root else {})
    replies = channel.replies.get(message.ts, [])
    if replies:
        people = list(dict.fromkeys(channel.messages[ts].user for ts in replies))
        told |= {"reply_count": len(replies), "reply_users": people[:5], "reply_users_count": len(people)}
        told |= {"latest_reply": replies[-1], "is_locked": False, "subscribed": False}
    return told
