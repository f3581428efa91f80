"""The routes on the application, its commands, users and servers, and the way to the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.stand_ins.discord import payloads
from bot.stand_ins.discord.commands import Commands
from bot.stand_ins.discord.events import Events
from bot.stand_ins.discord.gateway import Gateway
from bot.stand_ins.discord.limits import ApiError, snowflake
from bot.stand_ins.discord.rest import Answer, Call
from bot.stand_ins.discord.sessions import application_flags
from bot.stand_ins.discord.world import THREAD, Guild, Payload, World

STARTS = 1000  # sessions that a bot may begin in a day


@dataclass(eq=False)
class ApplicationRoutes:
    """What a bot learns of itself, of people and of servers, and how it registers its commands."""

    world: World
    events: Events
    gateway: Gateway
    commands: Commands

    def routes(self) -> Mapping[str, Answer]:
        """All of them."""
        everywhere, there = "/applications/{app}/commands", "/applications/{app}/guilds/{guild}/commands"
        routes: dict[str, Answer] = {
            "GET /gateway": lambda _: {"url": self.gateway.address},
            "GET /gateway/bot": self.way,
            "GET /oauth2/applications/@me": self.application,
            "GET /applications/@me": self.application,
            "GET /users/@me": self.me,
            "POST /users/@me/channels": self.open_dm,
            "DELETE /users/@me/guilds/{guild}": self.leave,
            "GET /users/{user}": self.user,
            "GET /guilds/{guild}": lambda call: payloads.bare_guild(self._guild(call)),
            "GET /guilds/{guild}/channels": self.channels,
            "GET /guilds/{guild}/roles": lambda call: [payloads.role(one) for one in self._guild(call).roles.values()],
            "GET /guilds/{guild}/members": self.members,
            "GET /guilds/{guild}/members/{user}": self.member,
        }
        for base in (everywhere, there):
            routes |= {
                f"GET {base}": self.read_commands,
                f"PUT {base}": self.replace_commands,
                f"POST {base}": self.add_command,
                f"GET {base}/{{command}}": self.read_command,
                f"PATCH {base}/{{command}}": self.edit_command,
                f"DELETE {base}/{{command}}": self.delete_command,
            }
        return routes

    def way(self, _: Call) -> Payload:
        """Where the gateway is, and how many shards it wants."""
        left = max(0, STARTS - len(self.gateway.identified))
        limit = {"total": STARTS, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}
        return {"url": self.gateway.address, "shards": self.world.shards, "session_start_limit": limit}

    def application(self, _: Call) -> Payload:
        """The application."""
        return {
            "id": str(self.world.application_id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "type": None,
            "bot": payloads.user(self.world.bot),
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": payloads.user(self.world.owner),
            "team": None,
            "flags": application_flags(self.gateway.privileged),
            "rpc_origins": [],
            "redirect_uris": [],
            "tags": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": len(self.world.joined),
            "approximate_user_install_count": 0,
            "integration_types_config": {"0": {}},
        }

    def me(self, _: Call) -> Payload:
        """The bot's own account."""
        return {
            **payloads.user(self.world.bot),
            "mfa_enabled": True,
            "verified": True,
            "email": None,
            "locale": "en-US",
            "flags": 0,
        }

    def open_dm(self, call: Call) -> Payload:
        """Open the conversation with somebody."""
        user = self.world.users.get(snowflake("recipient_id", call.json.get("recipient_id")))
        if user is None or user is self.world.bot:
            raise ApiError(400, 50033, "Invalid Recipient(s)")
        return payloads.channel(self.world.dm(user), self.world)

    def leave(self, call: Call) -> None:
        """Leave a server."""
        guild = self._guild(call)
        del guild.members[self.world.bot.id]
        self.events.guild_left(guild)

    def user(self, call: Call) -> Payload:
        """Somebody."""
        found = self.world.users.get(call.number("user"))
        if found is None:
            raise ApiError(404, 10013, "Unknown User")
        return payloads.user(found)

    def channels(self, call: Call) -> list[Payload]:
        """The channels of a server, without its threads."""
        return [payloads.channel(one, self.world) for one in self._guild(call).channels.values() if one.kind != THREAD]

    def members(self, call: Call) -> list[Payload]:
        """Members of a server, by id, so many after one."""
        guild, most, after = self._guild(call), call.asked("limit", 1, 1000), snowflake("after", call.query.get("after"))
        found = sorted(user_id for user_id in guild.members if user_id > after)[:most]
        return [payloads.member(guild.members[user_id], self.world) for user_id in found]

    def member(self, call: Call) -> Payload:
        """One member of a server."""
        found = self._guild(call).members.get(call.number("user"))
        if found is None:
            raise ApiError(404, 10007, "Unknown Member")
        return payloads.member(found, self.world)

    def read_commands(self, call: Call) -> list[Payload]:
        """What is registered."""
        return self.commands.lists.get(self._scope(call), [])

    def replace_commands(self, call: Call) -> list[Payload]:
        """Register exactly these."""
        return self.commands.replace(self._scope(call), call.body)

    def add_command(self, call: Call) -> Payload:
        """Register one more."""
        return self.commands.add(self._scope(call), call.json)

    def read_command(self, call: Call) -> Payload:
        """One that is registered."""
        return self._command(call)

    def edit_command(self, call: Call) -> Payload:
        """Change one that is registered."""
        return self.commands.change(self._scope(call), self._command(call), call.json)

    def delete_command(self, call: Call) -> None:
        """Register one less."""
        gone, scope = self._command(call), self._scope(call)
        self.commands.lists[scope] = [one for one in self.commands.lists[scope] if one is not gone]

    def _command(self, call: Call) -> Payload:
        for command in self.commands.lists.get(self._scope(call), []):
            if command["id"] == call.names["command"]:
                return command
        raise ApiError(404, 10063, "Unknown application command")

    def _scope(self, call: Call) -> int | None:
        """The server that a list of commands is for, None for everywhere."""
        if call.number("app") != self.world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        return self._guild(call).id if "guild" in call.names else None

    def _guild(self, call: Call) -> Guild:
        guild = self.world.guilds.get(call.number("guild"))
        if guild is None:
            raise ApiError(404, 10004, "Unknown Guild")
        if self.world.bot.id not in guild.members:
            raise ApiError(403, 50001, "Missing Access")
        return guild
