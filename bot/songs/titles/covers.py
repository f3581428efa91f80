"""Covers: who plays one, and which side of its title is the song that is played."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.songs.matching.names import fold
from bot.songs.titles import words
from bot.songs.titles.guesses import Guess
from bot.songs.titles.layout import Layout
from bot.songs.titles.names import ALIKE, Channel, artist_names
from bot.songs.titles.parts import Part

_INSTRUMENT = r"acoustic|live|piano|guitar|vocal|metal|rock|full|band|violin|drum|bass|cello|ukulele"
_COVER_ALONE = re.compile(rf"\W*(?:(?:{_INSTRUMENT}|[\w-]*\s*style)\s+)*cover\W*$", re.IGNORECASE)
_GUESTS_OF_COVER = re.compile(
    rf"^.*\b(?:feat|ft|featuring)\b.*?(?=(?:(?:{_INSTRUMENT})\s+)?cover\b)",
    re.IGNORECASE,
)
# Words of grammar are frequent in the titles of songs and rare in the names of artists.
_GRAMMAR = re.compile(
    r"""(?<!\w)(?:i|me|my|mine|you|your|we|us|our|he|him|she|her|it|this|that|is|am|are|was|be|been|do|does|to|in|on|at|for|from
      |with|by|like|as|if|when|where|what|who|why|how|not|never|no|all|can|will|would|let|got|a|an|just|so|te|me|mi|yo|tu|que
      |je|ne|pas|ich|du|dich|mich|nicht)(?!\w)|\w(?:n['’]t|['’](?:m|re|ll|ve))(?!\w)|\win['’](?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_INNER_CAPITAL = re.compile(r"[a-zà-þ][A-ZÀ-Þ]|(?<!\w)[A-ZÀ-Þ]{2,}(?!\w)")
_THE = re.compile(r"the\s+", re.IGNORECASE)
_LONG = 4  # words from which a name is rather a song's
# Shares of the certainty: for the song and the other side, where something tells them apart and where nothing does.
_TOLD, _OPEN = (0.9, 0.1), (0.7, 0.3)
_MAYBE_COVERED = 0.7  # "A - B (X Cover)", where A and X may both be who plays


def covers(guess: Guess, layout: Layout, channel: Channel) -> list[Guess]:
    """The readings of a title that says it is a cover, by who plays it, the likelier first; empty for any other.

    None of them takes who is covered for who plays, unless nothing tells the two apart.
    """
    for place, version in enumerate(guess.versions):
        if not words.COVER.search(version):
            continue
        by = words.COVERED_BY.match(version)
        player, rest = (words.GUESTS.split(by["artist"])[0], by["version"]) if by else _player(version, channel)
        certainty = 0.85
        if not player and guess.spoken_for < ALIKE and channel.kind != "speech" and _names_nobody_else(version, layout):
            player, rest, certainty = channel.spoken_name(), version, 0.55
        if player:
            played = replace(guess, artist=player, versions=(*guess.versions[:place], rest, *guess.versions[place + 1 :]))
            with_guests = not by and rest != version and bool(words.GUESTS.search(version))
            return [
                replace(played, song=song, certainty=certainty * sure) for song, sure in _songs(played, layout, with_guests)
            ]
        if guess.spoken_for < ALIKE:
            return [replace(guess, certainty=guess.certainty * _MAYBE_COVERED)]
    return []


def _names_nobody_else(version: str, layout: Layout) -> bool:
    """Whether a note on a cover names neither who plays it nor, for sure, who is covered, but for the title's own artist."""
    if len(layout.parts) < 2 or _COVER_ALONE.match(version):
        return True
    named = fold(words.COVER.sub("", version))
    return any(named == fold(part.name) for part in layout.parts)


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


def _songs(guess: Guess, layout: Layout, with_guests: bool) -> list[tuple[str, float]]:
    """What may be the song that is covered, with how certain it is, the likelier first.

    Where nothing tells, it is "First Artist - Song", by far the commoner order; but who writes all players with their
    guests behind it has "Song - First Artist" before it.
    """
    if len(layout.parts) < 2 or guess.spoken_for == 1:
        return [(guess.song, 1.0)]
    one, other = layout.parts[:2]
    first = 2 * one.quoted + _song_signs(one)
    second = 2 * other.quoted + _song_signs(other)
    comes_first = layout.song_first > 0 or with_guests if first == second else first > second
    sure, rest = _OPEN if first == second else _TOLD
    names = (one.name, other.name) if comes_first else (other.name, one.name)
    return list(zip(names, (sure, rest), strict=True))


def _song_signs(part: Part) -> int:
    """How much speaks for a name being a song's rather than an artist's, by how it is written alone."""
    name = part.name
    without_the = _THE.sub("", name, count=1) if _THE.match(name) else name
    joined = words.BETWEEN_ARTISTS.search(name) is not None
    band = joined and len(artist_names(name, lambda _: False)) == 1
    return (
        bool(_GRAMMAR.search(without_the))
        + (len(name.split()) >= _LONG)
        + name.endswith(("!", "?"))
        + (name.islower() and " " in name)
        - (without_the != name)
        - joined
        - band
        - bool(_INNER_CAPITAL.search(name))
    )
