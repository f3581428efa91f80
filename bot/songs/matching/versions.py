"""Parts the title of a song, as music services write it, from the note that says which recording it is."""

from __future__ import annotations

import re

from bot.songs.song import MAX_TITLE, clean_text

MAX_NOTES = 4  # in one title, from its end

# "(Some Remix)" or " - Live at Somewhere" at the very end, with something before it; brackets may hold a dash.
_TAILS = (
    re.compile(r"(?P<title>.*\S)\s*[(\[]\s*(?P<note>[^()\[\]]*\S)\s*[)\]]"),
    re.compile(r"(?P<title>.*\S)\s+[-\u2013\u2014]\s+(?P<note>\S.*)"),
)
_YEAR = r"(?:19|20)\d\d"
_REMASTER = re.compile(
    rf"\b(?:{_YEAR}\s+)?(?:digital(?:ly)?\s+)?(?:(?:stereo|mono)\s+)?re-?master(?:ed|ing)?\b"
    rf"(?:\s+(?:in\s+)?{_YEAR}\b|\s+(?:version|edition|mix)\b)*",
    re.IGNORECASE,
)
_PIECES = re.compile(r"\s*;\s+|\s+/\s+")
_SEPARATORS = " \t/;,|-\u2013\u2014"
_GUESTS = re.compile(r"(?:feat|ft|featuring)\b\.?\s", re.IGNORECASE)
# The same recording, sold in another way.
_SAME = re.compile(
    r"""(?:the\s+)?(?:original|album|single|lp|main|full|stereo|mono|explicit|clean)(?:\s+(?:album|version|mix))*
      | (?:(?:19|20)\d\d|\d\d(?:st|nd|rd|th)\s+anniversary|deluxe|special|expanded)
        (?:\s+(?:stereo|mono|anniversary|deluxe))* \s+(?:mix|version|edition)
      | bonus(?:\s+track)? | from\s+the\s+vault | from\s+(?:the\s+[\w\s]{1,40})?["\u201c\u201e\u00ab].*""",
    re.IGNORECASE | re.VERBOSE,
)
_KINDS = (
    r"remix|rmx|mix|edit|dub|version|ver\.?|demo|rework|bootleg|sessions?|cover|instrumental|acoustic|unplugged|karaoke|outtake"
    r"|rehearsal|a\s?cappella|orchestral|stripped|reimagined|re-?recorded|sped\s+up|slowed(?:\s+down)?"
)
_PLACED = r"at|in|from|on|by|for|with"
_RECORDING = re.compile(
    rf"""(?:.*[^\w'\u2019])? (?:{_KINDS}) (?:\s+(?:{_YEAR}|(?:no\.?\s*|\#)?\d+))?
      | (?:(?:acoustic|unplugged|{_YEAR})\s+)? live (?:\s+{_YEAR})?
      | (?:recorded\s+)? live\s+(?:{_PLACED}|und|en|im|{_YEAR})\b .*
      | (?:acoustic|demo|instrumental|karaoke|unplugged|recorded|remixed|mixed)\s+(?:{_PLACED})\b .*
      | (?:(?:first|early|alternate|alternative|alt\.?)\s+take | take\s+\d+)""",
    re.IGNORECASE | re.VERBOSE,
)


def split_version(title: str) -> tuple[str, str | None]:
    """A title without its notes, and which recording they name: ("Song", "Live at Wembley, Radio Edit"), or None.

    Notes that a title is remastered, the album's version, of a film or with guests are dropped, since the recording is
    the same (the guests stand among the artists). Whatever is no such note stays in the title. Never raises.
    """
    left = clean_text(title[: 4 * MAX_TITLE], MAX_TITLE)
    versions: list[str] = []
    for _ in range(MAX_NOTES):
        noted = ((tail, _version(tail["note"])) for each in _TAILS if (tail := each.fullmatch(left)))
        tail, version = next(((tail, version) for tail, version in noted if version is not None), (None, None))
        if tail is None:
            break
        left = tail["title"]
        versions += [version] if version else []
    return left, ", ".join(reversed(versions)) or None


def _version(note: str) -> str | None:
    """Which recording a note names, "" where it names none, None where it is no such note but part of the title."""
    if _GUESTS.match(note):
        return ""
    rest = _REMASTER.sub("", note)
    mastered, rest = rest != note, rest.strip(_SEPARATORS)
    if not rest:
        return "" if mastered else None
    if _SAME.fullmatch(rest):
        return ""
    if any(_RECORDING.fullmatch(piece) for piece in (rest, *_PIECES.split(rest))):
        return rest
    # "2011 Remaster" with words that tell nothing of the recording is still no part of the title.
    return "" if mastered else None
