"""With which emoji a vote was cast and which count no more, what replies and drafts were made of, how a post was asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, an index for the last post of a place, and a table."""
    for table in ("votes", "early_votes"):
        op.add_column(table, sa.Column("emoji", sa.Text, nullable=True))
    op.add_column("replies", sa.Column("rejected", sa.JSON, nullable=True))
    op.add_column("drafts", sa.Column("made", sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    for name in ("parent", "thread"):
        op.add_column("posts", sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''")))
    for name in ("asked", "nsfw"):
        op.add_column("posts", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("posts", sa.Column("author", sa.Text, nullable=True))
    op.create_index("ix_posts_author", "posts", ["author"])
    op.create_index("ix_posts_place_at", "posts", ["place", "at"])
    op.create_table("uncounted", sa.Column("mark", sa.Text, primary_key=True), sa.Column("at", sa.Text, nullable=False))
    op.create_index("ix_uncounted_at", "uncounted", ["at"])
