"""The rules of voting: one vote for each person and reply, the same sign again withdraws it; and the export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.store.tables import stamp
from bot.store.votes import Tally, Votes

SCHEMA = 1
Sign = Literal[1, -1]


def after(current: int | None, sign: Sign) -> Sign | None:
    """What a vote becomes when a person presses `sign`: set, changed, or withdrawn (None) by the same sign again."""
    return None if current == sign else sign


@dataclass(frozen=True)
class Cast:
    """What a press led to: the person's vote now (None: withdrawn) and how the reply stands."""

    vote: int | None
    tally: Tally


class Ballot:
    """Takes votes and hands them out; every method raises StoreError when the database fails."""

    def __init__(self, votes: Votes, clock: Callable[[], datetime]) -> None:
        """Keep votes there, and read the time from `clock` (a moment with a time zone)."""
        self._votes = votes
        self._clock = clock

    async def press(self, person: str, reply: str, sign: Sign, *, once: str = "") -> Cast:
        """Count a person's press of + (1) or - (-1) on a reply; raises StoreError when there is no such reply.

        A press that a platform tells of twice, with the same id as `once`, counts once.
        """
        at = stamp(self._clock())
        return Cast(*await self._votes.change(person, reply, lambda current: after(current, sign), at, once=once))

    async def export(self) -> list[dict[str, Any]]:
        """Every vote, JSON-ready as {schema, reply, candidate, seed, conditions, vote, at}, with no person in it."""
        return [
            {
                "schema": SCHEMA,
                "reply": reply.id,
                "candidate": {"text": reply.text, "scores": reply.scores, "bundle": reply.bundle},
                "seed": reply.seed,
                "conditions": reply.conditions,
                "vote": vote.vote,
                "at": vote.at,
            }
            for vote, reply in await self._votes.with_replies()
        ]
