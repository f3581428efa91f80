"""What is kept of a person: shown to them, or erased."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update

from bot.store.database import Database
from bot.store.tables import KeptBlock, KeptDraft, KeptDraftEvent, KeptEarlyVote, KeptOptout, KeptPost, KeptSettings, KeptVote
from bot.store.uncounted import count_no_more

SCHEMA = 1


class Privacy:
    """What a database knows of people; both methods raise StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def show(self, person: str) -> dict[str, Any]:
        """Everything that is kept of a person, JSON-ready."""
        asked = {
            "votes": select(KeptVote.reply, KeptVote.vote, KeptVote.emoji, KeptVote.at).where(KeptVote.person == person),
            "early_votes": select(KeptEarlyVote.message, KeptEarlyVote.vote, KeptEarlyVote.emoji, KeptEarlyVote.at).where(
                KeptEarlyVote.person == person
            ),
            "posts": select(KeptPost.source, KeptPost.link, KeptPost.state, KeptPost.at).where(
                (KeptPost.person == person) | (KeptPost.author == person)
            ),
            "drafts": select(KeptDraft.id, KeptDraft.state, KeptDraft.at).where(KeptDraft.by == person),
            "draft_events": select(KeptDraftEvent.draft, KeptDraftEvent.what, KeptDraftEvent.at).where(
                KeptDraftEvent.who == person
            ),
            "settings": select(KeptSettings.place, KeptSettings.at).where(KeptSettings.by == person),
            "blocks": select(KeptBlock.scope, KeptBlock.kind, KeptBlock.value, KeptBlock.at).where(KeptBlock.by == person),
            "optouts": select(KeptOptout.at).where(KeptOptout.person == person),
        }
        async with self._database.reading() as session:
            found = {
                name: [dict(row) for row in (await session.execute(query.order_by("at"))).mappings()]
                for name, query in asked.items()
            }
        return {"schema": SCHEMA, "person": person, **found}

    async def erase(self, person: str, at: str) -> int:
        """Drop a person's votes and take their name off everything else; returns of how many rows. Replies stay.

        So does the wish to be left alone, if there is one; `Wishes.opt_in` takes that back. Emoji of theirs that stand on
        messages from before `at` (this moment, as `stamp` writes it) count no more, for which a mark is kept.
        """
        statements = [
            delete(KeptVote).where(KeptVote.person == person),
            delete(KeptEarlyVote).where(KeptEarlyVote.person == person),
            update(KeptPost).where(KeptPost.person == person).values(person=None),
            update(KeptPost).where(KeptPost.author == person).values(author=None),
            update(KeptDraft).where(KeptDraft.by == person).values(by=None),
            update(KeptDraftEvent).where(KeptDraftEvent.who == person).values(who=None),
            update(KeptSettings).where(KeptSettings.by == person).values(by=None),
            update(KeptBlock).where(KeptBlock.by == person).values(by=None),
        ]
        async with self._database.session() as session:
            connection = await session.connection()
            dropped = sum([(await connection.execute(statement)).rowcount for statement in statements])
            await count_no_more(session, person, at)
            return dropped
