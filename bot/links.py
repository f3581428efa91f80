"""Finds the Spotify and YouTube links that a chat message shares.

Three steps, each linear in the length of the message and none able to raise:

1. the platform's markup is taken off, which leaves *passages* of readable text (no code, spoilers, labels);
2. the *addresses* in a passage are delimited, so that one inside another is never mistaken for a shared one;
3. an address is *classified* against the few hosts and paths that name music, and refused otherwise.

Links are taken as they were sent: nothing is repaired, and nothing is fetched.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args
from unicodedata import category
from urllib.parse import unquote

Platform = Literal["discord", "slack", "plain"]
PLATFORMS: tuple[Platform, ...] = get_args(Platform)

Service = Literal["spotify", "youtube"]
SpotifyKind = Literal["track", "album", "artist", "playlist", "episode"]
Kind = Literal[SpotifyKind, "short_link", "video"]


@dataclass(frozen=True)
class Link:
    """One shared piece of music; two links are equal when service, kind and id are.

    `id` is the 22-character Spotify id, the 11-character YouTube id, or the path of a short link, which must
    be resolved before anything is known. `shortener` is the host that resolves it; other kinds ignore it.
    """

    service: Service
    kind: Kind
    id: str
    shortener: str = field(default="spotify.link", compare=False, repr=False)

    @property
    def url(self) -> str:
        """The canonical https address; `find_links` gives this link back for it on every platform."""
        if self.kind == "video":
            return f"https://www.youtube.com/watch?v={self.id}"
        if self.kind == "short_link":
            return f"https://{self.shortener}/{self.id}"
        return f"https://open.spotify.com/{self.kind}/{self.id}"


def find_links(text: str, platform: Platform) -> tuple[Link, ...]:
    """The music links that `text` shares, in order of appearance, each once.

    `text` is any string, as the platform sends it; on "plain" there is no markup. Never raises, takes time
    linear in the length of `text`. Code, Discord spoilers and the labels of links are not looked into.
    """
    found: dict[Link, None] = {}
    for passage in _PASSAGES[platform](text):
        found.update(dict.fromkeys(_links_in(passage, emphasis=platform == "discord")))
    return tuple(found)


# --- 1. Markup: from a message to passages of readable text -------------------------------------------------

# Discord: an escaped character, a run of backticks, a spoiler's bars, the bracket that may open a masked link.
_DISCORD_MARK = re.compile(r"\\[^0-9A-Za-z\s]|`+|\|\||\[")
_BACKTICKS = re.compile(r"`+")
_EXACTLY = {1: re.compile(r"(?<!`)`(?!`)"), 2: re.compile(r"(?<!`)``(?!`)")}
# What follows "]" in a masked link: an address, bare or in <>, then perhaps a title. Up to the closing bracket.
_MASKED_TARGET = re.compile(r"\(\s*+<?(?P<address>[a-z][a-z0-9+.\-]*+:[^\s()<>]*+)(?=[()>]|\s++[\"')])", re.I)

# Slack: a code block, inline code (never inside a word or across lines), and <target|label>.
_SLACK_MARK = re.compile(r"```.+?```|(?<![\w`])(?P<ticks>`{1,2})[^`\n]++(?P=ticks)(?![\w`])|<(?P<inside>[^<>]*+)>", re.S)


def _plain_passages(text: str) -> Iterator[str]:
    """The text itself: plain text has no markup."""
    yield text


def _slack_passages(text: str) -> Iterator[str]:
    """The text between Slack's marks, and the target of each link on its own."""
    start = 0
    for mark in _SLACK_MARK.finditer(text):
        yield unescape_slack(text[start : mark.start()])
        start = mark.end()
        target = unescape_slack((mark["inside"] or "").partition("|")[0])
        if _ANCHOR.match(target):  # otherwise a mention, a channel, a date or an address of another scheme
            yield target
    yield unescape_slack(text[start:])


