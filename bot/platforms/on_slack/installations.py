"""Which workspaces have installed the Slack app: what the SDK's store lacks, in the bot's own database."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store.engines import address_of, engine_for
from bot.store.faults import explain, failures


class Installed:
    """Beside the SDK's own: a workspace is known by its own id alone, whatever organisation it belongs to.

    What a driver says when it fails may hold tokens, so it is never passed on.
    """

    client_id: str
    engine: AsyncEngine
    bots: sqlalchemy.Table
    installations: sqlalchemy.Table

    @staticmethod
    def engine_of(url: str) -> AsyncEngine:
        """What connects to the database at the address in [store]; raises StoreError."""
        return engine_for(address_of(url), 5.0, "writing")

    async def make(self, *others: sqlalchemy.MetaData) -> None:
        """Make the tables that are missing, and `others`; raises StoreError."""
        try:
            async with self.engine.begin() as connection:
                for tables in (self.bots.metadata, *others):
                    await connection.run_sync(tables.create_all)
        except failures() as error:
            raise explain(self.engine.url, error) from None

    async def newest(self, team: str) -> dict[str, Any] | None:
        """The newest row of a workspace among the bots; raises StoreError."""
        bots = self.bots.c
        mine = (bots.client_id == self.client_id, bots.team_id == team, bots.bot_token.is_not(None))
        query = self.bots.select().where(*mine).order_by(sqlalchemy.desc(bots.installed_at)).limit(1)
        try:
            async with self.engine.connect() as connection:
                row = (await connection.execute(query)).mappings().first()
        except failures() as error:
            raise explain(self.engine.url, error) from None
        return dict(row) if row else None

    async def forget(self, team: str) -> None:
        """Drop what is kept of a workspace; raises StoreError."""
        try:
            async with self.engine.begin() as connection:
                for table in (self.bots, self.installations):
                    mine = (table.c.client_id == self.client_id, table.c.team_id == team)
                    await connection.execute(table.delete().where(*mine))
        except failures() as error:
            raise explain(self.engine.url, error) from None
