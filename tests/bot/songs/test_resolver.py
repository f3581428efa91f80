"""From a query to a song: what is split, what is found, what is answered when nothing is known, what is refused."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.links import Link, find_links
from bot.songs.query import NameQuery, Query, parse_query
from bot.songs.resolver import Resolver
from bot.songs.song import Song

RESOLVER = Resolver.offline()
RICK = "Rick Astley — Never Gonna Give You Up"


@pytest.mark.parametrize(
    ("text", "artist", "title"),
    [
        ("Rick Astley - Never Gonna Give You Up", "Rick Astley", "Never Gonna Give You Up"),
        ("Земфира — Искала", "Земфира", "Искала"),
        ("Queen \u2013 Bohemian Rhapsody", "Queen", "Bohemian Rhapsody"),
        ("a-ha - Take On Me", "a-ha", "Take On Me"),
        ("Jay-Z", None, "Jay-Z"),
        ("Stand by Me", None, "Stand by Me"),
        ('"Stand by Me" by Ben E. King', "Ben E. King", "Stand by Me"),
        ("\u201cHeroes\u201d by David Bowie", "David Bowie", "Heroes"),
        ("'Hurt' BY Johnny Cash", "Johnny Cash", "Hurt"),
        ('David Bowie - "Heroes"', "David Bowie", "Heroes"),
        ('"Creep"', None, "Creep"),
        ('"A" and "B"', None, '"A" and "B"'),
        ("New Order - Blue Monday - 2016 Remaster", "New Order", "Blue Monday - 2016 Remaster"),
        (" - Creep", None, "Creep"),
        ("Creep -", None, "Creep"),
        ("Radiohead\n-\tCreep\u202e", "Radiohead", "Creep"),
        ("!!! - Me and Giuliani", "!!!", "Me and Giuliani"),
    ],
)
def test_parse_query(text: str, artist: str | None, title: str) -> None:
    assert parse_query(text) == NameQuery(title=title, artist=artist)


@pytest.mark.parametrize("text", ["", "   ", "\n\r\t", "\x00\x1b\x07", "\u200b\u202e\ufeff", "-", " — ", "- \u2013 -"])
def test_a_text_with_nothing_to_read_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"^The query is empty: give a song link"):
        parse_query(text)


def test_a_long_text_is_refused_and_the_longest_is_not() -> None:
    assert parse_query("x" * 300).title == "x" * 300
    with pytest.raises(QueryError, match=r"^The query has 301 characters, but at most 300"):
        parse_query("x" * 301)


@given(st.text(max_size=300))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    for name in (query.title, query.artist):
        assert name is None or (name.strip() and name.isprintable())


@given(st.text("\"' -by\u2014\u201c\u201d", max_size=60))
def test_any_heap_of_quotes_and_dashes_is_split_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    assert query.title.strip()
    assert query.artist is None or query.artist.strip()


@pytest.mark.parametrize("text", ['"' * 300, " -" * 150, "'by " * 75, "(" * 300, "(official " * 30, " " * 299 + "x"])
async def test_texts_made_to_be_slow_are_not(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(QueryError):
        await RESOLVER.resolve(text)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "query",
    [
        Link("spotify", "track", "4uLU6hMCjMI75M1A2tKUQC"),
        Link("youtube", "video", "dQw4w9WgXcQ"),
        *find_links("https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC?si=1", "plain"),
        *find_links("<https://youtu.be/dQw4w9WgXcQ|a song>", "slack"),
        "Rick Astley - Never Gonna Give You Up",
        "Never Gonna Give You Up - Rick Astley",
        "rick astly \u2014 never gonna give you up ft. nobody",
        '"Never Gonna Give You Up" by Rick Astley',
        "never gonna give you up",
        NameQuery(title="Never Gonna Give You Up", artist="Rick Astley"),
    ],
)
async def test_rick_astley_is_found(query: Query | str) -> None:
    song = await RESOLVER.resolve(query)
    assert song.line == RICK
    assert song.unknown == ()
    assert set(song.sources.values()) == {"sample catalogue"}


@pytest.mark.parametrize(
    ("link", "ids"),
    [
        (Link("spotify", "track", "0" * 22), {"spotify": "0" * 22}),
        (Link("youtube", "video", "0" * 11), {"youtube": "0" * 11}),
        (Link("spotify", "album", "1" * 22), {"spotify_album": "1" * 22}),
        (Link("spotify", "short_link", "abc"), {"spotify_short_link": "abc"}),
    ],
)
async def test_of_an_unknown_link_only_the_id_is_known(link: Link, ids: dict[str, str]) -> None:
    kind = "album" if link.kind == "album" else "track"
    assert await RESOLVER.resolve(link) == Song(kind=kind, ids=ids, sources={"ids": "query"})


async def test_of_an_unknown_song_only_the_query_is_known() -> None:
    song = await RESOLVER.resolve("Nobody At All - A Song\u202e Never Written")
    assert song == Song(
        title="A Song Never Written", artists=("Nobody At All",), sources={"title": "query", "artists": "query"}
    )
    assert song.unknown == ("genres", "audio features")


async def test_of_an_unknown_title_only_the_title_is_known() -> None:
    song = await RESOLVER.resolve("a song never written")
    assert song == Song(title="a song never written", sources={"title": "query"})


async def test_an_empty_query_is_refused() -> None:
    with pytest.raises(QueryError):
        await RESOLVER.resolve("\x00")
