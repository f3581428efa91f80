"""No private network is ever connected to, whatever a name is said to lead to."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UnavailableError
from bot.links import SHORT_HOSTS, Link
from bot.songs.network.gate import Gate
from bot.songs.network.guarded_web import PrivateAddressError, is_public, public_socket
from bot.songs.network.short_links import ShortLinks

AGENT = "deephypebot/test"
SHORT = Link("spotify", "short_link", "x")

PRIVATE = """
    0.0.0.0 0.0.0.1 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1
    192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
    64:ff9b::a9fe:a9fe 64:ff9b:1::8.8.8.8 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1
    fd00:ec2::254 fe80::1 fe80::1%eth0 2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1 4000::1
    localhost spotify.link 2130706433 0177.0.0.1 0x7f.0.0.1 127.1 127.0.0.01 1.2.3.4.5 [::1]
""".split()
PUBLIC = "8.8.8.8 1.1.1.1 93.184.215.14 172.32.0.1 2606:4700:4700::1111 2a00:1450:4001:81b::200e 64:ff9b::8.8.8.8".split()


@pytest.mark.parametrize("address", [*PRIVATE, ""])
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(PrivateAddressError):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 443)))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_get_their_socket(address: str) -> None:
    assert is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with public_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 443))) as made:
        assert made.family == family


@given(st.ip_addresses(v=4))
def test_inside_of_ipv6_only_the_translated_public_addresses_are_public(address: ipaddress.IPv4Address) -> None:
    assert is_public(f"64:ff9b::{address}") is is_public(str(address))
    assert not is_public(f"::ffff:{address}")


class Rebinding(AbstractResolver):
    """Says another address each time, as a resolver under an attacker's control can."""

    def __init__(self, *addresses: str, port: int) -> None:
        self.addresses, self.port, self.asked = list(addresses), port, 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        address = self.addresses[self.asked % len(self.addresses)]
        self.asked += 1
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=self.port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[int, list[str]]]:
    """A port of this computer, on all its addresses, and who connected to it."""
    connected: list[str] = []

    def noted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer.get_extra_info("peername")[0])
        writer.close()

    server = await asyncio.start_server(noted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], connected
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "0.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "64:ff9b::7f00:1"]
)
async def test_a_name_that_leads_into_a_private_network_is_not_connected_to(address: str) -> None:
    async with listener() as (port, connected):
        links = ShortLinks(deadline=2, agent=AGENT, resolver=Rebinding(address, port=port))
        with pytest.raises(UnavailableError, match=r"^leads into a private network, from which nothing is fetched$"):
            await links.follow(SHORT)
        await links.close()
    assert connected == []


async def test_without_the_guard_the_same_name_would_be_connected_to() -> None:
    async with listener() as (port, connected):
        connector = aiohttp.TCPConnector(resolver=Rebinding("127.0.0.1", port=port))
        async with aiohttp.ClientSession(connector=connector) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.head(SHORT.url)
    assert connected


async def test_a_name_that_changes_its_mind_after_it_was_looked_at_gains_nothing() -> None:
    """Each connection is judged by its own address, also where all answers come at once or a good one came before."""
    async with listener() as (port, connected):
        resolver = Rebinding("127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1", port=port)
        links = ShortLinks(deadline=2, agent=AGENT, resolver=resolver)
        public = await resolver.resolve("spotify.link")  # what a check beforehand would have seen
        for host in sorted(SHORT_HOSTS)[:2]:
            with pytest.raises(UnavailableError, match="private network"):
                await links.follow(replace(SHORT, shortener=host))
        await links.close()
    assert len(public) == 1
    assert resolver.asked == 3
    assert connected == []


async def test_a_moved_host_moves_no_other() -> None:
    async with listener() as (port, connected):
        bases = {"spotify.link": f"http://127.0.0.1:{port}"}
        links = ShortLinks(deadline=2, agent=AGENT, bases=bases, resolver=Rebinding("127.0.0.1", port=port), gate=Gate("It"))
        with pytest.raises(UnavailableError, match="private network"):
            await links.follow(replace(SHORT, shortener="spoti.fi"))
        await links.close()
    assert connected == []
