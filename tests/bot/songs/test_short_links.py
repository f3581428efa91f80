"""What short links lead to, over real HTTP: every way on, every way out that is not taken, every address not opened."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import LeftAloneError, LimitedError, RefusedError, ServiceError, UnavailableError
from bot.links import SHORT_HOSTS, Link
from bot.songs.network.guarded_web import GuardedWeb
from bot.songs.network.short_links import ShortLinks
from bot.stand_ins import faults
from bot.stand_ins.base import made_up_songs
from bot.stand_ins.short_links import ShortLinksStandIn

AGENT = "deephypebot/test"
SONGS = made_up_songs(3)
ID = "4cOdK2wGLETKBW3PvgPWqT"
TRACK = Link("spotify", "track", ID)
SHORT = Link("spotify", "short_link", "x")
OPEN = f"https://open.spotify.com/track/{ID}"

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def server() -> AsyncIterator[ShortLinksStandIn]:
    async with ShortLinksStandIn(SONGS) as server:
        yield server


@asynccontextmanager
async def links_by(server: ShortLinksStandIn, deadline: float = 2.0) -> AsyncIterator[ShortLinks]:
    links = ShortLinks(deadline=deadline, agent=AGENT, bases=server.bases)
    try:
        yield links
    finally:
        await links.close()


async def follow(server: ShortLinksStandIn, link: Link = SHORT, deadline: float = 2.0) -> Link | None:
    async with links_by(server, deadline) as links:
        return await links.follow(link)


# --- right answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", sorted(SHORT_HOSTS))
@pytest.mark.parametrize("as_page", [False, True], ids=["redirect", "page"])
async def test_a_link_of_every_shortener_leads_to_its_song(server: ShortLinksStandIn, host: str, as_page: bool) -> None:
    server.as_page = as_page
    assert await follow(server, server.link(SONGS[1], host)) == Link("spotify", "track", SONGS[1].ids["spotify"])


async def test_the_shortener_sees_who_asks_and_nothing_else(server: ShortLinksStandIn) -> None:
    async with links_by(server) as links:
        for _ in range(2):  # the first answer sets a cookie
            await links.follow(server.link(SONGS[0]))
    assert [asked.headers["User-Agent"] for asked in server.asked] == [AGENT, AGENT]
    assert not {"Cookie", "Referer", "Authorization"} & {name.title() for asked in server.asked for name in asked.headers}


@pytest.mark.parametrize("link", [TRACK, Link("youtube", "video", "dQw4w9WgXcQ")])
async def test_a_link_that_is_not_short_is_its_own_answer(server: ShortLinksStandIn, link: Link) -> None:
    assert await follow(server, link) == link
    assert not server.asked


async def test_an_unknown_link_leads_nowhere(server: ShortLinksStandIn) -> None:
    assert await follow(server) is None


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        (OPEN, "track"),
        (f"{OPEN}?si=1&utm_source=copy-link#x", "track"),
        (f"http://open.spotify.com/track/{ID}", "track"),  # Bitly keeps what was typed years ago; it is not asked
        (f"//open.spotify.com/track/{ID}", "track"),
        (f"https://open.spotify.com/intl-de/album/{ID}", "album"),
        (f"https://play.spotify.com/artist/{ID}", "artist"),
        (f"https://open.spotify.com/user/somebody/playlist/{ID}?si=1", "playlist"),
        (f"spotify:track:{ID}", "track"),
        ("https://youtu.be/dQw4w9WgXcQ", "video"),
        (f"https://spotify.app.link/?$fallback_url=https%3A%2F%2Fopen.spotify.com%2Ftrack%2F{ID}%3Fsi%3D1", "track"),
        (f"https://spotify.app.link/?%24desktop_url=https://open.spotify.com/track/{ID}", "track"),
        (f"https://open.spotify.com/redirect?url=https%3A%2F%2Fopen.spotify.com%2Fepisode%2F{ID}", "episode"),
        (
            "https://spotify.link/?$fallback_url=https%3A%2F%2Fspotify.app.link%2F%3F%2524canonical_url%3D"
            f"https%253A%252F%252Fopen.spotify.com%252Ftrack%252F{ID}",
            "track",
        ),
    ],
)
async def test_a_location_that_names_music_is_the_answer_at_once(server: ShortLinksStandIn, location: str, kind: str) -> None:
    server.targets = {"x": location}
    found = await follow(server)
    assert found is not None
    assert found.kind == kind
    assert len(server.asked) == 1  # nothing but the shortener, and that once


@pytest.mark.parametrize("hops", [1, 2, 3, 4])
async def test_chains_of_up_to_four_hops_are_followed(server: ShortLinksStandIn, hops: int) -> None:
    steps = ["x", "b", "c", "d"][:hops]
    ways = ["https://spotify.app.link/{}", "//spoti.fi/{}", "/{}"]  # of naming the next: whole, without scheme, by its path
    server.targets = {here: way.format(there) for here, there, way in zip(steps, steps[1:], ways, strict=False)}
    server.targets[steps[-1]] = OPEN
    assert await follow(server) == TRACK
    assert [asked.path for asked in server.asked] == [f"/{step}" for step in steps]


async def test_the_fifth_hop_is_not_taken(server: ShortLinksStandIn) -> None:
    server.targets = {"x": "/b", "b": "/c", "c": "/d", "d": "/e", "e": OPEN}
    assert await follow(server) is None
    assert [asked.path for asked in server.asked] == ["/x", "/b", "/c", "/d"]


@pytest.mark.parametrize("targets", [{"x": "/x"}, {"x": "https://spoti.fi/y", "y": "https://spotify.link/x"}])
async def test_loops_end(server: ShortLinksStandIn, targets: dict[str, str]) -> None:
    server.targets = targets
    assert await follow(server) is None
    assert len(server.asked) <= 4


# --- ways out that are not taken ------------------------------------------------------------------------------------

ELSEWHERE = [
    "",
    " ",
    "http://spotify.link/y",
    "ftp://spotify.link/y",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://spotify.link:443/y",
    "https://spotify.link:8080/y",
    "https://spotify.link:/y",
    "https://me@spotify.link/y",
    "https://@spotify.link/y",
    "https://me:secret@spotify.link/y",
    "https://spotify.link./y",
    "https://spotify.link\\@evil.example/y",
    "https://evil.example/y",
    f"https://evil.example/track/{ID}",
    f"https://evil.example/?url={OPEN}",
    f"https://evil.example/,{OPEN}",
    f"https://evil.example/({OPEN})",
    f"https://open.spotify.com.evil.example/track/{ID}",
    f"https://evil-open.spotify.com/track/{ID}",
    f"https://open.spotify.com@evil.example/track/{ID}",
    f"https://evil.example/@open.spotify.com/track/{ID}",
    f"https://open.spotify.com:8080/track/{ID}",
    f"https://open.sp\u043etify.com/track/{ID}",
    f"https://open\u3002spotify\u3002com/track/{ID}",
    f"https://evil.example\\open.spotify.com/track/{ID}",
    "https://open.spotify.com/",
    f"https://open.spotify.com/concert/{ID}",
    "https://spotify.link.evil.example/y",
    "https://evilspotify.link/y",
    "https://evil.app.link/y",
    "https://127.0.0.1/y",
    "https://localhost/y",
    "https://2130706433/y",
    "https://0177.0.0.1/y",
    "https://0x7f000001/y",
    "https://127.1/y",
    "https://0/y",
    "https://10.0.0.1/y",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/y",
    "https://[::ffff:127.0.0.1]/y",
    "https://[64:ff9b::7f00:1]/y",
    "https://[fe80::1%25eth0]/y",
    "https://[::1/y",
    "https://[]/y",
    "/" + "y" * 3000,
    f"{OPEN}?si={'y' * 3000}",
    f"{OPEN}\tx",
    f"\x01{OPEN}",
    "/\x7f",
    "/\xff\xfe",
]


@pytest.mark.parametrize("location", ELSEWHERE)
async def test_any_other_location_leads_nowhere(server: ShortLinksStandIn, location: str) -> None:
    """Some of them cannot even be sent by a decent server, so they are written by hand."""
    async with raw_server(location.encode("utf-8", "surrogateescape")) as (base, asked):
        links = ShortLinks(deadline=2, agent=AGENT, bases=dict.fromkeys([*SHORT_HOSTS, "127.0.0.1", "evil.example"], base))
        try:
            found = await links.follow(SHORT)
        except UnavailableError:  # where already the library refuses to read the header
            found = None
        finally:
            await links.close()
    assert found is None
    paths = [line.split()[1] for line in asked]
    assert paths == [b"/x"]


@pytest.mark.parametrize("location", ["#", "/%", "https:", "https:y", "https://", "https:///y", "?url=1&url=2", "../../y"])
async def test_a_location_on_the_same_host_is_asked_at_most_four_times(server: ShortLinksStandIn, location: str) -> None:
    async with raw_server(location.encode()) as (base, asked):
        links = ShortLinks(deadline=2, agent=AGENT, bases={"spotify.link": base})
        assert await links.follow(SHORT) is None
        await links.close()
    assert len(asked) <= 4


@asynccontextmanager
async def raw_server(location: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers everything with one redirect, whatever it holds; gives its address and the requests' lines."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head.split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()
        await server.wait_closed()


async def test_a_redirect_that_says_not_where_leads_nowhere(server: ShortLinksStandIn) -> None:
    server.fault = faults.status(302)
    assert await follow(server) is None


async def test_a_huge_location_is_not_read(server: ShortLinksStandIn) -> None:
    async with raw_server(b"/" + b"y" * 100_000) as (base, _):
        links = ShortLinks(deadline=2, agent=AGENT, bases={"spotify.link": base})
        with pytest.raises(UnavailableError, match=r"^(sent an answer that cannot be read|broke the connection off)$"):
            await links.follow(SHORT)
        await links.close()


@pytest.mark.parametrize("id_", ["x\r\nX-Evil: 1", "x y", "../y", "\udcff", "y?url=" + OPEN, "y" * 3000])
async def test_an_id_that_no_message_can_hold_injects_nothing(server: ShortLinksStandIn, id_: str) -> None:
    assert await follow(server, replace(SHORT, id=id_)) is None
    assert all("X-Evil" not in asked.headers for asked in server.asked)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "spotify.link@evil.example", "evil.example/?", ""])
async def test_a_shortener_of_another_name_is_not_asked(server: ShortLinksStandIn, host: str) -> None:
    links = ShortLinks(deadline=2, agent=AGENT, bases={"evil.example": server.base, **server.bases})
    assert await links.follow(replace(SHORT, shortener=host)) is None
    await links.close()
    assert not server.asked


@given(st.text(max_size=80))
def test_no_text_is_an_address_to_be_fetched_unless_it_is_one(text: str) -> None:
    async def read() -> None:
        guarded = GuardedWeb("It", {"spotify.link"}.__contains__, deadline=1, agent=AGENT)
        for address in (text, f"https://{text}", f"https://spotify.link{text}"):
            url = guarded.read(address)
            assert url is None or (str(url).isascii() and url.raw_authority.lower() == "spotify.link")
        await guarded.close()

    asyncio.run(read())


# --- pages ----------------------------------------------------------------------------------------------------------


def page(text: str, head: int = 200) -> Reply:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(status=head)
        return web.Response(text=text, content_type="text/html")

    return answer


@pytest.mark.parametrize("head", [200, 403, 405, 501])
async def test_where_head_says_nothing_the_page_is_looked_at(server: ShortLinksStandIn, head: int) -> None:
    server.fault = page(f"<link rel=canonical href={OPEN}>", head)
    assert await follow(server) == TRACK


@pytest.mark.parametrize(
    "text",
    [
        f'<meta property="og:url" content="{OPEN}?si=1&amp;x=2"/><a href="https://open.spotify.com/album/{ID[::-1]}">',
        f"<META CONTENT='{OPEN}' PROPERTY='al:web:url'>",
        f'<script>window.location = "{OPEN}?si=1";</script><p>{OPEN}</p>',
        f'<script>{{"url":"https:\\/\\/open.spotify.com\\/track\\/{ID}"}}</script>',
        f"\xff\x00{OPEN}\ufffd",
    ],
)
async def test_a_page_that_names_its_song(server: ShortLinksStandIn, text: str) -> None:
    server.fault = page(text)
    assert await follow(server) == TRACK


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>Nothing</html>",
        f"{OPEN} https://open.spotify.com/track/{ID[::-1]}",  # which of them?
        f'<link rel="canonical" href="https://open.spotify.com.evil.example/track/{ID}">',
        " " * 65_536 + OPEN,
        "<link " * 20_000,
        '<link a="' * 20_000,
        "<meta " + "a=" * 40_000 + ">",
        "https://open.spotify.com/x" * 4_000,
    ],
)
async def test_a_page_that_does_not_leads_nowhere_and_soon(server: ShortLinksStandIn, text: str) -> None:
    server.fault = page(text)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert await follow(server) is None
    assert loop.time() - begun < 0.5


async def test_an_endless_page_is_not_read_to_its_end(server: ShortLinksStandIn) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response() if request.method == "HEAD" else await faults.huge(request)

    server.fault = answer
    assert await follow(server) is None


# --- broken services ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (faults.status(500), UnavailableError, "answered with status 500"),
        (faults.status(403), RefusedError, "answered with status 403"),
        (faults.too_often("7200"), LimitedError, r"was asked too often \(status 429\)"),
        (faults.closed, UnavailableError, "broke the connection off"),
        (faults.slow_headers, UnavailableError, r"took longer than 0\.2 s"),
    ],
)
async def test_faults_are_one_sentence(server: ShortLinksStandIn, fault: Reply, error: type[ServiceError], words: str) -> None:
    server.fault = fault
    with pytest.raises(error, match=f"^{words}$"):
        await follow(server, deadline=0.2)


async def test_a_slow_page_ends_at_the_deadline(server: ShortLinksStandIn) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response() if request.method == "HEAD" else await faults.slow_body(request)

    server.fault = answer
    with pytest.raises(UnavailableError, match=r"^took longer than 0\.3 s$"):
        await follow(server, deadline=0.3)


async def test_the_deadline_is_for_all_hops_together(server: ShortLinksStandIn) -> None:
    server.targets = {"x": "/b", "b": "/c", "c": "/d", "d": OPEN}
    server.delay = 0.12
    with pytest.raises(UnavailableError, match=r"^took longer than 0\.3 s$"):
        await follow(server, deadline=0.3)


async def test_a_broken_shortener_is_left_alone_after_a_while(server: ShortLinksStandIn) -> None:
    server.fault = faults.status(500)
    async with links_by(server) as links:
        for _ in range(4):
            with pytest.raises(UnavailableError):
                await links.follow(SHORT)
        with pytest.raises(LeftAloneError, match="is left alone for 30 s since it answered with status 500"):
            await links.follow(SHORT)
    assert len(server.asked) == 4


async def test_after_closing_nothing_is_asked(server: ShortLinksStandIn) -> None:
    links = ShortLinks(deadline=1, agent=AGENT, bases=server.bases)
    await links.close()
    with pytest.raises(UnavailableError, match="is no longer asked"):
        await links.follow(SHORT)
