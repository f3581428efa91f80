"""One call of the Web API: its arguments however they were sent, and who may make it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.stand_ins.slack.events import Events
from bot.stand_ins.slack.world import Channel, Message, Object, Workspace, World


class Refusal(Exception):  # noqa: N818 - Slack answers these with status 200: they are answers
    """An answer that is not ok: `error` as Slack names it, and more fields where there are any."""

    def __init__(self, error: str, **more: Any) -> None:
        """Take the error's name."""
        super().__init__(error)
        self.answer: Object = {"ok": False, "error": error, **more}


@dataclass
class Call:
    """A request of the app, what it said, and what it got: None where it was given no JSON, or nothing yet."""

    method: str
    arguments: Object
    token: str = field(default="", repr=False)
    at: float = 0.0  # Unix seconds
    client_id: str = ""  # of oauth.v2.access
    client_secret: str = field(default="", repr=False)
    answer: Object | None = None
    status: int = 0  # of HTTP

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return bool(self.answer and self.answer.get("ok"))

    def text(self, name: str) -> str:
        """An argument that is a text, empty where there is none."""
        value = self.arguments.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool | None:
        """An argument that is true or false, in all the ways of writing it; None where it is neither."""
        known = {True: True, "true": True, "1": True, False: False, "false": False, "0": False}
        value = self.arguments.get(name)
        return known.get(value) if isinstance(value, str | bool | int) else None

    def number(self, name: str, default: int, most: int) -> int:
        """An argument that is a whole number from 1 to `most`; raises Refusal where it is something else."""
        value = self.arguments.get(name, default)
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            raise Refusal("invalid_arguments") from None
        if not 1 <= number <= most:
            raise Refusal("invalid_limit")
        return number

    def page(self, default: int = 100) -> tuple[int, int]:
        """Where a page begins and how many it may have, by `cursor` and `limit`."""
        try:
            start = int(base64.b64decode(self.text("cursor"), validate=True) or b"0")
        except (binascii.Error, ValueError):
            raise Refusal("invalid_cursor") from None
        return max(start, 0), self.number("limit", default, 999)

    def parsed(self, name: str, error: str) -> Any:
        """An argument that is JSON, or was sent as a text of it; None where there is none."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise Refusal(error) from None


@dataclass
class Asking:
    """What a method needs to know: the call, the workspace whose token it came with, and all the rest."""

    call: Call
    workspace: Workspace
    world: World
    events: Events
    base: str  # the stand-in's address

    def channel(self, name: str = "channel", *, member: bool = False) -> Channel:
        """The channel that an argument names by its id; raises Refusal where the app knows no such channel.

        With `member`, it must also be in there.
        """
        return self.channel_called(self.call.text(name), member=member)

    def channel_called(self, channel_id: str, *, member: bool = False) -> Channel:
        """The channel with this id, as `channel` gives it."""
        channel = self.world.channels.get(channel_id)
        if channel is None or channel.team != self.workspace.id:
            raise Refusal("channel_not_found")
        inside = self.workspace.bot.id in channel.members
        if channel.private and not inside:
            raise Refusal("channel_not_found")
        if member and not inside:
            raise Refusal("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str) -> Message:
        """The message whose ts an argument gives; raises Refusal where there is none."""
        message = channel.messages.get(self.call.text(name))
        if message is None or message.subtype == "tombstone":
            raise Refusal("message_not_found")
        return message

    def need(self, *scopes: str) -> None:
        """Raise Refusal unless the token has one of these scopes."""
        if not self.workspace.scopes.intersection(scopes):
            provided = ",".join(sorted(self.workspace.scopes))
            raise Refusal("missing_scope", needed=",".join(scopes), provided=provided)


@dataclass(frozen=True)
class Method:
    """How a method is answered, and the scope that it always needs; `token` says which kind it wants."""

    answer: Callable[[Asking], Object]
    scope: str = ""
    token: str = "bot"  # noqa: S105 - the kind: bot, app or none


Methods = Mapping[str, Method]


def next_cursor(start: int, size: int, total: int) -> Object:
    """The `response_metadata` of a page."""
    more = start + size < total
    cursor = base64.b64encode(str(start + size).encode()).decode() if more else ""
    return {"response_metadata": {"next_cursor": cursor}}


async def read_call(request: web.Request, at: float, method: str) -> Call:
    """The call that a request makes; raises Refusal where its body is not what it says."""
    kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
    arguments: Object = dict(request.query)
    if request.content_type == "application/json":
        arguments |= _object(await request.read())
    elif request.can_read_body:
        arguments |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    call = Call(method, arguments, credentials.strip() if kind == "Bearer" else "", at)
    inside, client_id, client_secret = (_taken(arguments, name) for name in ("token", "client_id", "client_secret"))
    basic_id, basic_secret = _basic(credentials) if kind == "Basic" else ("", "")
    call.token, call.client_id, call.client_secret = call.token or inside, client_id or basic_id, client_secret or basic_secret
    return call


def _taken(arguments: Object, name: str) -> str:
    """An argument that is not to be kept with the others."""
    value = arguments.pop(name, "")
    return value if isinstance(value, str) else ""


def _basic(credentials: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _object(body: bytes) -> Object:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal("invalid_json") from None
    if not isinstance(value, dict):
        raise Refusal("json_not_object")
    return value
