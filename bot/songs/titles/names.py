"""Whose names stand in a title: several artists told apart from one band, and a channel compared with a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.songs.matching.names import fold
from bot.songs.titles import words

ChannelKind = Literal["topic", "vevo", "music", "speech", "plain"]

ALIKE = 0.6  # from here on, up to 1, a channel speaks for a name
_MIN_SHARED = 4  # letters that a channel and a longer name must share at an end
_MIN_SHARE = 0.5  # of the longer one

_JOINING = frozenset({"e", "y", "et", "und", "with"})
_TOPIC = re.compile(r"\s+[-–—]\s+(?:topic|thema|tema)$", re.IGNORECASE)
_VEVO = re.compile(r"\s*vevo$", re.IGNORECASE)
_ADDED = re.compile(
    r"""^(?:the\s*)?official\s*
      | (?:[\s|(【]*(?:official|officiel|oficial|youtube|channel|tv|hq|vevo|music|band
        |ちゃんねる|チャンネル|公式))+[\s)】]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_CAMEL = re.compile(r"(?<=[a-zà-þ])(?=[A-ZÀ-Þ])")
_JOINTS = re.compile(r"\s*[|/•·,&×()（）「」]+\s*|\s{2,}|\s+[-–—x]\s+")
# Channels that publish music of many artists: labels, sessions, lyric and fan channels.
_MUSIC_CHANNEL = re.compile(
    r"""(?<![a-z])(?:records?|recordings?|recs|label|entertainment|music(?:k|a|al|group)?|musique|música|songs?|lyrics?
    |paroles|letras|vibes|tunes?
      |nightcore|karaoke|covers?|beats?|sounds?|sessions?|radio|orchestra|philharmonic|symphony|choir|opera|classic(?:s|al)
      |quartet|jazz|metal|hip\s?hop
      |rap|rock|punk|indie|pop|edm|dubstep|trap|house|techno|phonk|vinyl|remix|slowed|mixes|ost|vgm|anime|concerts?
      |festival|eurovision|sing
      |kpop|j-?pop|production[sz]?|releases?|uncaged|nursery)(?![a-z])
    | records$|songs$|music|lyric|nightcore|oldies|jazz|\d0'?s|(?:slow|nu|hard|metal|emo|grind)core|shoegaze|disco|soul
    |reggae|blues|^(?:kexp|npr\ music|colors|cercle|boiler\ room|the\ first\ take|audiotree|coke\ studio.*|glastonbury
      |tomorrowland|(?:bass|trap
    |chill|house|rap|epic)\ ?nation)$""",
    re.IGNORECASE | re.VERBOSE,
)
# Channels that talk, show and teach.
_SPEECH_CHANNEL = re.compile(
    r"""(?<![a-z])(?:news|nachrichten|tagesschau|noticias|cnn|cnbc|bbc\ (?:earth|comedy|news|world|three)|sky\ (?:news
    |sports)|reuters|al\ ?jazeera|tedx?|ted-ed|talks?|podcasts?
      |gam(?:ing|es|ers?|eplay)|esports|playstation|xbox|nintendo|rockstar|minecraft|comedy|joke|snl|saturday\ night\ live
      |tonight|late\ (?:late\ )?show
      |sports?|nba|nfl|nhl|mlb|fifa|uefa|ufc|espn|wwe|f1|formula\ 1|athletics|olympics?|laliga|premier\ league|wimbledon
      |real\ madrid|academy|university|stanford
      |harvard|mit|education|learn|tutorials?|lessons?|science|tech|technology|kitchen|cocina|cooking|recipes?|food|chef
      |feast
      |vlogs?|movies?|movieclips|films|(?:bros\.?|sony|paramount|universal)\ pictures|trailers?|20th\ century|netflix|hbo
      |amc|vogue|vanity\ fair|wired|gq|buzzfeed|vox
      |reviews?|unbox\w*|clips|docs|documentary|national\ geographic|discovery\ channel|asmr|programming|coding
      |guru|autos?|motors?
      |nasa|chess|grammys|reacts?|reaction|crash\ ?course|piano\ tutorials?|explained|programa
      |academia|talk\ show|cartoons?
      |toys?|insider)(?![a-z])|(?:gaming|gamer|news|craft|replay|explain(?:s|ed)|(?:movie|film|cinema|tv|game)clip)s?\d*$
      |tv\ shows?""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Channel:
    """What a channel's name tells: its kind, and the name of the artist that it may be."""

    kind: ChannelKind
    name: str
    keys: frozenset[str]

    @classmethod
    @lru_cache(maxsize=256)  # most channels are met again
    def of(cls, author: str) -> Channel:
        """The channel with this (tidy) name."""
        if _TOPIC.search(author):
            name = _TOPIC.sub("", author).strip()
            return cls("topic", name, _keys(name))
        if _VEVO.search(author):
            name = _CAMEL.sub(" ", _VEVO.sub("", author))
            name = _bare(name)
            return cls("vevo", name, _keys(name))
        kind: ChannelKind = "plain"
        if _SPEECH_CHANNEL.search(author) or _SPEECH_CHANNEL.search(_CAMEL.sub(" ", author)):
            kind = "speech"
        elif _MUSIC_CHANNEL.search(author) or _MUSIC_CHANNEL.search(_CAMEL.sub(" ", author)):
            kind = "music"
        name = _bare(author)
        parts = frozenset().union(*(_keys(part) | _keys(_bare(part)) for part in _JOINTS.split(author) if part))
        return cls(kind, name, _keys(name) | _keys(author) | parts | _scripts(name))

    def likeness(self, text: str) -> float:
        """How much the channel's name speaks for this name: 1 the same letters, less for a part, 0 nothing."""
        theirs = _keys(text)
        if theirs & self.keys:
            return 1.0
        return max((_share(one, other) for one in theirs for other in self.keys), default=0.0)

    @property
    def of_many(self) -> bool:
        """Whether it is known as a channel of many artists, or of something else altogether."""
        return self.kind in {"music", "speech"}

    def spoken_name(self) -> str:
        """The channel as an artist's name, with spaces where its words are run together."""
        return self.name if " " in self.name else _CAMEL.sub(" ", self.name)


def is_composer(name: str) -> bool:
    """Whether one of the great composers of classical music is in a name."""
    return bool(set(fold(name).split()) & words.COMPOSERS)


def artist_names(text: str, is_one: Callable[[str], bool]) -> list[str]:
    """The names in "A, B & C", in their order; known bands, "X & The Y" and what `is_one` takes for one name stay whole."""
    bits, joints = _cut(text)
    names: list[str] = []
    at = 0
    while at < len(bits):
        end = next(
            (end for end in range(len(bits), at + 1, -1) if _is_one(bits, joints, at, end, is_one)),
            at + 1,
        )
        while end < len(bits) and _goes_on(bits[end], joints[end - 1]):
            end += 1
        names.append(_joined(bits, joints, at, end).strip(" ,;&"))
        at = end
    return [name for name in names if name]


def split_names(text: str) -> list[str]:
    """The names in "A, B & C", cut at every joining word, bands too."""
    return [bit.strip() for bit in _cut(text)[0] if bit.strip()]


def _cut(text: str) -> tuple[list[str], list[str]]:
    """A text cut at its joining words, and these; a joining word at an end belongs to the name."""
    bits, joints, at = [], [], 0
    for found in words.BETWEEN_ARTISTS.finditer(text):
        if text[at : found.start()].strip() and text[found.end() :].strip():
            bits.append(text[at : found.start()])
            joints.append(found.group())
            at = found.end()
    return [*bits, text[at:]], joints


def _joined(bits: list[str], joints: list[str], start: int, end: int) -> str:
    return "".join(part for pair in zip(bits[start:end], [*joints[start : end - 1], ""], strict=True) for part in pair)


def _is_one(bits: list[str], joints: list[str], start: int, end: int, is_one: Callable[[str], bool]) -> bool:
    name = _joined(bits, joints, start, end)
    return " ".join(word for word in fold(name).split() if word not in _JOINING) in words.BANDS or is_one(name)


def _goes_on(bit: str, joint: str) -> bool:
    return joint.strip().casefold() in {"&", "and", "+", "y", "e", "et", "und"} and bool(words.BAND_GOES_ON.match(bit))


def _bare(author: str) -> str:
    """A channel's name without "Official", "Music" and the like around it, unless nothing else is there."""
    return _ADDED.sub("", _ADDED.sub("", words.FOR_CHILDREN.sub("", author))).strip(" -|()") or author


@lru_cache(maxsize=4096)
def _keys(name: str) -> frozenset[str]:
    """A name's letters, run together, with and without the joining words that people leave out."""
    with_and = unicodedata.normalize("NFKD", name.casefold().replace("&", "and"))
    return frozenset(
        key for key in (fold(name).replace(" ", ""), "".join(letter for letter in with_and if letter.isalnum())) if key
    )


def _scripts(name: str) -> frozenset[str]:
    """The keys of each script's share of a name such as "周杰倫 Jay Chou"."""
    shares: dict[str, list[str]] = {}
    for word in name.split():
        shares.setdefault(words.script_of(word), []).append(word)
    if len(shares) < 2:
        return frozenset()
    return frozenset().union(*(_keys(" ".join(share)) for script, share in shares.items() if script))


def _share(one: str, other: str) -> float:
    """How much of the longer key the shorter one is, where it stands at one of its ends; 0 where it does not."""
    short, long = sorted((one, other), key=len)
    if len(short) < _MIN_SHARED or not (long.startswith(short) or long.endswith(short)):
        return 0.0
    share = len(short) / len(long)
    return 0.6 + 0.3 * share if share >= _MIN_SHARE else 0.0
