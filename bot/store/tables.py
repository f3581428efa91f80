"""The tables of the newest schema, as typed classes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, SmallInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The one collection of tables."""

    type_annotation_map = {str: Text, dict[str, Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it as it stands


class KeptReply(Base):
    """A reply that was posted, with all that made it."""

    __tablename__ = "replies"

    id: Mapped[str] = mapped_column(primary_key=True)  # random, so that it tells nothing
    at: Mapped[str]  # when, as `stamp` writes it
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


def stamp(moment: datetime) -> str:
    """A moment with a time zone as text that sorts by time: UTC, ISO 8601, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
