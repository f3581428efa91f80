"""The gateway of the made-up Discord: sessions over WebSockets that can be lost, resumed, refused and closed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.stand_ins.discord import payloads
from bot.stand_ins.discord.payloads import written
from bot.stand_ins.discord.sessions import PRIVILEGED, Close, Intent, Link, Session, application_flags
from bot.stand_ins.discord.world import Guild, Payload, World

HEARTBEAT = 41_250  # milliseconds
LONGEST = 4096  # bytes of what a client may send at once


@dataclass(eq=False)
class Gateway:
    """All sessions and connections. `privileged` are the privileged intents that the application was granted.

    `identified` keeps every IDENTIFY but for its token, `resumed` the ids of sessions resumed, `presences` what the bot
    says it is doing; with `silent`, nothing is answered any more, heartbeats neither.
    """

    world: World
    token: str
    touched: Callable[[], None]
    privileged: Intent = PRIVILEGED
    address: str = ""
    silent: bool = False
    sessions: dict[str, Session] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    identified: list[Payload] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    presences: list[Payload] = field(default_factory=list)
    _doors: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Open the doors."""
        self._doors.set()

    def send(self, event: str, body: Payload, intents: Intent, guild: Guild | None, masked: Payload | None = None) -> None:
        """Tell an event to whoever serves the server and asked for one of the intents (none: to all of them).

        `masked` is told instead to those without the message-content intent.
        """
        texts: dict[bool, str] = {}
        for session in self.sessions.values():
            if not session.hears(guild) or (intents and not session.intents & intents):
                continue
            mask = masked is not None and Intent.MESSAGE_CONTENT not in session.intents
            if mask not in texts:
                texts[mask] = written(masked if mask else body)
            session.tell(event, texts[mask])
        self.touched()

    def close(self, code: int, shard: int | None = None) -> None:
        """Close the connections, of one shard or all, with a code; 4007 and 4009 end the sessions as well."""
        for link in self._of(shard):
            if code in {Close.INVALID_SEQ, Close.SESSION_TIMED_OUT} and link.session:
                self.sessions.pop(link.session.id, None)
            link.close(code)

    def drop(self, shard: int | None = None) -> None:
        """Break the connections, of one shard or all, with no word; the sessions stay."""
        for link in self._of(shard):
            self._unlink(link)
            link.drop()

    def ask_reconnect(self, shard: int | None = None) -> None:
        """Ask for a new connection (opcode 7)."""
        for link in self._of(shard):
            link.say(written({"op": 7, "d": None, "s": None, "t": None}))

    def invalidate(self, *, resumable: bool, shard: int | None = None) -> None:
        """Say that the session is no more valid (opcode 9); one that is not resumable is forgotten."""
        for link in self._of(shard):
            if link.session and not resumable:
                self.sessions.pop(link.session.id, None)
            link.say(_invalid(resumable=resumable))

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Break all connections and let nobody in for a while: what happens now is heard of later."""
        self._doors.clear()
        self.drop()
        try:
            yield
        finally:
            self._doors.set()

    async def stop(self) -> None:
        """Break all connections, for good."""
        self._doors.set()
        for link in list(self.links):
            link.drop()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it ends."""
        await self._doors.wait()
        socket = web.WebSocketResponse(timeout=2.0, compress=False, autoping=True)
        await socket.prepare(request)
        packer = zlib.compressobj(1) if request.query.get("compress") == "zlib-stream" else None
        link = Link(socket, request, packer)
        self.links.append(link)
        pump = asyncio.create_task(link.pump())
        link.say(written({"op": 10, "d": {"heartbeat_interval": HEARTBEAT, "_trace": ["[]"]}, "s": None, "t": None}))
        if request.query.get("v") != "10" or request.query.get("encoding", "json") != "json":
            link.close(Close.INVALID_VERSION)
        try:
            async for frame in socket:
                if not self.silent:
                    self._heard(link, frame)
                    self.touched()
        finally:
            self.links.remove(link)
            self._unlink(link)
            if socket.close_code in {1000, 1001} and not link.closing and link.session:
                # A client that says goodbye ends its session.
                self.sessions.pop(link.session.id, None)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            self.touched()
        return socket

    def _of(self, shard: int | None) -> list[Link]:
        return [link for link in self.links if shard is None or (link.session and link.session.shard == shard)]

    def _unlink(self, link: Link) -> None:
        if link.session and link.session.link is link:
            link.session.link = None

    def _heard(self, link: Link, frame: aiohttp.WSMessage) -> None:
        """Act on what a client sent."""
        said = _read(frame)
        if said is None:
            link.close(Close.DECODE_ERROR)
            return
        op, data = said
        if op == 1:
            if link.session:
                link.session.heard_until(data)
            link.say(written({"op": 11, "d": None, "s": None, "t": None}))
        elif op in {2, 6}:
            self._begin(link, op, data)
        elif op not in {3, 4, 8, 31, 43}:
            link.close(Close.UNKNOWN_OPCODE)
        elif not link.session:
            link.close(Close.NOT_AUTHENTICATED)
        elif isinstance(data, dict) and op == 3:
            self.presences.append(data)
        elif isinstance(data, dict) and op == 8:
            self._members(link.session, data)

    def _begin(self, link: Link, op: int, data: Any) -> None:
        """Begin a session or go on with one; a connection does so once."""
        if link.session:
            link.close(Close.ALREADY_AUTHENTICATED)
        elif not isinstance(data, dict):
            link.close(Close.DECODE_ERROR)
        elif op == 2:
            self._identify(link, data)
        else:
            self._resume(link, data)

    def _identify(self, link: Link, data: Payload) -> None:
        """Begin a session, or say why not."""
        self.identified.append({key: value for key, value in data.items() if key != "token"})
        shard = data.get("shard") or [0, 1]
        if data.get("token") != self.token:
            return link.close(Close.AUTHENTICATION_FAILED)
        if not (len(shard) == 2 and all(isinstance(part, int) for part in shard) and 0 <= shard[0] < shard[1]):
            return link.close(Close.INVALID_SHARD)
        wanted = data.get("intents")
        if not isinstance(wanted, int) or wanted & ~sum(Intent) or wanted < 0:
            return link.close(Close.INVALID_INTENTS)
        intents = Intent(wanted)
        if intents & PRIVILEGED & ~self.privileged:
            return link.close(Close.DISALLOWED_INTENTS)
        session = Session(secrets.token_hex(16), shard[0], shard[1], intents, link=link)
        link.session = self.sessions[session.id] = session
        served = [guild for guild in self.world.joined if session.hears(guild)]
        session.tell("READY", written(self._ready(session, served)))
        for guild in served if Intent.GUILDS in intents else ():
            session.tell("GUILD_CREATE", written(self.whole(session, guild)))
        return None

    def whole(self, session: Session, guild: Guild) -> Payload:
        """A server as a session learns of it: with all its members only where both intents for them are there."""
        every = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES
        return payloads.guild(guild, self.world, whole_list=session.intents & every == every)

    def _ready(self, session: Session, served: list[Guild]) -> Payload:
        return {
            "v": 10,
            "user": {**payloads.user(self.world.bot), "email": None, "verified": True, "mfa_enabled": True, "flags": 0},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in served],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.address,
            "shard": [session.shard, session.shards],
            "application": {"id": str(self.world.application_id), "flags": application_flags(self.privileged)},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "user_settings": {},
            "user_settings_proto": "",
            "guild_join_requests": [],
            "_trace": ["[]"],
        }

    def _resume(self, link: Link, data: Payload) -> None:
        """Go on with a session: tell it all that it has missed, in order, and then RESUMED."""
        session, seq = self.sessions.get(str(data.get("session_id"))), data.get("seq")
        if data.get("token") != self.token:
            return link.close(Close.AUTHENTICATION_FAILED)
        if session is None or not isinstance(seq, int):
            return link.say(_invalid(resumable=False))
        if seq > session.seq:
            del self.sessions[session.id]
            return link.close(Close.INVALID_SEQ)
        missed = [text for number, text in session.log if number > seq]
        if len(missed) < session.seq - seq:
            del self.sessions[session.id]
            return link.say(_invalid(resumable=False))
        if session.link:
            session.link.close(4000)
        session.link, link.session = link, session
        self.resumed.append(session.id)
        for text in missed:
            link.say(text)
        return session.tell("RESUMED", written({"_trace": ["[]"]}))

    def _members(self, session: Session, data: Payload) -> None:
        """Answer a request for members."""
        guild = self.world.guilds.get(int(str(data.get("guild_id"))) if str(data.get("guild_id")).isdecimal() else 0)
        if guild is None:
            return
        query, wanted = str(data.get("query") or "").lower(), data.get("user_ids")
        ids = {str(one) for one in (wanted if isinstance(wanted, list) else [wanted])} if wanted else None
        if ids is None and not query and Intent.GUILD_MEMBERS not in session.intents:
            return
        found = [
            payloads.member(member, self.world)
            for member in guild.members.values()
            if (ids is None or str(member.user.id) in ids) and member.user.name.lower().startswith(query)
        ]
        body: Payload = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1}
        missing = sorted((ids or set()) - {member["user"]["id"] for member in found})
        session.tell("GUILD_MEMBERS_CHUNK", written({**body, "not_found": missing, "nonce": data.get("nonce")}))


def _read(frame: aiohttp.WSMessage) -> tuple[int, Any] | None:
    """The opcode and data of what a client sent; None for what cannot be read."""
    if frame.type is not aiohttp.WSMsgType.TEXT or len(frame.data) > LONGEST:
        return None
    try:
        said = json.loads(frame.data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not isinstance(said.get("op"), int):
        return None
    return said["op"], said.get("d")


def _invalid(*, resumable: bool) -> str:
    return written({"op": 9, "d": resumable, "s": None, "t": None})
