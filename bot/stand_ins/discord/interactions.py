"""Interactions: what somebody does with a command, button, menu or modal, and what the bot answers to it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bot.stand_ins.discord import payloads
from bot.stand_ins.discord.limits import ApiError
from bot.stand_ins.discord.world import Channel, Message, Payload, Permission, User, World, parts

FIRST_ANSWER = 3.0  # seconds in which an interaction must be answered or deferred
TOKEN_LIFE = 15 * 60.0  # seconds for which its token can be used

Until = Callable[[Callable[[], object], float], Awaitable[None]]


class Kind(IntEnum):
    """Kinds of interaction."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class Callback(IntEnum):
    """Kinds of first response."""

    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(eq=False)
class Modal:
    """A modal that the bot opened; `fields` are its inputs by custom_id."""

    custom_id: str
    title: str
    components: list[Payload]
    interaction: Interaction = field(repr=False)

    @property
    def fields(self) -> dict[str, Payload]:
        """Its inputs, by custom_id."""
        return {part["custom_id"]: part for part in parts(self.components) if "custom_id" in part}

    def filled(self, values: dict[str, Any]) -> list[Payload]:
        """Its components as they come back when somebody fills it in; raises ValueError where the form would not let them."""
        unknown = values.keys() - self.fields.keys()
        if unknown:
            raise ValueError(f"The modal has no input {sorted(unknown)}; it has {sorted(self.fields)}.")
        return [_filled(row, values) for row in self.components]


