"""The REST door of the made-up Discord: every request is noted, may be made to fail, and is answered as Discord does."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.stand_ins.base import Handler
from bot.stand_ins.discord.limits import ApiError
from bot.stand_ins.discord.payloads import written
from bot.stand_ins.discord.world import Payload

PREFIX = "/api/v10"
VIA = {"Via": "1.1 google"}  # a client takes a 429 without it for Cloudflare's


@dataclass(eq=False)
class Call:
    """One request: its method and route, what it sent, and how it was answered.

    `path` lies below the interface's address; `headers` are without the Authorization, of which `authorized` says whether
    it was right; `at` is in seconds of a clock that only goes forward; `status` is 0 for as long as there is no answer.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    authorized: bool
    at: float
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    status: int = 0
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def json(self) -> Payload:
        """The body, an object; raises `ApiError` where it is none."""
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109, "The request body contains invalid JSON.")
        return self.body

    def number(self, name: str) -> int:
        """An id in the route."""
        return int(self.names[name])

    def asked(self, name: str, usual: int, most: int) -> int:
        """A number in the query, from 1 to `most`; raises `ApiError`."""
        text = self.query.get(name, str(usual))
        if not text.isdecimal() or not 1 <= int(text) <= most:
            words = f"int value should be between 1 and {most}."
            wrong = {"_errors": [{"code": "NUMBER_TYPE_MAX", "message": words}]}
            raise ApiError(400, 50035, "Invalid Form Body", {name: wrong})
        return int(text)


Answer = Callable[[Call], Any]


@dataclass(eq=False)
class Trouble:
    """Something that happens to requests: a handler that answers instead or, with `after`, when the work is done."""

    method: str
    pattern: re.Pattern[str]
    handler: Handler
    left: int | None
    after: bool
    hits: int = 0

    def takes(self, call: Call) -> bool:
        """Whether it befalls this request; counts where it does."""
        if self.left == 0 or self.method not in {call.method, "*"} or not self.pattern.fullmatch(call.path):
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True

    def stop(self) -> None:
        """Let it happen no more."""
        self.left = 0


@dataclass(eq=False)
class Bucket:
    """A rate limit: so many calls in so many seconds, for each channel, server or webhook by itself."""

    method: str
    pattern: re.Pattern[str]
    calls: int
    seconds: float
    used: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, call: Call, now: float) -> tuple[bool, dict[str, str]]:
        """Whether one more call is let through, and the headers that say how many are left."""
        major = "/".join(call.path.split("/")[1:3])
        began, count = self.used.get(major, (now, 0))
        if now - began >= self.seconds:
            began, count = now, 0
        allowed = count < self.calls
        self.used[major] = (began, count + allowed)
        after = max(0.001, began + self.seconds - now)
        told = {"Limit": self.calls, "Remaining": max(0, self.calls - count - 1), "Reset": f"{time.time() + after:.3f}"}
        told |= {"Reset-After": f"{after:.3f}", "Bucket": f"{abs(hash((self.method, self.pattern.pattern))):x}"}
        return allowed, {f"X-RateLimit-{name}": str(value) for name, value in told.items()}


def pattern(text: str) -> re.Pattern[str]:
    """A pattern of paths: "*" stands for one step, "**" for whatever there is."""
    kinds = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(kinds.get(piece) or re.escape(piece) for piece in re.split(r"(\*\*|\*)", text)))


@dataclass(eq=False)
class Rest:
    """The routes, what was asked of them, and what goes wrong with them."""

    token: str
    touched: Callable[[], None]
    calls: list[Call] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)
    delay: float = 0.0  # seconds before each answer

    def serve(self, router: web.UrlDispatcher, routes: Mapping[str, Answer]) -> None:
        """Answer these routes ("GET /channels/{channel}") below the prefix; a name in braces stands for a number."""
        for route, answer in routes.items():
            method, path = route.split(" ")
            path = re.sub(r"\{(channel|message|user|guild|command|interaction|app)\}", r"{\1:\\d+}", path)
            router.add_route(
                method, PREFIX + path, self._door(answer, open_to_all=path.startswith(("/webhooks", "/interactions")))
            )

    def nowhere(self, call: Call) -> Any:
        """What answers on all other routes."""
        raise ApiError(404, 0, f"404: Not Found ({call.method} {call.path})")

    def catch_all(self, router: web.UrlDispatcher) -> None:
        """Answer everything else with 404."""
        router.add_route("*", "/{rest:.*}", self._door(self.nowhere, open_to_all=True))

    def _door(self, answer: Answer, *, open_to_all: bool) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            call = await self._read(request)
            self.calls.append(call)
            self.touched()
            if self.delay:
                await asyncio.sleep(self.delay)
            trouble = next((each for each in self.troubles if each.takes(call)), None)
            if trouble and not trouble.after:
                response = await trouble.handler(request)
            else:
                response = self._answer(answer, call, open_to_all=open_to_all)
                if trouble:
                    call.status = response.status
                    self.touched()
                    response = await trouble.handler(request)
            call.status = call.status or response.status
            self.touched()
            return response

        return handle

    async def _read(self, request: web.Request) -> Call:
        """Note what was asked."""
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        known = request.headers.get("Authorization") == f"Bot {self.token}"
        path, now = request.path.removeprefix(PREFIX), time.monotonic()
        call = Call(request.method, path, dict(request.query), headers, known, now, names=dict(request.match_info))
        text: str | bytes = b""
        if request.content_type == "multipart/form-data":
            for name, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    call.files[value.filename] = value.file.read()
                    value.file.close()
                elif name == "payload_json" and isinstance(value, str):
                    text = value
        elif request.can_read_body:
            text = await request.read()
        if text:
            try:
                call.body = json.loads(text)
            except (ValueError, RecursionError):
                call.body = text
        return call

    def _answer(self, answer: Answer, call: Call, *, open_to_all: bool) -> web.Response:
        """Answer, after the rate limits and the token have let it through."""
        headers: dict[str, str] = {}
        for bucket in self.buckets:
            if bucket.method in {call.method, "*"} and bucket.pattern.fullmatch(call.path):
                allowed, headers = bucket.take(call, call.at)
                if not allowed:
                    wait = float(headers["X-RateLimit-Reset-After"])
                    body = {"message": "You are being rate limited.", "retry_after": wait, "global": False}
                    more = {"Retry-After": str(int(wait) + 1), "X-RateLimit-Scope": "user"}
                    return respond(429, body, {**headers, **more})
        try:
            if not (call.authorized or open_to_all):
                raise ApiError(401, 0, "401: Unauthorized")
            told = answer(call)
        except ApiError as refusal:
            body = {"message": refusal.words, "code": refusal.code}
            return respond(refusal.status, {**body, "errors": refusal.errors} if refusal.errors else body, headers)
        return respond(204 if told is None else 200, told, headers)


def respond(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer as Discord writes it: JSON with no charset, and through Google's proxy."""
    if body is None:
        return web.Response(status=status, headers={**VIA, **(headers or {})})
    text = written(body).encode()
    return web.Response(status=status, body=text, content_type="application/json", headers={**VIA, **(headers or {})})
