"""The words the bot says around a commentary, the same on every platform."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.songs.song import Song

if TYPE_CHECKING:  # a page that shows no answer need not wait for the model's libraries
    from bot.hype import Answer
    from bot.songs.desk import Call
    from bot.songs.resolver import LookUp

WELCOME = 'Paste a song link or type "Artist - Title"; "help" tells the rest.'
HELP = """\
link                a link, or several, to a song on Spotify or YouTube
Artist - Title      a song by its name
+   -               vote on my last reply; the same sign again takes your vote back
again               say something else about the same song
why                 how the last reply came about
help                these lines
quit                leave (so does Ctrl-D)"""
GOODBYE = "Goodbye."
NOTHING_YET = 'I have not said anything yet: paste a song link or type "Artist - Title" first.'
ASK_ME = 'Which song? Send me a Spotify or YouTube link, or "Artist - Title".'
NO_SUCH_REPLY = "That reply is not here any more: share the song again."
NOT_YOURS = "Only whoever shared the song, and those who moderate here, can remove my reply."
REMOVED = "Removed."
REMOVED_LATER = "I will remove it as soon as that can be done."
CLOSING = "I am about to restart: try again in a minute."
QUEUE_FULL = "I am busy with many songs right now: try again in a moment."
FAULT = "Something went wrong on my side, and those who run me can see it in my log: try again."
NOT_KEPT = "My memory fails at the moment, so nobody can vote on that reply."
NAME_NOT_KEPT = "I do not keep what people type, so I no longer know which song that was: ask for it again."
MAX_GENRES = 3
# What stands on the buttons, by their names; a draft has one that approves for each of its candidates.
BUTTONS = {
    "up": "👍",
    "down": "👎",
    "again": "Again",
    "remove": "Remove",
    "why": "Why?",
    "approve": "Approve",
    "edit": "Edit",
    "reject": "Reject",
}
APPROVE = "Approve {number}"
_SLOT_WORDS = {"<artist>": "this artist", "<title>": "this song"}
# What stands for a name, with an article, quotation marks and the "s" of ownership where a sentence has them.
_SLOT = re.compile(
    r"(?:\b(?:the|an?) )?(?:\u201c(<artist>|<title>)\u201d|(<artist>|<title>))([\u2019'](?:s\b|(?!\w)))?", re.IGNORECASE
)
_SENTENCE_ENDS = ".!?\u2026\n"


def joined(parts: Iterable[str], last: str) -> str:
    """Parts as a person lists them: "a, b or c" with "or" as `last`."""
    *front, end = tuple(parts) or ("",)
    return f"{', '.join(front)} {last} {end}" if front else end


def without_slots(text: str) -> str:
    """A text to be read where names were not kept: "<artist>" becomes "this artist", "<title>" "this song"."""

    def spoken(match: re.Match[str]) -> str:
        word = _SLOT_WORDS[(match[1] or match[2]).lower()]
        before = text[: match.start()].rstrip(' \u201c"')
        begins = not before or before[-1] in _SENTENCE_ENDS
        return (word.capitalize() if begins else word) + ("\u2019s" if match[3] else "")

    return _SLOT.sub(spoken, text)


def unknown(song: Song) -> str:
    """What was not known of the song, in one sentence; empty when everything was."""
    if song.kind == "video":
        return "As far as I can tell, this is no music."
    return f"I did not know its {joined(song.unknown, 'or')}." if song.unknown else ""


def footer(song: Song, *, edited: bool = False) -> str:
    """What the commentary rests on, on one line: genres (at most three), energy, tempo, and that a machine wrote it.

    What a curator `edited` says so too.
    """
    known = song.features.known()
    parts = [", ".join(song.genres[:MAX_GENRES])]
    if (energy := known.get("energy")) is not None:
        parts.append(f"{_grade(energy)} energy")
    if (tempo := known.get("tempo")) is not None:
        parts.append(f"{tempo:.0f} BPM")
    parts.append("machine-written, edited by a curator" if edited else "machine-written")
    return " · ".join(part for part in parts if part)


def _grade(share: float) -> str:
    return "low" if share < 1 / 3 else "medium" if share < 2 / 3 else "high"


def first_of(taken: int, given: int) -> str:
    """That not all songs of one message were answered."""
    return f"I took the first {taken} of {given} links: send the others again."


def nothing_to_say(answer: Answer) -> str:
    """What to say when every candidate was rejected."""
    return f"Nothing I could say was good enough with seed {answer.seed} ({counts(answer.rejected)}): try another seed."


def counts(rejected: Mapping[str, int]) -> str:
    """Named reasons with how often each was met, the commonest first."""
    common = sorted(rejected.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} {count}" for reason, count in common) or "none"


def named(source: str) -> str:
    """A source as a sentence names it: "Deezer", "the query"."""
    return source if any(letter.isupper() for letter in source) else f"the {source}"


def facts(song: Song) -> list[tuple[str, str, str]]:
    """Everything known of a song as (what, value, from whom), one row each."""
    values: dict[str, str] = {}
    if song.kind != "track":
        values["kind"] = "no music, as far as I can tell" if song.kind == "video" else song.kind
    for name in ("title", "version", "album"):
        values[name] = getattr(song, name) or ""
    values |= {"artists": ", ".join(song.artists), "genres": ", ".join(song.genres)}
    if song.duration:
        values["duration"] = f"{song.duration // 60:.0f}:{song.duration % 60:02.0f}"
    values |= {f"features.{name}": _amount(name, value) for name, value in song.features.known().items()}
    values |= {f"ids.{service}": value for service, value in song.ids.items()}
    rows = []
    for name, value in values.items():
        if value:
            part, _, inner = name.partition(".")
            source = song.sources.get(name) or song.sources.get(part, "")
            what = inner.upper() if inner == "isrc" else f"{inner} id" if part == "ids" else inner or part
            rows.append((what, value, source))
    return rows


def _amount(name: str, value: float) -> str:
    """An audio feature with its unit."""
    unit = {"tempo": " BPM", "loudness": " dB"}.get(name)
    return f"{value:.0f}{unit}" if name == "tempo" else f"{value:.1f}{unit}" if unit else f"{value:.2f}"


def calls(asked: Sequence[Call]) -> list[tuple[str, str, str, str, str]]:
    """What each service that was asked said, and how long it took, one row each."""
    return [
        (call.service, call.step, call.outcome, "cached" if call.cached else f"{call.ms:.0f}", call.detail) for call in asked
    ]


def took(found: LookUp) -> str:
    """How long a look-up took, in one sentence."""
    return f"{'Known before; it took' if found.known_before else 'It took'} {found.ms:.0f} ms."


def voted(vote: int | None, up: int, down: int) -> str:
    """What a vote led to: the person's vote now (None: withdrawn) and how many are for and against the reply."""
    done = {1: "Counted as a plus", -1: "Counted as a minus", None: "Vote withdrawn"}[vote]
    return f"{done}: +{up} −{down} so far."
