"""From any older schema to the newest, by Alembic; each step is one file in `versions`.

To change the tables: change `bot/store/tables.py`, add the step as `versions/vNNNN_what_it_does.py` with the step before
as its `down_revision`, and name it here as NEWEST. Tests compare what the steps make with the tables. A step that was
published is never changed.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from bot.errors import StoreError

NEWEST = "0005"
TABLE = "deephypebot_schema"  # a name of our own, since the database may be shared with others who use Alembic

OLD_TABLE = "schema_version"  # where schemas were numbered before Alembic
_OLD_NUMBERS = {1: "0001", 2: "0002"}


def revision(connection: Connection) -> str | None:
    """The schema that a database has; None where it has none yet. A number from before Alembic is told as `numbered`."""
    if not inspect(connection).has_table(TABLE):
        return None
    rows = connection.execute(text(f"SELECT version_num FROM {TABLE}")).scalars().all()  # noqa: S608 - our own constant
    return ", ".join(sorted(map(str, rows))) or None


def numbered(connection: Connection) -> str | None:
    """The schema that a database from before Alembic has; None where it has none; raises StoreError for an unknown one."""
    if not inspect(connection).has_table(OLD_TABLE):
        return None
    rows = connection.execute(text(f"SELECT version FROM {OLD_TABLE}")).scalars().all()  # noqa: S608 - our own constant
    numbers = [number for number in rows if number != 0]
    if not numbers:
        return None
    if len(numbers) > 1 or numbers[0] not in _OLD_NUMBERS:
        raise unknown(", ".join(map(str, numbers)))
    return _OLD_NUMBERS[numbers[0]]


def unknown(found: str) -> StoreError:
    """The sentence for a schema that this program does not know."""
    return StoreError(
        f"The database has schema {found[:20]!r} and this program knows none after {NEWEST}; "
        "update deephypebot, or name another database as url in [store]."
    )
