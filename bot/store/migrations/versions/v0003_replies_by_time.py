"""The last replies of a place, and the oldest of all, without reading every one."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add both indexes."""
    op.create_index("ix_replies_channel_at", "replies", ["channel", "at"])
    op.create_index("ix_replies_at", "replies", ["at"])
