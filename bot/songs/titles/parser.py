"""What a video's title and channel tell of the song in it: artist, song, version and guests, or that it is no music."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bot.songs.matching.names import fold
from bot.songs.song import MAX_NAME, MAX_NAMES, clean_text
from bot.songs.song import MAX_TITLE as MAX_SONG
from bot.songs.titles import words
from bot.songs.titles.covers import covers
from bot.songs.titles.guesses import Guess, ordered, speaks, topic
from bot.songs.titles.layout import Form, laid_out
from bot.songs.titles.names import ALIKE, Channel, artist_names, is_composer, split_names
from bot.songs.titles.parts import first_script, tidy
from bot.songs.titles.signs import channel_points, is_sentence, is_stream, title_points

MAX_READINGS = 4

# Points for how the title is built (see title_signs): two names with a dash are rarely anything but a song.
_FORM_POINTS: dict[Form, float] = {"pair": 0.0, "bars": -1.5, "colon": -0.5, "quotes": 0.5, "single": -1.0, "set": 1.0}
_BARE_PAIR_POINTS = 1.2  # for two names with a dash and nothing against them: what is shared is mostly music
_HINT_POINTS = 1.0  # for each of: a version, other artists, a note on the upload, a name that is not in Latin letters
_STREAM_POINTS = 5.0
_SPOKEN_POINTS = 3.0  # where the channel is the artist that comes first; elsewhere a third of it
_COMPOSER_POINTS = 2.0
_SENTENCE_POINTS = -2.0
_POINTS_FOR_E = 2.0  # points that make the odds of being music e times as high


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


def _points(text: str, channel: Channel, guess: Guess) -> float:
    """How sure it is that the video is music, in points; 0 or less for no music."""
    told, channels = title_points(text), channel_points(channel)
    points = told + channels + _FORM_POINTS[guess.form]
    if guess.form == "pair" and guess.spoken_for < ALIKE and min(told, channels) >= 0:
        points += _BARE_PAIR_POINTS
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


def _guesses(text: str, channel: Channel) -> list[Guess]:
    """The ways to read a title, the likeliest first; at least one."""
    if channel.kind == "topic":
        return [topic(text, channel)]
    layout = laid_out(text, channel)
    if is_stream(text) and not any(speaks(channel, part.name) >= ALIKE for part in layout.parts) and not layout.is_set:
        return [Guess("", "", "single", 0.9)]
    guesses = ordered(layout, channel)
    best, *rest = covers(guesses[0], layout, channel) or guesses
    names = split_names(best.artist)
    if len(artist_names(best.artist, lambda name: channel.likeness(name) == 1)) > 1:
        rest = [replace(best, whole=True, certainty=best.certainty * 0.4), *rest]
    elif len(names) > 1:
        guests = (*names[1:], *best.guests)
        rest = [replace(best, artist=names[0], guests=guests, whole=True, certainty=best.certainty * 0.2), *rest]
    return [best, *rest]


# --- the result ------------------------------------------------------------------------------------------------


def _finished(guess: Guess, channel: Channel, confidence: float) -> VideoTitle:
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
