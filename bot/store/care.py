"""What a person is told who looks after a database: of an upgrade, of its health, of sizes."""

from __future__ import annotations

from bot.store.database import Database
from bot.store.engines import address_of
from bot.store.faults import shown
from bot.store.health import Health
from bot.store.migrations import NEWEST


async def upgraded(url: str) -> str:
    """Bring a database to the newest schema, making it if need be; returns a sentence on what was done."""
    database = await Database.open(url)
    await database.close()
    name = shown(address_of(url))
    if database.found is None:
        return f"The database {name} was made, with schema {NEWEST}."
    if database.found == NEWEST:
        return f"The database {name} has schema {NEWEST}, the newest; there was nothing to do."
    return f"The database {name} went from schema {database.found} to {NEWEST}."


def table(health: Health) -> list[tuple[str, str]]:
    """What was found, in words for people."""
    schema = health.schema or "none"
    if schema < health.newest:
        schema += f" (the newest is {health.newest}; deephypebot db upgrade brings it there)"
    counts = [(name, f"{count} row{'' if count == 1 else 's'}") for name, count in health.rows.items()]
    return [("database", health.database), ("schema", schema), *counts, ("size", in_words(health.bytes))]


def in_words(size: int) -> str:
    """A size in bytes for people."""
    return f"{size / 1024:.0f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
