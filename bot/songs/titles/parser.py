"""What a video's title and channel tell of the song in it: artist, song, version and guests, or that it is no music."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from bot.songs.matching.names import fold
from bot.songs.song import MAX_NAME, MAX_NAMES, clean_text
from bot.songs.song import MAX_TITLE as MAX_SONG
from bot.songs.titles import words
from bot.songs.titles.layout import Form, Layout, laid_out
from bot.songs.titles.names import ALIKE, Channel, artist_names, is_composer, split_names
from bot.songs.titles.parts import Part, first_script, read_part, split, tidy, version_in
from bot.songs.titles.signs import channel_points, is_sentence, is_stream, title_points

MAX_READINGS = 4

# Points for how the title is built (see title_signs): two names with a dash are rarely anything but a song.
_FORM_POINTS: dict[Form, float] = {"pair": 0.0, "bars": -1.5, "colon": -0.5, "quotes": 0.5, "single": -1.0, "set": 1.0}
_HINT_POINTS = 1.0  # for each of: a version, other artists, a note on the upload, a name that is not in Latin letters
_STREAM_POINTS = 5.0
_SPOKEN_POINTS = 3.0  # where the channel is the artist that comes first; elsewhere a third of it
_COMPOSER_POINTS = 2.0
_SENTENCE_POINTS = -2.0
_POINTS_FOR_E = 2.0  # points that make the odds of being music e times as high

_SPACED_DASH = re.compile(r"\s+-\s+")
_INSTRUMENT = r"acoustic|live|piano|guitar|vocal|metal|rock|full|band|violin|drum|bass|cello|ukulele"
_COVER_ALONE = re.compile(rf"\W*(?:(?:{_INSTRUMENT}|[\w-]*\s*style)\s+)*cover\W*$", re.IGNORECASE)
_GUESTS_OF_COVER = re.compile(
    rf"^.*\b(?:feat|ft|featuring)\b.*?(?=(?:(?:{_INSTRUMENT})\s+)?cover\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class VideoTitle:
    """What a video's title was read as.

    `artist` and `song` are spelt as in the title or the channel, None where there is none; `version` names a remix, a
    live, acoustic or language version, a session; `featuring` holds the other artists. Without `is_music` all of these
    are empty. `confidence` (0 to 1) is how likely artist and song, or that it is no music, are right.
    """

    artist: str | None = None
    song: str | None = None
    version: str | None = None
    featuring: tuple[str, ...] = ()
    is_music: bool = False
    confidence: float = 0.0


@dataclass(frozen=True)
class _Guess:
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


def parse_title(title: str, author: str) -> VideoTitle:
    """The best reading of a video's title, given its channel's name; never raises, whatever the text.

    Only the first 2000 characters of either are looked at, so that any text takes milliseconds.
    """
    return readings(title, author)[0]


def readings(title: str, author: str) -> tuple[VideoTitle, ...]:
    """The best reading first, then up to three others that are plausible, none with more confidence.

    Others have artist and song swapped, or "A & B" as one name or as two. For a video that seems to be no music they say
    what it would be if it were.
    """
    text, channel = tidy(title), Channel.of(tidy(author))
    guesses = _guesses(text, channel)
    points = _points(text, channel, guesses[0])
    chance = 1 / (1 + math.exp(-points / _POINTS_FOR_E))
    as_music = [_finished(guess, channel, chance * guess.certainty) for guess in guesses]
    if points <= 0:
        as_music = [VideoTitle(confidence=_bounded(1 - chance)), *as_music]
    found = [reading for place, reading in enumerate(as_music) if not place or reading.artist or reading.song]
    different: dict[tuple[object, ...], VideoTitle] = {}
    for reading in found:
        different.setdefault((reading.artist, reading.song, reading.featuring, reading.is_music), reading)
    best, *others = list(different.values())[:MAX_READINGS]
    return best, *(replace(other, confidence=min(other.confidence, best.confidence)) for other in others)


def _points(text: str, channel: Channel, guess: _Guess) -> float:
    """How sure it is that the video is music, in points; 0 or less for no music."""
    points = title_points(text) + channel_points(channel) + _FORM_POINTS[guess.form]
    if is_stream(text):
        points += _STREAM_POINTS
    if guess.spoken_for >= ALIKE and guess.form != "single":
        share = 1 if guess.artist_first and guess.form != "bars" else 1 / 3
        points += guess.spoken_for * _SPOKEN_POINTS * share
    if is_composer(guess.artist):
        points += _COMPOSER_POINTS
    if guess.form == "pair":
        foreign = words.script_of(guess.artist) not in {"", "LATIN"}
        hints = (guess.versions, len(artist_names(guess.artist, lambda _: False)) > 1, guess.noted, foreign)
        points += _HINT_POINTS * sum(map(bool, hints))
    if guess.form == "pair" and is_sentence(guess.artist if guess.artist_first else guess.song):
        points += _SENTENCE_POINTS
    return points


def _guesses(text: str, channel: Channel) -> list[_Guess]:
    """The ways to read a title, the likeliest first; at least one."""
    if channel.kind == "topic":
        return [_topic(text, channel)]
    layout = laid_out(text, channel)
    if is_stream(text) and not any(_speaks(channel, part.name) >= ALIKE for part in layout.parts) and not layout.is_set:
        return [_Guess("", "", "single", 0.9)]
    guesses = _ordered(layout, channel)
    best = _cover(guesses[0], layout, channel)
    rest = guesses[1:] if best == guesses[0] else guesses
    names = split_names(best.artist)
    if len(artist_names(best.artist, lambda name: channel.likeness(name) == 1)) > 1:
        rest = [replace(best, whole=True, certainty=best.certainty * 0.4), *rest]
    elif len(names) > 1:
        guests = (*names[1:], *best.guests)
        rest = [replace(best, artist=names[0], guests=guests, whole=True, certainty=best.certainty * 0.2), *rest]
    return [best, *rest]


def _topic(text: str, channel: Channel) -> _Guess:
    """A channel made by the music service itself: it names the artist, and the title is the song's."""
    song, *rest = split(text, _SPACED_DASH)[:2] or [""]
    if rest and not (words.VERSION_PIECE.search(rest[0]) or words.NOISE_NOTE.search(rest[0])):
        song, rest = text, []
    part = read_part(song)
    versions = [version_in(each) for each in rest if words.VERSION_PIECE.search(each)]
    return _Guess(channel.name, part.name, "pair", 0.99, (*part.versions, *versions), tuple(part.guests), 1.0, whole=True)


