"""What the learner of corrections reads: the replies that a community saw, with the votes on them, since its reset."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.curation.learning import MOST_REPLIES, Example
from bot.store.database import Database
from bot.store.putting import put
from bot.store.tables import KeptPost, KeptReply, KeptReset, KeptVote, stamp

_AT_ONCE = 200  # rows between which others have their turn
_DAY = 86_400.0  # seconds


class Lessons:
    """The votes in a database as a VotesSource; both methods raise StoreError when the database fails."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this open database, and read the time from `clock` (a moment with a time zone)."""
        self._database = database
        self._clock = clock

    async def examples(self, scope: str) -> list[Example]:
        """The replies that a community saw since its reset, with their votes: the newest MOST_REPLIES at most."""
        now = self._clock()
        async with self._database.reading() as session:
            reset = await session.get(KeptReset, scope)
            since = KeptReply.at > (reset.at if reset else "")
            seen = (
                select(KeptPost.id)
                .where(KeptPost.reply == KeptReply.id, KeptPost.state.in_(("sent", "removing", "removed")))
                .exists()
            )
            newest = (
                select(KeptReply.id, KeptReply.at, KeptReply.scores, KeptReply.candidates)
                .where(KeptReply.scope == scope, since, seen)
                .order_by(KeptReply.at.desc(), KeptReply.id)
                .limit(MOST_REPLIES)
                .subquery()
            )
            votes: dict[str, dict[str, int]] = {}
            cast = select(KeptVote.reply, KeptVote.person, KeptVote.vote).join(newest, newest.c.id == KeptVote.reply)
            for reply, person, vote in await session.execute(cast):
                votes.setdefault(reply, {})[person] = vote
            examples: list[Example] = []
            rows = await session.stream(select(newest).order_by(newest.c.at.desc()), execution_options={"yield_per": _AT_ONCE})
            async for reply, at, scores, candidates in rows:
                age = (now - datetime.fromisoformat(at)).total_seconds() / _DAY
                examples.append(Example(scores, votes.get(reply, {}), _others(candidates), max(0.0, age)))
            return examples

    async def reset(self, scope: str) -> None:
        """Let nothing count any more that a community has voted until now."""
        async with self._database.session() as session:
            await put(session, KeptReset, [{"scope": scope, "at": stamp(self._clock())}])


def _others(candidates: list[Any] | None) -> list[dict[str, Any]]:
    """The scores of candidates that were not said."""
    scores = [each.get("scores") for each in candidates or () if isinstance(each, dict)]
    return [each for each in scores if isinstance(each, dict)]
