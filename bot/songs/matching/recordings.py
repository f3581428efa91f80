"""Which recording of a song a note names: live, a remix, sped up, karaoke ...; and how well two such notes agree."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from bot.songs.matching.names import fold

IMITATIONS = frozenset({"imitation", "spoken"})  # of a song, by somebody else or of it: never meant unless asked for


class _Price(NamedTuple):
    """What is left of the certainty, from 0 to 1."""

    unasked: float  # offered, but not wanted
    unmet: float  # wanted, but not offered


# The recording that is meant by a song's bare name comes first, its other recordings by the same artist after it; those
# that change it so much that nothing said of the one holds for the other fall below what is accepted at all.
_PRICES = {
    "edit": _Price(0.99, 0.99),
    "extended": _Price(0.93, 0.93),
    "rerecorded": _Price(0.9, 0.8),
    "cover": _Price(0.85, 0.95),  # services rarely say that a song is a cover; its artist tells
    "live": _Price(0.8, 0.8),
    "acoustic": _Price(0.8, 0.75),
    "demo": _Price(0.8, 0.8),
    "language": _Price(0.8, 0.8),
    "other": _Price(0.85, 0.85),  # a version with a name that tells nothing
    "orchestral": _Price(0.7, 0.7),
    "piano": _Price(0.7, 0.7),
    "vocal": _Price(0.65, 0.65),
    "instrumental": _Price(0.65, 0.65),
    "remix": _Price(0.55, 0.5),
    "reprise": _Price(0.55, 0.55),
    "sped up": _Price(0.5, 0.5),
    "slowed": _Price(0.5, 0.5),
    "8d": _Price(0.5, 0.5),
    "imitation": _Price(0.3, 0.5),
    "spoken": _Price(0.3, 0.5),
}
_OTHER_REMIX = 0.55  # a remix by somebody else is another recording
_OTHER_PLACE = 0.93  # so is a concert somewhere else, but it sounds much the same

# Patterns of whole words in a folded note, the first that fits at a place wins. The fold leaves "the" and "and" out.
_LANGUAGES = (
    "english|spanish|french|german|italian|portuguese|japanese|korean|chinese|mandarin|cantonese|russian|arabic|hindi|swedish"
    "|jp|kr|eng"
)
_PATTERNS = {
    "edit": r"(?:radio|single|video|album|short|tv|clean|explicit) (?:edit|mix|version|size|ver)|^edit$|radio|tv size",
    "extended": r"extended(?: mix| version| edit| cut)?|12 inch(?: \w+)?|12 (?:mix|version)|long version|full length",
    "same": r"(?:original|lp|main|full|stereo|mono|atmos|\d\d\d\d) (?:mix|version|recording)",
    "rerecorded": r"taylors version|re ?record(?:ed|ing)(?: version)?|new version|anniversary version",
    "live": r"(?:recorded )?live(?= (?:at|in|from|on|for|with|version|ver|sessions?|performance|recording|acoustic|take"
    r"|unplugged|video|bbc|aid|\d)|$)"
    r"|in concert|concert|en vivo|en directo|ao vivo|dal vivo|en direct|en public|canli|tiny desk|kexp|live lounge|sessions?"
    r"|mtv unplugged|ライブ|라이브|现场|現場|концерт",
    "acoustic": r"acoustic(?:a|o)?|acustic[ao]|acoustique|akustik\w*|stripped(?: down| back)?|unplugged|어쿠스틱",
    "sped up": r"sped up|speed up|spedup|nightcore|chipmunk",
    "slowed": r"slowed(?: down)?|daycore|(?:chopped )?screwed|reverb",
    "8d": r"8d|bass boosted|432 ?hz",
    "imitation": r"karaoke|カラオケ|노래방|tribute|(?:in )?style of|originally (?:performed|by|recorded)"
    r"|made (?:famous|popular)|as performed by|lullaby|lullabies|8 bit|chiptune|music box|ringtone|sound ?alike|parody|kidz bop"
    r"|(?:kids|childrens) version|cover version|backing track|playback",
    "cover": r"cover(?:s|ed)?|カバー|歌ってみた|翻唱|커버",
    "instrumental": r"instrumental|inst|instr|伴奏|off vocal|minus one",
    "vocal": r"a ?cappella|a ?capella|vocals only",
    "remix": r"remix(?:ed|es)?|rmx|リミックス|리믹스|bootleg|re ?work(?:ed)?"
    r"|flip|vip|mash ?up|dub|megamix|re ?edit|edit|club mix|mix",
    "demo": r"demos?|outtake|rehearsal|alternate|alternative (?:version|take)|take \d+|early (?:version|take)|rough mix",
    "orchestral": r"orchestral?|symphonic|philharmonic|string (?:version|quartet)|strings(?: version)?",
    "piano": r"piano(?: version| solo)?",
    "language": rf"(?:{_LANGUAGES}) (?:version|ver|mix|edition)"
    rf"|(?:version|en|auf|in) (?:espanol\w*|ingles|francais\w*|italiano|deutsch|{_LANGUAGES})"
    rf"|spanglish|日本語|한국어|(?:{_LANGUAGES})$",
    "reprise": r"reprise",
    "spoken": r"commentary|voice memo|interview|track by track",
}


def _folded(pattern: str) -> str:
    """A pattern with those of its words that are no ASCII as `fold` would write them."""
    return re.sub(r"[^\x00-\x7f]+", lambda word: fold(word[0]), pattern)


_NAMES = tuple(_PATTERNS)
_KINDS = re.compile(
    rf"(?<!\w)(?:{'|'.join(f'(?P<k{at}>{_folded(each)})' for at, each in enumerate(_PATTERNS.values()))})(?!\w)"
)
# Words on an album that tell of all its songs.
_ALBUM_WORDS = frozenset(
    "live unplugged concert karaoke lullaby lullabies originally famous style 8 remixes instrumentals demos".split()
)
_GENERAL = frozenset("mix remix edit version live at in from on of by a club dub original extended vocal radio session".split())

# What ends a name with no bracket or dash before it, and yet is a note.
_BARE_TAIL = re.compile(
    r"(?<=\w) (?:(?:live|acoustic|karaoke|instrumental|cover) version|karaoke|sped up|slowed(?: reverb)?|nightcore|8d audio)$"
)
_BARE_ENDS = ("version", "karaoke", "up", "slowed", "reverb", "nightcore", "audio")  # to spare most names the search


@lru_cache(maxsize=1024)
def kinds_of(note: str) -> frozenset[str]:
    """The kinds of recording that a folded note names ("live", "remix", ...); none for the common recording."""
    # A note may name several: "live acoustic version".
    found = {_NAMES[int(match.lastgroup[1:])] for match in _KINDS.finditer(note) if match.lastgroup}
    return frozenset(found - {"same"})


def kinds_of_version(note: str) -> frozenset[str]:
    """The kinds of recording that a folded note names which surely is one; "other" where it tells nothing."""
    kinds = kinds_of(note)
    return kinds if kinds or not note or _KINDS.search(note) else frozenset({"other"})


def kinds_of_album(title: str) -> frozenset[str]:
    """The kinds of recording that an album's folded title tells of its songs."""
    return frozenset() if _ALBUM_WORDS.isdisjoint(title.split()) else kinds_of(title)


