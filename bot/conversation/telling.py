"""What commands tell: how a place and a command are called, lists that fit into one message, and the help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot import texts
from bot.platforms.cards import fitted, size
from bot.platforms.outlet import Asker

MOST = 1_800  # characters of one message; Discord takes 2,000
_LISTED = 5  # of each kind of what is kept of a person

_COMMUNITIES = {"discord": "this server", "slack": "this workspace"}
_DISCORD = """\
Share a link to a song on Spotify or YouTube, and I say a line or two about it. You can also mention me with a link, or \
choose "Hype this" in the menu of a message, under Apps.
/hype song: a link, or artist - title
/hype again: something else about the last song here
/hype blend: a line between two songs
/hype top: the best-liked replies in channels that you see
/hype settings: how I behave here; those who manage the server can change it
/hype reset: they can also make me forget what votes have taught me here
/hype block, /hype unblock, /hype blocked: words and artists that I keep quiet about; for curators
/hype privacy: stop me from answering you, or see and erase what I keep about you"""
_SLACK = """\
Share a link to a song on Spotify or YouTube, and I say a line or two about it. You can also mention me with a link, or \
choose "Hype this" in the menu of a message.
/hype LINK, or /hype ARTIST - TITLE: a reply for you now
/hype again: something else about the last song here
/hype blend LINK LINK: a line between two songs
/hype top, or /hype top ever: the best-liked replies in this channel
/hype settings: how I behave here; those who manage the workspace can change it
/hype reset: they can also make me forget what votes have taught me here
/hype block artist NAME, /hype unblock word WORD, /hype blocked: what I keep quiet about; for curators
/hype privacy out, in, show or erase: stop me from answering you, or see and erase what I keep about you"""
_VOTES = """
👍 and 👎 on my replies are votes, as many other emoji are, and change what I say here. The buttons below a reply vote, ask \
for another, tell how it came about, or take it away."""
HELP: Mapping[str, str] = {"discord": _DISCORD + _VOTES, "slack": _SLACK + _VOTES}


# How things are called.


def command(asker: Asker, words: str) -> str:
    """A command as it is typed there, in quotation marks."""
    return f'"{words}"' if asker.place.platform == "terminal" else f'"/hype {words}"'


def this_community(asker: Asker) -> str:
    """What a community is called there."""
    return _COMMUNITIES.get(asker.place.platform, "this community") if asker.place.community else "our conversation"


def this_place(asker: Asker) -> str:
    """What somebody is in: a channel, a thread, or a private conversation."""
    if not asker.place.community:
        return "our conversation"
    return "this thread" if asker.parent and asker.parent != asker.place.channel else "this channel"


def in_place(asker: Asker) -> str:
    """Where somebody is."""
    return f"in {this_place(asker)}"


def everywhere(asker: Asker) -> str:
    """In all channels of a community."""
    return f"in all of {this_community(asker)}" if asker.place.community else "in our conversation"


def seen(asker: Asker) -> str:
    """Where somebody is shown what was said."""
    return f"in the channels of {this_community(asker)} that you see" if asker.sees else in_place(asker)


def number(count: int, one: str, many: str = "") -> str:
    """So many of something: "1 vote", "2 votes"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def day(stamped: object) -> str:
    """The day of a moment as it is kept: "21 Nov 2026"; "" for what is no moment."""
    try:
        moment = datetime.fromisoformat(str(stamped))
    except ValueError:
        return ""
    return f"{moment.day} {moment:%b %Y}"


def fit(lines: Iterable[str], end: str = "", most: int = MOST) -> str:
    """Lines, as many as fit together with those at the end; of those that do not it is said how many they are."""
    listed, room = list(lines), most - size(end) - 40
    taken = 0
    for line in listed:
        room -= size(line) + 1
        if room < 0:
            break
        taken += 1
    left = [f"… and {len(listed) - taken} more."] if taken < len(listed) else []
    return "\n".join([*listed[:taken], *left, *([end] if end else [])])


# What is blocked.


def blocked(words: Sequence[str], artists: Sequence[str], asker: Asker) -> str:
    """Everything that is blocked in a community."""
    if not (words or artists):
        return (
            f"Nothing is blocked in {this_community(asker)}. Curators block a word or an artist with {command(asker, 'block')}."
        )
    half = MOST // 2
    told = [_entries("Artists that I keep quiet about", artists, half), _entries("Words that I keep quiet about", words, half)]
    return "\n".join(each for each in told if each)


