"""Who takes part in a song, as far as its names tell: several artists in one name are told apart from one band."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.songs.matching.names import FEATURING, fold
from bot.songs.query import SOURCE_QUERY
from bot.songs.song import Song

# Who may write several artists as one name, "Future & Drake". All others list them one by one: there it is one band.
_JOINING_SOURCES = frozenset({"", SOURCE_QUERY, "iTunes"})

_GUESTS = re.compile(r"(?:\b(?:feat|ft|featuring)\b\.?|[(\[]with)\s+([^()\[\]]+)", re.IGNORECASE)
_REMIXER = re.compile(r"(.+?)(?:['\u2019]s)?\s+(?:remix|mix|edit|cover|flip|bootleg)", re.IGNORECASE)
# What hardly a band has in its name, so that it stands between the names of several artists.
_APART = re.compile(r"\s*[;\u00d7]\s*|\s+(?:(?-i:x)|vs\.?|versus|feat\.?|ft\.?|featuring)\s+", re.IGNORECASE)
# What stands between several artists, or within the name of one: "Future & Drake", "Hall & Oates".
_JOINT = re.compile(r"\s*,(?!\s*(?:jr|sr)\b)\s*(?:(?:&|and|\+)\s+)?|\s+(?:&|\+|/|and|with)\s+", re.IGNORECASE)
_LIST = re.compile(r",.*\s(?:&|and|\+)\s", re.IGNORECASE)
_SURNAMED = re.compile(r"[^,&+/]+,\s+the\s+[^,&+/]+", re.IGNORECASE)  # "Tyler, The Creator"
_BAND_OF = re.compile(r"(.+?)\s+(?:&|\+|and)\s+(?:the|his|her|their)\s+.+", re.IGNORECASE)  # "Prince & The Revolution"
_NOBODY = re.compile(r"(?:his|her|their)\s.*|", re.IGNORECASE)


def artists_of(song: Song) -> Iterator[str]:
    """Everybody who takes part in a song: its artists, each of several in one name, guests, and who remixed it.

    The same name may come more than once. What may as well be the name of one band comes whole, and in parts only where
    it speaks for several artists (see `_parts`).
    """
    joined = len(song.artists) == 1 and song.sources.get("artists", "") in _JOINING_SOURCES
    for name in song.artists:
        yield name
        yield from _parts(FEATURING.sub("", name), joined=joined)
    guests = [guest for name in (*song.artists, song.title, song.version) for guest in _GUESTS.findall(name or "")]
    if remixer := _REMIXER.fullmatch(song.version or ""):
        guests.append(remixer[1])
    for name in guests:
        yield name
        yield from _parts(name, joined=True)


def _parts(name: str, *, joined: bool) -> Iterator[str]:
    """The names that a name is made of, itself among them; `joined` says that it may stand for several artists.

    A part of two words is the name of a person, so the name is a list of names ("Macklemore & Ryan Lewis"). Single words
    are one band where they are three or more with an "and" before the last ("Earth, Wind & Fire"), and where the source
    lists its artists one by one ("Belle and Sebastian"). Who leads a band takes part; what the band is called besides
    is no artist, unless it may be one ("Drake & The Weeknd").
    """
    for one in _APART.split(name):
        yield one
        if _SURNAMED.fullmatch(one):
            continue
        if (band := _BAND_OF.fullmatch(one)) and not joined:
            yield from (band[1], *_JOINT.split(band[1]))
            continue
        parts = [part for part in _JOINT.split(one) if not _NOBODY.fullmatch(part)]
        persons = any(" " in fold(part) for part in parts)
        if persons or (joined and not (len(parts) > 2 and _LIST.search(one))):
            yield from parts
