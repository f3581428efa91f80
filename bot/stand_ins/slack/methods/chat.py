"""chat.*: posting, changing and deleting the app's messages, and links to messages."""

from __future__ import annotations

from typing import Any

from bot.stand_ins.slack.blocks import faults_of_blocks, with_ids
from bot.stand_ins.slack.calls import Asking, Method, Methods, Refusal
from bot.stand_ins.slack.shapes import message_object
from bot.stand_ins.slack.world import Channel, Message, Object

MAX_POSTED = 40_000  # characters of text; in blocks less is allowed
MAX_UPDATED = 4000
MAX_ATTACHMENTS = 100


def content(asking: Asking, most: int = MAX_POSTED) -> tuple[str, list[Object] | None, list[Object] | None]:
    """Text, blocks and attachments of a call, None where it gives none; raises Refusal where Slack would not have them."""
    call = asking.call
    text = call.text("text")
    if len(text) > most:
        raise Refusal("msg_too_long")
    blocks = call.parsed("blocks", "invalid_blocks_format")
    attachments = call.parsed("attachments", "invalid_attachments")
    if blocks is not None:
        faults = faults_of_blocks(blocks)
        if faults:
            told = {"messages": [f"[ERROR] {fault}" for fault in faults]}
            raise Refusal("invalid_blocks", errors=faults, response_metadata=told)
        blocks = with_ids(blocks)
    if attachments is not None:
        if not isinstance(attachments, list) or not all(isinstance(each, dict) for each in attachments):
            raise Refusal("invalid_attachments")
        if len(attachments) > MAX_ATTACHMENTS:
            raise Refusal("too_many_attachments")
    if not (text.strip() or blocks or attachments):
        raise Refusal("no_text")
    return text, blocks, attachments


def _post(asking: Asking) -> Object:
    text, blocks, attachments = content(asking)
    channel = _target(asking)
    thread = asking.call.text("thread_ts")
    # A reply to what is not there any more lands in the channel itself (slackapi/python-slack-events-api#87).
    root = channel.messages.get(thread)
    message = _own(asking, channel, text, blocks, attachments)
    message.thread_ts = (root.thread_ts or root.ts) if root else None
    message.metadata = _metadata(asking)
    message.unfurl_links, message.unfurl_media = asking.call.flag("unfurl_links"), asking.call.flag("unfurl_media")
    if message.thread_ts and asking.call.flag("reply_broadcast"):
        message.subtype = "thread_broadcast"
    asking.world.put(channel, message)
    told = message_object(asking.world, message)
    asking.events.posted(message)
    return {"channel": channel.id, "ts": message.ts, "message": told}


def _update(asking: Asking) -> Object:
    channel = asking.channel()
    message = asking.message(channel, "ts")
    if message.bot_id != asking.workspace.bot_id:
        raise Refusal("cant_update_message")
    before = message_object(asking.world, message)
    text, blocks, attachments = content(asking, MAX_UPDATED)
    metadata = _metadata(asking)
    # What is not sent stays as it was.
    message.text = text if "text" in asking.call.arguments else message.text
    message.blocks = message.blocks if blocks is None else blocks
    message.attachments = message.attachments if attachments is None else attachments
    message.metadata = metadata or message.metadata
    message.edited = asking.world.new_ts()
    told = message_object(asking.world, message)
    asking.events.changed(message, before)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": told}


def _delete(asking: Asking) -> Object:
    channel = asking.channel()
    message = asking.message(channel, "ts")
    if message.bot_id != asking.workspace.bot_id:
        raise Refusal("cant_delete_message")
    asking.events.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def _post_ephemeral(asking: Asking) -> Object:
    text, blocks, attachments = content(asking)
    channel, user = _target(asking), asking.call.text("user")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    message = _own(asking, channel, text, blocks, attachments)
    message.thread_ts = asking.call.text("thread_ts") or None
    message.ephemeral_for = user
    asking.world.put(channel, message)
    return {"message_ts": message.ts}


def _permalink(asking: Asking) -> Object:
    channel = asking.channel()
    message = asking.message(channel, "message_ts")
    link = f"https://{asking.workspace.name}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.in_thread:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _target(asking: Asking) -> Channel:
    """Where to post: by a channel's id or name, or to somebody by theirs."""
    world, name = asking.world, asking.call.text("channel")
    if name in world.users and world.users[name].team == asking.workspace.id:
        name = world.dm(asking.workspace.id, {name, asking.workspace.bot.id}).id
    elif name.startswith("#"):
        named = (each for each in world.channels.values() if f"#{each.name}" == name and each.team == asking.workspace.id)
        name = next((each.id for each in named), "")
    public = "chat:write.public" in asking.workspace.scopes
    channel = asking.channel_called(name, member=not public)
    if channel.archived:
        raise Refusal("is_archived")
    if channel.posted_at is not None and world.clock() - channel.posted_at < world.message_interval:
        raise Refusal("ratelimited", retry_after=max(1, round(world.message_interval)))
    channel.posted_at = world.clock()
    return channel


def _own(asking: Asking, channel: Channel, text: str, blocks: Any, attachments: Any) -> Message:
    workspace = asking.workspace
    return Message(
        ts=asking.world.new_ts(),
        channel=channel.id,
        team=workspace.id,
        user=workspace.bot.id,
        text=text,
        bot_id=workspace.bot_id,
        app_id=workspace.app_id,
        blocks=blocks or [],
        attachments=attachments or [],
    )


def _metadata(asking: Asking) -> Object | None:
    value = asking.call.parsed("metadata", "invalid_metadata_format")
    if value is None:
        return None
    event = (value.get("event_type"), value.get("event_payload")) if isinstance(value, dict) else ()
    if not event or not isinstance(event[0], str) or not isinstance(event[1], dict):
        raise Refusal("invalid_metadata_format")
    return {"event_type": value["event_type"], "event_payload": value["event_payload"]}


METHODS: Methods = {
    "chat.postMessage": Method(_post, "chat:write"),
    "chat.update": Method(_update, "chat:write"),
    "chat.delete": Method(_delete, "chat:write"),
    "chat.postEphemeral": Method(_post_ephemeral, "chat:write"),
    "chat.getPermalink": Method(_permalink),
}
