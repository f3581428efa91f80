"""What curators see of a draft: its candidates while it is open, then what became of it; and the ticket on its buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.platforms.outlet import Button, Card, Place
from bot.store.drafts import lost_of
from bot.store.tables import KeptDraft, KeptPost

_BUTTONS: tuple[Button, ...] = ("approve", "edit", "again", "reject")
# The round stands before the id, since ids of drafts are known by their ends (`is_draft`).
_TICKET = re.compile(r"([1-9][0-9]{0,3})\.([0-9A-Za-z]{1,60})")
_MOST_LOST = 4  # characters behind a ticket, since nonces are short
_AS_SOON = "and it is posted as soon as that can be done"
_UNCERTAIN = "which I may not look up here, and I post nothing twice: look where the song was shared"
# Why a draft was given up, by the detail of its event.
_GIVEN_UP = {
    "forbidden": "I may not post where the song was shared",
    "gone": "the song's message or its channel is gone",
    "unwanted": "it is not wanted any more where the song was shared",
    "late": "it could not be posted in time",
    "hidden": "the curators' channel cannot be written to",
}


def ticket(draft: KeptDraft) -> str:
    """What the buttons of a draft carry: the draft and the round that they show, so that those of older rounds do nothing."""
    return f"{draft.round}.{draft.id}"


def read_ticket(carried: str) -> tuple[int, str] | None:
    """The round and the draft's id that a button carried; None for what no draft's button carries."""
    found = _TICKET.fullmatch(carried)
    return (int(found[1]), found[2]) if found else None


def nonce_of(draft: KeptDraft) -> str:
    """With what its card is posted: where one was deleted, a platform must not take the next one for that one."""
    return ticket(draft) + "+" * min(lost_of(draft), _MOST_LOST)


def nonces(draft: KeptDraft) -> list[str]:
    """With what the card may have been posted that a draft has now: in this round or one before, the newest first."""
    return list(dict.fromkeys([nonce_of(draft), *(f"{number}.{draft.id}" for number in range(draft.round, 0, -1))]))


def outcome(draft: KeptDraft, detail: str = "") -> str:
    """What became of a draft, in one sentence that names nobody; `detail` is that of its last event."""
    chosen = draft.chosen + 1 if draft.chosen is not None else 0
    how = f"Approved by a curator ({chosen} of {len(draft.candidates)})" if chosen else "Written by a curator"
    match draft.state:
        case "open":
            return f"Round {draft.round} is open: choose from that."
        case "approved" | "edited":
            return f"{how}, {_AS_SOON}."
        case "posted":
            return f"{how} and posted."
        case "rejected":
            return "Rejected by a curator: nothing is posted."
        case "expired":
            return "Nobody decided in time: nothing is posted."
        case _:
            given_up = f"Given up: {_GIVEN_UP.get(detail, 'it cannot be posted')}."
            return f"{how}, but perhaps not posted, {_UNCERTAIN}." if detail == "uncertain" else given_up


def draft_card(draft: KeptDraft, post: KeptPost, like: Card, choices: Sequence[str], told: str, won: str) -> Card:
    """How a draft looks now.

    `like` is the card of a reply to it and `choices` are its candidates; once it is decided, `told` is its outcome and
    `won` the text that is posted, "" for none.
    """
    shared = replace(like, kind="draft", reply=ticket(draft), channel=Place.read(post.place).channel)
    if draft.state != "open":
        lines = (told, won)
        return replace(shared, text="\n".join(line for line in lines if line), footer="", buttons=(), choices=())
    again = f" Round {draft.round}." if draft.round > 1 else ""
    until = datetime.fromisoformat(draft.expires)
    return replace(
        shared,
        text=f"What shall I say about it?{again}",
        footer=f"{like.footer} · waits until {until:%Y-%m-%d %H:%M} UTC",
        buttons=_BUTTONS,
        choices=tuple(choices),
    )
