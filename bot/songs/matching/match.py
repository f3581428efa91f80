"""Which of the songs that services offer is the one that is meant, and whether two of them are the same recording."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.songs.matching import recordings
from bot.songs.matching.names import in_latin, similarity
from bot.songs.matching.reading import STAR, Reading, Title, must_stay, numbered
from bot.songs.song import Song

if TYPE_CHECKING:  # providers read this module
    from bot.songs.providers.base import Found

MIN_SCORE = 0.6  # below it no song is better than that one
SAME_LENGTH = 5.0  # seconds by which two notes of one recording's duration may differ

# How certain a way of naming the same artist or title is, where the same words would be 1.
_AMONG_OTHERS = 0.97  # "Rihanna" for "Eminem; Rihanna"
_ONLY_A_GUEST = 0.55  # the artist wanted is not there, but one who is a guest of theirs
_SAME_GUEST = 0.9  # the same, where the duration is the same too
_OTHER_ORDER = 0.97  # "Utada Hikaru"
_NO_SUBTITLE = 0.97  # "Running Up That Hill" for "Running Up That Hill (A Deal with God)"
_OTHER_SCRIPT = 0.95  # "강남스타일" for "Gangnam Style (강남스타일)"
_TEXTED = 0.95  # "Nothing Compares to You" for "Nothing Compares 2 U"
_SHORTENED = 0.92  # "Dave Brubeck" for "The Dave Brubeck Quartet"
_NO_ARTIST = 0.9  # wanted is a title alone
_OTHER_SUBTITLE = 0.55
_CANNOT_COMPARE = 0.85  # artists in two scripts, where title and duration are the same
_LIVE_ALBUM = 0.93  # the title alone does not say that it is live
_MIN_TELLING = 7  # letters from which a title alone tells something
_ALIKE_ARTIST, _ALIKE_TITLE = 0.9, 0.95  # from which two recordings found bear the same names

_SAME_MUSIC = frozenset({"edit"})  # cut to another length

_TEXTING = {"2": "to", "4": "for", "u": "you", "r": "are", "ur": "your"}
# Titles that thousands of songs share; without an artist they name none.
_COMMON = frozenset("intro outro interlude skit untitled prelude bonus track overture hidden".split())


@dataclass(frozen=True, slots=True)
class Scored:
    """One song on offer, how likely it is the one wanted, and why: each from 0 to 1, `score` is their product."""

    found: Found
    score: float
    artist: float
    title: float
    version: float
    duration: float


@dataclass(frozen=True, slots=True)
class Match:
    """The song that is meant; where it is not the `same_recording`, its names are right, but nothing else of it is."""

    found: Found
    same_recording: bool


def match(wanted: Song, candidates: Sequence[Found]) -> Match | None:
    """The one of the candidates that is meant by what is known of a song; None where none is likely enough.

    Another title, another artist, a remix or a karaoke version that nobody asked for is never taken; the common recording
    for a version that nobody offers is, but not as the same recording (see `same_kind`). Popularity decides between
    those that are equally likely, then their order. Never raises.
    """
    ranking = scored(wanted, candidates)
    if not ranking or ranking[0].score < MIN_SCORE:
        return None
    found = ranking[0].found
    return Match(found, same_kind(wanted, found.song))


def best(wanted: Song, candidates: Sequence[Found]) -> Found | None:
    """What `match` finds, for whom the names are enough."""
    found = match(wanted, candidates)
    return found.found if found else None


def best_recording(wanted: Song, candidates: Sequence[Found]) -> Found | None:
    """What `match` finds, where all that is known of it holds; None where only the names are right."""
    found = match(wanted, candidates)
    return found.found if found and found.same_recording else None


def same_kind(wanted: Song, offered: Song) -> bool:
    """Whether an offered song is the kind of recording that is wanted, so that its ids, length, album and features hold.

    A live, acoustic, instrumental, sped up ... version is of the same kind only as another such one, by the same remixer
    or from the same place where both are named; an edit is of the same kind as what it was cut from. Services rarely
    mark covers, so for one that is wanted an unmarked song counts only where both durations are known and within 5 s:
    otherwise it may be the one that is covered. Names are not compared. Never raises.
    """
    one, other = Reading(wanted), Reading(offered)
    kinds, offered_kinds = one.title.kinds - _SAME_MUSIC, other.title.kinds - _SAME_MUSIC
    if "cover" in kinds - offered_kinds:
        if wanted.duration is None or offered.duration is None or abs(wanted.duration - offered.duration) > SAME_LENGTH:
            return False
        return not offered_kinds - kinds and not other.imitates()
    hints = other.album_kinds
    if hints & recordings.IMITATIONS - kinds or (other.imitates() and not one.imitates()):
        return False
    # An album that is live throughout tells that its songs are, though their titles do not say so.
    offered_kinds |= hints & (kinds | one.album_kinds | {"live"})
    return recordings.agreement(kinds | one.album_kinds & offered_kinds, offered_kinds, _notes(one, other)) == 1


def scored(wanted: Song, candidates: Sequence[Found]) -> list[Scored]:
    """All candidates with what speaks for them, the likeliest first; scores count to the hundredth."""
    reading = Reading(wanted)
    ranking = [_score(reading, found) for found in candidates]
    return sorted(ranking, key=lambda each: (-round(each.score, 2), -(each.found.popularity or 0.0)))


def same_recording(one: Song, other: Song) -> bool:
    """Whether two songs found are the same recording.

    So they are where the ISRC is equal; otherwise names and version have to be alike, and the durations, where both are
    known, within 5 s. Gives the same for both orders.
    """
    codes = {_isrc(one), _isrc(other)}
    if len(codes) == 1 and codes != {""}:
        return True
    if _group(one) != _group(other) or not (one.artists and other.artists):
        return False
    if one.duration and other.duration and abs(one.duration - other.duration) > SAME_LENGTH:
        return False
    a, b = Reading(one), Reading(other)
    if a.is_artist:
        return similarity(a.artists[0], b.artists[0]) == 1
    alike = _title(a.title, b.title) >= _ALIKE_TITLE and min(_artist(a, b), _artist(b, a)) >= _ALIKE_ARTIST
    return alike and a.title.kinds == b.title.kinds and recordings.agreement(a.title.kinds, b.title.kinds, _notes(a, b)) == 1


def _isrc(song: Song) -> str:
    return song.ids.get("isrc", "").replace("-", "").upper()


def _group(song: Song) -> str:
    """What is compared with what: a video is offered as a track."""
    return "track" if song.kind == "video" else song.kind


# --- comparing -----------------------------------------------------------------------------------------------------


def _score(wanted: Reading, found: Found) -> Scored:
    """What speaks for one candidate."""
    offered = Reading(found.song)
    nothing = Scored(found, 0.0, 0.0, 0.0, 0.0, 0.0)
    if _group(wanted.song) != _group(found.song):
        return nothing
    if wanted.is_artist:
        artist = _artist(wanted, offered)
        artist = artist if artist > _AMONG_OTHERS else 0.0  # a part of a name is another artist
        return Scored(found, artist, artist, 1.0, 1.0, 1.0)
    if not wanted.artists:
        artist, title = 1.0, _by_text(wanted.title, offered)
    elif title := _title(wanted.title, offered.title):
        artist = _by_length(wanted, offered, title, _artist(wanted, offered))
    else:
        return nothing
    if not (artist and title):
        return nothing
    version, duration = _version(wanted, offered), _duration(wanted.song.duration, found.song.duration)
    return Scored(found, artist * title * version * duration, artist, title, version, duration)


def _title(one: Title, other: Title) -> float:
    """How certainly two titles name one song."""
    if one.whole == other.whole:
        return 1.0 if one.whole else 0.0
    certainty = similarity(one.whole, other.whole)
    if one.subtitle or other.subtitle:
        core = similarity(one.core, other.core)
        if one.subtitle and other.subtitle:
            core *= 1.0 if similarity(one.subtitle, other.subtitle) else _OTHER_SUBTITLE
        else:
            core *= _NO_SUBTITLE
        certainty = max(certainty, core)
    if certainty:
        return certainty
    if (one.starred or other.starred) and _fits(one.whole, other.whole):
        return _TEXTED
    if not (one.whole.isascii() and other.whole.isascii()):
        return _in_scripts((one.core, one.subtitle), (other.core, other.subtitle))
    same_size = one.whole.count(" ") == other.whole.count(" ")
    return _TEXTED if same_size and _texted(one.whole) == _texted(other.whole) else 0.0


def _fits(one: str, other: str) -> bool:
    """Whether two folded titles are the same but for stars: "f**k you"."""
    return len(one) == len(other) and all(a == b or STAR in (a, b) for a, b in zip(one, other, strict=True))


def _texted(folded: str) -> str:
    return " ".join([_TEXTING.get(word, word) for word in folded.split()])


def _in_scripts(one: tuple[str, str], other: tuple[str, str]) -> float:
    """How certainly two folded names, each with a subtitle or "", mean the same: one script of two is enough."""
    (latin, rest), (other_latin, other_rest) = _scripts(*one), _scripts(*other)
    if rest and other_rest:
        return _OTHER_SCRIPT * (rest == other_rest)
    if latin and latin == other_latin:
        return _OTHER_SCRIPT
    return _OTHER_SCRIPT * similarity(in_latin(one[0]), in_latin(other[0]))


def _scripts(name: str, subtitle: str) -> tuple[str, str]:
    """The words of a folded name in ASCII, and those in another script; what it lacks is looked for in the subtitle."""
    latin, rest = ([word for word in name.split() if word.isascii() is plain] for plain in (True, False))
    if subtitle and not (latin and rest):
        more_latin, more_rest = _scripts(subtitle, "")
        return " ".join(latin) or more_latin, " ".join(rest) or more_rest
    # A letter or a number beside other writing is no name of its own.
    return " ".join(latin) if sum(map(len, latin)) > 2 or not rest else "", " ".join(rest)


def _artist(one: Reading, other: Reading) -> float:
    """How certainly the second song's artist is the first one's."""
    if not (one.artists and other.artists):
        return 0.0
    main, other_main = one.artists[0], other.artists[0]
    certainty = similarity(main, other_main)
    if certainty == 1 or set(one.members) == set(other.members):
        return 1.0
    ways = [certainty]
    if {main, *one.members[:1]} & {*other.artists, *other.members}:
        ways.append(_AMONG_OTHERS)
    elif {other_main, *other.members[:1]} & {*one.artists, *one.members}:
        # Two songs with the same guest may well be two songs, and a guest may sing on a cover of their own.
        ways.append(_ONLY_A_GUEST)
    words, other_words = main.split(), other_main.split()
    if len(words) > 1 and sorted(words) == sorted(other_words):
        ways.append(_OTHER_ORDER)
    elif _ONLY_A_GUEST not in ways and (_begins_or_ends(words, other_words) or _begins_or_ends(other_words, words)):
        ways.append(_SHORTENED)
    if not (main.isascii() and other_main.isascii()):
        ways.append(_in_scripts((main, ""), (other_main, "")))
    return max(ways)


def _begins_or_ends(words: Sequence[str], longer: Sequence[str]) -> bool:
    """Whether a name of several words is how a longer one begins or ends."""
    size = len(words)
    return 1 < size < len(longer) and words in (longer[:size], longer[-size:])


def _by_length(wanted: Reading, offered: Reading, title: float, artist: float) -> float:
    """How certainly artists are the same, where names that leave it open are helped by one title and one duration."""
    lengths = wanted.song.duration, offered.song.duration
    telling = len(wanted.title.whole) >= _MIN_TELLING and not must_stay(wanted.title.whole)
    if title < 1 or not telling or None in lengths or _duration(*lengths) < 1:
        return artist
    if artist == _ONLY_A_GUEST:
        return _SAME_GUEST
    # Names that share no letter cannot be compared.
    scripts = {name.isascii() for reading in (wanted, offered) for name in reading.artists[:1]}
    return artist or _CANNOT_COMPARE * (len(scripts) == 2)


def _by_text(text: Title, offered: Reading) -> float:
    """How certainly a text with no artist beside it means a song: title and artist in one breath, or the title alone."""
    titles = {offered.title.whole, offered.title.core}
    certainty = 0.0 if set(text.whole.split()) <= _COMMON else _NO_ARTIST * (text.whole in titles)
    for artist in {*offered.artists, " ".join(offered.artists)}:
        for title in titles:
            for phrase in (f"{artist} {title}", f"{title} {artist}", f"{title} by {artist}"):
                certainty = max(certainty, similarity(text.whole, numbered(phrase)))
    return certainty


def _notes(one: Reading, other: Reading) -> tuple[str, str]:
    return one.title.note, other.title.note


def _version(wanted: Reading, offered: Reading) -> float:
    """How well the recordings agree; an imitation is worth little unless one was asked for."""
    kinds, hints = offered.title.kinds, offered.album_kinds
    certainty = recordings.agreement(wanted.title.kinds, kinds, _notes(wanted, offered), hinted=hints)
    if "live" in hints and "live" not in kinds | wanted.title.kinds | wanted.album_kinds:
        certainty *= _LIVE_ALBUM
    if offered.imitates() and not kinds & recordings.IMITATIONS and not wanted.imitates():
        certainty *= recordings.agreement(frozenset(), frozenset({"imitation"}))
    return certainty


def _duration(wanted: float | None, offered: float | None) -> float:
    """How well two durations (in seconds) agree; 1 where one is not known.

    What is wanted may be a video, with a beginning and an end that are no music, so it may well be the longer one.
    """
    if wanted is None or offered is None:
        return 1.0
    more = wanted - offered
    steps = _VIDEO_LONGER if more > 0 else _VIDEO_SHORTER
    for (low, full), (high, less) in itertools.pairwise(steps):
        if abs(more) <= high:
            return full - (full - less) * max(abs(more) - low, 0.0) / (high - low)
    return steps[-1][1]


# By so many seconds the video is longer or shorter: so certain is it still that it is the same recording.
_VIDEO_LONGER = ((3.0, 1.0), (15.0, 0.97), (60.0, 0.92), (180.0, 0.8), (600.0, 0.65))
_VIDEO_SHORTER = ((3.0, 1.0), (15.0, 0.9), (30.0, 0.7), (60.0, 0.62))