def unescape_slack(text: str) -> str:
    """Slack escapes these three characters and no others; the ampersand comes last, so none is undone twice."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _discord_passages(text: str) -> Iterator[str]:
    """The text that a Discord client shows openly: no code, no spoilers, no labels of masked links."""
    targets = _masked_targets(text)
    last_run = {len(run[0]): run.start() for run in _BACKTICKS.finditer(text)}
    start = position = 0
    while mark := _DISCORD_MARK.search(text, position):
        hidden_until: int | None
        match mark[0][0]:
            case "`":
                hidden_until = _code_end(text, mark, last_run)
            case "|":
                hidden_until = _after(text, "||", mark.end() + 1)  # a spoiler holds at least one character
            case "[":
                hidden_until = targets.get(mark.start())
            case _:
                hidden_until = None  # an escaped character opens nothing
        position = mark.end()
        if hidden_until is not None:
            yield text[start : mark.start()]
            start = position = hidden_until
    yield text[start:]


def _code_end(text: str, ticks: re.Match[str], last_run: Mapping[int, int]) -> int | None:
    """Where the code opened by a run of backticks ends, or None if the run opens none.

    Three or more open a block, which the next three close. Failing that, inline code runs to the next run of
    exactly two or one. `last_run` tells where the last run of each length starts, so no search is in vain.
    """
    length = len(ticks[0])
    if length >= 3 and (block_end := _after(text, "```", ticks.end())) is not None:
        return block_end
    for closing in range(min(length, 2), 0, -1):
        if last_run.get(closing, -1) >= ticks.end() and (run := _EXACTLY[closing].search(text, ticks.end())):
            return run.end()
    return None


def _masked_targets(text: str) -> dict[int, int]:
    """For each "[" that opens a masked link, the position where its target starts."""
    opened: list[int] = []
    targets: dict[int, int] = {}
    for bracket in re.finditer(r"[\[\]]", text):
        if bracket[0] == "[":
            opened.append(bracket.start())
        elif opened:
            label = opened.pop()
            if target := _MASKED_TARGET.match(text, bracket.end()):
                targets[label] = target.start("address")
    return targets


def _after(text: str, closing: str, start: int) -> int | None:
    """The position behind the first `closing` at or after `start`, or None."""
    found = text.find(closing, start)
    return None if found < 0 else found + len(closing)


_PASSAGES: Mapping[Platform, Callable[[str], Iterator[str]]] = {
    "discord": _discord_passages,
    "slack": _slack_passages,
    "plain": _plain_passages,
}


# --- 2. Addresses: where one starts, where it ends, what is inside another -----------------------------------

# A scheme that is not the tail of another word or scheme ("xhttps", "git+https", "com.spotify"). A colon after
# "spotify" opens an address only before a kind: people also write "Spotify:https://...".
_ANCHOR = re.compile(
    r"(?<![a-z0-9])(?<![a-z0-9]\+)https?://"
    r"|(?<![a-z0-9])(?<![a-z0-9][+._-])spotify:(?=(?:track|album|artist|playlist|episode|user):)",
    re.I | re.A,  # ASCII, or the long s and the Kelvin sign would pass for s and k
)
# An address is written in the characters of RFC 3986 and the letters of any script. Brackets are marked too.
_ADDRESS_MARK = re.compile(r"[^\w!#$%&'*+,\-./:;=?@~]")
_NOT_ADDRESS = re.compile(r"[^\w!#$%&'()*+,\-./:;=?@\[\]~]")
# A link to music ends sooner: its id is ASCII and holds no quote, star or bracket. Only as the value of a
# parameter may these go on. A comma before "http" separates two links.
_LINK_MARK = re.compile(r"[^\w!#$%&'()*+,\-./:;=?@\[\]~]|(?<!=)['*(\[]|[)\]]|~~|[,;](?=https?://)|[^\x00-\x7f]", re.I)
# Text glued to the front of a scheme that makes what follows a part of another address.
_OUTER_ADDRESS = re.compile(
    r"://|[\w\-]\.[a-z]{2,}[/?#]|[?&][\w.%\-]+=$"
    r"|\b(?:javascript|vbscript|data|view-source|blob|filesystem|feed|jar|mailto|intent):",
    re.I,
)
_LOOK_BACK = 200  # characters of glued text that are looked at; a bound, so that the whole stays linear
_EMPHASIS = re.compile(r"(?<!\w)_++(?=\S)")


def _links_in(passage: str, *, emphasis: bool) -> Iterator[Link]:
    """The links in a passage; with `emphasis`, underscores may enclose text."""
    opener = _EMPHASIS.search(passage) if emphasis else None
    position = 0
    while anchor := _ANCHOR.search(passage, position):
        start, end = anchor.start(), _link_end(passage, anchor.start())
        link = None
        if not _is_inside_another(passage[max(position, start - _LOOK_BACK) : start]):
            emphasised = opener is not None and opener.start() < start
            link = _classify(passage[start:end], emphasised=emphasised)
        if link:
            yield link
        position = end if link else _address_end(passage, start)


def _is_inside_another(before: str) -> bool:
    """Whether the text in front of a scheme is the beginning of one longer address."""
    glued = _NOT_ADDRESS.split(before)[-1]
    return _OUTER_ADDRESS.search(glued) is not None


def _link_end(text: str, start: int) -> int:
    """Where an address that starts at `start` ends if it is a link to music.

    A letter without case (Japanese, Chinese, Korean, Arabic) is the next word, written without a space. One
    with case (an accent, a Cyrillic look-alike) belongs to the address, which it spoils.
    """
    for mark in _LINK_MARK.finditer(text, start):
        if not mark[0].isalnum() or category(mark[0]) == "Lo":
            return mark.start()
    return len(text)


def _address_end(text: str, start: int) -> int:
    """Where any address that starts at `start` ends; a closing bracket that it did not open ends it."""
    depth = 0
    for mark in _ADDRESS_MARK.finditer(text, start):
        if mark[0] in "([":
            depth += 1
        elif mark[0] in ")]" and depth:
            depth -= 1
        else:
            return mark.start()
    return len(text)


# --- 3. Classification: what an address names -----------------------------------------------------------------

_SPOTIFY_HOSTS = frozenset({"open.spotify.com", "play.spotify.com"})
SHORT_HOSTS = frozenset({"spotify.link", "spotify.app.link", "spoti.fi"})
_YOUTUBE_HOSTS = frozenset(f"{front}youtube.com" for front in ("", "www.", "m.", "music.")) | {
    "youtube-nocookie.com",
    "www.youtube-nocookie.com",
}
_YOUTUBE_SHORT_HOSTS = frozenset({"youtu.be", "www.youtu.be"})

_SPOTIFY_KINDS: Mapping[str, SpotifyKind] = {kind: kind for kind in get_args(SpotifyKind)}
_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_SHORT_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_YOUTUBE_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_NO_VIDEOS = frozenset({"videoseries", "live_stream"})  # players that look like ids of eleven characters
_LOCALE = re.compile(r"intl-[a-z]{2}(?:-(?:[a-z]{2}|[0-9]{3}))?", re.I | re.A)

_TRAILING = ".,:;!?~"  # what a sentence puts behind an address
_AFTER_ID = re.compile(r"[!&,;?].*", re.S)  # "ID&feature=share", "v=ID?t=42", "ID,nice" all occur


def _classify(address: str, *, emphasised: bool) -> Link | None:
    """The link an address stands for, or None; in emphasised text its last underscores may be markup."""
    address = address.rstrip(_TRAILING)
    if emphasised and address.endswith("_") and (link := _read(address.rstrip("_" + _TRAILING))):
        return link
    return _read(address)


def _read(address: str) -> Link | None:
    """The link that an address without trailing marks stands for, or None.

    The host must be one of a few, letter for letter: a user part, a port or a look-alike never is.
    """
    scheme, _, rest = address.partition(":")
    if scheme.lower() == "spotify":
        return _spotify(re.split("[?#]", rest, maxsplit=1)[0].split(":"))
    address, _, query = rest.removeprefix("//").partition("#")[0].partition("?")
    host, *segments = address.rstrip("/").split("/")
    host = host.lower().removesuffix(".") if host.isascii() else ""  # lowering turns a Kelvin sign into k
    if host in _SPOTIFY_HOSTS:
        return _spotify(_without_front(segments))
    if host in SHORT_HOSTS:
        return _short_link(host, segments)
    if host in _YOUTUBE_HOSTS:
        return _youtube(segments, query)
    if host in _YOUTUBE_SHORT_HOSTS and len(segments) == 1:
        return _video(segments[0])
    return None


def _without_front(segments: list[str]) -> list[str]:
    """A Spotify path without its language and player parts."""
    if segments and _LOCALE.fullmatch(segments[0]):
        segments = segments[1:]
    if segments and segments[0] in {"embed", "embed-podcast"}:
        segments = segments[1:]
    return segments


def _spotify(parts: list[str]) -> Link | None:
    """The link for the parts of a Spotify path or URI: kind and id, of old with the playlist's owner in front."""
    match parts:
        case ["user", owner, "playlist", last] if owner:
            kind: SpotifyKind | None = "playlist"
        case [name, last]:
            kind = _SPOTIFY_KINDS.get(name)
        case _:
            return None
    id_ = _id(last)
    return Link("spotify", kind, id_) if kind and _SPOTIFY_ID.fullmatch(id_) else None


