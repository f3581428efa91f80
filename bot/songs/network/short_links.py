"""Finds out what Spotify's short links lead to, without ever opening anything but the shorteners themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from types import MappingProxyType

from aiohttp import ClientResponse
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.links import Link, find_links
from bot.songs.network.gate import Gate
from bot.songs.network.guarded_web import MAX_ADDRESS, GuardedWeb
from bot.songs.network.web import beginning, refuse

LABEL = "Spotify's short links"
MAX_HOPS = 4
MAX_PAGE = 1 << 16  # bytes of a page that are looked at

# `spotify.link` and `*.app.link` are Branch's, `spoti.fi` is Bitly's; other names under app.link belong to anybody.
_BRANCH = frozenset({"spotify.link", "www.spotify.link", "spotify.app.link", "spotify-alternate.app.link"})
_SHORTENERS = _BRANCH | {"spoti.fi"}
_SPOTIFY = frozenset({"open.spotify.com", "play.spotify.com"})  # read, never asked

_MOVED = {301, 302, 303, 307, 308}
_UNKNOWN = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
# A browser gets a page with a script from Branch; this parameter of theirs asks for the redirect to the web instead:
# https://help.branch.io/using-branch/docs/creating-a-deep-link#redirections
_NO_APP = "$web_only=true"
# Where Branch's and other redirectors name the page that they are about to show.
_NESTED = frozenset({"$canonical_url", "$desktop_url", "$fallback_url", "$original_url", "$deeplink_path", "url"})
_DEPTH = 3  # of addresses inside of addresses

_TAG = re.compile(r"<(?:link|meta)\s([^<>]{1,4096})>", re.I)
_ATTRIBUTE = re.compile(r"""([a-z][a-z:-]{0,20}+)\s{0,5}+=\s{0,5}+("[^"]*+"|'[^']*+'|[^\s"'>]++)""", re.I)
_CANONICAL = frozenset({"canonical", "og:url", "al:web:url", "twitter:url"})
_NAMED = 100  # addresses in a page that are read
_OPEN = re.compile(r"https://open\.spotify\.com/[\w/?=&.%-]{1,500}", re.A)


class ShortLinks:
    """Follows short links by hand: at most four redirects, all between known shorteners, over https, in public."""

    label = LABEL

    def __init__(
        self,
        *,
        deadline: float,
        agent: str,
        bases: Mapping[str, str] | None = None,
        resolver: AbstractResolver | None = None,
        gate: Gate | None = None,
    ) -> None:
        """Give each link `deadline` seconds for all its hops; `agent` says who asks. Make it inside the event loop.

        `bases` moves shorteners to other addresses ("spotify.link" to "http://127.0.0.1:1234") for tests and rehearsals;
        `resolver` looks names up instead of the system.
        """
        self._web = GuardedWeb(
            LABEL,
            _SHORTENERS.__contains__,
            deadline=deadline,
            agent=agent,
            bases=bases or MappingProxyType({}),
            resolver=resolver,
            gate=gate,
        )

    async def follow(self, link: Link) -> Link | None:
        """The music that a short link leads to, any other link as it is, None for a short link that leads nowhere musical.

        That is also a loop, a longer chain, and any way out of the shorteners. Raises ServiceError where it cannot be
        found out now.
        """
        if link.kind != "short_link":
            return link
        url = self._web.read(link.url)
        if url is None:
            return None
        return await self._web.through_gate(link.shortener, lambda: self._chain(url))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._web.close()

    async def _chain(self, url: URL) -> Link | None:
        for _ in range(MAX_HOPS):
            target = await self._hop(url)
            if not isinstance(target, URL):
                return target
            url = target
        return None

    async def _hop(self, url: URL) -> Link | URL | None:
        """Where one address leads: to music, to a further address that may be asked, or nowhere."""
        async with self._web.ask("HEAD", url) as response:
            status = response.status
            if status in _MOVED:
                return self._moved(url, response)
            if status in _UNKNOWN:
                return None
        # A page instead of a redirect, or a server that takes no HEAD.
        if status not in {HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}:
            refuse(status, response.headers)
        async with self._web.ask("GET", _to_the_web(url)) as response:
            if response.status in _MOVED:
                return self._moved(url, response)
            if response.status in _UNKNOWN:
                return None
            if response.status != HTTPStatus.OK:
                refuse(response.status, response.headers)
            page = await beginning(response, MAX_PAGE)
        return _music_in_page(page.decode("utf-8", "replace"))

    def _moved(self, url: URL, response: ClientResponse) -> Link | URL | None:
        """What the Location of a redirect says: music, the next address to ask, or nothing of the kind."""
        location = response.headers.get("Location", "")
        return _music(location, url) or self._web.read(location, url)


def _to_the_web(url: URL) -> URL:
    """The same address, asking for the web page of what it stands for instead of the app."""
    if (url.raw_host or "").lower() not in _BRANCH or _NO_APP in url.raw_query_string:
        return url
    return URL(f"{url}{'&' if url.raw_query_string else '?'}{_NO_APP}", encoded=True)


def _music(address: str, base: URL | None = None, depth: int = _DEPTH) -> Link | None:
    """The music that an address names, by itself or, if it is a redirector's, in one of its parameters."""
    if not address or len(address) > MAX_ADDRESS or not (address.isprintable() and " " not in address):
        return None
    try:
        url = URL(address, encoded=True)
        url = base.join(url) if base else url
        whole, host, parameters = str(url), (url.raw_host or "").lower(), url.query
    except ValueError:
        return None
    # Without markup only the address as a whole can be a link: what is inside another one is passed over.
    found = find_links(whole, "plain")
    if len(found) == 1 and found[0].kind != "short_link":
        return found[0]
    if host in _SHORTENERS | _SPOTIFY and depth > 0:
        nested = (_music(value, None, depth - 1) for name, value in parameters.items() if name.lower() in _NESTED)
        return next(filter(None, nested), None)
    return None


def _music_in_page(page: str) -> Link | None:
    """The music of which a page says that it is its own; failing that, the only one that it names at all."""
    own = (_music(address) for address in islice(_own_addresses(page), _NAMED))
    if link := next(filter(None, own), None):
        return link
    text = html.unescape(page.replace("\\/", "/"))
    named = {link for address in islice(_OPEN.finditer(text), _NAMED) if (link := _music(address[0]))}
    return named.pop() if len(named) == 1 else None


def _own_addresses(page: str) -> Iterator[str]:
    """The addresses that a page gives as its canonical ones, in its links and for other sites."""
    for tag in _TAG.finditer(page):
        attributes = {name.lower(): html.unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(tag[1])}
        names = {attributes.get(name, "").lower() for name in ("rel", "property", "name")}
        if names & _CANONICAL:
            yield attributes.get("href") or attributes.get("content", "")
