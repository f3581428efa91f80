"""The names of a song, taken apart and folded so that they can be compared with another song's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from bot.songs.matching import recordings
from bot.songs.matching.names import BRACKETS, FEATURING, UPLOAD_NOTE, fold
from bot.songs.matching.versions import split_version
from bot.songs.song import Song

_WIDE = str.maketrans("（）【】", "()[]")
_WIDE_MARKS = frozenset("（【\u2013\u2014")
_GUESTS = re.compile(r"\b[Ff](?:eat|t|eaturing|EAT|T|EATURING)\b")
_DASH = re.compile(r"\s[-\u2013\u2014]\s(?!.*\s[-\u2013\u2014]\s)")  # the last one
STAR = "\u0298"  # a letter of no language, in place of "*"
_MAX_ARTISTS = 8  # of one song that are taken apart
# Between artists that are joined in one name: signs and words.
_SIGNS_BETWEEN = str.maketrans(dict.fromkeys(",;/&+・、，×()[]（）", " , "))
_WORDS_BETWEEN = frozenset(", and x vs vs. with feat feat. ft ft. featuring presents con y et und".split())
_NUMBERS = dict(
    zip("one two three four five six seven eight nine ten eleven twelve".split(), map(str, range(1, 13)), strict=True)
)
_ROMAN = dict(zip("i ii iii iv v vi vii viii ix x".split(), map(str, range(1, 11)), strict=True))
_PARTS = {"pt": "part", "part": "part", "vol": "volume", "volume": "volume", "chapter": "chapter", "act": "act", "no": "no"}
_COUNTED = frozenset(_NUMBERS) | frozenset(_PARTS)
# In brackets these tell one song of an album from another, so they are no mere subtitle.
_TELLING = frozenset({"part", "volume", "chapter", "act", "interlude", "intro", "outro", "skit", "prelude", "continued"})


class Title(NamedTuple):
    """A title, folded and taken apart."""

    whole: str  # without notes
    core: str  # without a subtitle in brackets either
    subtitle: str
    kinds: frozenset[str]  # of the recording
    note: str  # the words that named the kinds
    starred: bool = False  # with stars in place of letters


class Reading:
    """The names of a song as they are compared, each worked out when it is first needed."""

    def __init__(self, song: Song) -> None:
        self.song = song
        self.is_artist = song.kind == "artist"

    @cached_property
    def title(self) -> Title:
        return _read_title(self.song.title or "", self.song.version or "")

    @cached_property
    def artists(self) -> tuple[str, ...]:
        return tuple(map(fold, self.song.artists))

    @cached_property
    def members(self) -> tuple[str, ...]:
        """All artists, those joined in one name and the guests that the title names too."""
        names = self.song.artists[:_MAX_ARTISTS]
        if self.song.title and (guests := _GUESTS.search(self.song.title)):
            names += (self.song.title[guests.end() :],)
        parts = (part for name in names for part in _apart(name))
        return tuple(dict.fromkeys(part for part in map(fold, parts) if part))

    @cached_property
    def album_kinds(self) -> frozenset[str]:
        return recordings.kinds_of_album(fold(self.song.album)) if self.song.album else frozenset()

    @cached_property
    def artist_kinds(self) -> frozenset[str]:
        """What the artists' names tell of how they play others' songs."""
        kinds = [recordings.kinds_of(name) for name in self.artists]
        return frozenset().union(*kinds) & recordings.IMITATIONS

    def imitates(self) -> bool:
        return bool((self.title.kinds | self.album_kinds | self.artist_kinds) & recordings.IMITATIONS)


def _apart(name: str) -> Iterator[str]:
    """The artists that are joined in one name, as it is written."""
    words = name.translate(_SIGNS_BETWEEN).split()
    for between, part in groupby(words, lambda word: word.lower() in _WORDS_BETWEEN):
        if not between:
            yield " ".join(part)


def _has_marks(title: str) -> bool:
    """Whether there may be more to a title than its words."""
    if "(" in title or "[" in title or " - " in title or ("f" in title and _GUESTS.search(title)):
        return True
    return not title.isascii() and not _WIDE_MARKS.isdisjoint(title)


@lru_cache(maxsize=1024)  # services offer the same titles, and what is wanted is read for each of them
def _read_title(title: str, version: str) -> Title:
    """Part the notes from a title; `version` is a note that is known already."""
    starred = "*" in title
    if starred:
        title = title.replace("*", STAR)
    if not version and not _has_marks(title):
        return _plain_title(fold(title), (), starred)
    left, told = split_version(title.translate(_WIDE))
    notes = [(note, recordings.kinds_of_version) for note in (version, told or "")]
    if uploads := [(match[0], recordings.kinds_of) for match in UPLOAD_NOTE.finditer(left)]:
        left, told = split_version(UPLOAD_NOTE.sub("", left))
        notes += [*uploads, (told or "", recordings.kinds_of_version)]
    left = FEATURING.sub("", left) if _GUESTS.search(left) else left
    if (dash := _DASH.search(left)) and recordings.kinds_of(fold(left[dash.end() :])):
        notes.append((left[dash.end() :], recordings.kinds_of))
        left = left[: dash.start()]
    subtitles = []
    for match in BRACKETS.finditer(left):
        if recordings.kinds_of(fold(match[1])):
            notes.append((match[1], recordings.kinds_of))
            left = left.replace(match[0], " ")
        else:
            subtitles.append(fold(match[1]))
    read = [(words, kinds(words)) for words, kinds in ((fold(note), kinds) for note, kinds in notes)]
    plain = _plain_title(fold(left) or fold(title), read, starred)
    core, subtitle = fold(BRACKETS.sub(" ", left)), numbered(" ".join(subtitles))
    if not core or not subtitle or must_stay(subtitle):
        return plain
    return plain._replace(core=numbered(core), subtitle=subtitle)


def _plain_title(folded: str, notes: Iterable[tuple[str, frozenset[str]]], starred: bool) -> Title:
    """A folded title with no subtitle; `notes` are folded, each with the kinds of recording that it names."""
    told = [(words, kinds) for words, kinds in notes if kinds]
    if tail := recordings.bare_tail(folded):
        folded = folded[: -len(tail)].strip()
        told.append((tail, recordings.kinds_of(tail)))
    whole = numbered(folded)
    kinds = frozenset[str]().union(*(kinds for _, kinds in told))
    return Title(whole, whole, "", kinds, " ".join(words for words, _ in told), starred)


def numbered(folded: str) -> str:
    """A folded title with its numbers as digits: "take five" is "take 5", "pt ii" is "part 2"."""
    words = folded.split()
    if _COUNTED.isdisjoint(words):
        return folded
    for place, word in enumerate(words[:-1]):
        if word in _PARTS and (place or len(words) == 2):
            words[place : place + 2] = _PARTS[word], _ROMAN.get(words[place + 1], words[place + 1])
    return " ".join([_NUMBERS.get(word, word) for word in words])


def must_stay(subtitle: str) -> bool:
    """Whether what stands in brackets is needed to know the song."""
    return any(word in _TELLING or word.isdigit() for word in subtitle.split())