# --- who is the artist -----------------------------------------------------------------------------------------


def _speaks(channel: Channel, name: str) -> float:
    """How much the channel speaks for one of these artists, 0 to 1."""
    names = [name, *artist_names(name, lambda each: False)]
    return max((channel.likeness(each) for each in names if each), default=0.0)


def _ordered(layout: Layout, channel: Channel) -> list[_Guess]:
    """The layout as guesses, by what the channel, quotes and notes say of which part is the artist."""
    parts = layout.parts or [Part()]
    if layout.is_set:
        artist = parts[0]
        return [_guess(layout, artist, None, channel, 0.9)]
    if len(parts) == 1:
        return [_alone(layout, parts[0], channel)]
    spoken = [_speaks(channel, part.name) for part in parts]
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
    certainty = 0.85 if channel.kind == "music" or other.closed else 0.75
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


def _guess(layout: Layout, artist: Part, song: Part | None, channel: Channel, certainty: float) -> _Guess:
    name, _, last = artist.name.rpartition(" ")
    if name and words.VERSION.fullmatch(last) and channel.likeness(name) == 1:
        artist = replace(artist, name=name, versions=[*artist.versions, last])
    versions = [*artist.versions, *(song.versions if song else []), *layout.versions]
    guests = [*artist.guests, *(song.guests if song else [])]
    spoken = _speaks(channel, artist.name)
    return _Guess(
        artist.name,
        song.name if song else "",
        layout.form,
        certainty,
        tuple(versions),
        tuple(guests),
        spoken,
        noted=artist.noted or bool(song and song.noted),
    )


