"""The routes below /channels: messages, reactions, typing and threads, with the permissions that each needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.stand_ins.discord import messages, payloads
from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.limits import ApiError, Form, snowflake
from bot.stand_ins.discord.rest import Answer, Call
from bot.stand_ins.discord.world import (
    EPHEMERAL,
    NOTHING,
    THREAD,
    Channel,
    Emoji,
    Message,
    Payload,
    Permission,
    Reaction,
    World,
)

REACTIONS = 20  # different emojis on one message


@dataclass(eq=False)
class ChannelRoutes:
    """What a bot does in channels."""

    world: World
    events: Events

    def routes(self) -> Mapping[str, Answer]:
        """All of them."""
        one, reactions = "/channels/{channel}/messages/{message}", "/channels/{channel}/messages/{message}/reactions"
        return {
            "GET /channels/{channel}": self.read_channel,
            "DELETE /channels/{channel}": self.delete_channel,
            "POST /channels/{channel}/typing": self.type,
            "GET /channels/{channel}/messages": self.history,
            "POST /channels/{channel}/messages": self.post,
            "POST /channels/{channel}/messages/bulk-delete": self.delete_many,
            "POST /channels/{channel}/threads": self.begin_thread,
            f"GET {one}": self.read,
            f"PATCH {one}": self.edit,
            f"DELETE {one}": self.delete,
            f"POST {one}/threads": self.begin_thread,
            f"PUT {reactions}/{{emoji}}/@me": self.react,
            f"DELETE {reactions}/{{emoji}}/@me": self.unreact,
            f"DELETE {reactions}/{{emoji}}/{{user}}": self.unreact,
            f"GET {reactions}/{{emoji}}": self.reactors,
            f"DELETE {reactions}/{{emoji}}": self.clear,
            f"DELETE {reactions}": self.clear,
        }

    def read_channel(self, call: Call) -> Payload:
        """Tell a channel."""
        return payloads.channel(self._channel(call), self.world)

    def delete_channel(self, call: Call) -> Payload:
        """Delete a channel or a thread."""
        channel = self._channel(call)
        self._need(channel, Permission.MANAGE_THREADS if channel.kind == THREAD else Permission.MANAGE_CHANNELS, direct=False)
        told = payloads.channel(channel, self.world)
        self.world.remove(channel)
        self.events.channel("DELETE", channel)
        return told

    def type(self, call: Call) -> None:
        """Show for ten seconds that the bot types."""
        channel = self._channel(call, Permission.SEND_MESSAGES)
        channel.typing.append((self.world.bot, self.world.time()))
        self.events.typing(channel, self.world.bot)

    def history(self, call: Call) -> list[Payload]:
        """Messages of a channel, newest first: before, after or around one, or the newest."""
        channel = self._channel(call)
        most = call.asked("limit", 50, 100)
        if not self.world.bot_may(channel, Permission.READ_MESSAGE_HISTORY):
            return []
        ids = sorted(channel.messages)
        before, after, around = (
            snowflake(name, call.query[name]) if name in call.query else None for name in ("before", "after", "around")
        )
        if around is not None:
            older, newer = [each for each in ids if each < around], [each for each in ids if each >= around]
            chosen = older[len(older) - most // 2 :] + newer[: most - most // 2]
        elif after is not None:
            chosen = [each for each in ids if each > after][:most]
        else:
            chosen = [each for each in ids if before is None or each < before][-most:]
        return [payloads.message(channel.messages[each], self.world) for each in reversed(chosen)]

    def post(self, call: Call) -> Payload:
        """Send a message."""
        channel, payload = self._channel(call, Permission.SEND_MESSAGES), call.json
        if channel.recipient and not channel.recipient.accepts_dms:
            raise ApiError(403, 50007, "Cannot send messages to this user")
        same = channel.nonces.get((self.world.bot.id, str(payload.get("nonce"))))
        if payload.get("enforce_nonce") and same and not same.deleted:
            return payloads.message(same, self.world)
        if payload.get("embeds") and not self.world.bot_may(channel, Permission.EMBED_LINKS):
            raise ApiError(403, 50013, "Missing Permissions")
        if call.files and not self.world.bot_may(channel, Permission.ATTACH_FILES):
            raise ApiError(403, 50013, "Missing Permissions")
        reply_to = self._referenced(channel, payload)
        message = messages.compose(self.world, channel, self.world.bot, payload, call.files, reply_to)
        message.flags &= ~EPHEMERAL
        channel.messages[message.id] = message
        if message.nonce is not None:
            channel.nonces[self.world.bot.id, message.nonce] = message
        self.events.said(message)
        return payloads.message(message, self.world)

    def read(self, call: Call) -> Payload:
        """Tell one message."""
        return payloads.message(self._message(call, Permission.READ_MESSAGE_HISTORY), self.world)

    def edit(self, call: Call) -> Payload:
        """Edit one of the bot's own messages, or hide the embeds of another's."""
        message, payload = self._message(call), call.json
        if message.author is not self.world.bot:
            if payload.keys() & {"content", "embeds", "components", "attachments"} or not isinstance(payload.get("flags"), int):
                raise ApiError(403, 50005, "Cannot edit a message authored by another user")
            self._need(message.channel, Permission.MANAGE_MESSAGES)
            message.flags = payload["flags"]
        else:
            messages.revise(self.world, message, payload, call.files)
        self.events.changed(message)
        return payloads.message(message, self.world)

    def delete(self, call: Call) -> None:
        """Delete a message: another's needs the permission to manage messages."""
        message = self._message(call)
        if message.author is not self.world.bot:
            self._need(message.channel, Permission.MANAGE_MESSAGES, direct=False)
        self.remove(message.channel, [message], bulk=False)

    def delete_many(self, call: Call) -> None:
        """Delete 2 to 100 messages; those that are gone already are passed over."""
        channel, wanted = self._channel(call, Permission.MANAGE_MESSAGES), call.json.get("messages")
        if not isinstance(wanted, list) or not 2 <= len(wanted) <= 100:
            form = Form()
            form.wrong(["messages"], "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")
            form.done()
        ids = [snowflake("messages", each) for each in wanted or ()]
        found = [channel.messages[each] for each in ids if each in channel.messages]
        self.remove(channel, found, bulk=True)

    def remove(self, channel: Channel, gone: list[Message], *, bulk: bool) -> None:
        """Take messages away, and tell of it."""
        for message in gone:
            channel.messages.pop(message.id, None)
            message.deleted = True
        self.events.deleted(channel, gone, bulk=bulk)

    def begin_thread(self, call: Call) -> Payload:
        """Begin a thread, at a message or by itself."""
        parent = self._channel(call, Permission.CREATE_PUBLIC_THREADS)
        form = Form()
        form.text(["name"], call.json.get("name"), 100, 1, needed=True)
        form.done()
        at = self._message(call).id if "message" in call.names else None
        if at in self.world.channels:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        thread = self.world.thread(parent, call.json["name"], self.world.bot, at)
        self.events.channel("CREATE", thread)
        return payloads.channel(thread, self.world)

    def react(self, call: Call) -> None:
        """Add the bot's reaction: an emoji that is not there yet needs the permission to add reactions."""
        message = self._message(call, Permission.READ_MESSAGE_HISTORY)
        emoji = self._emoji(call.names["emoji"])
        reaction = message.reactions.get(emoji.key)
        if reaction is None:
            self._need(message.channel, Permission.ADD_REACTIONS)
            if len(message.reactions) >= REACTIONS:
                raise ApiError(400, 30010, f"Maximum number of reactions reached ({REACTIONS})")
            reaction = message.reactions[emoji.key] = Reaction(emoji)
        if self.world.bot.id not in reaction.users:
            reaction.users[self.world.bot.id] = self.world.bot
            self.events.reacted(message, reaction.emoji, self.world.bot)

    def unreact(self, call: Call) -> None:
        """Take back the bot's reaction or, with the permission to manage messages, another's."""
        message = self._message(call)
        user_id = call.number("user") if "user" in call.names else self.world.bot.id
        if user_id != self.world.bot.id:
            self._need(message.channel, Permission.MANAGE_MESSAGES, direct=False)
        reaction = message.reactions.get(self._emoji(call.names["emoji"]).key)
        if reaction and user_id in reaction.users:
            user = reaction.users.pop(user_id)
            if not reaction.users:
                del message.reactions[reaction.emoji.key]
            self.events.unreacted(message, reaction.emoji, user)

    def reactors(self, call: Call) -> list[Payload]:
        """Who reacted with an emoji, by id, so many after one."""
        message = self._message(call, Permission.READ_MESSAGE_HISTORY)
        most, after = call.asked("limit", 25, 100), snowflake("after", call.query.get("after"))
        reaction = message.reactions.get(self._emoji(call.names["emoji"]).key)
        found = sorted(user_id for user_id in (reaction.users if reaction else ()) if user_id > after)
        return [payloads.user(reaction.users[user_id]) for user_id in found[:most]] if reaction else []

    def clear(self, call: Call) -> None:
        """Remove all reactions, or all with one emoji."""
        message = self._message(call)
        self._need(message.channel, Permission.MANAGE_MESSAGES, direct=False)
        emoji = self._emoji(call.names["emoji"]) if "emoji" in call.names else None
        if emoji:
            message.reactions.pop(emoji.key, None)
        else:
            message.reactions.clear()
        self.events.cleared(message, emoji)

    def _channel(self, call: Call, needed: Permission = NOTHING) -> Channel:
        channel = self.world.channels.get(call.number("channel"))
        if channel is None:
            raise ApiError(404, 10003, "Unknown Channel")
        if not self.world.bot_may(channel, NOTHING):
            raise ApiError(403, 50001, "Missing Access")
        if channel.kind == THREAD and needed == Permission.SEND_MESSAGES:
            needed = Permission.SEND_MESSAGES_IN_THREADS
        self._need(channel, needed)
        return channel

    def _need(self, channel: Channel, needed: Permission, *, direct: bool = True) -> None:
        """Raise `ApiError` 50013 where the bot lacks a permission; direct conversations give none that is not `direct`."""
        if (channel.guild and not self.world.bot_may(channel, needed)) or (not channel.guild and not direct):
            raise ApiError(403, 50013, "Missing Permissions")

    def _message(self, call: Call, needed: Permission = NOTHING) -> Message:
        channel = self._channel(call, needed)
        message = channel.messages.get(call.number("message"))
        if message is None:
            raise ApiError(404, 10008, "Unknown Message")
        return message

    def _referenced(self, channel: Channel, payload: Payload) -> Message | None:
        """The message that is replied to; none is well where `fail_if_not_exists` is false."""
        reference: Any = payload.get("message_reference")
        if not isinstance(reference, dict):
            return None
        if not self.world.bot_may(channel, Permission.READ_MESSAGE_HISTORY):
            raise ApiError(403, 160002, "Cannot reply without permission to read message history")
        found = channel.messages.get(snowflake("message_reference", reference.get("message_id")))
        if found is None and reference.get("fail_if_not_exists", True):
            form = Form()
            form.wrong(["message_reference"], "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            form.done()
        return found

    def _emoji(self, written: str) -> Emoji:
        """The emoji that a route names; raises `ApiError` 10014 for what is none that the bot may use."""
        name, _, emoji_id = written.rpartition(":")
        if emoji_id.isdecimal() and name:
            for guild in self.world.guilds.values():
                if int(emoji_id) in guild.emojis:
                    return guild.emojis[int(emoji_id)]
        elif written and not written.isalnum() and any(ord(letter) > 0xFF for letter in written):
            return Emoji(written)
        raise ApiError(400, 10014, "Unknown Emoji")
