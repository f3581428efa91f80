"""What the tests keep in a database, and ways to it that go past the program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bot.store.database import Database
from bot.store.posts import Posts
from bot.store.tables import KeptPost, KeptReply, stamp

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def url_of(path: Path) -> str:
    """The address of a database file."""
    return f"sqlite+aiosqlite:///{path}"


def a_reply(name: str, *, channel: str = "terminal", text: str = "Bright drums.", minutes: int = 0) -> KeptReply:
    """A reply, said so many minutes after noon."""
    return KeptReply(
        id=name,
        at=stamp(NOON + timedelta(minutes=minutes)),
        channel=channel,
        text=text,
        song={"title": "Wuthering Heights", "artists": ["Kate Bush"]},
        seed=2**63 - 1,
        conditions={"genres": ["art pop"], "praise": 8.0},
        bundle={"name": "tiny", "version": "1", "device": "cpu"},
        scores={"fluency": 0.5},
    )


async def execute(url: str, *statements: str, **values: Any) -> list[tuple[Any, ...]]:
    """Carry out statements in one transaction; returns the rows of the last one."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()


def at(minutes: int = 0) -> str:
    """So many minutes after noon."""
    return stamp(NOON + timedelta(minutes=minutes))


def a_post(
    name: str, *, source: str = "", link: str = "link", scope: str = "discord:g", minutes: int = 0, person: str = "discord:ann"
) -> KeptPost:
    """A post that answers a message of its own, claimed so many minutes after noon."""
    return KeptPost(
        id=name, source=source or f"of-{name}", link=link, place=f"{scope}:c", scope=scope, at=at(minutes), person=person
    )


async def post_sent(
    database: Database,
    name: str,
    *,
    scope: str = "discord:g",
    minutes: int = 0,
    song: str = "song",
    reply: KeptReply | None = None,
) -> None:
    """A post NAME that was sent as message ours-NAME, with reply reply-NAME."""
    posts = Posts(database)
    assert await posts.claim(a_post(name, scope=scope, minutes=minutes))
    said = reply or a_reply(f"reply-{name}", minutes=minutes)
    said.scope = scope
    assert await posts.sending(name, said, song)
    assert await posts.sent(name, f"ours-{name}")
