"""Drafts: candidates that curators choose from, what became of them, and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import func, select, update

from bot.store.database import Database
from bot.store.posts import move
from bot.store.tables import KeptDraft, KeptDraftEvent, KeptPost, KeptVote

SCHEMA = 1
# approved, edited: to be posted; dropped: it could not be shown or posted.
DraftState = Literal["open", "approved", "edited", "rejected", "expired", "dropped", "posted"]


class Drafts:
    """The drafts in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def create(self, draft: KeptDraft, song: str) -> bool:
        """Write a new draft and its song's key down; False, and nothing is written, where its post is not claimed any more."""
        async with self._database.session() as session:
            if not await move(session, draft.post, ("claimed",), "making"):
                return False
            await session.execute(update(KeptPost).where(KeptPost.id == draft.post).values(song=song))
            session.add(draft)
            await session.flush()  # since the event can only name a draft that is there
            session.add(KeptDraftEvent(draft=draft.id, at=draft.at, who=None, what="created"))
            return True

    async def transition(
        self,
        draft: str,
        expected: Sequence[DraftState],
        new: DraftState,
        event: KeptDraftEvent,
        *,
        at_round: int | None = None,
        **changes: Any,
    ) -> KeptDraft | None:
        """Bring a draft from one of the expected states (and round, if one is given) to another, and write the event.

        `changes` are new values of other columns. Of several who try at once, one gets the draft as it is now; the
        others get None, and nothing is written of them.
        """
        query = update(KeptDraft).where(KeptDraft.id == draft, KeptDraft.state.in_(expected))
        if at_round is not None:
            query = query.where(KeptDraft.round == at_round)
        async with self._database.session() as session:
            won: KeptDraft | None = await session.scalar(query.values(state=new, **changes).returning(KeptDraft))
            if won is not None:
                session.add(event)
            return won

    async def shown(self, draft: str, message: str) -> None:
        """Write down which message shows a draft."""
        async with self._database.session() as session:
            await session.execute(update(KeptDraft).where(KeptDraft.id == draft).values(message=message))

    async def lost(self, messages: Sequence[str]) -> int:
        """Write down that these messages are gone, so that open drafts are shown anew; returns of how many they were.

        How often that was so is kept in `made`, as "lost".
        """
        query = select(KeptDraft).where(KeptDraft.state == "open", KeptDraft.message.in_(messages)).with_for_update()
        async with self._database.session() as session:
            drafts = list(await session.scalars(query.order_by(KeptDraft.id)))
            for draft in drafts:
                draft.message, draft.made = None, {**draft.made, "lost": lost_of(draft) + 1}
            return len(drafts)

    async def get(self, draft: str) -> KeptDraft | None:
        """The draft of this id, None if there is none."""
        async with self._database.reading() as session:
            return await session.get(KeptDraft, draft)

    async def of_post(self, post: str) -> KeptDraft | None:
        """The draft for a post; None if there is none."""
        async with self._database.reading() as session:
            found: KeptDraft | None = await session.scalar(select(KeptDraft).where(KeptDraft.post == post))
            return found

    async def in_states(self, *states: DraftState) -> list[KeptDraft]:
        """All drafts in these states, oldest first: ("open"), or ("approved", "edited") for those to be sent."""
        query = select(KeptDraft).where(KeptDraft.state.in_(states)).order_by(KeptDraft.at, KeptDraft.id)
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def unsettled(self, *states: DraftState) -> list[KeptDraft]:
        """The drafts in these states whose post still waits for what becomes of them, oldest first."""
        query = select(KeptDraft).join(KeptPost, KeptPost.id == KeptDraft.post)
        query = query.where(KeptDraft.state.in_(states), KeptPost.state == "making")
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptDraft.at, KeptDraft.id)))

    async def counts(self) -> dict[str, int]:
        """How many drafts there are in each state."""
        async with self._database.reading() as session:
            rows = await session.execute(select(KeptDraft.state, func.count()).group_by(KeptDraft.state))
            return {state: int(count) for state, count in rows}

    async def expired(self, now: str) -> list[KeptDraft]:
        """Open drafts whose time is up at a moment (as `stamp` writes it), the longest first."""
        query = select(KeptDraft).where(KeptDraft.state == "open", KeptDraft.expires <= now)
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptDraft.expires, KeptDraft.id)))

    async def events(self, draft: str) -> list[KeptDraftEvent]:
        """What happened to a draft, in order."""
        query = select(KeptDraftEvent).where(KeptDraftEvent.draft == draft).order_by(KeptDraftEvent.id)
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def newest(self, limit: int, *states: DraftState) -> list[KeptDraft]:
        """The drafts in these states (none: in all), newest first, at most `limit`."""
        query = select(KeptDraft).order_by(KeptDraft.at.desc(), KeptDraft.id).limit(limit)
        if states:
            query = query.where(KeptDraft.state.in_(states))
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def export(self) -> list[dict[str, Any]]:
        """Every draft with its events and the votes on what was posted, oldest first, JSON-ready, with no person in it."""
        events: dict[str, list[dict[str, str]]] = {}
        sign = KeptVote.vote
        posted = (
            select(KeptDraft.id, KeptPost.reply, func.count().filter(sign == 1), func.count().filter(sign == -1))
            .join(KeptPost, KeptPost.id == KeptDraft.post)
            .outerjoin(KeptVote, KeptVote.reply == KeptPost.reply)
            .where(KeptDraft.state == "posted")
            .group_by(KeptDraft.id, KeptPost.reply)
        )
        async with self._database.reading() as session:
            votes = {
                draft: {"reply": reply, "up": up, "down": down} for draft, reply, up, down in await session.execute(posted)
            }
            for event in await session.scalars(select(KeptDraftEvent).order_by(KeptDraftEvent.id)):
                told = {"at": event.at, "what": event.what, "detail": event.detail}
                events.setdefault(event.draft, []).append(told)
            drafts = list(await session.scalars(select(KeptDraft).order_by(KeptDraft.at, KeptDraft.id)))
        return [
            {
                "schema": SCHEMA,
                "draft": draft.id,
                "scope": _shared(draft),
                "state": draft.state,
                "round": draft.round,
                **{key: draft.made.get(key) for key in ("song", "conditions", "bundle", "seed", "rejected")},
                "earlier": draft.made.get("rounds", []),
                "candidates": draft.candidates,
                "chosen": draft.chosen,
                "text": draft.text,
                "at": draft.at,
                "events": events.get(draft.id, []),
                "posted": votes.get(draft.id),
            }
            for draft in drafts
        ]


def lost_of(draft: KeptDraft) -> int:
    """How often the message that shows a draft was deleted."""
    lost = draft.made.get("lost")
    return lost if isinstance(lost, int) else 0


def _shared(draft: KeptDraft) -> str:
    """In which community a draft is; of a private conversation, which is a person's, only the platform is told."""
    platform, community, _ = draft.place.split(":", 2)
    return f"{platform}:{community}"
