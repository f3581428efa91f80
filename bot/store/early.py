"""Early votes: on messages of ours that are not known yet, kept until the post is known to be sent."""

from __future__ import annotations

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.putting import put_new
from bot.store.tables import KeptEarlyVote, KeptPost, KeptVote


async def alone(session: AsyncSession) -> None:
    """Wait until nobody else keeps early votes or makes them votes, and keep them waiting to the end of this transaction.

    Else a vote could be kept as early just after its message became known, and count never.
    """
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        await session.execute(text("LOCK TABLE early_votes IN SHARE ROW EXCLUSIVE MODE"))


async def settle(session: AsyncSession, post: str, message: str) -> bool:
    """Bring a post from sending to sent, as this message; what was voted on it before becomes votes. False: not sending."""
    await alone(session)
    query = update(KeptPost).where(KeptPost.id == post, KeptPost.state == "sending").values(state="sent", message=message)
    reply = await session.scalar(query.returning(KeptPost.reply))
    if reply is None:
        return False
    waiting = list(await session.scalars(select(KeptEarlyVote).where(KeptEarlyVote.message == message)))
    if waiting:
        rows = [
            {"person": each.person, "reply": reply, "vote": each.vote, "at": each.at, "emoji": each.emoji} for each in waiting
        ]
        await put_new(session, KeptVote, rows)  # a press of a button that names the reply is later than these
        await session.execute(delete(KeptEarlyVote).where(KeptEarlyVote.message == message))
    return True


async def awaited(session: AsyncSession) -> bool:
    """Whether any message of ours is on its way, so that a vote on one that is not known may be on that one."""
    return await session.scalar(select(KeptPost.id).where(KeptPost.state == "sending").limit(1)) is not None


async def forget_early(session: AsyncSession, before: str) -> None:
    """Drop early votes from before a moment, whose messages were never known."""
    await session.execute(delete(KeptEarlyVote).where(KeptEarlyVote.at < before))
