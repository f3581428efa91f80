"""How Slack writes down what people type: links between angle brackets, and three characters escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import urlsplit

from bot.stand_ins.slack.world import Object

# In what somebody types: a mark of Slack's own (a chosen mention, a labelled link), an address, or a bare domain.
_TYPED = re.compile(
    r"(?P<mark><[@#!][^<>\s][^<>]*>|<(?:https?|mailto):[^<>\s]+(?:\|[^<>]*)?>)"
    r"|(?P<url>https?://[^\s<>|]+)"
    r"|(?<![\w.@/:-])(?P<bare>(?:[a-z0-9-]+\.)+(?:com|org|net|de|fm|be|io|link)\b(?:/[^\s<>|]*)?)",
    re.I,
)
_TRAILING = ".,;:!?'\")]}…"
_LINK = re.compile(r"<(?P<url>https?://[^<>|]+)(?:\|[^<>]*)?>", re.I)
_PING = re.compile(r"<(@[UW][A-Z0-9]+|!(?:here|channel|everyone|subteam\^[A-Z0-9]+))(?:\|[^<>]*)?>")


def escaped(text: str) -> str:
    """The text with its ampersands and angle brackets written out."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_kept(typed: str) -> str:
    """What Slack makes of a typed text: `a & https://x.y/?b=1&c` becomes `a &amp; <https://x.y/?b=1&amp;c>`.

    Marks that Slack's own composer writes (`<@U1>`, `<!here>`, `<https://x.y|label>`) stay, with their addresses escaped.
    """
    return "".join(_parts(typed))


def links_in(kept: str) -> list[str]:
    """The addresses in a text as it is kept, each still escaped, as the link_shared event tells them."""
    return list(dict.fromkeys(found["url"] for found in _LINK.finditer(kept)))


def links_to(domains: Iterable[str], kept: str) -> list[dict[str, str]]:
    """The links of a kept text that go to one of the domains, or below it, as {domain, url}."""
    found = []
    for url in links_in(kept):
        host = _host(unescape(url))
        domain = next((each for each in domains if host == each or host.endswith(f".{each}")), None)
        if domain:
            found.append({"domain": domain, "url": url})
    return found


def pinged(kept: str) -> list[str]:
    """Whom a text would call: "@U…", "!here", "!channel", "!everyone" and "!subteam^…"."""
    return _PING.findall(kept)


def rich(kept: str) -> list[Object]:
    """The block that Slack's composer makes of a text."""
    elements: list[Object] = []
    position = 0
    for found in _LINK.finditer(kept):
        if found.start() > position:
            elements.append({"type": "text", "text": unescape(kept[position : found.start()])})
        elements.append({"type": "link", "url": unescape(found["url"])})
        position = found.end()
    if position < len(kept):
        elements.append({"type": "text", "text": unescape(kept[position:])})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "typed", "elements": [section]}]


def _parts(typed: str) -> Iterator[str]:
    position = 0
    for found in _TYPED.finditer(typed):
        yield escaped(typed[position : found.start()])
        if mark := found["mark"]:
            yield f"<{mark[1:-1].replace('&amp;', '&').replace('&', '&amp;')}>"
            position = found.end()
            continue
        address = found[0].rstrip(_TRAILING)
        yield f"<http://{escaped(address)}|{escaped(address)}>" if found["bare"] else f"<{escaped(address)}>"
        position = found.start() + len(address)
    yield escaped(typed[position:])


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""
