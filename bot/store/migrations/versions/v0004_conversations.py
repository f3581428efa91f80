"""What conversations have to remember: posts, drafts, settings, wishes, and which events were dealt with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add columns to replies, and make the tables."""
    op.add_column("replies", sa.Column("scope", sa.Text, nullable=False, server_default=sa.text("''")))
    op.add_column("replies", sa.Column("candidates", sa.JSON, nullable=True))
    op.create_index("ix_replies_scope_at", "replies", ["scope", "at"])
    _posts()
    _drafts()
    _wishes()
    op.create_table("seen", sa.Column("event", sa.Text, primary_key=True), sa.Column("at", sa.Text, nullable=False))
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "early_votes",
        sa.Column("message", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("vote", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.CheckConstraint("vote IN (-1, 1)", name="early_vote_sign"),
    )
    op.create_index("ix_early_votes_at", "early_votes", ["at"])
    op.create_table("resets", sa.Column("scope", sa.Text, primary_key=True), sa.Column("at", sa.Text, nullable=False))


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reply", sa.Text, sa.ForeignKey("replies.id", ondelete="CASCADE")),
        sa.Column("message", sa.Text),
        sa.Column("song", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.UniqueConstraint("source", "link", name="uq_posts_source_link"),
        sa.UniqueConstraint("message", name="uq_posts_message"),
    )
    op.create_index("ix_posts_place_song_at", "posts", ["place", "song", "at"])
    op.create_index("ix_posts_scope_at", "posts", ["scope", "at"])
    op.create_index("ix_posts_state_at", "posts", ["state", "at"])
    op.create_index("ix_posts_person", "posts", ["person"])
    op.create_index("ix_posts_reply", "posts", ["reply"])


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("post", sa.Text, sa.ForeignKey("posts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("candidates", sa.JSON, nullable=False),
        sa.Column("chosen", sa.Integer),
        sa.Column("text", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("expires", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_index("ix_drafts_state_expires", "drafts", ["state", "expires"])
    op.create_index("ix_drafts_post", "drafts", ["post"])
    op.create_table(
        "draft_events",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("draft", sa.Text, sa.ForeignKey("drafts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_draft_events_draft", "draft_events", ["draft"])


def _wishes() -> None:
    op.create_table(
        "settings",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table("optouts", sa.Column("person", sa.Text, primary_key=True), sa.Column("at", sa.Text, nullable=False))
    op.create_table(
        "blocks",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("by", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
    )
