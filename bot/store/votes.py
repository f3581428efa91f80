"""Votes on replies: one for each person and reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import StoreError
from bot.store.database import Database
from bot.store.early import alone, awaited, forget_early
from bot.store.putting import put, put_new, take
from bot.store.tables import Base, KeptEarlyVote, KeptOptout, KeptPost, KeptReply, KeptSeen, KeptVote
from bot.store.uncounted import count_again, count_no_more, forget_uncounted, uncounted

Key = TypeVar("Key")

_AT_ONCE = 500  # values in one statement; databases have a limit


@dataclass(frozen=True)
class Tally:
    """How many people are for and against a reply."""

    up: int
    down: int


@dataclass(frozen=True)
class MessageVote:
    """What a person thinks of a message of ours now: 1, -1, or None for nothing any more.

    `emoji` is what it was cast with, as `meaning_of` gives it. None with an emoji withdraws only a vote that was cast with
    that one: whoever has voted otherwise since means that. None without an emoji withdraws any vote.
    """

    message: str
    person: str
    vote: int | None
    at: str
    emoji: str | None = None


@dataclass
class _Outcome:
    """What several votes by one person on one message come to: one that is cast, or votes that are withdrawn."""

    cast: MessageVote | None = None
    withdrawn: set[str] = field(default_factory=set)  # emoji that a vote from before is withdrawn with
    cleared: bool = False  # whether a vote from before is withdrawn whatever it was cast with

    def then(self, vote: MessageVote) -> None:
        """Take the next vote into account."""
        if vote.vote is not None:
            self.cast, self.cleared = vote, True
        elif vote.emoji is None:
            self.cast, self.cleared = None, True
        elif self.cast is None:
            self.withdrawn.add(vote.emoji)
        elif self.cast.emoji == vote.emoji:
            self.cast = None


class Votes:
    """The votes in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def change(
        self, person: str, reply: str, rule: Callable[[int | None], int | None], at: str, *, once: str = ""
    ) -> tuple[int | None, Tally]:
        """Replace a person's vote (+1, -1, None for none) by what `rule` makes of it, in one transaction.

        Returns the new vote and the reply's tally; raises StoreError when there is no such reply. An event that came before
        (its id as `once`, "" for none) changes nothing any more.
        """
        async with self._database.session() as session:
            # Whoever votes on the same reply meanwhile waits here, so that all count.
            voted = select(KeptReply.id).where(KeptReply.id == reply).with_for_update(key_share=True)
            if await session.scalar(voted) is None:
                raise StoreError(f"There is no reply {reply[:40]!r} to vote on; vote on one that the bot has posted.")
            before = await session.scalar(select(KeptVote.vote).where(KeptVote.person == person, KeptVote.reply == reply))
            if once and not await put_new(session, KeptSeen, [{"event": once, "at": at}]):
                return before, await _tally(session, reply)
            row = {"person": person, "reply": reply}
            vote = rule(before)
            if vote is not None:
                await put(session, KeptVote, [row | {"vote": vote, "at": at, "emoji": None}])
            elif before is not None:
                await take(session, KeptVote, [row])
                await count_no_more(session, person, at, reply)  # an emoji may stand there still
            return vote, await _tally(session, reply)

    async def write(self, votes: Sequence[MessageVote]) -> list[str | None]:
        """Write votes on messages down, all in one transaction, as if one after the other.

        Returns for each the scope of its post; None where the message is not known: if any of ours is on its way, the vote
        counts once that is known to be this one.
        """
        outcomes: dict[tuple[str, str], _Outcome] = {}
        for vote in votes:
            outcomes.setdefault((vote.message, vote.person), _Outcome()).then(vote)
        messages = {message for message, _ in outcomes}
        async with self._database.session() as session:
            posts = await _posts(session, messages)
            early = False
            if len(posts) < len(messages):
                await alone(session)
                posts = await _posts(session, messages)
                early = len(posts) < len(messages) and await awaited(session)
            known = {(posts[key[0]][0], key[1]): each for key, each in outcomes.items() if key[0] in posts}
            await _settle(session, KeptVote, "reply", known)
            await count_again(session, (key for key, each in known.items() if each.cast))
            if early:
                unknown = {key: each for key, each in outcomes.items() if key[0] not in posts}
                await _settle(session, KeptEarlyVote, "message", unknown)
        return [posts[each.message][1] if each.message in posts else None for each in votes]

    async def read_back(self, message: str, cast: Mapping[str, Sequence[tuple[str, int]]], at: str) -> str | None:
        """Make the votes by emoji on a message what the platform shows: by person each emoji and its sign, the last one last.

        Of several by one person, that stays which counted before, else the last counts. A vote by a button stays, whatever
        emoji there are. Nothing new is kept of those who opted out, and of those whose emoji count no more (see
        `bot.store.uncounted`). Returns the scope where any vote changed; else None, as for a message that is not known.
        """
        async with self._database.session() as session:
            post = (await _posts(session, [message])).get(message)
            if post is None:
                return None
            stands = {each.person: each for each in await session.scalars(select(KeptVote).where(KeptVote.reply == post[0]))}
            left: set[str] = set()
            for some in _parts(sorted(cast)):
                left.update(await session.scalars(select(KeptOptout.person).where(KeptOptout.person.in_(some))))
            outcomes: dict[tuple[str, str], _Outcome] = {}
            old = await uncounted(session, cast, post[0], post[2])
            for person in {*stands, *cast}.difference(left):
                before, shown = stands.get(person), dict(cast.get(person, ()))
                if before and before.emoji is None:
                    continue
                counts = None if person in old else next(reversed(shown), None)
                emoji = before.emoji if before and before.emoji in shown else counts
                if emoji is not None and (before is None or (before.emoji, before.vote) != (emoji, shown[emoji])):
                    outcomes[post[0], person] = _Outcome(MessageVote(message, person, shown[emoji], at, emoji))
                elif emoji is None and before:
                    outcomes[post[0], person] = _Outcome(cleared=True)
            await _settle(session, KeptVote, "reply", outcomes)
        return post[1] if outcomes else None

    async def on(self, reply: str) -> dict[str, int]:
        """The votes on a reply by person."""
        async with self._database.reading() as session:
            query = select(KeptVote.person, KeptVote.vote).where(KeptVote.reply == reply)
            return {str(person): int(vote) for person, vote in await session.execute(query)}

    async def clear(self, reply: str, emoji: str | None = None) -> int:
        """Drop the votes by emoji on a reply, all or those of one; returns how many they were. Those by buttons stay."""
        these = KeptVote.emoji.is_not(None) if emoji is None else KeptVote.emoji == emoji
        cleared = delete(KeptVote).where(KeptVote.reply == reply, these).returning(KeptVote.person)
        async with self._database.session() as session:
            return len(list(await session.scalars(cleared)))

    async def forget_early(self, before: str) -> None:
        """Drop votes from before a moment (as `stamp` writes it) on messages that were never known."""
        async with self._database.session() as session:
            await forget_early(session, before)

    async def forget_uncounted(self, before: str) -> None:
        """Drop what is kept of emoji that count no more, from before a moment since when nothing older is read back."""
        async with self._database.session() as session:
            await forget_uncounted(session, before)

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


