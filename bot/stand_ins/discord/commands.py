"""The commands that the bot has registered, and how a person's choice of one is checked and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bot.stand_ins.discord import payloads
from bot.stand_ins.discord.limits import check_commands
from bot.stand_ins.discord.world import Channel, Guild, Payload, Permission, Role, User, World


class Option(IntEnum):
    """Types of option."""

    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


_PLAIN: dict[int, tuple[type, ...]] = {
    Option.STRING: (str,),
    Option.INTEGER: (int,),
    Option.BOOLEAN: (bool,),
    Option.NUMBER: (int, float),
}
_THINGS: dict[int, tuple[type, ...]] = {
    Option.USER: (User,),
    Option.CHANNEL: (Channel,),
    Option.ROLE: (Role,),
    Option.MENTIONABLE: (User, Role),
}


@dataclass(eq=False)
class Commands:
    """What is registered, for everywhere (None) and for single servers; `syncs` counts how often the lists were replaced."""

    world: World
    lists: dict[int | None, list[Payload]] = field(default_factory=dict)
    syncs: int = 0

    def replace(self, guild_id: int | None, wanted: object) -> list[Payload]:
        """Register exactly these; a command keeps its id for as long as its name; raises `ApiError`."""
        checked, before = check_commands(wanted), self.lists.get(guild_id, [])
        self.lists[guild_id] = [self._registered(guild_id, command, before) for command in checked]
        self.syncs += 1
        return self.lists[guild_id]

    def add(self, guild_id: int | None, wanted: Payload) -> Payload:
        """Register one command, in place of one with its name; raises `ApiError`."""
        before = self.lists.get(guild_id, [])
        rest = [one for one in before if _identity(one) != _identity(wanted)]
        check_commands([*rest, wanted])
        made = self._registered(guild_id, wanted, before)
        self.lists[guild_id] = [*rest, made]
        return made

    def change(self, guild_id: int | None, command: Payload, changes: Payload) -> Payload:
        """Change one command, in its place; raises `ApiError`."""
        made = {**command, **changes, "id": command["id"], "version": str(self.world.snowflake())}
        changed = [made if one is command else one for one in self.lists[guild_id]]
        check_commands(changed)
        self.lists[guild_id] = changed
        return made

    def find(self, name: str, kind: int, guild: Guild | None) -> Payload:
        """The command with a name: a server's own first; raises LookupError where the bot has registered none."""
        for scope in (guild.id, None) if guild else (None,):
            for command in self.lists.get(scope, []):
                if _identity(command) == (name, kind):
                    return command
        known = sorted(one["name"] for each in self.lists.values() for one in each)
        raise LookupError(f'The bot has registered no command "{name}" of type {kind}; it has {known}.')

    def may_use(self, command: Payload, user: User, channel: Channel) -> None:
        """Raise ValueError where Discord does not offer the command to this person in this channel."""
        name, contexts = command["name"], command.get("contexts")
        if channel.guild is None:
            if command.get("dm_permission") is False or (contexts is not None and 1 not in contexts):
                raise ValueError(f'The command "{name}" is not offered in direct conversations.')
            return
        allowed = self.world.permissions(user, channel)
        rule = command.get("default_member_permissions")
        needed = Permission.ADMINISTRATOR if rule == "0" else Permission(int(rule or 0)) | Permission.USE_APPLICATION_COMMANDS
        if (contexts is not None and 0 not in contexts) or allowed & needed != needed:
            raise ValueError(f'The command "{name}" is not offered to {user.name} in {channel.name}.')
        if command.get("nsfw") and not channel.nsfw:
            raise ValueError(f'The command "{name}" is only offered in age-restricted channels.')

    def chosen(
        self, command: Payload, sub: str | None, given: Mapping[str, Any], channel: Channel, focused: str | None = None
    ) -> Payload:
        """The `data` of an interaction in which somebody filled in a slash command.

        `sub` names the subcommand, with its group before it. With `focused`, an autocompletion: needed options may be
        missing. Raises ValueError or LookupError where the command's schema does not let them.
        """
        schema, path = command, (sub or "").split()
        for step in path:
            schema = _option(schema, step, {Option.SUBCOMMAND, Option.GROUP})
        options = schema.get("options") or []
        if any(option["type"] in {Option.SUBCOMMAND, Option.GROUP} for option in options):
            raise ValueError(f'"{command["name"]}" is used with one of {[option["name"] for option in options]}.')
        needed = {option["name"] for option in options if option.get("required")}
        if needed - given.keys() and focused is None:
            raise ValueError(f'"{command["name"]} {sub or ""}" needs {sorted(needed - given.keys())}.')
        filled = [_filled(_option(schema, name), value, name == focused) for name, value in given.items()]
        resolved = self.resolved(given.values(), channel)
        for depth, step in reversed(list(enumerate(path))):
            last = depth == len(path) - 1
            filled = [{"name": step, "type": int(Option.SUBCOMMAND if last else Option.GROUP), "options": filled}]
        data = {**self.data_of(command), "options": filled}
        return {**data, "resolved": resolved} if resolved else data

    def data_of(self, command: Payload) -> Payload:
        """What the `data` of every use of a command holds."""
        data = {"id": command["id"], "name": command["name"], "type": command["type"]}
        return {**data, "guild_id": command["guild_id"]} if "guild_id" in command else data

    def resolved(self, values: Iterable[Any], channel: Channel) -> dict[str, Payload]:
        """What is told of the people and things among some values, each by its id."""
        told: dict[str, Payload] = {}
        for value in values:
            if isinstance(value, User):
                told.setdefault("users", {})[str(value.id)] = payloads.user(value)
                if channel.guild and value.id in channel.guild.members:
                    member = payloads.member(channel.guild.members[value.id], self.world, whole=False)
                    allowed = payloads.bits(self.world.permissions(value, channel))
                    told.setdefault("members", {})[str(value.id)] = {**member, "permissions": allowed}
            elif isinstance(value, Role):
                told.setdefault("roles", {})[str(value.id)] = payloads.role(value)
            elif isinstance(value, Channel):
                allowed = payloads.bits(self.world.permissions(self.world.bot, value))
                place = {**payloads.channel(value, self.world), "permissions": allowed}
                told.setdefault("channels", {})[str(value.id)] = place
        return told

    def _registered(self, guild_id: int | None, command: Payload, before: list[Payload]) -> Payload:
        same = next((one for one in before if _identity(one) == _identity(command)), None)
        usual: Payload = {
            "type": 1,
            "description": "",
            "options": [],
            "default_member_permissions": None,
            "dm_permission": True,
            "contexts": None,
            "integration_types": [0],
            "nsfw": False,
            "name_localizations": None,
            "description_localizations": None,
        }
        told = {**usual, **command, "id": same["id"] if same else str(self.world.snowflake())}
        told |= {"application_id": str(self.world.application_id), "version": str(self.world.snowflake())}
        return told if guild_id is None else {**told, "guild_id": str(guild_id)}


