"""What people have asked for: settings of places, to be left alone, and words and artists to keep quiet about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select

from bot.store.database import Database
from bot.store.putting import put, put_new
from bot.store.tables import KeptBlock, KeptOptout, KeptSettings


class Wishes:
    """The wishes in a database; every method raises StoreError when the database fails."""

    def __init__(self, database: Database) -> None:
        """Use this open database."""
        self._database = database

    async def settings(self, place: str) -> dict[str, Any]:
        """What was set for a community (Place.scope) or one of its channels (str(Place)), by key."""
        async with self._database.reading() as session:
            kept = await session.get(KeptSettings, place)
            return dict(kept.values) if kept else {}

    async def set(self, place: str, key: str, value: str | None, by: str | None, at: str) -> dict[str, Any]:
        """Keep the value of one setting of a place, None for that of none; returns all that is set there now.

        Two who set different things at once both have their way.
        """
        async with self._database.session() as session:
            await put_new(session, KeptSettings, [{"place": place, "values": {}, "by": by, "at": at}])
            kept = await session.get_one(KeptSettings, place, with_for_update=True)
            others = {name: told for name, told in kept.values.items() if name != key}
            kept.values = others if value is None else others | {key: value}
            kept.by, kept.at = by, at
            return dict(kept.values)

    async def opt_out(self, person: str, at: str) -> None:
        """Leave a person alone from now on."""
        async with self._database.session() as session:
            await put_new(session, KeptOptout, [{"person": person, "at": at}])

    async def opt_in(self, person: str) -> None:
        """Answer a person again."""
        async with self._database.session() as session:
            await session.execute(delete(KeptOptout).where(KeptOptout.person == person))

    async def opted_out(self, person: str) -> bool:
        """Whether a person is to be left alone."""
        async with self._database.reading() as session:
            return await session.get(KeptOptout, person) is not None

    async def blocks(self, scope: str) -> dict[str, list[str]]:
        """What a community has blocked, by kind, as `Blocks.from_dict` reads it."""
        query = select(KeptBlock.kind, KeptBlock.value).where(KeptBlock.scope == scope)
        listed: dict[str, list[str]] = {}
        async with self._database.reading() as session:
            for kind, value in await session.execute(query.order_by(KeptBlock.kind, KeptBlock.value)):
                listed.setdefault(kind, []).append(value)
        return listed

    async def block(self, scope: str, kind: str, value: str, by: str | None, at: str) -> None:
        """Keep one more word or artist."""
        row = {"scope": scope, "kind": kind, "value": value, "by": by, "at": at}
        async with self._database.session() as session:
            await put(session, KeptBlock, [row])

    async def unblock(self, scope: str, kind: str, value: str) -> bool:
        """Take one out, written as `blocks` tells it; False where it was not there."""
        this = (KeptBlock.scope == scope) & (KeptBlock.kind == kind) & (KeptBlock.value == value)
        async with self._database.session() as session:
            return await session.scalar(delete(KeptBlock).where(this).returning(KeptBlock.value)) is not None
