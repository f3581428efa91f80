"""Drafts for whoever looks at them outside the chat: a table for a screen, and a spreadsheet with a row for each candidate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot import texts
from bot.conversation.delivery import address_of, song_of
from bot.conversation.drafting import song_in
from bot.platforms.cards import fitted, one_line
from bot.spreadsheet import as_csv as spreadsheet
from bot.store.tables import KeptDraft

COLUMNS = (
    *("draft", "made", "community", "artist", "title", "address", "genres", "round", "candidate", "text", "chosen"),
    *("state", "decided", "up", "down", "score", "seed"),
)
TABLE = ("made", "state", "round", "song", "text")
_DECISIONS = frozenset({"approved", "edited", "rejected", "expired", "dropped"})
_SHOWN = 100  # characters of a text in the table


def table(drafts: Iterable[KeptDraft]) -> list[tuple[str, ...]]:
    """One row for each draft, under the columns of TABLE: with the text that won, of an open one with its best candidate."""
    return [
        (draft.at[:16].replace("T", " "), draft.state, str(draft.round), song_in(draft).line, _text(draft)) for draft in drafts
    ]


def as_csv(exported: Iterable[Mapping[str, Any]]) -> bytes:
    """What `Drafts.export` gives as a spreadsheet reads it: UTF-8 with a mark at its beginning, no cell a formula.

    A draft has a row for each candidate of each round, and one for what a curator wrote, whose candidate is "edited".
    """
    return spreadsheet(COLUMNS, (row for draft in exported for row in _rows(draft)))


def _text(draft: KeptDraft) -> str:
    """What won, of an open draft what is the best so far; "" where nothing did."""
    which = 0 if draft.state == "open" else draft.chosen
    text = draft.text or ("" if which is None else draft.candidates[which]["text"])
    return fitted(one_line(texts.without_slots(text)), _SHOWN)


def _rows(draft: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A draft's candidates, each with what is known of the draft."""
    song = song_of(draft["song"])
    decided = [event["at"] for event in draft["events"] if event["what"] in _DECISIONS]
    about = {
        "draft": draft["draft"],
        "made": draft["at"],
        "community": draft["scope"],
        "artist": ", ".join(song.artists),
        "title": song.title,
        "address": address_of(song),
        "genres": ", ".join(song.genres),
        "state": draft["state"],
        "decided": decided[0] if decided else None,
    }
    won = {"chosen": "yes", **{sign: (draft["posted"] or {}).get(sign) for sign in ("up", "down")}}
    rounds = [*draft["earlier"], draft["candidates"]]
    for number, candidates in enumerate(rounds, start=1):
        for place, each in enumerate(candidates):
            chosen = number == len(rounds) and draft["chosen"] == place
            score = round(each["scores"].get("total", 0.0), 3)
            told = {"round": number, "candidate": place + 1, "text": each["text"], "seed": each.get("seed"), "score": score}
            yield about | told | (won if chosen else {})
    if draft["text"] is not None:
        yield about | {"round": len(rounds), "candidate": "edited", "text": draft["text"]} | won
