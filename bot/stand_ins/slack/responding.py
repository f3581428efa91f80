"""Response URLs: what the app may still say to an interaction, without a token and in any channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.stand_ins.slack.blocks import faults_of_blocks, with_ids
from bot.stand_ins.slack.calls import Call, Refusal
from bot.stand_ins.slack.events import Events
from bot.stand_ins.slack.methods.chat import MAX_POSTED
from bot.stand_ins.slack.shapes import message_object
from bot.stand_ins.slack.world import Message, Object, ResponseUrl, World

MAX_USES = 5
LIFE = 30 * 60.0  # seconds
_TRUE = (True, "true")


def respond(world: World, events: Events, place: Mapping[str, str], call: Call) -> web.StreamResponse:
    """Answer a post to the response URL of a `team` and a `token`."""
    url = world.response_urls.get(place["token"])
    if url is None or url.team != place["team"]:
        return web.Response(status=404, text="no_such_url")
    if world.clock() - url.at > LIFE:
        return web.Response(status=404, text="expired_url")
    if url.uses >= MAX_USES:
        return web.Response(status=404, text="used_url")
    url.uses += 1
    if call.answer:
        return web.Response(status=400, text="invalid_payload")
    try:
        show(world, events, url, call.arguments)
    except Refusal as refusal:
        call.answer = refusal.answer
        return web.Response(status=400, text=str(refusal))
    call.answer = {"ok": True}
    return web.Response(text="ok")


def show(world: World, events: Events, url: ResponseUrl, answer: Object) -> Message | None:
    """Do what an answer says: a new message (for one person, unless it says in_channel), a changed one, or one less.

    Raises Refusal where it cannot be shown. Returns the message that is there now.
    """
    original = url.message if url.message and not url.message.deleted else None
    if answer.get("delete_original") in _TRUE:
        if original:
            events.delete(original)
        return None
    text, blocks = _content(answer)
    if answer.get("replace_original") in _TRUE and original:
        before = message_object(world, original)
        original.text, original.blocks = text, blocks
        if not original.ephemeral_for:
            original.edited = world.new_ts()
            events.changed(original, before)
        return original
    workspace, channel = world.workspaces[url.team], world.channels[url.channel]
    message = Message(world.new_ts(), channel.id, url.team, workspace.bot.id, text, blocks=blocks)
    message.bot_id, message.app_id = workspace.bot_id, workspace.app_id
    message.thread_ts = thread if isinstance(thread := answer.get("thread_ts"), str) else None
    message.ephemeral_for = None if answer.get("response_type") == "in_channel" else url.user
    world.put(channel, message)
    url.posted.append(message)
    if not message.ephemeral_for:
        events.posted(message)
    return message


def _content(answer: Object) -> tuple[str, list[Object]]:
    text: Any = answer.get("text")
    text = text if isinstance(text, str) else ""
    if len(text) > MAX_POSTED:
        raise Refusal("msg_too_long")
    blocks = answer.get("blocks") or []
    if faults_of_blocks(blocks):
        raise Refusal("invalid_blocks")
    if not (text.strip() or blocks):
        raise Refusal("no_text")
    return text, with_ids(blocks)
