"""The tables of the newest schema, as typed classes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy import text as sql
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

    type_annotation_map = {str: AnyText, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it as it stands


class KeptReply(Base):
    """A reply that was posted, with all that made it."""

    __tablename__ = "replies"
    __table_args__ = (Index("ix_replies_channel_at", "channel", "at"), Index("ix_replies_scope_at", "scope", "at"))

    id: Mapped[str] = mapped_column(primary_key=True)  # random, so that it tells nothing
    at: Mapped[str] = mapped_column(index=True)  # when, as `stamp` writes it
    channel: Mapped[str]  # where, as "platform:room"
    text: Mapped[str]
    song: Mapped[dict[str, Any]]  # Song.as_dict()
    seed: Mapped[int] = mapped_column(BigInteger)
    conditions: Mapped[dict[str, Any]]  # what the model was told: artist, title, genres, features, praise
    bundle: Mapped[dict[str, Any]]  # name, version and device of the bundle that spoke
    scores: Mapped[dict[str, Any]]
    scope: Mapped[str] = mapped_column(default="", server_default=sql("''"))  # the community; "" for those from before
    # The best that were not said, as {"text": …, "scores": {…}}; None for replies from before they were kept.
    candidates: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True), default=None)
    # How many candidates each gate rejected; None where that was not kept.
    rejected: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)


class KeptVote(Base):
    """What one person thinks of one reply; a withdrawn vote leaves no row."""

    __tablename__ = "votes"
    __table_args__ = (CheckConstraint("vote IN (-1, 1)", name="vote_sign"),)

    person: Mapped[str] = mapped_column(primary_key=True)  # as "platform:name"
    reply: Mapped[str] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True, index=True)
    vote: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[str]
    emoji: Mapped[str | None] = mapped_column(default=None)  # that it was cast with, as `meaning_of` gives it; None: a button


class KeptAnswer(Base):
    """What an outside service said of a song, for as long as that is believed."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    until: Mapped[float] = mapped_column(Seconds, index=True)  # since the epoch


class KeptPost(Base):
    """What became of one song in one message: claimed, with curators, being sent, sent, and so on."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("source", "link", name="uq_posts_source_link"),
        UniqueConstraint("message", name="uq_posts_message"),
        Index("ix_posts_place_song_at", "place", "song", "at"),
        Index("ix_posts_place_at", "place", "at"),
        Index("ix_posts_scope_at", "scope", "at"),
        Index("ix_posts_state_at", "state", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # random; also the nonce with which it is posted
    source: Mapped[str]  # the message or interaction that it answers
    link: Mapped[str]  # which of the songs in it
    place: Mapped[str]  # str(Place)
    scope: Mapped[str]  # Place.scope
    at: Mapped[str]  # when it was claimed
    person: Mapped[str | None] = mapped_column(default=None, index=True)  # who asked; None if not known, or erased
    state: Mapped[str] = mapped_column(default="claimed")  # a PostState
    reply: Mapped[str | None] = mapped_column(ForeignKey("replies.id", ondelete="CASCADE"), default=None, index=True)
    message: Mapped[str | None] = mapped_column(default=None)  # ours, once it is sent
    song: Mapped[str] = mapped_column(default="")  # Song's key, once it is known
    author: Mapped[str | None] = mapped_column(default=None, index=True)  # who wrote the message that it answers
    parent: Mapped[str] = mapped_column(default="", server_default=sql("''"))  # Heard.parent
    thread: Mapped[str] = mapped_column(default="", server_default=sql("''"))  # Heard.thread
    asked: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # Heard.asked
    nsfw: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())  # Heard.nsfw


class KeptDraft(Base):
    """Candidates for a reply that curators choose from."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_state_expires", "state", "expires"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    post: Mapped[str] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str]
    place: Mapped[str]  # the curators'
    candidates: Mapped[list[Any]]
    expires: Mapped[str]
    at: Mapped[str]
    message: Mapped[str | None] = mapped_column(default=None)  # that shows it
    state: Mapped[str] = mapped_column(default="open")  # a DraftState
    round: Mapped[int] = mapped_column(Integer, default=1)  # how many times candidates were made
    chosen: Mapped[int | None] = mapped_column(Integer, default=None)  # which of the candidates, from 0
    text: Mapped[str | None] = mapped_column(default=None)  # as a curator wrote it
    by: Mapped[str | None] = mapped_column(default=None)  # who decided
    # What the reply of any candidate needs: song, conditions, bundle, seed, rejected.
    made: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict, server_default=sql("'{}'"))


class KeptDraftEvent(Base):
    """Who did what with a draft."""

    __tablename__ = "draft_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True, init=False)
    draft: Mapped[str] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    at: Mapped[str]
    who: Mapped[str | None]  # None for the bot itself, and for whoever was erased
    what: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")


class KeptSettings(Base):
    """What was set in a community or one of its channels, by key."""

    __tablename__ = "settings"

    place: Mapped[str] = mapped_column(primary_key=True)  # Place.scope or str(Place)
    values: Mapped[dict[str, Any]]
    by: Mapped[str | None]
    at: Mapped[str]


class KeptOptout(Base):
    """Somebody whose messages get no answer."""

    __tablename__ = "optouts"

    person: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str]


class KeptSeen(Base):
    """An event of a platform that was dealt with, since some are delivered twice."""

    __tablename__ = "seen"

    event: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(index=True)


class KeptBlock(Base):
    """A word or an artist that a community does not want to hear of."""

    __tablename__ = "blocks"

    scope: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    by: Mapped[str | None]
    at: Mapped[str]


class KeptEarlyVote(Base):
    """A vote on a message that is not known yet: it came before the platform's word that the message was posted."""

    __tablename__ = "early_votes"
    __table_args__ = (CheckConstraint("vote IN (-1, 1)", name="early_vote_sign"),)

    message: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    vote: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[str] = mapped_column(index=True)
    emoji: Mapped[str | None] = mapped_column(default=None)  # as of KeptVote


class KeptUncounted(Base):
    """Emoji from before a moment that count no more, though they still stand on messages; see `bot.store.uncounted`."""

    __tablename__ = "uncounted"

    mark: Mapped[str] = mapped_column(primary_key=True)  # of whom, and on which reply
    at: Mapped[str] = mapped_column(index=True)


class KeptReset(Base):
    """Since when a community's votes count."""

    __tablename__ = "resets"

    scope: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str]


def stamp(moment: datetime) -> str:
    """A moment with a time zone as text that sorts by time: UTC, ISO 8601, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
