"""The evening in Discord."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

from aiohttp import web

from bot.stand_ins.discord import DiscordStandIn, Message, Permission, User
from bot.stand_ins.discord.interactions import Interaction
from tests.scenarios.crash.sides import EMOJI, Ours, Room, Said, Strike, Told

_VIDEO = re.compile(r"v=([\w-]{11})")
_OPTIONS = {"song": ("song",), "settings": ("key", "value", "here")}


class DiscordSide:
    """A server with some channels, made before the bot comes."""

    name = "discord"
    blind = False
    traps = ("POST /channels/*/messages", "POST /interactions/**", "PATCH /channels/*/messages/*", "POST /webhooks/**")

    def __init__(self, discord: DiscordStandIn, rooms: int, reviewed: int) -> None:
        """Make the server with its people and channels."""
        self.discord = discord
        owner = discord.user("owner")
        guild = discord.guild("Listeners", owner=owner)
        self.people = [discord.user(name, guild) for name in ("ann", "ben", "cem")]
        self.pressers = [self.people[0], *(discord.user(name, guild) for name in ("dora", "eli"))]
        second = discord.user("fay", guild)
        discord.joins(second, guild, discord.role(guild, "curators", Permission.MANAGE_GUILD))
        self.curators = [owner, second]
        made = [discord.channel(guild, f"room-{number}") for number in range(rooms + reviewed)]
        self.rooms = [Room(str(each.id), each, number >= rooms) for number, each in enumerate(made)]
        desk = discord.channel(guild, "desk")
        self.desk = Room(f"<#{desk.id}>", desk)

    @property
    def connected(self) -> bool:
        return self.discord.connected

    @property
    def asked(self) -> int:
        return len(self.discord.requests)

    @property
    def waiting(self) -> bool:
        return False  # Discord does not know what became of what it told

    async def welcome(self) -> int:
        return 0  # a new session is told nothing of what was missed

    async def say(self, who: User, room: Room, text: str) -> Said:
        message = await self.discord.says(who, room.inner, text)
        return Said(_id(message), room, message)

    async def edit(self, said: Said, text: str) -> None:
        await self.discord.edits(said.inner, text)

    async def react(self, who: User, ours: Ours, emoji: str) -> bool:
        given = await self.discord.reacts(who, ours.inner, emoji)
        if not given:
            await self.discord.unreacts(who, ours.inner, emoji)
        return given

    def standing(self, ours: Ours) -> Mapping[str, list[str]]:
        given: dict[str, list[str]] = defaultdict(list)
        for emoji in EMOJI:
            if reaction := ours.inner.reactions.get(emoji):
                for user in reaction.users.values():
                    given[self.person(user)].append(emoji)
        return given

    async def ask(self, who: User, room: Room, text: str) -> Told:
        name, *values = text.split()
        options: dict[str, str | bool] = dict(zip(_OPTIONS[name], values, strict=False))
        if "here" in options:
            options["here"] = True
        return _told(await self.discord.slash(who, room.inner, "hype", name, options))

    async def press(self, who: User, ours: Ours, button: str) -> Told:
        return _told(await self.discord.presses(who, ours.inner, f"dhb:{button}:{ours.carried}"))

    async def write(self, who: User, ours: Ours, text: str, over: Callable[[], bool]) -> Told | None:
        pressed = await self.discord.presses(who, ours.inner, f"dhb:edit:{ours.carried}")
        await self.discord.until(lambda: pressed.modal or pressed.answers or over(), timeout=60)
        if pressed.modal is None:
            return None
        return _told(await self.discord.submits(who, pressed.modal, {"text": text}))

    def ours(self, room: Room) -> list[Ours]:
        return [_ours(each) for each in self.discord.messages(room.inner, by=self.discord.bot) if not each.loading]

    def person(self, who: User) -> str:
        return f"discord:{who.id}"

    def lost(self, said: Said, video: str) -> str:
        return ""

    def trap(self, request: str, strike: Strike, *, after: bool) -> Callable[[], None]:
        async def sprung(request: web.Request) -> web.StreamResponse:
            strike()
            return web.Response(status=500)

        method, path = request.split(" ")
        return self.discord.fault(method, path, sprung, after=after).stop


def _id(message: Message) -> str:
    return f"discord:{message.channel.id}:{message.id}"


def _told(interaction: Interaction) -> Told:
    return lambda: " ".join(each.content for each in interaction.answers if each.ephemeral)


def _ours(message: Message) -> Ours:
    carried = {part["custom_id"].split(":")[2] for part in message.controls}
    video = _VIDEO.search(str(message.embeds[0].get("url"))) if message.embeds else None
    answers = _id(message.reply_to) if message.reply_to else ""
    return Ours(_id(message), next(iter(carried), ""), video[1] if video else "", answers, message.at, message)
