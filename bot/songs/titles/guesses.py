"""The ways to read a laid-out title: which part is the artist, which the song, and how certain that is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.songs.titles import words
from bot.songs.titles.layout import Form, Layout
from bot.songs.titles.names import ALIKE, Channel, artist_names, is_composer
from bot.songs.titles.parts import Part, read_part, split, version_in

_SPACED_DASH = re.compile(r"\s+-\s+")


@dataclass(frozen=True)
class Guess:
    """One way to read a title; `certainty` (0 to 1) is of who is the artist and what the song, given that it is music."""

    artist: str
    song: str
    form: Form
    certainty: float
    versions: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    spoken_for: float = 0.0  # how much the channel speaks for the artist, 0 to 1
    artist_first: bool = True
    noted: bool = False  # artist or song had a note on the upload
    whole: bool = False  # the artist is one name, whatever joining words are in it


def topic(text: str, channel: Channel) -> Guess:
    """A channel made by the music service itself: it names the artist, and the title is the song's."""
    before, _, after = text.partition(" - ")
    name = after.partition("(")[0]
    if name.strip() and channel.likeness(before) >= ALIKE and not _is_note(name):
        text = after  # some uploads say who plays all the same
    song, *rest = split(text, _SPACED_DASH)[:2] or [""]
    if rest and not _is_note(rest[0]):
        song, rest = text, []
    part = read_part(song)
    versions = [version_in(each) for each in rest if words.VERSION_PIECE.search(each)]
    return Guess(channel.name, part.name, "pair", 0.99, (*part.versions, *versions), tuple(part.guests), 1.0, whole=True)


def _is_note(text: str) -> bool:
    return bool(words.VERSION_PIECE.search(text) or words.NOISE_NOTE.search(text))


def speaks(channel: Channel, name: str) -> float:
    """How much the channel speaks for one of these artists, 0 to 1."""
    names = [name, *artist_names(name, lambda each: False)]
    return max((channel.likeness(each) for each in names if each), default=0.0)


def ordered(layout: Layout, channel: Channel) -> list[Guess]:
    """The layout as guesses, by what the channel, quotes and notes say of which part is the artist."""
    parts = layout.parts or [Part()]
    if layout.is_set:
        artist = parts[0]
        return [_guess(layout, artist, None, channel, 0.9)]
    if len(parts) == 1:
        return [_alone(layout, parts[0], channel)]
    spoken = [speaks(channel, part.name) for part in parts]
    best = max(range(len(parts)), key=lambda place: spoken[place])
    certainty = _certainty(layout, parts, channel)
    artist_place = 0
    if spoken[best] >= ALIKE and spoken.count(spoken[best]) == 1:
        artist_place, certainty = best, 0.85 + 0.13 * (spoken[best] == 1)
    elif certainty < 0:
        artist_place = len(parts) - 1 if layout.last_is_artist else 1
    song_place = 1 if artist_place == 0 else 0
    one = _guess(layout, parts[artist_place], parts[song_place], channel, abs(certainty))
    other = _guess(layout, parts[song_place], parts[artist_place], channel, 1 - abs(certainty))
    first = artist_place < song_place
    return [replace(one, artist_first=first), replace(other, artist_first=not first)]


def _certainty(layout: Layout, parts: list[Part], channel: Channel) -> float:
    """How certain the artist comes first, 0 to 1; negative: how certain the song does. The channel names neither."""
    one, other = parts[:2]
    certainty = 0.85
    if layout.form == "quotes":
        certainty = 0.9
    elif layout.song_first:
        certainty = -layout.song_first
    elif layout.form == "bars":
        certainty = -0.6
    elif is_composer(one.name) != is_composer(other.name):
        certainty = 0.85 if is_composer(one.name) else -0.85
    elif one.quoted != other.quoted:
        certainty = 0.9 if other.quoted else -0.8
    elif one.closed and not other.closed:
        certainty = -0.7
    return certainty


def _guess(layout: Layout, artist: Part, song: Part | None, channel: Channel, certainty: float) -> Guess:
    name, _, last = artist.name.rpartition(" ")
    if name and words.VERSION.fullmatch(last) and channel.likeness(name) == 1:
        artist = replace(artist, name=name, versions=[*artist.versions, last])
    versions = [*artist.versions, *(song.versions if song else []), *layout.versions]
    guests = [*artist.guests, *(song.guests if song else [])]
    spoken = speaks(channel, artist.name)
    return Guess(
        artist.name,
        song.name if song else "",
        layout.form,
        certainty,
        tuple(versions),
        tuple(guests),
        spoken,
        noted=artist.noted or bool(song and song.noted),
    )


def _alone(layout: Layout, part: Part, channel: Channel) -> Guess:
    """One name alone is the song's; the channel is the artist where it may be one."""
    known = channel.kind in {"vevo", "plain"} and not layout.versions
    artist = Part(name=channel.spoken_name() if known else "")
    return _guess(layout, artist, part, channel, 0.9 if channel.kind == "vevo" else 0.5)