@dataclass(eq=False)
class Interaction:
    """One interaction, and what came of it.

    `callback` is the kind of first response, None while there is none. `original` is the message that it made or, for a
    component, edits; `followups` came later; `choices` answer an autocompletion; `modal` is what it opened.
    """

    id: int
    token: str = field(repr=False)
    kind: Kind
    user: User
    channel: Channel
    data: Payload
    at: float
    world: World = field(repr=False)
    until: Until = field(repr=False)
    name: str = ""
    message: Message | None = None
    source: Interaction | None = field(default=None, repr=False)
    callback: Callback | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Payload] = field(default_factory=list)
    modal: Modal | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether there was a first response."""
        return self.callback is not None

    @property
    def deferred(self) -> bool:
        """Whether the first response was to put the answer off."""
        return self.callback in {Callback.DEFERRED, Callback.DEFERRED_UPDATE}

    @property
    def answers(self) -> list[Message]:
        """The messages that answer it and can be seen: no longer loading, not deleted."""
        made = [self.original] if self.original and self.callback in {Callback.MESSAGE, Callback.DEFERRED} else []
        return [each for each in (*made, *self.followups) if not each.deleted and not each.loading]

    @property
    def answer(self) -> Message:
        """The first of `answers`; raises LookupError where there is none."""
        if not self.answers:
            raise LookupError(f"Nothing has answered {self.name or self.kind.name.lower()} yet.")
        return self.answers[0]

    async def answered(self, timeout: float = 5.0) -> Message:  # noqa: ASYNC109 - `until` says what it waited for
        """Wait for a message that answers, and give it; raises TimeoutError."""
        await self.until(lambda: self.answers, timeout)
        return self.answer

    async def followed_up(self, count: int = 1, timeout: float = 5.0) -> Message:  # noqa: ASYNC109 - as above
        """Wait for so many followups, and give the last; raises TimeoutError."""
        await self.until(lambda: len(self.followups) >= count, timeout)
        return self.followups[count - 1]

    async def responded(self, timeout: float = 5.0) -> Callback:  # noqa: ASYNC109 - as above
        """Wait for the first response, and give its kind; raises TimeoutError."""
        await self.until(lambda: self.acknowledged, timeout)
        assert self.callback  # noqa: S101 - waited for
        return self.callback

    async def opened(self, timeout: float = 5.0) -> Modal:  # noqa: ASYNC109 - as above
        """Wait for a modal, and give it; raises TimeoutError."""
        await self.until(lambda: self.modal, timeout)
        assert self.modal  # noqa: S101 - waited for
        return self.modal

    async def offered(self, timeout: float = 5.0) -> list[Payload]:  # noqa: ASYNC109 - as above
        """Wait for the answer to an autocompletion, and give its choices; raises TimeoutError."""
        await self.until(lambda: self.acknowledged, timeout)
        return self.choices

    def metadata(self) -> Payload:
        """What a message that answers it says of it."""
        told: Payload = {
            "id": str(self.id),
            "type": int(self.kind),
            "user": payloads.user(self.user),
            "authorizing_integration_owners": self._owners(),
        }
        if self.kind is Kind.COMPONENT and self.message:
            told["interacted_message_id"] = str(self.message.id)
        if self.kind is Kind.MODAL and self.source:
            told["triggering_interaction_metadata"] = self.source.metadata()["interaction_metadata"]
        named = {"id": str(self.id), "type": int(self.kind), "name": self.name, "user": payloads.user(self.user)}
        return {"interaction_metadata": told, **({"interaction": named} if self.kind is Kind.COMMAND else {})}

    def payload(self) -> Payload:
        """As the gateway tells it."""
        world, channel, guild = self.world, self.channel, self.channel.guild
        allowed = payloads.bits(world.permissions(self.user, channel))
        told: Payload = {
            "id": str(self.id),
            "application_id": str(world.application_id),
            "type": int(self.kind),
            "data": self.data,
            "token": self.token,
            "version": 1,
            "channel_id": str(channel.id),
            "channel": {**payloads.channel(channel, world), "permissions": allowed},
            "app_permissions": payloads.bits(world.permissions(world.bot, channel)),
            "locale": "en-US",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": self._owners(),
            "context": 0 if guild else 1,
            "attachment_size_limit": 10 * (1 << 20),
        }
        if self.message:
            told["message"] = payloads.message(self.message, world)
        if guild is None:
            return {**told, "user": payloads.user(self.user)}
        member = {**payloads.member(guild.members[self.user.id], world), "permissions": allowed}
        features: list[str] = []
        place = {"id": str(guild.id), "locale": "en-US", "features": features}
        return {**told, "guild_id": str(guild.id), "guild": place, "guild_locale": "en-US", "member": member}

    def _owners(self) -> Payload:
        return {"0": str(self.channel.guild.id if self.channel.guild else 0)}


@dataclass(eq=False)
class Book:
    """All interactions, by id and by token."""

    world: World
    until: Until
    by_id: dict[int, Interaction] = field(default_factory=dict)
    by_token: dict[str, Interaction] = field(default_factory=dict)

    def begin(self, kind: Kind, user: User, channel: Channel, data: Payload, **more: Any) -> Interaction:
        """A new interaction; raises ValueError where the person is not in the channel."""
        if channel.deleted or Permission.VIEW_CHANNEL not in self.world.permissions(user, channel):
            raise ValueError(f"{user.name} does not see the channel {channel.name or channel.id}.")
        token = secrets.token_urlsafe(24)
        made = Interaction(
            self.world.snowflake(), token, kind, user, channel, data, self.world.time(), self.world, self.until, **more
        )
        self.by_id[made.id] = self.by_token[made.token] = made
        return made

    def to_answer(self, interaction_id: int, token: str) -> Interaction:
        """The interaction that a first response is for; raises `ApiError` where it is unknown, late or a second one."""
        found = self.by_id.get(interaction_id)
        if found is None or found.token != token:
            raise ApiError(404, 10062, "Unknown interaction")
        if found.acknowledged:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        if self.world.time() - found.at > FIRST_ANSWER:
            raise ApiError(404, 10062, "Unknown interaction")
        return found

    def to_follow(self, token: str) -> Interaction:
        """The interaction that a webhook's token is of; raises `ApiError` where it is unknown, too old or not answered."""
        found = self.by_token.get(token)
        if found is None or self.world.time() - found.at > TOKEN_LIFE:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if not found.acknowledged:
            raise ApiError(404, 10015, "Unknown Webhook")
        return found

    def forget(self) -> None:
        """Forget all interactions."""
        self.by_id.clear()
        self.by_token.clear()


def _filled(row: Payload, values: dict[str, Any]) -> Payload:
    """One row of a modal with its inputs filled in, as it comes back."""
    told: Payload = {"type": row["type"], "id": row.get("id", 0)}
    if "components" in row:
        return {**told, "components": [_filled(part, values) for part in row["components"]]}
    if "component" in row:
        return {**told, "component": _filled(row["component"], values)}
    if "custom_id" not in row:
        return told
    mark = row["custom_id"]
    told["custom_id"] = mark
    if row["type"] in {3, 5, 6, 7, 8, 19, 22}:
        return {**told, "values": list(values.get(mark, ()))}
    value: Any = values.get(mark, row.get("value") or "")
    if row["type"] == 4:
        least, most = row.get("min_length") or 0, row.get("max_length") or 4000
        if (not value and row.get("required", True)) or (value and not least <= len(value) <= most):
            raise ValueError(f'The input "{mark}" takes {least} to {most} characters, and has {len(value)}.')
    return {**told, "value": value}
