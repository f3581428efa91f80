"""Votes on replies: one for each person and reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.early import alone, forget_early, hold
from bot.store.putting import put
from bot.store.tables import KeptPost, KeptReply, KeptVote

Key = TypeVar("Key")

_AT_ONCE = 500  # values in one statement; databases have a limit


@dataclass(frozen=True)
class Tally:
    """How many people are for and against a reply."""

    up: int
    down: int


@dataclass(frozen=True)
class MessageVote:
    """What a person thinks of a message of ours now: 1, -1, or None for nothing any more."""

    message: str
    person: str
    vote: int | None
    at: str


class Votes:
    """The votes in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def change(
        self, person: str, reply: str, rule: Callable[[int | None], int | None], at: str
    ) -> tuple[int | None, Tally]:
        """Replace a person's vote (+1, -1, None for none) by what `rule` makes of it, in one transaction.

        Returns the new vote and the reply's tally; raises StoreError when there is no such reply.
        """
        async with self._database.session() as session:
            # Whoever votes on the same reply meanwhile waits here, so that all count.
            voted = select(KeptReply.id).where(KeptReply.id == reply).with_for_update(key_share=True)
            if await session.scalar(voted) is None:
                raise StoreError(f"There is no reply {reply[:40]!r} to vote on; vote on one that the bot has posted.")
            mine = (KeptVote.person == person) & (KeptVote.reply == reply)
            before = await session.scalar(select(KeptVote.vote).where(mine))
            vote = rule(before)
            if vote is not None:
                await put(session, KeptVote, [{"person": person, "reply": reply, "vote": vote, "at": at}])
            elif before is not None:
                await session.execute(delete(KeptVote).where(mine))
            return vote, await _tally(session, reply)

    async def write(self, votes: Sequence[MessageVote]) -> list[str | None]:
        """Write votes on messages down, all in one transaction; a later one by the same person on the same message wins.

        Returns for each the scope of its post; None where the message is not known yet: then it counts once it is.
        """
        last = {(each.message, each.person): each for each in votes}
        async with self._database.session() as session:
            posts = await _posts(session, {message for message, _ in last})
            if any(message not in posts for message, _ in last):
                await alone(session)
                posts = await _posts(session, {message for message, _ in last})
            # In one order everywhere, since two that wait for each other's rows would wait for ever.
            known = {(posts[each.message][0], each.person): each for each in last.values() if each.message in posts}
            for some in _parts(sorted(known)):
                gone = [key for key in some if known[key].vote is None]
                await put(session, KeptVote, [_row(key[0], known[key]) for key in some if known[key].vote is not None])
                if gone:
                    await session.execute(delete(KeptVote).where(tuple_(KeptVote.reply, KeptVote.person).in_(gone)))
            for some in _parts(sorted(key for key in last if key[0] not in posts)):
                early = [last[key] for key in some]
                rows = [
                    {"message": each.message, "person": each.person, "vote": each.vote, "at": each.at}
                    for each in early
                    if each.vote is not None
                ]
                await hold(session, rows, [(each.message, each.person) for each in early if each.vote is None])
        return [posts[each.message][1] if each.message in posts else None for each in votes]

    async def on(self, reply: str) -> dict[str, int]:
        """The votes on a reply by person."""
        async with self._database.reading() as session:
            query = select(KeptVote.person, KeptVote.vote).where(KeptVote.reply == reply)
            return {str(person): int(vote) for person, vote in await session.execute(query)}

    async def clear(self, reply: str, vote: int | None = None) -> int:
        """Drop the votes on a reply, all or those of one sign; returns how many they were."""
        these = delete(KeptVote).where(KeptVote.reply == reply)
        if vote is not None:
            these = these.where(KeptVote.vote == vote)
        async with self._database.session() as session:
            return len(list(await session.scalars(these.returning(KeptVote.person))))

    async def forget_early(self, before: str) -> None:
        """Drop votes from before a moment (as `stamp` writes it) on messages that were never known."""
        async with self._database.session() as session:
            await forget_early(session, before)

    async def tally(self, reply: str) -> Tally:
        """How a reply stands."""
        async with self._database.reading() as session:
            return await _tally(session, reply)

    async def with_replies(self) -> list[tuple[KeptVote, KeptReply]]:
        """Every vote with the reply it is for, oldest vote first."""
        query = select(KeptVote, KeptReply).join(KeptReply).order_by(KeptVote.at, KeptVote.reply, KeptVote.person)
        async with self._database.reading() as session:
            return [(vote, reply) for vote, reply in await session.execute(query)]


async def _tally(session: AsyncSession, reply: str) -> Tally:
    counted = select(KeptVote.vote, func.count()).where(KeptVote.reply == reply).group_by(KeptVote.vote)
    votes = {vote: int(count) for vote, count in await session.execute(counted)}
    return Tally(up=votes.get(1, 0), down=votes.get(-1, 0))


async def _posts(session: AsyncSession, messages: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Reply and scope by message, of those that are known; the replies stay until the end of the transaction."""
    found: dict[str, tuple[str, str]] = {}
    for some in _parts(sorted(messages)):
        query = (
            select(KeptPost.message, KeptReply.id, KeptPost.scope)
            .join(KeptReply, KeptReply.id == KeptPost.reply)
            .where(KeptPost.message.in_(some))
            .order_by(KeptReply.id)
            .with_for_update(key_share=True, read=True, of=KeptReply)
        )
        found |= {str(message): (reply, scope) for message, reply, scope in await session.execute(query)}
    return found


def _row(reply: str, vote: MessageVote) -> dict[str, object]:
    return {"person": vote.person, "reply": reply, "vote": vote.vote, "at": vote.at}


def _parts(keys: list[Key]) -> list[list[Key]]:
    return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]
