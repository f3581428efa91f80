"""Answers of outside services."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "answers",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("until", sa.Double().with_variant(sa.REAL(), "sqlite"), nullable=False),
    )
    op.create_index("ix_answers_until", "answers", ["until"])
