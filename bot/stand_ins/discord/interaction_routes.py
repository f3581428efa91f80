"""The routes that answer interactions: the first response, and the webhook through which more follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.stand_ins.discord import messages, payloads
from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.interactions import Book, Callback, Interaction, Kind, Modal
from bot.stand_ins.discord.limits import ApiError, Form, check_choices, check_modal
from bot.stand_ins.discord.rest import Answer, Call
from bot.stand_ins.discord.world import EPHEMERAL, LOADING, Message, Payload, World

_MESSAGE_TYPES = {Kind.COMMAND: 20, Kind.COMPONENT: 19, Kind.MODAL: 20}
_CONTEXT_MENU = 23
_ALLOWED = {
    Kind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED, Callback.MODAL},
    Kind.COMPONENT: {Callback.MESSAGE, Callback.DEFERRED, Callback.DEFERRED_UPDATE, Callback.UPDATE, Callback.MODAL},
    Kind.AUTOCOMPLETE: {Callback.CHOICES},
    Kind.MODAL: {Callback.MESSAGE, Callback.DEFERRED},
}


@dataclass(eq=False)
class InteractionRoutes:
    """How a bot answers interactions."""

    world: World
    events: Events
    book: Book

    def routes(self) -> Mapping[str, Answer]:
        """All of them."""
        hook = "/webhooks/{app}/{token}"
        return {
            "POST /interactions/{interaction}/{token}/callback": self.respond,
            f"POST {hook}": self.follow_up,
            f"GET {hook}/messages/{{mark}}": self.read,
            f"PATCH {hook}/messages/{{mark}}": self.edit,
            f"DELETE {hook}/messages/{{mark}}": self.delete,
        }

    def respond(self, call: Call) -> Payload | None:
        """Take the first response; with `with_response`, tell what it made."""
        interaction, payload = self.book.to_answer(call.number("interaction"), call.names["token"]), call.json
        kind, data = payload.get("type"), payload.get("data") or {}
        allowed = _ALLOWED[interaction.kind]
        if interaction.kind is Kind.MODAL and interaction.message:
            allowed = allowed | {Callback.DEFERRED_UPDATE, Callback.UPDATE}
        if not isinstance(kind, int) or kind not in allowed or not isinstance(data, dict):
            form = Form()
            form.wrong(["type"], "BASE_TYPE_CHOICES", f"Value must be one of {tuple(map(int, sorted(allowed)))}.")
            form.done()
        self._act(interaction, callback := Callback(int(kind or 0)), data, call)
        interaction.callback = callback
        return self._told(interaction) if call.query.get("with_response", "").lower() in {"1", "true"} else None

    def follow_up(self, call: Call) -> Payload:
        """Send one more message; the first after a deferral fills in the one that was loading."""
        interaction = self.book.to_follow(call.names["token"])
        original = interaction.original
        if original and original.loading and not original.deleted:
            return self._fill(interaction, original, call)
        message = self._compose(interaction, call.json, call, interaction.original)
        interaction.followups.append(message)
        self._show(message)
        return payloads.message(message, self.world)

    def read(self, call: Call) -> Payload:
        """Tell one of the messages."""
        return payloads.message(self._message(call)[1], self.world)

    def edit(self, call: Call) -> Payload:
        """Edit one of the messages; the first edit of one that was loading fills it in."""
        interaction, message = self._message(call)
        if message.loading:
            return self._fill(interaction, message, call)
        messages.revise(self.world, message, call.json, call.files)
        self._changed(message)
        return payloads.message(message, self.world)

    def delete(self, call: Call) -> None:
        """Delete one of the messages."""
        _, message = self._message(call)
        message.deleted = True
        if message.channel.messages.pop(message.id, None):
            self.events.deleted(message.channel, [message], bulk=False)

    def _act(self, interaction: Interaction, kind: Callback, data: Payload, call: Call) -> None:
        """Do what the first response says."""
        if kind is Callback.CHOICES:
            check_choices(data.get("choices"))
            interaction.choices = list(data.get("choices") or [])
        elif kind is Callback.MODAL:
            check_modal(data)
            interaction.modal = Modal(data["custom_id"], data["title"], data["components"], interaction)
        elif kind in {Callback.DEFERRED_UPDATE, Callback.UPDATE}:
            interaction.original = interaction.message
            if kind is Callback.UPDATE and interaction.message:
                messages.revise(self.world, interaction.message, data, call.files)
                self._changed(interaction.message)
        elif kind is Callback.MESSAGE:
            interaction.original = self._compose(interaction, data, call)
            self._show(interaction.original)
        else:
            flags = LOADING | (data.get("flags") or 0) & EPHEMERAL
            interaction.original = self._blank(interaction, flags)
            self._show(interaction.original)

    def _compose(self, interaction: Interaction, payload: Payload, call: Call, reply_to: Message | None = None) -> Message:
        """A message that answers; unlike others it pings nobody but where it is allowed to."""
        quoted = reply_to or (interaction.message if interaction.kind is Kind.COMPONENT else None)
        usual = {"allowed_mentions": {"parse": ["users"]}}
        message = messages.compose(self.world, interaction.channel, self.world.bot, {**usual, **payload}, call.files, quoted)
        self._sign(interaction, message)
        return message

    def _blank(self, interaction: Interaction, flags: int) -> Message:
        """The message that says that the bot is thinking."""
        made = Message(self.world.snowflake(), interaction.channel, self.world.bot, "", self.world.time(), flags=flags)
        self._sign(interaction, made)
        return made

    def _sign(self, interaction: Interaction, message: Message) -> None:
        message.interaction, message.webhook_id = interaction, self.world.application_id
        menu = interaction.kind is Kind.COMMAND and interaction.data.get("type") in {2, 3}
        message.kind = 19 if message.reply_to else _CONTEXT_MENU if menu else _MESSAGE_TYPES[interaction.kind]
        if message.kind == 19 and message.reply_to is None:
            message.kind = 0

    def _fill(self, interaction: Interaction, message: Message, call: Call) -> Payload:
        """Put the answer in the place of "thinking"; whether it is ephemeral was settled when it was put off."""
        made = self._compose(interaction, call.json, call)
        message.content, message.embeds, message.components = made.content, made.embeds, made.components
        message.attachments, message.files, message.pings, message.sent = made.attachments, made.files, made.pings, made.sent
        message.flags = (message.flags & EPHEMERAL) | (made.flags & ~EPHEMERAL)
        self._changed(message)
        return payloads.message(message, self.world)

    def _show(self, message: Message) -> None:
        """Put a message into its channel, and tell of it, but for an ephemeral one."""
        if not message.ephemeral:
            message.channel.messages[message.id] = message
            self.events.said(message)

    def _changed(self, message: Message) -> None:
        if not message.ephemeral:
            self.events.changed(message)

    def _message(self, call: Call) -> tuple[Interaction, Message]:
        """The message that the route names, by its id or as @original."""
        interaction, mark = self.book.to_follow(call.names["token"]), call.names["mark"]
        every = [interaction.original, *interaction.followups]
        known = {str(each.id): each for each in every if each} | ({"@original": every[0]} if every[0] else {})
        if mark not in known or known[mark].deleted:
            raise ApiError(404, 10008, "Unknown Message")
        return interaction, known[mark]

    def _told(self, interaction: Interaction) -> Payload:
        """What the first response made."""
        told: Payload = {"id": str(interaction.id), "type": int(interaction.kind)}
        callback, message = interaction.callback, interaction.original
        resource: Payload = {"type": int(callback or 0)}
        if message and callback in {Callback.MESSAGE, Callback.DEFERRED, Callback.UPDATE}:
            told |= {"response_message_id": str(message.id), "response_message_loading": message.loading}
            told["response_message_ephemeral"] = message.ephemeral
            resource["message"] = payloads.message(message, self.world)
        return {"interaction": told, "resource": resource}
