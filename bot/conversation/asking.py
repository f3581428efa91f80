"""What is asked about: a song or two, by link or by name; and how that is kept, without what people typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.errors import QueryError
from bot.hype import songs_in
from bot.links import PLATFORMS, Link, Platform, find_links
from bot.platforms.outlet import Asker, Heard
from bot.songs.query import mark_of, parse_query
from bot.store.tables import KeptPost

_MARKUP: Mapping[str, Platform] = {name: name for name in PLATFORMS}  # by the platforms' names
# Marks a source that is no message: a command, which nothing can be posted in answer to and nobody can delete.
_COMMAND = "!"
_BLEND = "blend:"  # begins the link of a post about two songs
_BEHIND = "#"  # ends it where one message may be answered more than once


class Pair(NamedTuple):
    """Two songs, between which a line is wanted."""

    one: str | Link
    other: str | Link


Query = str | Link | Pair


def queries_in(asker: Asker, text: str) -> tuple[str | Link, ...]:
    """What a text asks about: the links in it, else the text as a song's name."""
    return songs_in(text, _MARKUP.get(asker.place.platform, "plain"))


def names_song(text: str) -> bool:
    """Whether a text, which may be small talk, names a song with its artist, or cannot be read, which is then told."""
    try:
        return bool(text.strip()) and parse_query(text).artist is not None
    except QueryError:
        return True


def asked_by(asker: Asker, queries: Sequence[str | Link], text: str) -> Heard:
    """What somebody asked for by a command or menu, as something heard."""
    links = tuple(query for query in queries if isinstance(query, Link))
    return Heard(
        asker.answering,
        asker.place,
        asker.person,
        links,
        asked=True,
        nsfw=asker.nsfw,
        text=text,
        parent=asker.parent,
        thread=asker.thread,
    )


def kept(query: Query, mark: str = "") -> str:
    """What tells a song from the others that one message may be about, as it is kept; raises QueryError for what is none.

    `mark` tells an answer apart from others to the same message.
    """
    if isinstance(query, Pair):
        link = _BLEND + " ".join(map(kept, query))
    else:
        link = query.url if isinstance(query, Link) else mark_of(parse_query(query))
    return f"{link}{_BEHIND}{mark}" if mark else link


def mark(asker: Asker) -> str:
    """What tells an answer to somebody apart: the message that they used a menu on may have been answered before."""
    return asker.key.rpartition(":")[2] if asker.answering else ""


def source_of(asker: Asker) -> str:
    """Under what an answer to somebody is kept: the message that a menu was used on, else the command itself."""
    return asker.answering or f"{_COMMAND}{asker.key}"


def message_of(post: KeptPost) -> str:
    """The message that a post answers; "" where it answers a command."""
    return "" if post.source.startswith(_COMMAND) else post.source


def links_of(post: KeptPost) -> tuple[Link, ...]:
    """The link that a post is about, both of a blend; none where somebody typed names, which are not kept."""
    return find_links(post.link.partition(_BEHIND)[0], "plain")


def is_marked(post: KeptPost) -> bool:
    """Whether a post is one of several answers to a message, which somebody asked for by a menu or button."""
    return _BEHIND in post.link


def is_blend(post: KeptPost) -> bool:
    """Whether a post is about two songs."""
    return post.link.startswith(_BLEND)
