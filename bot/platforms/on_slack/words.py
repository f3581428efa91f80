"""What people type after /hype, read; and what they are told alone, as Slack shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from bot.links import find_links, unescape_slack
from bot.platforms.on_slack import cards as slack_cards
from bot.platforms.outlet import Card

Name = Literal["song", "again", "blend", "top", "settings", "block", "unblock", "blocked", "reset", "privacy", "help", "usage"]

_MOST = 2_000  # characters of a command that are read
_MARK = re.compile(r"<(?P<kind>[@#!]?)(?P<inside>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]+)[\"“”„]")
_NAMES: dict[str, Name] = {name: name for name in get_args(Name) if name != "usage"}
_ALONE = frozenset({"again", "blocked", "reset", "help"})  # with more behind them they are the name of a song
_PRIVACY = frozenset({"out", "in", "show", "erase"})
_USAGE: dict[str, str] = {
    "song": "Say which song: /hype song followed by a link or by Artist - Title.",
    "blend": 'Say which two songs: /hype blend followed by two links, or by "Artist - Title" twice, each in quotation marks.',
    "block": "Say what: /hype block word followed by words, or /hype block artist followed by a name.",
    "unblock": "Say what: /hype unblock word followed by words, or /hype unblock artist followed by a name.",
    "privacy": (
        "Say what: /hype privacy out (I never answer you), in (I may again), show (what I keep about you) "
        "or erase (I forget it)."
    ),
}


@dataclass(frozen=True)
class Command:
    """A command: what `one` and `other` are depends on its name."""

    name: Name
    one: str = ""  # a song, a setting's key, a kind of block, what to do about privacy; of "usage" the sentence
    other: str = ""  # the other song, a setting's value, what to block
    here: bool = False  # of "settings": for this channel only
    all: bool = False  # of "top": ever, not only lately


def read_command(text: str) -> Command:
    """What somebody asked for; whatever is no command is a song. Never raises."""
    text = text[:_MOST].strip()
    word, _, rest = text.partition(" ")
    name, rest = _NAMES.get(word.lower()), rest.strip()
    if not text:
        return Command("help")
    if name is None or (name in _ALONE and rest) or (name == "top" and rest.lower() not in {"", "ever"}):
        return Command("song", plain(text))
    return _READ[name](name, rest)


def plain(text: str) -> str:
    """A text of Slack's as a person reads it: no mentions of people, links as addresses, channels by their names."""

    def shown(mark: re.Match[str]) -> str:
        if mark["kind"] == "#":
            return f"#{mark['label'] or mark['inside']}"
        return "" if mark["kind"] else mark["inside"]

    return " ".join(unescape_slack(_MARK.sub(shown, text)).split())


def notice(sentence: str) -> dict[str, Any]:
    """The text and blocks that show some sentences."""
    return slack_cards.message(Card("notice", "", "", sentence, "", ""))


def _usage(name: str) -> Command:
    return Command("usage", _USAGE[name])


def _alone(name: Name, _: str) -> Command:
    return Command(name)


def _top(name: Name, rest: str) -> Command:
    return Command(name, all=bool(rest))


def _song(name: Name, rest: str) -> Command:
    return Command(name, plain(rest)) if rest else _usage(name)


def _privacy(name: Name, rest: str) -> Command:
    return Command(name, rest.lower()) if rest.lower() in _PRIVACY else _usage(name)


def _block(name: Name, rest: str) -> Command:
    kind, _, what = plain(rest).partition(" ")
    return Command(name, kind.lower(), what) if kind.lower() in {"word", "artist"} and what else _usage(name)


def _settings(name: Name, rest: str) -> Command:
    """Key and value keep Slack's marks, by which channels and people are known."""
    words = unescape_slack(rest).split()
    here = bool(words) and words[-1].lower() == "here"
    key, *value = words[: len(words) - here] or [""]
    return Command(name, key, " ".join(value), here)


def _blend(name: Name, rest: str) -> Command:
    """Two songs: links, or names in quotation marks, or one of each."""
    songs = [link.url for link in find_links(rest, "slack")]
    songs += [song.strip() for song in _QUOTED.findall(plain(rest)) if song.strip() and not find_links(song, "plain")]
    return Command(name, songs[0], songs[1]) if len(songs) == 2 else _usage(name)


_READ: dict[Name, Callable[[Name, str], Command]] = {
    **dict.fromkeys(("again", "blocked", "reset", "help"), _alone),
    **dict.fromkeys(("block", "unblock"), _block),
    "top": _top,
    "song": _song,
    "privacy": _privacy,
    "settings": _settings,
    "blend": _blend,
}