def _identity(command: Payload) -> tuple[object, object]:
    return command.get("name"), command.get("type") or 1


def _option(schema: Payload, name: str, kinds: set[Option] | None = None) -> Payload:
    """The option or subcommand with a name; raises LookupError."""
    options = schema.get("options") or []
    for option in options:
        if option["name"] == name and (kinds is None or option["type"] in kinds):
            return dict(option)
    raise LookupError(f'"{schema["name"]}" has no "{name}"; it has {[option["name"] for option in options]}.')


def _filled(option: Payload, value: Any, focused: bool) -> Payload:
    """One option with its value; things and people are named by id."""
    told: Payload = {"name": option["name"], "type": option["type"]}
    if focused:
        if not option.get("autocomplete"):
            raise ValueError(f'The option "{option["name"]}" completes nothing.')
        return {**told, "value": value, "focused": True}
    if option["type"] in _PLAIN:
        _check(option, value)
        return {**told, "value": value}
    if not isinstance(value, _THINGS.get(option["type"], ())):
        raise ValueError(f'The option "{option["name"]}" does not take {value!r:.100}.')
    thing: Any = value
    return {**told, "value": str(thing.id)}


def _check(option: Payload, value: Any) -> None:
    """Raise ValueError where an option does not take a plain value."""
    name, kind = option["name"], option["type"]
    if not isinstance(value, _PLAIN[kind]) or (kind != Option.BOOLEAN and isinstance(value, bool)):
        raise ValueError(f'The option "{name}" does not take {value!r:.100}.')
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f'The option "{name}" takes one of {choices}, not {value!r:.100}.')
    size = len(value) if isinstance(value, str) else value
    ends = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    low, high = (option.get(end) for end in ends)
    if kind == Option.STRING:
        low, high = low or 0, high or 6000
    if (low is not None and size < low) or (high is not None and size > high):
        raise ValueError(f'The option "{name}" takes {low} to {high}, not {size}.')
