"""What people ask about: a link, or a song as they name it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from bot.errors import DeclinedError, QueryError
from bot.links import Link
from bot.songs.matching.names import fold
from bot.songs.song import Song, clean_text

MAX_QUERY = 300  # characters; whatever is longer names no song
SOURCE_QUERY = "query"  # the source of what only the person who asked has told
REMEDY = 'give a song link or "Artist - Title"'

_DECLINED = {
    "playlist": "A playlist holds many songs: share one of them, an album or an artist.",
    "episode": "Of podcasts I know nothing: share a song, an album or an artist.",
}
_ADDRESS = re.compile(r"://|\bwww\.|\bspotify:", re.IGNORECASE)
_DASHES = r"\-\u2010-\u2015\u2212"  # hyphens, en and em dash, minus
_DASH = re.compile(rf"\s[{_DASHES}]\s")
_STRAY = re.compile(rf"^[\s{_DASHES}]+|[\s{_DASHES}]+$")  # dashes with nothing on one side of them
_OPEN = r"\"\u201c\u201e\u00ab\u300c"  # quotation marks, straight, English, German, French and Japanese
_CLOSE = r"\"\u201d\u201c\u00bb\u300d"
_QUOTED = re.compile(rf"[{_OPEN}]\s*(?P<name>[^{_OPEN}{_CLOSE}]*[^{_OPEN}{_CLOSE}\s])\s*[{_CLOSE}]")
_QUOTED_BY = re.compile(rf"['\u2018{_OPEN}]\s*(?P<title>\S.*?)\s*['\u2019{_CLOSE}]\s+by\s+(?P<artist>\S.*)", re.IGNORECASE)


@dataclass(frozen=True)
class NameQuery:
    """A song as a person names it: `title` always, `artist` where the text told them apart; both clean, never empty."""

    title: str
    artist: str | None = None


# What a person asks about: a link, or names.
Query = Link | NameQuery


def mark_of(query: NameQuery) -> str:
    """What tells names from all others however they are spelt, and does not tell what they are: people typed them."""
    names = "\n".join(fold(name) or name.casefold() for name in (query.artist or "", query.title))
    return hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def parse_query(text: str) -> NameQuery:
    """Split "Artist - Title" (hyphen or dash with spaces) or '"Title" by Artist'; any other text is a title.

    Raises QueryError for more than 300 characters, for a text with nothing to read in it, and for one with an address: what
    is asked of services must be no secret.
    """
    if len(text) > MAX_QUERY:
        raise QueryError(f"The query has {len(text)} characters, but at most {MAX_QUERY} are read: {REMEDY}.")
    clean = _STRAY.sub("", clean_text(text, MAX_QUERY))
    if not clean:
        raise QueryError(f"The query is empty: {REMEDY}.")
    if _ADDRESS.search(clean):
        raise QueryError(f"This address is no Spotify or YouTube link to one song, album or artist: {REMEDY}.")
    if quoted := _QUOTED_BY.fullmatch(clean):
        return NameQuery(title=quoted["title"], artist=quoted["artist"])
    if dash := _DASH.search(clean):
        return NameQuery(title=_unquote(clean[dash.end() :]), artist=_unquote(clean[: dash.start()]))
    return NameQuery(title=_unquote(clean))


def _unquote(name: str) -> str:
    """A name without quotation marks around the whole of it."""
    name = _STRAY.sub("", name)
    quoted = _QUOTED.fullmatch(name)
    return quoted["name"] if quoted else name


def decline(link: Link) -> None:
    """Raise DeclinedError for a link that the bot says nothing about."""
    if link.kind in _DECLINED:
        raise DeclinedError(_DECLINED[link.kind])


def song_of_link(link: Link) -> Song:
    """A song of which only the link is known; the id of an album or the like is named as such, "spotify_album"."""
    service = link.service if link.kind in {"track", "video"} else f"{link.service}_{link.kind}"
    kind = link.kind if link.kind in {"album", "artist"} else "track"
    return Song(kind=kind, ids={service: link.id}, sources={"ids": SOURCE_QUERY})


def song_of_names(query: NameQuery) -> Song:
    """A song of which only what the query said is known."""
    fields = ("title", "artists") if query.artist else ("title",)
    artists = (query.artist,) if query.artist else ()
    return Song(title=query.title, artists=artists, sources=dict.fromkeys(fields, SOURCE_QUERY))


def typed(song: Song) -> dict[str, str]:
    """What of a song's names a person typed and nobody confirmed, by what stands for it where such words are not kept."""
    names = {"<title>": song.title, "<artist>": song.artists[0] if song.artists else None}
    fields = {"<title>": "title", "<artist>": "artists"}
    return {slot: name for slot, name in names.items() if name and song.sources.get(fields[slot]) == SOURCE_QUERY}


def keepable(song: Song) -> Song:
    """The song without what a person typed and nobody confirmed, since people's words are never kept."""
    own = {"title", "artists"} & {field for field, source in song.sources.items() if source == SOURCE_QUERY}
    sources = {field: source for field, source in song.sources.items() if field not in own}
    title = None if "title" in own else song.title
    return replace(song, title=title, artists=() if "artists" in own else song.artists, sources=sources)