async def _posts(session: AsyncSession, messages: Iterable[str]) -> Mapping[str, tuple[str, str, str]]:
    """Reply, scope and moment by message, of those known; until the end of the transaction nobody else votes on them."""
    found: dict[str, tuple[str, str, str]] = {}
    for some in _parts(sorted(messages)):
        query = (
            select(KeptPost.message, KeptReply.id, KeptPost.scope, KeptPost.at)
            .join(KeptReply, KeptReply.id == KeptPost.reply)
            .where(KeptPost.message.in_(some))
            .order_by(KeptReply.id)
            .with_for_update(key_share=True, of=KeptReply)
        )
        found |= {str(message): (reply, scope, at) for message, reply, scope, at in await session.execute(query)}
    return found


async def _settle(session: AsyncSession, table: type[Base], on: str, outcomes: Mapping[tuple[str, str], _Outcome]) -> None:
    """Write outcomes, by what the column `on` holds and by person, into a table of votes."""
    cast: list[dict[str, Any]] = []
    cleared: list[dict[str, Any]] = []
    withdrawn: list[dict[str, Any]] = []
    # In one order everywhere, since two that wait for each other's rows would wait for ever.
    for key, each in sorted(outcomes.items(), key=itemgetter(0)):
        row = {on: key[0], "person": key[1]}
        if each.cast is not None:
            cast.append(row | {"vote": each.cast.vote, "at": each.cast.at, "emoji": each.cast.emoji})
        elif each.cleared:
            cleared.append(row)
        else:
            withdrawn += [row | {"emoji": emoji} for emoji in each.withdrawn]
    await put(session, table, cast)
    await take(session, table, cleared)
    await take(session, table, withdrawn)


def _parts(keys: list[Key]) -> list[list[Key]]:
    return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]
