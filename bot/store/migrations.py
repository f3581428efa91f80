"""From any older schema to the newest: a list of versions, applied in one transaction when a database opens."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StoreError

# Version n of the schema is what the first n entries make. A published entry is never changed; add one at the end.
# The types are spelt so that SQLite and PostgreSQL both take them.
VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE replies (
            id TEXT NOT NULL PRIMARY KEY,
            at TEXT NOT NULL,
            channel TEXT NOT NULL,
            text TEXT NOT NULL,
            song JSON NOT NULL,
            seed BIGINT NOT NULL,
            conditions JSON NOT NULL,
            bundle JSON NOT NULL,
            scores JSON NOT NULL
        )""",
        """CREATE TABLE votes (
            person TEXT NOT NULL,
            reply TEXT NOT NULL,
            vote SMALLINT NOT NULL CONSTRAINT vote_sign CHECK (vote IN (-1, 1)),
            at TEXT NOT NULL,
            PRIMARY KEY (person, reply),
            FOREIGN KEY (reply) REFERENCES replies (id) ON DELETE CASCADE
        )""",
        "CREATE INDEX ix_votes_reply ON votes (reply)",
    ),
)
NEWEST = len(VERSIONS)


async def migrate(connection: AsyncConnection) -> None:
    """Bring an open transaction's database to the newest schema; raise StoreError when it is newer than that."""
    await connection.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"))
    found = (await connection.execute(text("SELECT version FROM schema_version"))).scalars().all()
    version = max(found, default=0)
    if not isinstance(version, int) or not 0 <= version <= NEWEST:
        raise StoreError(
            f"The database has schema {str(version)[:20]!r} and this program knows none after {NEWEST}; "
            "update deephypebot, or name another database as url in [store]."
        )
    for statements in VERSIONS[version:]:
        for statement in statements:
            await connection.execute(text(statement))
    if version != NEWEST:
        await connection.execute(text("DELETE FROM schema_version"))
        await connection.execute(text("INSERT INTO schema_version VALUES (:version)"), {"version": NEWEST})
