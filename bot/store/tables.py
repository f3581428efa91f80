"""The tables of the newest schema, as typed classes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, REAL, BigInteger, CheckConstraint, Dialect, Double, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")  # PostgreSQL refuses the first, UTF-8 cannot hold the others
# Eight bytes everywhere; SQLite's name for that is REAL.
Seconds: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")


class AnyText(TypeDecorator[str]):
    """Text from anywhere: characters that a database cannot hold are kept as U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """What is kept for a text."""
        return value if value is None else _UNKEEPABLE.sub("\ufffd", value)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The one collection of tables."""

    type_annotation_map = {str: AnyText, dict[str, Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it as it stands


class KeptReply(Base):
    """A reply that was posted, with all that made it."""

    __tablename__ = "replies"
    __table_args__ = (Index("ix_replies_channel_at", "channel", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True)  # random, so that it tells nothing
    at: Mapped[str] = mapped_column(index=True)  # when, as `stamp` writes it
    channel: Mapped[str]  # where, as "platform:room"
    text: Mapped[str]
    song: Mapped[dict[str, Any]]  # Song.as_dict()
    seed: Mapped[int] = mapped_column(BigInteger)
    conditions: Mapped[dict[str, Any]]  # what the model was told: artist, title, genres, features, praise
    bundle: Mapped[dict[str, Any]]  # name, version and device of the bundle that spoke
    scores: Mapped[dict[str, Any]]


class KeptVote(Base):
    """What one person thinks of one reply; a withdrawn vote leaves no row."""

    __tablename__ = "votes"
    __table_args__ = (CheckConstraint("vote IN (-1, 1)", name="vote_sign"),)

    person: Mapped[str] = mapped_column(primary_key=True)  # as "platform:name"
    reply: Mapped[str] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True, index=True)
    vote: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[str]


class KeptAnswer(Base):
    """What an outside service said of a song, for as long as that is believed."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    until: Mapped[float] = mapped_column(Seconds, index=True)  # since the epoch


def stamp(moment: datetime) -> str:
    """A moment with a time zone as text that sorts by time: UTC, ISO 8601, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
