"""Emoji that still stand on messages and count no more: their votes were withdrawn by a button, or their person was erased.

Of the person only a mark is kept, which does not tell who it is, but lets whoever has an id find its mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.putting import put, take
from bot.store.tables import KeptUncounted

_AT_ONCE = 500  # values in one statement; databases have a limit


async def count_no_more(session: AsyncSession, person: str, at: str, reply: str = "") -> None:
    """Let no emoji of a person from before this moment count any more: on a reply, "" on all."""
    await put(session, KeptUncounted, [{"mark": _mark(person, reply), "at": at}])


async def count_again(session: AsyncSession, these: Iterable[tuple[str, str]]) -> None:
    """Let the emoji on a reply count again, of each (reply, person): they have just given it another."""
    await take(session, KeptUncounted, [{"mark": mark} for mark in sorted(_mark(person, reply) for reply, person in these)])


async def uncounted(session: AsyncSession, persons: Iterable[str], reply: str, since: str) -> set[str]:
    """Of these persons those whose emoji on a reply, which was said at `since`, count no more."""
    marks = {_mark(person, which): person for person in persons for which in ("", reply)}
    known, found = list(marks), set()
    for start in range(0, len(known), _AT_ONCE):
        these = KeptUncounted.mark.in_(known[start : start + _AT_ONCE])
        query = select(KeptUncounted.mark).where(these, KeptUncounted.at >= since)
        found |= {marks[mark] for mark in await session.scalars(query)}
    return found


async def forget_uncounted(session: AsyncSession, before: str) -> None:
    """Drop the marks from before a moment, since when no reply is old enough that is still read back."""
    await session.execute(delete(KeptUncounted).where(KeptUncounted.at < before))


def _mark(person: str, reply: str) -> str:
    return sha256(f"{person}\n{reply}".encode(errors="replace")).hexdigest()