def _entries(name: str, entries: Sequence[str], most: int) -> str:
    if not entries:
        return ""
    told, taken = f"{name}: ", 0
    for entry in entries:
        if size(told) + size(entry) > most - 40:
            break
        told += f"{', ' if taken else ''}{entry}"
        taken += 1
    left = len(entries) - taken
    return f"{told} and {left} more." if left else f"{told}."


# What is kept of a person.


def kept_of(shown: Mapping[str, Any], asker: Asker) -> str:
    """What is kept of a person, from `Privacy.show`: how much of each kind, and the newest; no ids that only we can read."""
    lines = [line for kind, told in _KINDS.items() if (line := _kind(told, _rows(shown, kind), asker))]
    end = "I never keep the text of your messages."
    if lines:
        end += f" {command(asker, 'privacy erase')} drops your votes and takes your name off all else."
    if optouts := _rows(shown, "optouts"):
        lines.append(f"Your wish not to be answered, since {day(optouts[-1].get('at'))}.")
    return fit(["What I keep about you:", *lines], end) if lines else "I keep nothing about you."


_Row = Mapping[str, Any]


def _rows(shown: Mapping[str, Any], kind: str) -> Sequence[_Row]:
    """The rows of a kind, oldest first."""
    rows = shown.get(kind)
    return rows if isinstance(rows, list) else []


def _kind(told: tuple[str, str, Callable[[_Row, Asker], str]], rows: Sequence[_Row], asker: Asker) -> str:
    """One kind on a line: how many there are, and the newest of them, those that look alike counted."""
    one, many, shown = told
    if not rows:
        return ""
    newest = [f"{shown(row, asker)} on {day(row.get('at'))}" for row in reversed(rows)]
    different = Counter(newest)
    listed = [f"{text} ({count} times)" if count > 1 else text for text, count in list(different.items())[:_LISTED]]
    left = len(rows) - sum(list(different.values())[:_LISTED])
    return f"{number(len(rows), one, many)}: {', '.join(listed)}{f', and {left} older' if left else ''}."


def _vote(row: _Row, _asker: Asker) -> str:
    return "for" if row.get("vote") == 1 else "against"


def _song(row: _Row, _asker: Asker) -> str:
    link = str(row.get("link") or "").partition("#")[0]
    return fitted(link, 90) if "://" in link else "one that you typed (I do not keep its name)"


def _place(row: _Row, asker: Asker) -> str:
    """Where a setting was made, which is told only by what it is to the person."""
    kept = str(row.get("place") or "")
    if kept == str(asker.place):
        return f"for {this_place(asker)}"
    if kept == asker.place.scope:
        return f"for {this_community(asker)}"
    return f"for another place in {this_community(asker)}" if _community(kept) == asker.place.community else "elsewhere"


def _community(kept: str) -> str:
    parts = kept.split(":")
    return parts[1] if len(parts) > 1 else ""


def _block(row: _Row, _asker: Asker) -> str:
    return f'the {row.get("kind")} "{fitted(str(row.get("value")), 40)}"'


_KINDS: Mapping[str, tuple[str, str, Callable[[_Row, Asker], str]]] = {
    "votes": ("vote on a reply of mine", "votes on replies of mine", _vote),
    "early_votes": ("vote on a message that I do not know yet", "votes on messages that I do not know yet", _vote),
    "posts": ("song that you shared or asked for", "songs that you shared or asked for", _song),
    "drafts": ("draft that you decided on", "drafts that you decided on", lambda row, _: str(row.get("state"))),
    "draft_events": ("thing that you did with drafts", "things that you did with drafts", lambda row, _: str(row.get("what"))),
    "settings": ("place where you changed settings last", "places where you changed settings last", _place),
    "blocks": ("block of yours", "blocks of yours", _block),
}


# The best of a place.


def song_line(line: str) -> str:
    """A song on one line; it says so where its name was not kept."""
    return "A song that somebody typed (I do not keep its name)" if line == "Unknown song" else line


def best(number_: int, line: str, text: str, up: int, down: int) -> str:
    """One of the replies that a community likes best, on two lines."""
    shown = fitted(texts.without_slots(" ".join(text.split())), 230)
    return f"{number_}. {fitted(song_line(line), 90)} (+{up} −{down})\n{shown}"


def no_best(asker: Asker, *, ever: bool) -> str:
    """What stands where nothing is liked."""
    where = seen(asker)
    if ever:
        return f"No reply of mine {where} has more votes for it than against it yet. Press 👍 on one that you like."
    return (
        f"No reply of mine {where} from the last seven days has more votes for it than against it. "
        "Press 👍 on one that you like."
    )
