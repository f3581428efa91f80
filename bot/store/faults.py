"""Every failure of a database as one plain sentence that says what to do, and never shows a password."""

from __future__ import annotations

import sqlite3
import sys

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.errors import StoreError

_ANOTHER = "name another as url in [store]"
_HELD = "another program holds it; close that one or try again in a moment"
_NO_RIGHT = "this user lacks the right; let an administrator GRANT ALL ON SCHEMA public TO this user"
_LOST = "the connection was lost; try again in a moment"
_FULL = "the disk is full; make room"
# What SQLite says has one of these words in it.
_SQLITE = {
    "locked": _HELD,
    "busy": _HELD,
    "not a database": f"it is no database; move it away or {_ANOTHER}",
    "malformed": "it is damaged; restore a copy, or move it away and a new one is made",
    "readonly": f"it may not be written; give yourself the right to, or {_ANOTHER}",
    "unable to open": "it may not be opened here; name another file as url in [store]",
    "full": _FULL,
}
# PostgreSQL's code for what went wrong begins with one of these; the longest that fits counts.
# Source: "PostgreSQL Error Codes", appendix A of its manual.
_POSTGRESQL = {
    "08": _LOST,
    "25006": f"it may only be read; {_ANOTHER}",
    "28": "it does not let this user in; correct the user and the password in url in [store]",
    "3D000": f"there is no database of this name; make it with createdb, or {_ANOTHER}",
    "3F": _NO_RIGHT,
    "40": "others were changing the same; try again in a moment",
    "42501": _NO_RIGHT,
    "53100": _FULL,
    "53300": "it has no connection left; close some or raise max_connections there",
    "55P03": _HELD,
    "57P": "it is being stopped or started; try again in a moment",
}


def failures(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """The kinds of exceptions with which a database fails, and some others."""
    asyncpg = sys.modules.get("asyncpg")
    # SQLAlchemy 2.0 lets through what the driver raises while it connects; 2.1 wraps that too.
    raw = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (SQLAlchemyError, OSError, sqlite3.Error, *raw, *others)


def shown(address: URL) -> str:
    """An address in quotation marks for people, without its password; what follows a `?` may hold one too."""
    host = {key: value for key, value in address.query.items() if key in {"host", "port"}}
    return repr(address.set(query=host).render_as_string(hide_password=True))


def explain(address: URL, error: BaseException) -> StoreError:
    """The plain sentence for what went wrong."""
    cause = error.orig if isinstance(error, StatementError) and error.orig else error
    if getattr(cause, "sqlstate", None) is None and getattr(cause.__cause__, "sqlstate", None):
        cause = cause.__cause__ or cause  # the driver's own error, below SQLAlchemy's stand-in for it
    if isinstance(cause, ImportError):
        return StoreError(f"The database {shown(address)} needs a driver; install deephypebot with its extra [postgres].")
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    reason = _LOST if lost else _reason(address, cause)
    return StoreError(f"The database {shown(address)} cannot be used: {reason}.")


def _reason(address: URL, cause: BaseException) -> str:
    if isinstance(cause, PoolTimeoutError):
        return "more is asked of it than it can do; try again in a moment"
    if isinstance(cause, TimeoutError):
        return f"it did not answer in time; try again in a moment, or {_ANOTHER}"
    if isinstance(cause, OSError):
        if address.get_backend_name() != "sqlite" and isinstance(cause, ConnectionError | FileNotFoundError):
            return f"no server answers there; start it, or {_ANOTHER}"
        return f"{cause.strerror or cause}; mend that, or {_ANOTHER}"
    reason = " ".join(str(cause).split())[:200].rstrip(".")
    if isinstance(cause, sqlite3.Error):
        return next((remedy for sign, remedy in _SQLITE.items() if sign in str(cause)), reason)
    state = str(getattr(cause, "sqlstate", None) or "")
    fitting = [code for code in _POSTGRESQL if state.startswith(code)]
    return _POSTGRESQL[max(fitting, key=len)] if fitting else reason
