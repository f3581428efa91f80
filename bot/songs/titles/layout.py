"""How a video's title is built: its parts in their order, with versions, notes and the channel's own brand told apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.songs.matching.names import fold
from bot.songs.titles import words
from bot.songs.titles.names import ALIKE, Channel, is_composer
from bot.songs.titles.parts import Part, groups, is_noise, pieces, read_part, read_tail, slashes, split, version_in

# A pair with a dash between; stretches between bars; "A: B"; A "B"; one name alone; a whole performance.
Form = Literal["pair", "bars", "colon", "quotes", "single", "set"]

_COLON = re.compile(r"\s*:\s+|\s+:\s*")
_BY = re.compile(r"\s+(?:by|von)\s+", re.IGNORECASE)
_BY_AFTER_QUOTE = re.compile(r"\s*(?:original\s+song\s+)?by\s+(?P<artist>\S.*)$", re.IGNORECASE)
_BEFORE_NAME = re.compile(r"[:/]\s")  # what comes before the last of these is no name: "Opening: Eve「…」"
_SHOWN_IN = re.compile(r"(?:アニメ|映画|ドラマ|劇場版|ゲーム|電影|电影|電視劇)\W*$")
_COVERS = re.compile(
    r"""^(?P<artist>\S.*?)\s+covers?\s+(?P<original>\S.*?['’]s?)\s+(?P<song>\S.*?)
      (?P<version>\s+(?:in|at|on|for)\s+the\s.*)?$""",
    re.IGNORECASE | re.VERBOSE,
)
_EPISODE = re.compile(r"(?:season|ep(?:isode)?\.?|s|eurovision(?:\s+song\s+contest)?|sanremo)\s*\d+", re.IGNORECASE)
_SHOW = re.compile(r"\b(?:studio|sessions?|show|radio|tv)\b", re.IGNORECASE)
_LABEL = re.compile(r"\b(?:records|recordings|entertainment|music group)\b", re.IGNORECASE)
_OST = re.compile(r"\b(?:ost|soundtrack)\b", re.IGNORECASE)
_PREFIXES = frozenset({"nightcore", "karaoke"})


@dataclass
class Layout:
    """A title's parts in order, and what was taken out from around them."""

    parts: list[Part] = field(default_factory=list)
    form: Form = "single"
    versions: list[str] = field(default_factory=list)
    is_set: bool = False  # a whole performance: the one part is its artist
    song_first: float = 0.0  # certainty (0 to 1) of a hint that the song comes before the artist, 0 for none
    last_is_artist: bool = False  # "Full Song: Song | Film | Artist"


def laid_out(text: str, channel: Channel) -> Layout:
    """The parts of a (tidy) title, with notes, labels and tails left out and versions told apart."""
    layout = Layout(last_is_artist=bool(words.LYRICAL.search(text)))
    leading = words.LEADING_VERSION.match(text)
    if leading and channel.likeness(leading["version"]) < 1:
        text = leading["rest"]
        layout.versions.append(leading["version"])
        layout.song_first = 0.7
    noise = words.LEADING_NOISE.match(text)
    if noise and noise.group().casefold().startswith("official "):
        layout.song_first = 0.6
    text = text[noise.end() :] if noise else text
    bars = groups(text)
    rows = [row for place, each in enumerate(bars) if (row := _content(each, place, len(bars), channel))] or [[text]]
    main, tails = rows[0], [each for row in rows[1:] for each in row]
    if len(main) == 1:
        _one_row(main[0], tails, layout, channel)
        return layout
    if (_names_artist(main[0], channel) and _by_colon(main[0], layout)) or _by_titles(main[0], layout):
        tails = main[1:] + tails
    else:
        main, dropped = _before_slash(main)
        tails = dropped + tails
        _fill(layout, main, channel)
    _take_versions(layout, tails)
    return layout


def _content(row: list[str], place: int, bars: int, channel: Channel) -> list[str]:
    """The parts of a row that are no mere notes on the upload, nor the channel's own brand."""
    kept = []
    for column, text in enumerate(row):
        brand = len(row) == 1 and bars > 1 and _is_brand(text, channel, first=not place)
        if brand or _EPISODE.fullmatch(text) or (column > 1 and _LABEL.search(text)):
            continue
        if channel.likeness(text) < 1 and is_noise(text, anywhere=place + column > 1):
            continue
        part = read_part(text)
        if part.name or part.boxed or part.versions:
            kept.append(text)
    return kept[1:] if len(kept) > 2 and _OST.search(kept[0]) else kept


def _is_brand(text: str, channel: Channel, first: bool) -> bool:
    """Whether a stretch between bars is the name of a channel of many artists; where it comes first, that of a show."""
    if channel.of_many and first:
        return bool(_SHOW.search(text)) and fold(channel.name).startswith(fold(text))
    return channel.of_many and channel.likeness(text) == 1


def _names_artist(text: str, channel: Channel) -> bool:
    """Whether the text before a colon is sure to be an artist: the channel, or a composer."""
    first, *rest = split(text, _COLON) or [""]
    return bool(rest) and (channel.likeness(first) == 1 or is_composer(first))


def _before_slash(row: list[str]) -> tuple[list[str], list[str]]:
    """A row without what follows a slash when that is a note or says everything once more; and what that is."""
    for place, text in enumerate(row):
        first, *rest = slashes(text) or [""]
        again = rest and place and place + 1 < len(row)
        if again or (rest and (is_noise(rest[-1], anywhere=True) or words.script_of(rest[-1]) != words.script_of(first))):
            return [*row[:place], first], rest
    return row, []


def _take_versions(layout: Layout, tails: list[str]) -> None:
    layout.versions += [version_in(tail) for tail in tails if words.VERSION_PIECE.search(tail)]


def _fill(layout: Layout, row: list[str], channel: Channel) -> None:
    """Read each part of a row of several, and tell those that are versions from names."""
    layout.form = "pair"
    for place, text in enumerate(row):
        covered = words.COVERED_BEHIND.match(text) if place else None
        if covered:
            layout.parts.append(read_part(covered["name"]))
            layout.versions.append(covered["version"])
            continue
        part = read_part(text)
        if place == 1 and len(row) == 2 and words.SET_PIECE.match(text):
            layout.is_set = True
            layout.versions.append(_whole_version(text))
        elif place and not part.quoted and _is_version(text, certain=place == 1):
            layout.versions.append(_own_version(text, part))
            if layout.parts:
                layout.parts[0].guests += part.guests
        elif part.name.casefold() in _PREFIXES and channel.likeness(part.name) < 1:
            layout.versions.append(part.name)
        elif part.name or part.boxed:
            layout.parts.append(part)
        else:
            layout.versions += part.versions


def _is_version(text: str, certain: bool) -> bool:
    """Whether a part of the title names a version outside of its brackets; `certain` takes nothing but covers."""
    outside = "".join(piece.raw for piece in pieces(text) if piece.kind not in {"round", "square"})
    return bool(words.VERSION_PIECE.search(outside) and (not certain or words.COVER.search(text)))


def _own_version(text: str, part: Part) -> str:
    """A part of the title as a version, without its guests."""
    found = words.GUESTS.search(text)
    return version_in(text[: found.start()] if found else text) or " ".join(part.versions)


def _whole_version(text: str) -> str:
    """A part of the title as a version, with its round brackets, without notes in square ones."""
    return "".join(piece.raw for piece in pieces(text) if piece.kind != "square").strip()


# --- titles without a dash -------------------------------------------------------------------------------------


def _one_row(text: str, tails: list[str], layout: Layout, channel: Channel) -> None:
    """A title without a dash: told apart by quotes, a colon, slashes, "by", brackets, bars, or one name alone."""
    first, *rest = split(text, _COLON) or [text]
    if rest and all(is_noise(each, anywhere=True) for each in rest):
        text = first
    readers = [_by_titles, _by_set, _by_quotes, _by_colon, _by_slash, _by_cover, _by_author]
    if _names_artist(text, channel):
        readers.insert(0, _by_colon)
    if any(reader(text, layout) for reader in readers):
        _take_versions(layout, tails)
        return
    _by_brackets(text, layout)
    for tail in tails:
        if words.SET_PIECE.match(tail) and len(tails) == 1 and (channel.kind == "music" or channel.likeness(text) >= ALIKE):
            layout.versions.append(_whole_version(tail))
            layout.is_set, layout.form = True, "set"
        elif words.VERSION_PIECE.search(tail):
            layout.versions.append(version_in(tail))
        else:
            layout.parts.append(read_part(tail))
            layout.form = "bars"


def _by_titles(text: str, layout: Layout) -> bool:
    """The last 「song」 or 『song』 that has an artist right before it."""
    found = list(pieces(text))
    for place in range(len(found) - 1, 0, -1):
        before = found[place - 1]
        if found[place].kind != "title" or before.kind == "title" or _SHOWN_IN.search(before.raw):
            continue
        *_, last = _BEFORE_NAME.split(before.raw)
        artist = read_part(last if last != before.raw else "".join(piece.raw for piece in found[:place]))
        song = read_part(found[place].text)
        if artist.name and song.name:
            tail = read_tail("".join(piece.raw for piece in found[place + 1 :]))
            _pair_in_quotes(layout, artist, song, tail)
            return True
    return False


def _by_quotes(text: str, layout: Layout) -> bool:
    """Artist "Song" and "Song" by Artist."""
    found = list(pieces(text))
    place = next((place for place, piece in enumerate(found) if piece.kind == "quote" and piece.text), None)
    if place is None:
        return False
    before, after = ("".join(piece.raw for piece in part) for part in (found[:place], found[place + 1 :]))
    artist, song, tail = read_part(before), read_part(found[place].text), read_tail(after)
    by = _BY_AFTER_QUOTE.match(after)
    if by and not artist.name:
        artist, tail = read_part(by["artist"]), Part()
    if not artist.name or not song.name:
        return False
    _pair_in_quotes(layout, artist, song, tail)
    return True


def _pair_in_quotes(layout: Layout, artist: Part, song: Part, tail: Part) -> None:
    versions = [version for version in tail.versions if version not in song.versions]
    song = replace(song, quoted=True, versions=song.versions + versions, guests=song.guests + tail.guests)
    layout.parts, layout.form, layout.song_first = [artist, song], "quotes", 0.0


def _by_set(text: str, layout: Layout) -> bool:
    """Artist live at a place, without any separator."""
    found = words.SET_AT_END.match(text)
    if not found or any(piece.kind != "text" for piece in pieces(found["artist"])):
        return False
    layout.parts, layout.form, layout.is_set = [read_part(found["artist"])], "set", True
    layout.versions.append(_whole_version(found["set"]))
    return True


def _by_colon(text: str, layout: Layout) -> bool:
    """Artist: Song."""
    first, *rest = split(text, _COLON) or [""]
    artist, song = read_part(first), ": ".join(rest)
    if not rest or not artist.name:
        return False
    layout.form, layout.parts = "colon", [artist]
    if words.SET_PIECE.match(song):
        layout.is_set = True
        layout.versions.append(_whole_version(song))
    else:
        layout.parts.append(read_part(song))
    return True


def _by_slash(text: str, layout: Layout) -> bool:
    """Song / Artist, as Japanese titles have it."""
    found = [read_part(part) for part in slashes(text)]
    if len(found) < 2 or not all(part.name for part in found[:2]):
        return False
    cover = words.COVERED_BY.search(found[1].name)
    if cover:
        start = cover.end("version") - len("covered")
        layout.versions.append(found[1].name[start:])
        found[1].name = found[1].name[:start].strip()
    layout.parts, layout.form, layout.song_first = found[:2], "pair", 0.7
    return True


def _by_cover(text: str, layout: Layout) -> bool:
    """Artist covers Other Artist's Song in the Session."""
    found = _COVERS.match(text)
    if not found:
        return False
    layout.parts, layout.form = [read_part(found["artist"]), read_part(found["song"])], "colon"
    layout.versions.append(f"{found['original']} cover{found['version'] or ''}")
    return True


def _by_author(text: str, layout: Layout) -> bool:
    """Song by Artist."""
    found = [read_part(part) for part in split(text, _BY)]
    if len(found) != 2 or not all(part.name for part in found):
        return False
    layout.parts, layout.form, layout.song_first = found, "colon", 0.8
    return True


def _by_brackets(text: str, layout: Layout) -> None:
    """Artist【Song】, 【Artist】Song, or one name alone."""
    whole = read_part(text)
    layout.parts = [whole]
    if whole.boxed and whole.name:
        inner = read_part(whole.boxed[0])
        layout.form = "quotes"
        layout.parts = [inner, whole] if text.startswith(("【", "[")) else [whole, inner]
