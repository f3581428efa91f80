"""Posts: which song in which message was answered, how far that came, and which message of ours came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.early import settle
from bot.store.putting import put_new
from bot.store.tables import KeptDraft, KeptPost, KeptReply, KeptVote
from bot.store.votes import Tally

# claimed: somebody is at it; making: curators are at its draft; sending: the reply is written, but perhaps not posted;
# removing: our message, if it was posted, is to go.
PostState = Literal["claimed", "making", "sending", "sent", "dropped", "removing", "removed"]
_NOT_WRITTEN: tuple[PostState, ...] = ("claimed", "making")
_UNFINISHED: tuple[PostState, ...] = ("claimed", "sending")
_OPEN: tuple[PostState, ...] = ("claimed", "making", "sending")
_SAID: tuple[PostState, ...] = ("making", "sending", "sent")
# Whoever looks after drafts looks after their posts.
_DRAFTED = select(KeptDraft.id).where(KeptDraft.post == KeptPost.id).exists()


@dataclass(frozen=True)
class Liked:
    """A reply that was sent, and how it stands."""

    post: KeptPost
    reply: KeptReply
    tally: Tally


class Posts:
    """The posts in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def claim(self, post: KeptPost) -> bool:
        """Write a new post down; False where its song in its message was claimed before, by whatever program."""
        return bool(await self.claim_all([post]))

    async def claim_all(self, posts: Sequence[KeptPost]) -> set[str]:
        """Write new posts down, all of them or none; returns the ids of those whose song in its message is theirs now.

        Who asked takes over what was given up before without an answer, since nobody had asked; once.
        """
        async with self._database.session() as session:
            new = {str(key) for (key,) in await put_new(session, KeptPost, [_row(post) for post in posts])}
            for post in posts:
                if post.asked and post.id not in new:
                    given_up = (KeptPost.state == "dropped") & ~KeptPost.asked & KeptPost.reply.is_(None) & ~_DRAFTED
                    this = (KeptPost.source == post.source) & (KeptPost.link == post.link)
                    taken = update(KeptPost).where(this, given_up).values(_row(post)).returning(KeptPost.id)
                    new |= set(await session.scalars(taken, execution_options={"synchronize_session": False}))
            return new

    async def sending(self, post: str, reply: KeptReply, song: str) -> bool:
        """Write the reply that is about to be sent, with its song's key; False, and nothing is written, where it is late.

        Late is whoever finds the post written, dropped or removed by somebody else.
        """
        async with self._database.session() as session:
            if not await move(session, post, _NOT_WRITTEN, "sending"):
                return False
            session.add(reply)
            await session.flush()  # since the post can only name a reply that is there
            await session.execute(update(KeptPost).where(KeptPost.id == post).values(reply=reply.id, song=song))
            return True

    async def sent(self, post: str, message: str) -> bool:
        """Write down which message of ours it became, and count the votes that came before; False where it was not sending."""
        async with self._database.session() as session:
            return await settle(session, post, message)

    async def dropped(self, post: str) -> bool:
        """Give up a post that was not sent; False where it was sent or given up before."""
        async with self._database.session() as session:
            return await move(session, post, _OPEN, "dropped")

    async def removing(self, post: str, message: str | None = None) -> None:
        """Write down that our message is to be removed: `message`, where that was not known yet; nothing is if it is gone."""
        late = KeptPost.state.in_(("sending", "sent", "removing")) | KeptPost.message.is_(None)
        new = {"state": "removing"} | ({"message": message} if message else {})
        async with self._database.session() as session:
            await session.execute(update(KeptPost).where(KeptPost.id == post, late).values(new))

    async def removed(self, post: str) -> bool:
        """Write down that our message is gone; False where there was none any more."""
        async with self._database.session() as session:
            return await move(session, post, ("sent", "removing"), "removed")

    async def stays(self, post: str, *, sent: bool) -> None:
        """Write down that our message cannot be removed; one of which it is not known that it was `sent` is given up."""
        async with self._database.session() as session:
            await move(session, post, ("removing",), "sent" if sent else "dropped")

    async def to_remove(self) -> list[KeptPost]:
        """The posts whose messages are to be removed, oldest first."""
        query = select(KeptPost).where(KeptPost.state == "removing").order_by(KeptPost.at, KeptPost.id)
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def get(self, post: str) -> KeptPost | None:
        """The post of this id, None if there is none."""
        async with self._database.reading() as session:
            return await session.get(KeptPost, post)

    async def of_message(self, message: str) -> KeptPost | None:
        """The post that became this message of ours, removed or not; None if there is none."""
        async with self._database.reading() as session:
            found: KeptPost | None = await session.scalar(select(KeptPost).where(KeptPost.message == message))
            return found

    async def of_reply(self, reply: str) -> KeptPost | None:
        """The post that this reply was written for; None if there is none."""
        async with self._database.reading() as session:
            found: KeptPost | None = await session.scalar(select(KeptPost).where(KeptPost.reply == reply))
            return found

    async def of_source(self, source: str) -> list[KeptPost]:
        """All posts that answer a message, in whatever state, oldest first."""
        query = select(KeptPost).where(KeptPost.source == source).order_by(KeptPost.at, KeptPost.id)
        async with self._database.reading() as session:
            return list(await session.scalars(query))

    async def of_messages(self, messages: Sequence[str]) -> list[KeptPost]:
        """All posts that answer any of these messages, or became one of them."""
        query = select(KeptPost).where(KeptPost.source.in_(messages) | KeptPost.message.in_(messages))
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptPost.at, KeptPost.id)))

    async def recent(self, platform: str, since: str, limit: int) -> list[str]:
        """Our messages on a platform that are still there, of posts from a moment on (as `stamp` writes it), newest first."""
        query = select(KeptPost.message).where(KeptPost.state == "sent", KeptPost.at >= since)
        query = query.where(KeptPost.place.startswith(f"{platform}:", autoescape=True), KeptPost.message.is_not(None))
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptPost.at.desc(), KeptPost.id).limit(limit)))

    async def last(self, place: str) -> KeptPost | None:
        """The newest post in a place that was sent and is still there; None if there is none."""
        query = select(KeptPost).where(KeptPost.place == place, KeptPost.state == "sent")
        async with self._database.reading() as session:
            newest: KeptPost | None = await session.scalar(query.order_by(KeptPost.at.desc(), KeptPost.id).limit(1))
            return newest

    async def unfinished(self, since: str) -> list[KeptPost]:
        """Posts claimed at or after a moment (as `stamp` writes it) that are not sent, oldest first; none that has a draft."""
        query = select(KeptPost).where(KeptPost.state.in_(_UNFINISHED), KeptPost.at >= since, ~_DRAFTED)
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptPost.at, KeptPost.id)))

    async def doubtful(self, before: str) -> list[KeptPost]:
        """Those of before a moment of which it is not known whether they were posted, oldest first; none that has a draft."""
        query = select(KeptPost).where(KeptPost.state == "sending", KeptPost.at < before, ~_DRAFTED)
        async with self._database.reading() as session:
            return list(await session.scalars(query.order_by(KeptPost.at, KeptPost.id)))

    async def drop_older(self, before: str) -> int:
        """Give up what was claimed before a moment, and no reply written for; returns how many they were."""
        late = (KeptPost.at < before) & (KeptPost.state == "claimed") & ~_DRAFTED
        async with self._database.session() as session:
            dropped = await session.scalars(update(KeptPost).where(late).values(state="dropped").returning(KeptPost.id))
            return len(list(dropped))

    async def said(self, place: str, song: str, since: str) -> bool:
        """Whether a song was answered in a place at or after a moment, or is being answered; removed ones do not count."""
        query = select(KeptPost.id).where(KeptPost.place == place, KeptPost.song == song, KeptPost.at >= since)
        async with self._database.reading() as session:
            return await session.scalar(query.where(KeptPost.state.in_(_SAID)).limit(1)) is not None

    async def top(
        self, scope: str, since: str, limit: int, *, skip: int = 0, places: Sequence[str] = (), nsfw: bool = False
    ) -> list[Liked]:
        """The replies that a community likes best of those since a moment ("" for ever): more votes for than against.

        All but the first `skip`, of these places alone if there are any, and those for adults only with `nsfw`.
        """
        where = [KeptPost.scope == scope, KeptPost.at >= since, KeptPost.state == "sent"]
        where += [KeptPost.place.in_(places)] if places else []
        where += [] if nsfw else [~KeptPost.nsfw]
        up = func.count().filter(KeptVote.vote == 1)
        down = func.count().filter(KeptVote.vote == -1)
        counted = (
            select(KeptPost.id, up.label("up"), down.label("down"))
            .join(KeptVote, KeptVote.reply == KeptPost.reply)
            .where(*where)
            .group_by(KeptPost.id)
            .having(up > down)
            .subquery()
        )
        best = counted.c.up - counted.c.down
        query = (
            select(KeptPost, KeptReply, counted.c.up, counted.c.down)
            .join(counted, counted.c.id == KeptPost.id)
            .join(KeptReply, KeptReply.id == KeptPost.reply)
            .order_by(best.desc(), KeptPost.at.desc(), KeptPost.id)
            .limit(limit)
            .offset(skip)
        )
        async with self._database.reading() as session:
            return [Liked(post, reply, Tally(int(ups), int(downs))) for post, reply, ups, downs in await session.execute(query)]

    async def forget(self, before: str) -> int:
        """Drop the posts from before a moment, with their drafts; returns how many they were. Replies stay."""
        async with self._database.session() as session:
            return len(list(await session.scalars(delete(KeptPost).where(KeptPost.at < before).returning(KeptPost.id))))


async def move(session: AsyncSession, post: str, expected: Sequence[PostState], new: PostState) -> bool:
    """Bring a post from one of the expected states to another; of several who try at once, one is told True."""
    moved = update(KeptPost).where(KeptPost.id == post, KeptPost.state.in_(expected)).values(state=new)
    return await session.scalar(moved.returning(KeptPost.id)) is not None


def _row(post: KeptPost) -> dict[str, object]:
    return {column.key: getattr(post, column.key) for column in KeptPost.__table__.columns}
