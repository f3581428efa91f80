"""Ways in which Discord misbehaves, for `DiscordStandIn.fault`; `closed` and `silence` are every service's."""

from __future__ import annotations

from aiohttp import web

from bot.stand_ins.base import Handler
from bot.stand_ins.discord.rest import respond
from bot.stand_ins.discord.world import Payload
from bot.stand_ins.faults import closed
from bot.stand_ins.faults import slow_headers as silence

__all__ = ["closed", "cloudflare", "limited", "refused", "server_error", "silence"]

_WORDS = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40001: (401, "Unauthorized"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    160002: (403, "Cannot reply without permission to read message history"),
}


def refused(code: int, status: int | None = None, words: str | None = None) -> Handler:
    """One of Discord's refusals by its code, such as 50013; status and words are the usual ones of that code."""
    usual_status, usual_words = _WORDS.get(code, (400, "Something went wrong"))

    async def answer(_: web.Request) -> web.StreamResponse:
        return respond(status or usual_status, {"message": words or usual_words, "code": code})

    return answer


def limited(seconds: float, *, everywhere: bool = False, header: bool = True, body: bool = True) -> Handler:
    """Status 429 for so many seconds; `everywhere` is the global limit.

    Without `header` there is no Retry-After; without `body` nothing in the JSON says how long either.
    """

    async def answer(_: web.Request) -> web.StreamResponse:
        told: Payload = {"message": "You are being rate limited.", "global": everywhere}
        headers = {"X-RateLimit-Scope": "global" if everywhere else "shared"}
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        if header:
            headers["Retry-After"] = str(max(1, round(seconds)))
        return respond(429, {**told, "retry_after": seconds} if body else told, headers)

    return answer


async def cloudflare(_: web.Request) -> web.StreamResponse:
    """Status 429 from Cloudflare, which has banned the address for an hour: HTML, and no Via header."""
    page = "<html><head><title>Access denied | discord.com used Cloudflare</title></head><body>error code: 1015</body></html>"
    return web.Response(status=429, text=page, content_type="text/html", headers={"Retry-After": "3600"})


def server_error(status: int = 502) -> Handler:
    """A failure of the server itself, in the HTML of a proxy."""

    async def answer(_: web.Request) -> web.StreamResponse:
        page = f"<html><head><title>{status} Bad Gateway</title></head></html>"
        return web.Response(status=status, text=page, content_type="text/html")

    return answer
