"""Replies, and the votes on them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "replies",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("song", sa.JSON, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("conditions", sa.JSON, nullable=False),
        sa.Column("bundle", sa.JSON, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("reply", sa.Text, sa.ForeignKey("replies.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("vote", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.CheckConstraint("vote IN (-1, 1)", name="vote_sign"),
    )
    op.create_index("ix_votes_reply", "votes", ["reply"])