def bare_tail(name: str) -> str:
    """The note at the end of a folded name that stands there without a bracket, "" for none: "karaoke version"."""
    if not name.endswith(_BARE_ENDS):
        return ""
    tail = _BARE_TAIL.search(name)
    return tail[0].strip() if tail else ""


def agreement(
    wanted: frozenset[str], offered: frozenset[str], notes: tuple[str, str] = ("", ""), *, hinted: Collection[str] = ()
) -> float:
    """How well the kinds of recording wanted and offered agree, from 0 to 1; `notes` are their folded words.

    The kinds in `hinted` may be what is offered, though its name does not say so.
    """
    certainty = 1.0
    for kind in sorted(offered - wanted):
        certainty *= _PRICES[kind].unasked
    for kind in sorted(wanted - offered):
        certainty *= 1.0 if kind in hinted else _PRICES[kind].unmet
    if "remix" in wanted & offered and _differ(*notes):
        certainty *= _OTHER_REMIX
    if wanted & offered & {"live", "other"} and _differ(*notes):
        certainty *= _OTHER_PLACE
    return certainty


def _differ(one: str, other: str) -> bool:
    """Whether two notes both name somebody or some place, and not the same."""
    words, other_words = set(one.split()) - _GENERAL, set(other.split()) - _GENERAL
    return bool(words and other_words) and words.isdisjoint(other_words)
