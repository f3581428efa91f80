"""Asks outside services over HTTP for JSON: bounded in time and size, no redirect followed, every failure one sentence."""

from __future__ import annotations

import asyncio
import email.utils
import json
import zlib
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NoReturn

import aiohttp

from bot.errors import LimitedError, RefusedError, ServiceError, UnavailableError

MAX_BYTES = 1 << 20  # of one answer, unpacked; real ones have some tens of kilobytes
MAX_RETRY_AFTER = 86_400.0  # seconds; whoever asks for more is asked again after a day all the same
NO_RETRY_AFTER = 60.0  # seconds to wait where a service says "too often" but not for how long
_QUOTA_RETRY_AFTER = 3600.0  # seconds, where a quota is used up
_SHORT = 4096  # bytes of an error's body that are looked at
_SHORT_WAIT = 0.5  # seconds that are spent on them; the status alone tells enough
_IDLE = 4.0  # seconds after which an idle connection is closed, before the server does: they do from 5 s on
_GZIP = 16 + zlib.MAX_WBITS  # makes zlib expect the header of gzip

_LATER = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
_NEVER = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


def refuse(status: int, headers: Mapping[str, str], body: bytes = b"") -> NoReturn:
    """Raise the error that a status other than 200 means."""
    told = headers.get("Retry-After")
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and told):
        quota = b"QUOTA_EXCEEDED" in body
        why = f"status {status}: its quota is used up" if quota else f"status {status}"
        what = "was asked too often" if status == HTTPStatus.TOO_MANY_REQUESTS else "asked for a pause"
        raise LimitedError(f"{what} ({why})", retry_after(told, _QUOTA_RETRY_AFTER if quota else NO_RETRY_AFTER))
    if status in _NEVER:
        raise RefusedError(f"answered with status {status}")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise UnavailableError(f"answered with a redirect (status {status}), and none is followed")
    raise UnavailableError(f"answered with status {status}", passing=status in _LATER)


# Raises what a status other than 200 means, given with headers and the beginning of the body; returning, it means None.
Refusal = Callable[[int, Mapping[str, str], bytes], None]


class Web:
    """One pool of connections for all services; make it inside the event loop, end it with `close`."""

    def __init__(self, *, deadline: float, agent: str, max_bytes: int = MAX_BYTES) -> None:
        """Give every request `deadline` seconds in all and every body `max_bytes`; `agent` says who asks."""
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=deadline),
            headers={"User-Agent": agent, "Accept": "application/json", "Accept-Encoding": "gzip"},
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=64, limit_per_host=16, keepalive_timeout=_IDLE),
            middlewares=(_once,),
            auto_decompress=False,  # it would unpack a thousandfold before anybody can say that it is enough
        )

    async def json(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        missing: Collection[int] = (),
        refused: Refusal = refuse,
    ) -> Any:
        """What a GET of `url` answers, read as JSON; None where the status is among `missing`.

        `refused` is given any other status than 200, with headers and the beginning of the body, and raises what that
        means; where it returns, it means None. Raises ServiceError; its message never tells the address.
        """
        body = await self.body(url, params=params, headers=headers, missing=missing, refused=refused)
        if body is None:
            return None
        answer = read_json(body)
        if answer is None:  # no service says so of what it does not know
            raise UnavailableError("sent an answer with nothing in it")
        return answer

    async def body(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        missing: Collection[int] = (),
        refused: Refusal = refuse,
    ) -> bytes | None:
        """What a GET of `url` answers, as bytes; None where the status is among `missing`. Raises as `json` does."""
        told: tuple[int, Mapping[str, str], bytes] | None = None
        if self._session.closed:
            raise UnavailableError("is no longer asked, since the connections are closed")
        try:
            # An own limit around it, since that of the library does not hold while it looks a name up in a thread.
            async with (
                asyncio.timeout(self._deadline),
                self._session.get(url, params=params, headers=headers, allow_redirects=False) as response,
            ):
                if response.status in missing:
                    return None
                if response.status == HTTPStatus.OK:
                    return await self._all(response)
                told = (response.status, response.headers, b"")
                async with asyncio.timeout(_SHORT_WAIT):
                    told = (response.status, response.headers, await beginning(response, _SHORT))
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            # Once a status has come, the rest of an error may hang or break off: the status is what counts.
            if told is None:
                raise unavailable(error, self._deadline) from None
        if told:
            refused(*told)
        return None

    async def _all(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body; raises UnavailableError where it is too long."""
        body = await beginning(response, self._max_bytes + 1)
        if len(body) > self._max_bytes:
            raise UnavailableError(f"sent more than {self._max_bytes // 1024} KiB")
        return body

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def unavailable(error: Exception, deadline: float) -> ServiceError:
    """What to raise for a fault of the connection, without its address; it had `deadline` seconds."""
    if isinstance(error, TimeoutError):
        return UnavailableError(f"took longer than {deadline:g} s")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return UnavailableError("cannot be found (is there a network?)")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return UnavailableError("has no certificate that can be trusted")
    if isinstance(error, aiohttp.ClientConnectorError):
        return UnavailableError("cannot be reached")
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ServerDisconnectedError | OSError):
        return UnavailableError("broke the connection off")
    return UnavailableError("sent an answer that cannot be read")


def read_json(body: bytes) -> Any:
    """A body as JSON; raises UnavailableError for anything else than strict JSON in UTF-8."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise UnavailableError("sent an answer that is no JSON") from None


def retry_after(value: str | None, default: float) -> float:
    """The seconds that a Retry-After header asks for, as a number or a date; from 1 to a day, `default` if unreadable."""
    text = (value or "").strip()
    seconds = default
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    elif text:
        try:
            moment = email.utils.parsedate_to_datetime(text[:64])
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
        except (ValueError, OverflowError):
            pass
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Ask once. The library would at once ask again where a connection breaks off, and no pace allows that."""
    try:
        return await handler(request)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        if isinstance(error, aiohttp.ClientConnectorError):
            raise  # nobody was asked yet
        raise aiohttp.ClientPayloadError from None


async def beginning(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The first `limit` bytes of a body, unpacked, fewer where it ends before; no more than that is ever unpacked.

    Raises ValueError for a packing that was not asked for, zlib.error for a broken one.
    """
    packing = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in {"", "identity", "gzip", "x-gzip"}:
        raise ValueError("packed in a way that was not asked for")
    unpacker = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
    body, sent = bytearray(), 0
    async for part in response.content.iter_any():
        sent += len(part)
        body += unpacker.decompress(part, limit - len(body)) if unpacker else part[: limit - len(body)]
        # What is sent counts too: a packed body may go on for ever without holding anything.
        if len(body) >= limit or sent > limit + _SHORT:
            break
    return bytes(body)
