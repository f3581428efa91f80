"""From a link or a line of text to a song: ask each provider in turn, and answer even where none of them knows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import QueryError
from bot.links import Link
from bot.songs.catalogue import MAX_QUERY, SOURCE, Catalogue
from bot.songs.song import Song, clean_text

REMEDY = 'give a song link or "Artist - Title"'
SOURCE_QUERY = "query"  # the source of what only the person who asked has told

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


# What a provider is asked: a link, or names.
Query = Link | NameQuery


class Provider(Protocol):
    """Something that knows songs: today the catalogue, later network services, each with a deadline of its own."""

    @property
    def name(self) -> str:
        """What it is called in `Song.sources`."""

    async def find(self, query: Query) -> Song | None:
        """The song asked for, with `sources` filled in; None where it is not known for certain."""


class CatalogueProvider:
    """Answers from a catalogue in memory, at once."""

    name = SOURCE

    def __init__(self, catalogue: Catalogue) -> None:
        """Take the catalogue to answer from."""
        self._catalogue = catalogue

    async def find(self, query: Query) -> Song | None:
        """The song of that link, or of that name in whichever order artist and title were given."""
        if isinstance(query, Link):
            return self._catalogue.by_link(query)
        if query.artist is None:
            return self._catalogue.by_text(query.title)
        names = (query.artist, query.title)
        return self._catalogue.by_name(*names) or self._catalogue.by_name(*reversed(names))


class Resolver:
    """Turns whatever a person shared into a song."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        """Take the providers in the order in which they are asked; the first that knows the song answers."""
        self._providers = tuple(providers)

    @classmethod
    def offline(cls) -> Resolver:
        """A resolver that needs no network: it knows the sample catalogue only."""
        return cls((CatalogueProvider(Catalogue.load()),))

    async def resolve(self, query: Query | str) -> Song:
        """The song of a link or of a text; where no provider knows it, a song with what the query itself tells.

        Raises QueryError for a text that `parse_query` refuses.
        """
        asked = parse_query(query) if isinstance(query, str) else query
        for provider in self._providers:
            if (song := await provider.find(asked)) is not None:
                return song
        return _song_of_link(asked) if isinstance(asked, Link) else _song_of_names(asked)


def parse_query(text: str) -> NameQuery:
    """Split "Artist - Title" (hyphen or dash with spaces) or '"Title" by Artist'; any other text is a title.

    Raises QueryError for more than 300 characters and for a text with nothing to read in it.
    """
    if len(text) > MAX_QUERY:
        raise QueryError(f"The query has {len(text)} characters, but at most {MAX_QUERY} are read: {REMEDY}.")
    clean = _STRAY.sub("", clean_text(text, MAX_QUERY))
    if not clean:
        raise QueryError(f"The query is empty: {REMEDY}.")
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


def _song_of_link(link: Link) -> Song:
    """A song of which only the link is known; the id of an album or the like is named as such, "spotify_album"."""
    service = link.service if link.kind in {"track", "video"} else f"{link.service}_{link.kind}"
    return Song(ids={service: link.id}, sources={"ids": SOURCE_QUERY})


def _song_of_names(query: NameQuery) -> Song:
    """A song of which only what the query said is known."""
    fields = ("title", "artists") if query.artist else ("title",)
    artists = (query.artist,) if query.artist else ()
    return Song(title=query.title, artists=artists, sources=dict.fromkeys(fields, SOURCE_QUERY))