def _alone(layout: Layout, part: Part, channel: Channel) -> _Guess:
    """One name alone is the song's; the channel is the artist where it may be one."""
    known = channel.kind in {"vevo", "plain"} and not layout.versions
    artist = Part(name=channel.spoken_name() if known else "")
    return _guess(layout, artist, part, channel, 0.9 if channel.kind == "vevo" else 0.5)


def _cover(guess: _Guess, layout: Layout, channel: Channel) -> _Guess:
    """The guess with who plays as the artist where a version says that it is a cover."""
    for place, version in enumerate(guess.versions):
        if not words.COVER.search(version):
            continue
        by = words.COVERED_BY.match(version)
        player, rest = (words.GUESTS.split(by["artist"])[0], by["version"]) if by else _player(version, channel)
        own = channel.likeness(player) == 1
        alone = len(layout.parts) < 2 or _COVER_ALONE.match(version)
        if not player and alone and guess.spoken_for < ALIKE and channel.kind == "plain":
            player, rest, own = channel.spoken_name(), version, True
        if player:
            versions = (*guess.versions[:place], rest, *guess.versions[place + 1 :])
            song = guess.song if guess.spoken_for == 1 or len(layout.parts) < 2 else _covered_song(layout, own)
            return replace(guess, artist=player, song=song, versions=versions, certainty=0.7 if by or rest != version else 0.4)
    return guess


def _player(version: str, channel: Channel) -> tuple[str, str]:
    """Whose name, the channel's, stands in "Boyce Avenue feat. Kina Grannis acoustic cover", and the rest; empty if none."""
    found = version.split()
    for start in range(len(found)):
        for end in range(len(found), start, -1):
            name = " ".join(found[start:end])
            if channel.likeness(name) == 1:
                rest = " ".join(found[end:])
                return name, _GUESTS_OF_COVER.sub("", rest)
    return "", ""


def _covered_song(layout: Layout, own: bool) -> str:
    """Which of two parts is the song that is covered: the one that is a phrase; else the first on the player's `own` channel.

    Those who upload their own covers write "Song - First Artist"; others "First Artist - Song".
    """
    one, other = (part.name for part in layout.parts[:2])
    if layout.form == "pair":
        phrases = [len(name.split()) > 3 or "'" in name for name in (one, other)]
        if phrases[0] != phrases[1]:
            return one if phrases[0] else other
        return one if own else other
    return other


# --- the result ------------------------------------------------------------------------------------------------


def _finished(guess: _Guess, channel: Channel, confidence: float) -> VideoTitle:
    """A guess as clean names, with the artists told apart."""
    names = [guess.artist] if guess.whole else artist_names(guess.artist, lambda name: channel.likeness(name) == 1)
    artist = _clean(first_script(names[0]), MAX_NAME) if names else None
    others = dict.fromkeys(_clean(first_script(name), MAX_NAME) for name in (*names[1:], *guess.guests))
    mine = fold(artist or "")
    featuring = tuple(name for name in others if name and fold(name) != mine)[:MAX_NAMES]
    version = _clean(" ".join(dict.fromkeys(guess.versions)), MAX_SONG)
    song = _clean(guess.song, MAX_SONG)
    album = words.ALBUM.search(song or "")
    if album and song and version is None:
        version, song = album.group(), _clean(words.ALBUM.sub("", song), MAX_SONG)
    return VideoTitle(artist, song, version, featuring, True, _bounded(confidence))


def _clean(text: str, limit: int) -> str | None:
    return clean_text(text.strip(" -–—_|/~,;"), limit) or None


def _bounded(confidence: float) -> float:
    return round(min(max(confidence, 0.01), 0.99), 2)
