"""What people do in the made-up Discord: they write, edit, delete and react, and use commands, buttons and modals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.stand_ins.discord import messages
from bot.stand_ins.discord.commands import Commands
from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.interactions import Book, Interaction, Kind, Modal
from bot.stand_ins.discord.limits import ApiError
from bot.stand_ins.discord.payloads import message as told_message
from bot.stand_ins.discord.world import Channel, Emoji, Message, Payload, Reaction, Role, User, World

_SLASH, _MENU = 1, 3  # kinds of command
_BUTTON = 2  # a kind of component


class People:
    """What people do; each act is told to the bot as Discord tells it, and gives the loop a turn.

    What Discord's own client would not let a person do raises ValueError or LookupError.
    """

    world: World
    events: Events
    book: Book
    commands: Commands

    async def says(
        self,
        user: User,
        channel: Channel,
        text: str = "",
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        embeds: Sequence[Payload] = (),
        webhook_id: int | None = None,
        kind: int | None = None,
    ) -> Message:
        """Somebody writes; a reply notifies the other unless `ping` is off. `kind` makes it a system message."""
        rules = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        payload: Payload = {"content": text, "embeds": list(embeds), "allowed_mentions": rules}
        try:
            message = messages.compose(self.world, channel, user, payload, {}, reply_to)
        except ApiError as refusal:
            raise ValueError(f"Discord takes no such message: {refusal}") from refusal
        message.webhook_id = webhook_id
        message.kind = message.kind if kind is None else kind
        channel.messages[message.id] = message
        self.events.said(message)
        await asyncio.sleep(0)
        return message

    async def edits(self, message: Message, text: str) -> None:
        """The author changes the text of a message."""
        messages.revise(self.world, message, {"content": text})
        self.events.changed(message)
        await asyncio.sleep(0)

    async def unfurls(self, message: Message, *embeds: Payload) -> None:
        """Discord adds embeds for the links of a message: an update that is no edit."""
        message.embeds = [{"type": "link", **embed} for embed in embeds]
        self.events.changed(message)
        await asyncio.sleep(0)

    async def deletes(self, what: Message | Channel | Sequence[Message]) -> None:
        """Somebody deletes one message, a channel, or many messages of a channel at once (a bulk delete)."""
        if isinstance(what, Channel):
            self.world.remove(what)
            self.events.channel("DELETE", what)
        else:
            gone = [what] if isinstance(what, Message) else list(what)
            for message in gone:
                message.deleted = True
                message.channel.messages.pop(message.id, None)
            self.events.deleted(gone[0].channel, gone, bulk=not isinstance(what, Message))
        await asyncio.sleep(0)

    async def types(self, user: User, channel: Channel) -> None:
        """Somebody types."""
        channel.typing.append((user, self.world.time()))
        self.events.typing(channel, user)
        await asyncio.sleep(0)

    async def reacts(self, user: User, message: Message, emoji: str | Emoji) -> bool:
        """Somebody reacts; False where they had already, of which nothing is told."""
        added = emoji if isinstance(emoji, Emoji) else Emoji(emoji)
        reaction = message.reactions.setdefault(added.key, Reaction(added))
        if user.id in reaction.users:
            return False
        reaction.users[user.id] = user
        self.events.reacted(message, added, user)
        await asyncio.sleep(0)
        return True

    async def unreacts(self, user: User, message: Message, emoji: str | Emoji) -> bool:
        """Somebody takes a reaction back; False where there was none."""
        key = emoji.key if isinstance(emoji, Emoji) else emoji
        reaction = message.reactions.get(key)
        if reaction is None or user.id not in reaction.users:
            return False
        del reaction.users[user.id]
        if not reaction.users:
            del message.reactions[key]
        self.events.unreacted(message, reaction.emoji, user)
        await asyncio.sleep(0)
        return True

    async def clears(self, message: Message, emoji: str | Emoji | None = None) -> None:
        """A moderator removes all reactions, or all with one emoji."""
        cleared = Emoji(emoji) if isinstance(emoji, str) else emoji
        if cleared:
            message.reactions.pop(cleared.key, None)
        else:
            message.reactions.clear()
        self.events.cleared(message, cleared)
        await asyncio.sleep(0)

    async def slash(
        self, user: User, channel: Channel, name: str, sub: str | None = None, options: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Somebody uses a slash command: `sub` is its subcommand, with a group before it ("group sub").

        Raises LookupError where the bot has registered no such command, ValueError where the options do not fit it or it
        is not offered to this person in this channel. Options of things and people take `User`, `Channel` and `Role`.
        """
        command = self.commands.find(name, _SLASH, channel.guild)
        self.commands.may_use(command, user, channel)
        data = self.commands.chosen(command, sub, options or {}, channel)
        return await self._interacts(
            self.book.begin(Kind.COMMAND, user, channel, data, name=" ".join(filter(None, (name, sub))))
        )

    async def autocomplete(
        self,
        user: User,
        channel: Channel,
        name: str,
        sub: str | None = None,
        *,
        focused: str,
        value: str,
        options: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Somebody is typing `value` into the option `focused`, with the `options` before it filled in."""
        command = self.commands.find(name, _SLASH, channel.guild)
        data = self.commands.chosen(command, sub, {**(options or {}), focused: value}, channel, focused)
        return await self._interacts(self.book.begin(Kind.AUTOCOMPLETE, user, channel, data, name=name))

    async def menu(self, user: User, message: Message, name: str) -> Interaction:
        """Somebody chooses a command from the menu of a message."""
        channel = message.channel
        command = self.commands.find(name, _MENU, channel.guild)
        self.commands.may_use(command, user, channel)
        seen = {"messages": {str(message.id): told_message(message, self.world)}}
        data = {**self.commands.data_of(command), "target_id": str(message.id), "resolved": seen}
        return await self._interacts(self.book.begin(Kind.COMMAND, user, channel, data, name=name))

    async def presses(self, user: User, message: Message, mark: str) -> Interaction:
        """Somebody presses a button, named by its custom_id or its label."""
        return await self._uses(user, message, mark, None)

    async def selects(
        self, user: User, message: Message, mark: str, values: Iterable[str | User | Channel | Role]
    ) -> Interaction:
        """Somebody chooses from a menu of a message, named by its custom_id."""
        return await self._uses(user, message, mark, list(values))

    async def submits(self, user: User, modal: Modal, values: Mapping[str, Any]) -> Interaction:
        """Somebody fills in a modal, by custom_id, and sends it; inputs that are not named keep what they hold."""
        source = modal.interaction
        if user is not source.user:
            raise ValueError(f"The modal was opened for {source.user.name}, not for {user.name}.")
        data = {"custom_id": modal.custom_id, "components": modal.filled(dict(values))}
        made = self.book.begin(Kind.MODAL, user, source.channel, data, message=source.message, source=source)
        return await self._interacts(made)

    async def _uses(
        self, user: User, message: Message, mark: str, values: list[str | User | Channel | Role] | None
    ) -> Interaction:
        """Use a button, or a menu where there are values."""
        part = message.control(mark)
        if part is None or (part["type"] == _BUTTON) is not (values is None):
            known = [each.get("custom_id") or each.get("label") for each in message.controls]
            raise LookupError(f'The message has no "{mark}" of that kind; it has {known}.')
        if part.get("disabled") or "custom_id" not in part or message.deleted:
            raise ValueError(f'Nobody can use "{mark}": it is disabled, a link, or gone.')
        if message.ephemeral and user is not message.interaction.user:
            raise ValueError(f"{user.name} does not see this message.")
        data: Payload = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"]}
        if values is not None:
            data |= {"values": _selected(part, values)}
            resolved = self.commands.resolved(values, message.channel)
            data |= {"resolved": resolved} if resolved else {}
        return await self._interacts(self.book.begin(Kind.COMPONENT, user, message.channel, data, message=message))

    async def _interacts(self, interaction: Interaction) -> Interaction:
        self.events.interaction(interaction.payload(), interaction.channel)
        await asyncio.sleep(0)
        return interaction


def _selected(part: Payload, values: Sequence[str | User | Channel | Role]) -> list[str]:
    """The values of a choice; raises ValueError where the menu does not let it."""
    least, most = part.get("min_values", 1), part.get("max_values", 1)
    if not least <= len(values) <= most:
        raise ValueError(f'The menu "{part["custom_id"]}" takes {least} to {most} values, not {len(values)}.')
    chosen = [value if isinstance(value, str) else str(value.id) for value in values]
    known = [option["value"] for option in part.get("options") or ()]
    unknown = [value for value in chosen if value not in known]
    if part["type"] == 3 and unknown:
        raise ValueError(f'The menu "{part["custom_id"]}" has no {unknown}; it has {known}.')
    return chosen