def _short_link(host: str, segments: list[str]) -> Link | None:
    """The short link for a path of one segment."""
    if len(segments) == 1 and _SHORT_ID.fullmatch(id_ := _id(segments[0])):
        return Link("spotify", "short_link", id_, shortener=host)
    return None


def _youtube(segments: list[str], query: str) -> Link | None:
    """The video that a path and a query on YouTube's own host name."""
    match segments:
        case ["watch"]:
            return _video(_parameter(query, "v"))
        case ["watch" | "embed" | "shorts" | "live" | "v" | "e", last]:
            return _video(last)
        case ["attribution_link"]:  # from YouTube's mails: u=/watch?v=ID, escaped
            path, _, query = unquote(_parameter(query, "u")).partition("?")
            return _video(_parameter(query, "v")) if path == "/watch" else None
        case _:
            return None


def _video(last: str) -> Link | None:
    """The video whose id is the last part of an address."""
    id_ = _id(last)
    return Link("youtube", "video", id_) if _YOUTUBE_ID.fullmatch(id_) and id_ not in _NO_VIDEOS else None


def _parameter(query: str, name: str) -> str:
    """The first value of a query's parameter, still escaped; empty if there is none."""
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return value
    return ""


def _id(part: str) -> str:
    """The part of an address that may be an id, unescaped, without what was glued to it."""
    return unquote(_AFTER_ID.sub("", part, count=1))
