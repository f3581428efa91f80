"""Fetches what strangers point at: over https, from a few named hosts, never from a private network, never redirected."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.errors import UnavailableError
from bot.songs.network.gate import Gate
from bot.songs.network.web import unavailable

MAX_ADDRESS = 2048  # characters

_ADDRESS = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~\[\]]+")  # what RFC 3986 allows, and so no way to end a header
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # holds an IPv4 address, which is the one that is reached
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that is given out; whatever else there is has a special purpose
_SPECIAL: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv6Network("2001::/23"),  # Teredo and other mechanisms
    ipaddress.IPv6Network("2002::/16"),  # 6to4
    ipaddress.IPv6Network("3fff::/20"),  # documentation
)

_Result = TypeVar("_Result")


class PrivateAddressError(OSError):
    """A name leads to an address that is no public one."""


def is_public(address: str) -> bool:
    """Whether an IP address can be a server of the public internet, by its last meaning (IPv4 inside of IPv6)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)))
        if ip.scope_id or ip not in _GLOBAL_UNICAST:
            return False
    special = any(ip in network for network in _SPECIAL if network.version == ip.version)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or special)


def public_socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """A socket for the very address that is about to be connected to; raises PrivateAddressError for one that is not public.

    What a name was resolved to before, or will be later, plays no part: a resolver that changes its mind gains nothing.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddressError("not a public address")
    return socket.socket(family, kind, protocol)


class GuardedWeb:
    """Connections for one purpose, whose addresses come from outside; make it inside the event loop, end it with `close`."""

    def __init__(
        self,
        label: str,
        may_reach: Callable[[str], bool],
        *,
        deadline: float,
        agent: str,
        bases: Mapping[str, str] = MappingProxyType({}),
        resolver: AbstractResolver | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Reach only hosts (in small letters) that `may_reach` allows, each purpose in `deadline` seconds.

        `label` names it to people. `bases` moves hosts to other addresses ("spotify.link" to "http://127.0.0.1:1234"),
        for these alone http and private addresses are right. `resolver` looks names up instead of the system.
        """
        self.gate = gate or Gate(label)
        self._may_reach = may_reach
        self._deadline = deadline
        self._agent = agent
        self._bases = {host: base.rstrip("/") for host, base in bases.items()}
        self._outside = self._session(aiohttp.TCPConnector(limit=16, resolver=resolver, socket_factory=public_socket))
        self._moved = self._session(aiohttp.TCPConnector(limit=16))

    def read(self, address: str, base: URL | None = None) -> URL | None:
        """The address where it may be fetched, seen from `base` where it is relative; otherwise None.

        That is one of at most 2048 plain characters, with https, an allowed host, no user and no port.
        """
        if len(address) > MAX_ADDRESS or not _ADDRESS.fullmatch(address):
            return None
        try:
            url = URL(address, encoded=True)
            url = (base.join(url) if base else url).with_fragment(None)
            host = (url.raw_host or "").lower()
        except ValueError:
            return None
        # The host is all that stands between the slashes: no user, no port, not even an empty one.
        plain = url.scheme == "https" and url.raw_authority.lower() == host
        return url if plain and len(str(url)) <= MAX_ADDRESS and self._may_reach(host) else None

    @asynccontextmanager
    async def ask(
        self, method: str, url: URL, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to one request for an address that `read` gave; its body is read by `beginning`, or not at all.

        Raises UnavailableError, also for faults while the answer is read; it never tells the address.
        """
        base = self._bases.get((url.raw_host or "").lower())
        session = self._moved if base else self._outside
        there = URL(f"{base}{url.raw_path_qs}", encoded=True) if base else url
        if session.closed:
            raise UnavailableError("is no longer asked, since the connections are closed")
        try:
            async with session.request(method, there, allow_redirects=False) as response:
                yield response
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, PrivateAddressError):
                raise UnavailableError("leads into a private network, from which nothing is fetched") from None
            raise unavailable(error, self._deadline) from None
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            raise unavailable(error, self._deadline) from None

    async def through_gate(
        self, place: str, call: Callable[[], Awaitable[_Result]], *, deadline: float | None = None
    ) -> _Result:
        """What `call` gives within the deadline, where the gate lets it through to `place`; raises ServiceError only.

        `deadline` (in seconds) is for what takes longer than the fetching.
        """
        with self.gate.passing(place):
            try:
                async with asyncio.timeout(deadline or self._deadline):
                    return await call()
            except TimeoutError as error:
                raise unavailable(error, deadline or self._deadline) from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._outside.close()
        await self._moved.close()

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._deadline),
            headers={"User-Agent": self._agent, "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=connector,
            auto_decompress=False,
        )
